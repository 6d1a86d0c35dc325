package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// levels are what was found, by what was looked at.
func levels(p channels.Provider) map[string]channels.Level {
	out := map[string]channels.Level{}
	for _, f := range p.Findings {
		out[f.Check] = f.Level
	}
	return out
}

func TestThePrintersDoorIsLookedAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := letter.Config{Dir: dir, Sender: "Example Learning Ltd · PO Box 100 · 10115 Berlin"}
	found := lookAtLetters(t.Context(), c, []string{"en"})
	if levels(found)["fonts"] == channels.Error {
		t.Skip("SKIPPED: fonts are not installed (Debian: fonts-noto-core)")
	}
	require.Equal(t, map[string]channels.Level{"directory": channels.OK, "fonts": channels.OK, "envelope": channels.OK}, levels(found))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")

	c.Dir = filepath.Join(dir, "absent")
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["directory"])
	c.Dir, c.Fonts = dir, t.TempDir()
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["fonts"])
	c.Dir, c.Fonts, c.SFTP = "", "", "tocsin@127.0.0.1:1/in"
	c.HostKey, c.Password = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChAreaxEfLaVbN6CW5fKP5CEykPhVb0Wsb6HMlPk", "x"
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["sftp"])
	c.HostKey = "none"
	require.Equal(t, map[string]channels.Level{"settings": channels.Error}, levels(lookAtLetters(t.Context(), c, []string{"en"})))
}

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
