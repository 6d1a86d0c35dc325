package recipients_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// What a browser gives says by itself which service it is for, however it was printed.
func TestASubscriptionOfABrowserIsAToken(t *testing.T) {
	t.Parallel()
	const line = `{"endpoint":"https://push.example/send/abc","keys":{"p256dh":"BNc","auth":"tBH"}}`
	for _, c := range []struct {
		cell, platform, token, service string
		verdict                        recipients.Verdict
	}{
		{line, "webpush", line, "webpush", recipients.Accepted},
		{line, "", line, "webpush", recipients.Repaired},
		{`{ "endpoint": "https://push.example/send/abc", "keys": {"p256dh": "BNc", "auth": "tBH"} }`, "webpush", line, "webpush", recipients.Accepted},
		{`{ "endpoint": "https://push.example/send/abc", "keys": {"p256dh": "BNc", "auth": "tBH"} }`, "", line, "webpush", recipients.Repaired},
		{`{"endpoint": ""}`, "webpush", "", "", recipients.Flagged},
		{`{"endpoint": "https://push.example/a`, "webpush", "", "", recipients.Flagged},
		{"abc def", "fcm", "", "", recipients.Flagged},
		{"abcdef", "", "", "", recipients.Repaired},
	} {
		quoted := `"` + doubled(c.cell) + `"`
		rows, _ := read(t, []byte("external_id,name,email,push_token,push_platform\nu1,Ann Lee,ann@mail.test,"+quoted+","+c.platform+"\n"), recipients.Options{})
		require.Len(t, rows, 1)
		require.Equal(t, c.verdict, rows[0].Verdict, "%s %v", c.cell, codes(rows[0]))
		require.Equal(t, c.token, rows[0].Person.PushToken, c.cell)
		require.Equal(t, c.service, rows[0].Person.PushPlatform, c.cell)
	}
}

func doubled(s string) string {
	var out []byte
	for i := range len(s) {
		if s[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, s[i])
	}
	return string(out)
}
