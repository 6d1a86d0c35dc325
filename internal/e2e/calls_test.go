package e2e

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
)

// byPhone calls people abroad by machine, and those at home by people.
const byPhone = `
channels:
  - channel: voice
    proof: delivered
    quiet: 0s
    wait: 240h
    hours: {from: "00:00", to: "23:59", zone: UTC}
    retry: {tries: 2, repeats: 1, backoff: [1h]}
    not_knowable: stay
providers:
  - {id: calls, channel: voice, kind: twilio_voice, operated_by: processor, location: US, contract: a test, receives: [phone, notice]}
  - {id: desk, channel: voice, kind: call_list, operated_by: self, location: CN, receives: [phone, notice]}
routing:
  - {channel: voice, people_in: [CN], providers: [desk]}
  - {channel: voice, providers: [calls]}
`

// Who has a telephone number and nothing else is called: a key press counts, an answering machine does not, and what a
// person of the call centre wrote down does.
func TestPromise_M10_PeopleAreCalled(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), func(s *app.Settings) {
		withPolicy(t, s, "by-phone", "CN", byPhone)
		s.Voice = &voice.Config{
			AccountSID: s.Twilio.AccountSID, AuthToken: s.Twilio.AuthToken, From: s.Twilio.From, BaseURL: s.Twilio.BaseURL,
			PublicBaseURL: s.PublicBaseURL, Timeout: 10 * time.Second,
		}
	})
	file := example(t)
	file.Policy = "by-phone"
	people := newCrowd().some(4)
	for i, to := range []struct{ number, country string }{{"+15005559876", "US"}, {"+15005500014", "US"}, {"+8613800138000", "CN"}, {"+8613800138001", "CN"}} {
		people[i].Email, people[i].Phone, people[i].Country, people[i].PushToken, people[i].PostalAddress = "", to.number, to.country, "", ""
	}
	k := w.open(t, file)
	k.tell(t, people)
	k.until(t, "a key to be pressed, a machine to answer twice, two calls on the list", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 1 && v.Channels[breach.Voice]["handed_over"] == 2
	})

	settings := config.Config{}
	settings.Store = w.Settings.Store
	var list bytes.Buffer
	n, err := app.CallList(t.Context(), settings, "ada", time.Hour, &list)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(list.String(), "\xef\xbb\xbf"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	outcomes := "call_id,outcome\n" + rows[1][0] + ",reached\n" + rows[2][0] + ",wrong_number\nnobody-1,busy\n"
	for range 2 {
		told, err := app.CallOutcomes(t.Context(), settings, []byte(outcomes), "ada")
		require.NoError(t, err)
		require.Equal(t, []string{"nobody-1"}, told.Unknown)
	}
	require.Equal(t, 1, k.entries(t, "calls.outcomes"), "who brought the file is on record, once")
	v := k.until(t, "everybody to be told or covered", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 2 && v.People[breach.Covered] == 2
	})
	require.True(t, v.Balanced)
	left, err := app.CallList(t.Context(), settings, "ada", time.Hour, &list)
	require.NoError(t, err)
	require.Zero(t, left)
}
