package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/twiliotest"
)

func TestTheTelephoneIsLookedAt(t *testing.T) {
	t.Parallel()
	account, numbers, status := `{"status":"active","type":"Full"}`, `{"incoming_phone_numbers":[{"phone_number":"+15005550006"}]}`, http.StatusOK
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		body := account
		if strings.Contains(r.URL.Path, "IncomingPhoneNumbers") {
			require.Equal(t, "+15005550006", r.URL.Query().Get("PhoneNumber"))
			body = numbers
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(vendor.Close)
	c := voice.Config{AccountSID: "AC" + strings.Repeat("0", 32), AuthToken: strings.Repeat("a", 32), From: "+15005550006", BaseURL: vendor.URL, PublicBaseURL: "https://tocsin.example"}
	hours := policy.Profile{Channels: []policy.ChannelRule{{Channel: breach.Voice, Hours: &policy.Hours{From: "09:00", To: "20:00", Zone: "UTC"}}}}
	look := func(p policy.Profile) map[string]channels.Level { return levels(lookAtVoice(t.Context(), c, p)) }
	require.Equal(t, map[string]channels.Level{"sign-in": channels.OK, "account": channels.OK, "number": channels.OK, "hours": channels.OK}, look(hours))

	hours.Channels[0].Hours = nil
	account, numbers = `{"status":"suspended","type":"Trial"}`, `{}`
	require.Equal(t, map[string]channels.Level{"sign-in": channels.Error, "account": channels.Error, "number": channels.Warning, "hours": channels.Warning}, look(hours))
	status = http.StatusUnauthorized
	require.Equal(t, channels.Error, look(hours)["sign-in"])
	vendor.Close()
	require.Equal(t, channels.Error, look(hours)["sign-in"])
	c.From = "none"
	require.Equal(t, map[string]channels.Level{"settings": channels.Error}, look(policy.Profile{}))
}

func TestTextMessagesAreLookedAt(t *testing.T) {
	t.Parallel()
	at := twiliosim.Config{AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: strings.Repeat("b", 32)}
	url, _ := twiliotest.Start(t, at)
	c := twilio.Config{AccountSID: at.AccountSID, AuthToken: at.AuthToken, From: twiliosim.Number, BaseURL: url, PublicBaseURL: "https://tocsin.example"}
	look := func() map[string]channels.Level { return levels(lookAtTexts(t.Context(), c)) }
	fine := map[string]channels.Level{"sign-in": channels.OK, "account": channels.OK, "number": channels.OK, "receipts": channels.OK}
	require.Equal(t, fine, look())

	c.From = "+15005550007"
	require.Equal(t, channels.Warning, look()["number"])
	c.From = "Academy"
	delete(fine, "number")
	require.Equal(t, fine, look(), "a name is no number of an account")
	c.Poll = true
	require.Equal(t, fine, look())
	c.AuthToken = strings.Repeat("c", 32)
	require.Equal(t, channels.Error, look()["sign-in"])
	c.AccountSID = "none"
	require.Equal(t, map[string]channels.Level{"settings": channels.Error}, look())
}

func TestWhomAVendorCanReach(t *testing.T) {
	t.Parallel()
	for _, nobody := range []string{"http://127.0.0.1:8080", "http://localhost:8080", "https://10.1.2.3", "https://[fd00::1]", "https://100.64.0.1"} {
		require.False(t, reachable(nobody, ""), nobody)
		require.False(t, reachable(nobody, twilio.DefaultBaseURL), nobody)
		require.True(t, reachable(nobody, "http://127.0.0.1:9"), "a simulator")
	}
	require.True(t, reachable("https://tocsin.example", ""))
	require.True(t, reachable("https://192.0.2.1", ""))
}
