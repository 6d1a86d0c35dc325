package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// inApp is a policy whose second channel waits for half a minute of the test, unless an acknowledgement counts.
const inApp = `
name: in-app
title: an acknowledgement in the application counts
location: GB
languages: {default: en, available: [en]}
contact_required: [name, email]
strategy: escalate
channels:
  - {channel: push, proof: never, quiet: 0s, wait: 300h, retry: {tries: 1, repeats: 1}, not_knowable: stay}
  - {channel: sms, proof: delivered, quiet: 0s, wait: 24h, retry: {tries: 1, repeats: 1}, not_knowable: next}
in_app: {counts: acknowledged}
unknown_email: repeat_same_id
third_party_processors: contracted
providers:
  - {id: twilio, channel: sms, kind: twilio, operated_by: processor, location: US, contract: addendum, receives: [phone, notice], deletion: delete}
  - {id: fcm, channel: push, kind: fcm, operated_by: processor, location: US, contract: terms, receives: [push_token, notice]}
minors: {age: 0}
announcement: {min_uncovered: {count: 1}, keep_days: 1, covers: [no_contact, not_allowed, failed_everywhere, unreachable]}
retention: {contact_days: 1, inquiry_days: 1, proof_days: 1}
`

// TestPromise_M22_AnApplicationShowsThePopUpAndItsAcknowledgementCounts does what an application does: it polls, looks its
// users up, shows, and says who acknowledged. Who did gets nothing more by the next channel; who did not does.
func TestPromise_M22_AnApplicationShowsThePopUpAndItsAcknowledgementCounts(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		p, err := policy.ParseProfile([]byte(inApp), app.Kinds())
		require.NoError(t, err)
		s.Policies.Add(p)
	})
	const token = "application-token-of-this-test-alone"
	require.NoError(t, w.Product.Store.PutToken(t.Context(), token, breach.Actor{ID: "reader.app", Name: "Reader app", Role: breach.RoleApplication}))
	reader := w.as(token)
	require.Equal(t, breach.ErrForbidden, reader.try(t, http.MethodGet, "/v1/incidents", nil, nil).code())
	require.Equal(t, breach.ErrForbidden, w.as(w.lead).try(t, http.MethodGet, "/v1/feed", nil, nil).code())
	var feed breach.Feed
	reader.do(t, http.MethodGet, "/v1/feed", nil, &feed)
	require.Empty(t, feed.Notices)

	people := newCrowd().some(2)
	for i := range people {
		p := &people[i]
		p.Email, p.PostalAddress, p.Country, p.Locale = "", "", "GB", "en-GB"
		p.Phone, p.PushToken, p.PushPlatform = []string{"+447700912345", "+447700922345"}[i], []string{"fine-one", "fine-two"}[i], "fcm"
	}
	file := example(t)
	file.Policy = "in-app"
	k := w.open(t, file)
	k.tell(t, people)
	k.until(t, "two pushes", func(v breach.Overview) bool { return v.Channels[breach.Push]["accepted"] == 2 })

	reader.do(t, http.MethodGet, "/v1/feed", nil, &feed)
	require.Len(t, feed.Notices, 1)
	n := feed.Notices[0]
	require.Equal(t, "en", n.Locale)
	require.NotEmpty(t, n.Title)
	require.NotContains(t, n.Title, "{{")
	require.True(t, strings.HasPrefix(n.Link, w.BaseURL), n.Link)

	acknowledges, ignores := people[0].ExternalID, people[1].ExternalID
	var shown struct{ People []breach.FeedPerson }
	ask := map[string]any{"external_ids": []string{acknowledges, "nobody", ignores}}
	reader.do(t, http.MethodPost, "/v1/feed/lookup", ask, &shown)
	require.Equal(t, []breach.FeedPerson{{ExternalID: acknowledges, Notices: []string{n.ID}}, {ExternalID: ignores, Notices: []string{n.ID}}}, shown.People)
	for range 2 {
		var taken struct {
			OnRecord int `json:"on_record"`
		}
		reader.do(t, http.MethodPost, "/v1/feed/acknowledgements", map[string]any{"acknowledgements": []breach.Seen{
			{ExternalID: acknowledges, Notice: n.ID}, {ExternalID: "nobody", Notice: n.ID}, {ExternalID: ignores, Notice: "another.1.en"},
		}}, &taken)
		require.Equal(t, 1, taken.OnRecord)
	}
	reader.do(t, http.MethodPost, "/v1/feed/lookup", ask, &shown)
	require.Len(t, shown.People, 1)
	require.Equal(t, ignores, shown.People[0].ExternalID)
	v := k.until(t, "one acknowledged, one reached by text message", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 2 && v.InApp == 1
	})
	require.True(t, v.Balanced)
	require.Equal(t, 1, k.count(t, "in_app.acknowledged"))
	var texts []string
	require.NoError(t, w.sims.Outbox().Each(outbox.Query{Channel: outbox.ChannelSMS}, func(m outbox.Message) error {
		texts = append(texts, m.Recipient)
		return nil
	}))
	require.Equal(t, []string{people[1].Phone}, slices.Compact(texts))
}
