package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	sms "github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
)

// Who answers STOP gets no further text message from any incident, and the next channel takes over, until they answer START; a word that the
// vendor did not sign changes nothing.
func TestWhoAnswersStopGetsNoFurtherText(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), nil)
	const stopping, other = "+15005559871", "+15005559872"
	people := newCrowd().some(2)
	for i, number := range []string{stopping, other} {
		p := &people[i]
		p.Email, p.Phone, p.Country, p.PushToken, p.PushPlatform, p.PostalAddress = "", number, "US", "app-"+number[1:], "fcm", ""
	}
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	account := twiliosim.Config{AccountSID: w.Settings.Twilio.AccountSID, AuthToken: w.Settings.Twilio.AuthToken}
	say := func(c twiliosim.Config, from, word string) int {
		r, err := twiliosim.Answer(t.Context(), c, w.BaseURL+sms.Answers, from, w.Settings.Twilio.From, word)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	forged := account
	forged.AuthToken = "guessed"
	require.Equal(t, http.StatusForbidden, say(forged, other, "STOP"))
	for range 2 {
		require.Equal(t, http.StatusOK, say(account, stopping, "STOP"))
	}
	require.Equal(t, 1, k.count(t, "texts.stopped"))
	for _, word := range []string{"STOP", "START"} { // they change their mind
		require.Equal(t, http.StatusOK, say(account, other, word))
	}
	require.Equal(t, []int{2, 1}, []int{k.count(t, "texts.stopped"), k.count(t, "texts.resumed")})
	k.approve(t, k.submit(t))
	k.until(t, "one text message and one push", func(v breach.Overview) bool {
		return v.People[breach.Reached] == 1 && v.Channels[breach.Push]["accepted"] == 1
	})
	texts := map[string]int{}
	require.NoError(t, w.sims.Outbox().Each(outbox.Query{Channel: outbox.ChannelSMS}, func(m outbox.Message) error {
		texts[m.Recipient]++
		return nil
	}))
	require.Equal(t, map[string]int{other: 1}, texts)
}
