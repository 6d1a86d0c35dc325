package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// atHome pushes to phones in mainland China through an aggregator there, and then writes texts, both by providers whose
// names are the organisation's own.
const atHome = pushThenText + `
providers:
  - {id: pushes-here, channel: push, kind: push_gateway, operated_by: processor, location: CN, contract: a test, receives: [push_token, notice]}
  - {id: texts-here, channel: sms, kind: gateway, operated_by: processor, location: CN, contract: a test, receives: [phone, notice]}
  - {id: texts-abroad, channel: sms, kind: twilio, operated_by: processor, location: US, contract: a test, receives: [phone, notice]}
routing:
  - {channel: sms, people_in: [CN], providers: [texts-here]}
  - {channel: sms, providers: [texts-abroad]}
transfer:
  - people_in: [CN]
    only_in: [CN]
    exceptions: {law_provides: "", consented: "", cross_border_transaction: ""}
`

// Phones without Google's services get their push through a domestic provider. A token that is gone, refused or reported
// so, is followed by a text at once; the receipts count whatever the policy calls its providers.
func TestPushesThroughADomesticProvider(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		withPolicy(t, s, "at-home", "CN", atHome)
	})
	file := example(t)
	file.Policy = "at-home"
	people := newCrowd().some(4)
	for i, to := range []struct{ token, number, country string }{
		{"gone-0001", "+8613800138000", "CN"}, {"removed-0001", "+8613800138001", "CN"}, {"hms-0001", "+8613800138002", "CN"}, {"", "+15005559876", "US"},
	} {
		p := &people[i]
		p.Email, p.Phone, p.Country, p.PushToken, p.PushPlatform, p.PostalAddress = "", to.number, to.country, to.token, "", ""
		if to.token != "" {
			p.PushPlatform = "hms"
		}
	}
	k := w.open(t, file)
	k.tell(t, people)
	v := k.until(t, "everybody to be told by text message", func(v breach.Overview) bool { return v.People[breach.Reached] == 4 })
	require.Equal(t, int64(1), v.Channels[breach.Push]["delivered"])
	require.Equal(t, int64(2), v.Channels[breach.Push]["failed_permanent"])
	require.Equal(t, int64(4), v.Channels[breach.SMS]["delivered"])
	pushes := 0
	require.NoError(t, w.sims.Outbox().Each(outbox.Query{Channel: outbox.ChannelPush}, func(m outbox.Message) error {
		pushes++
		require.Equal(t, "gateway", m.Provider)
		require.Contains(t, m.Headers, outbox.Header{Name: "platform", Value: "hms"})
		require.True(t, slices.ContainsFunc(m.Headers, func(h outbox.Header) bool {
			return h.Name == "link" && strings.HasPrefix(h.Value, w.BaseURL+"/notices/")
		}), "a push leads to the notice")
		return nil
	}))
	require.Equal(t, 2, pushes, "the aggregator took two, and refused the third")
}

// Where no aggregator is configured, the token of somebody in mainland China goes nowhere: the announcement covers them.
func TestPromise_M16_WithoutAnAggregatorPushesOfPeopleInChinaAreRefused(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), func(s *app.Settings) { s.PushGateway = nil })
	people := newCrowd().some(1)
	people[0].Email, people[0].Phone, people[0].Country = "", "", "CN"
	people[0].PushToken = "fine-at-home-" + people[0].Name
	k := w.open(t, example(t))
	k.tell(t, people)
	v := k.until(t, "the announcement to cover who may not be told abroad", func(v breach.Overview) bool { return v.People[breach.Covered] == 1 })
	require.True(t, v.Balanced)
	require.Zero(t, v.Channels[breach.Push]["accepted"])
}
