package bounce

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// crlf makes test mail of a text.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n", "\r\n"))
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	require.NoError(t, err)
	return crlf(string(b))
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Report{
		"postfix":        {Kind: breach.ReturnFailed, Status: "5.1.1", Words: "550 5.1.1 <kim@example.net>: Recipient address rejected: User unknown", Recipient: "kim@example.net", Reporter: "relay.academy.example"},
		"exchange":       {Kind: breach.ReturnFailed, Status: "5.1.10", Words: "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", Recipient: "kim@example.net", Reporter: "mail1.prod.outlook.example"},
		"delayed":        {Kind: breach.ReturnDelayed, Status: "4.4.1", Words: "connect to mx.example.net[192.0.2.1]:25: Connection timed out", Recipient: "kim@example.net", Reporter: "relay.academy.example"},
		"expired":        {Kind: breach.ReturnFailed, Status: "4.4.7", Words: "delivery temporarily suspended: connection timed out", Recipient: "kim@example.net", Reporter: "relay.academy.example"},
		"delivered":      {Kind: breach.ReturnDelivered, Status: "2.0.0", Words: "250 2.0.0 Ok: delivered", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"statusonly":     {Kind: breach.ReturnFailed, Status: "5.2.2", Words: "552 mailbox over quota", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"plainpart":      {Kind: breach.ReturnFailed, Status: "5.7.1", Words: "550 5.7.1 blocked", Recipient: "kim@example.net"},
		"unknowncode":    {Kind: breach.ReturnFailed, Status: "5.99.123", Words: "X-Custom 599 5.99.123 nobody knows this", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"base64":         {Kind: breach.ReturnFailed, Status: "5.1.1", Words: "550 5.1.1 unknown", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"missingstatus":  {Kind: breach.ReturnUnclassified, Words: "The following message could not be delivered."},
		"truncated":      {Kind: breach.ReturnFailed, Status: "5.1.1", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"expanded":       {Kind: breach.ReturnDelivered, Status: "2.0.0", Recipient: "b@example.net", Reporter: "mx.example.net"},
		"qmail":          {Kind: breach.ReturnFailed, Status: "5.1.1", Words: "Sorry, no mailbox here by that name. (#5.1.1)", Recipient: "kim@example.net"},
		"qmailodd":       {Kind: breach.ReturnUnclassified, Words: "Hi. This is the qmail-send program at mx.example.net. Something happened."},
		"mailerdaemon":   {Kind: breach.ReturnUnclassified, Status: "5.1.1", Words: "Delivery has failed: 550 5.1.1 no such user kim@example.net"},
		"nullpath":       {Kind: breach.ReturnUnclassified, Words: "Ihre Nachricht wurde nicht zugestellt."},
		"wrapped":        {Kind: breach.ReturnFailed, Status: "5.1.1", Words: "550 5.1.1 unknown", Recipient: "kim@example.net", Reporter: "mx.example.net"},
		"complaint":      {Kind: breach.ReturnComplained, Words: "abuse", Reporter: "fbl.example.net"},
		"authfailure":    {Kind: Feedback, Words: "auth-failure"},
		"vacation":       {Kind: AutoReply},
		"vacationmailer": {Kind: AutoReply},
		"receipt":        {Kind: AutoReply},
		"person":         {Kind: Other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Parse(sample(t, name))
			got.traces = traces{}
			require.Equal(t, want, got)
		})
	}
}

// Bombs cost no more than a look.
func TestHostileMailIsBounded(t *testing.T) {
	t.Parallel()
	nested := "x"
	for range 3000 {
		nested = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + nested
	}
	wide := "Content-Type: multipart/report; boundary=b; report-type=delivery-status\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", 100_000)
	for name, raw := range map[string]string{
		"nothing": "", "deep": nested, "wide": wide, "one long line": strings.Repeat("a", 5<<20), "many fields": strings.Repeat("a: b\r\n", 500_000),
		"endless field": "Subject: x\r\n" + strings.Repeat(" y\r\n", 500_000), "NUL": strings.Repeat("\x00", 1000),
		"many recipients": "Content-Type: message/delivery-status\r\n\r\n" + strings.Repeat("Action: delayed\r\n\r\n", 100_000),
		"wrong encoding":  "Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n\xff\xfe!!!",
		"charset bomb":    "Subject: =?utf-7?q?" + strings.Repeat("=?", 10_000) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); Parse([]byte(raw)) })
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	require.NoError(f, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(crlf(string(b)))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := Parse(raw)
		require.NotEmpty(t, r.Kind)
		d := detail(r)
		require.LessOrEqual(t, len([]rune(d)), 220)
		require.False(t, strings.ContainsAny(d, "\r\n\x00"), "one line")
		require.NotContains(t, r.Reporter, "@")
	})
}
