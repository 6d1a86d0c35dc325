package email

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func testComposer(t require.TestingT) *composer {
	c := testConfig("127.0.0.1:25").withDefaults()
	c.ReplyTo = "help@academy.example"
	from, err := parseAddress(c.From)
	require.NoError(t, err)
	made, err := newComposer(c, from, func() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.FixedZone("", 3600)) })
	require.NoError(t, err)
	return made
}

// nasty draws strings that have broken mail software before, and anything else that UTF-8 can hold.
func nasty(limit int) *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"=?UTF-8?Q?hidden?=", "=?utf-8?b?aGlkZGVu?=", `"`, `\`, "<a@b.example>", "<script>", ",", ";", ":", "@", "(", ")", "  ", " ", "\t",
		"李雷", "Zoë", "𝒳", "\u202e", "\u00a0", "é", "--boundary", ".", "..", "=", "=3D", "=\t", "\x1b[0m", "\x7f", "Bcc: x@example.com",
		strings.Repeat("x", 90), strings.Repeat("长", 60), "O'Brien, Jr.", "%0d%0a", "&amp;", "{{.Name}}",
	})
	anyRune := rapid.Custom(func(t *rapid.T) string { return string(rapid.Rune().Draw(t, "rune")) })
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(pieces, anyRune), 0, limit).Draw(t, "parts")
		return strings.ToValidUTF8(strings.Join(parts, ""), "")
	})
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return -1
		}
		return r
	}, s)
}

func lines(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "\r\n", "\n")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r", "\n"), "\n", "\r\n")
}

// Whatever a name, a subject or a text holds, the message has exactly our headers, once, with exactly
// these values, and the two texts decode to what went in.
func TestComposeProperty(t *testing.T) {
	t.Parallel()
	c := testComposer(t)
	own, librarys := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := delivery.Message{
			DeliveryID: "d-1.x_Y", AttemptID: "d-1.x_Y-2", Channel: breach.Email, Locale: "zh-Hans",
			To:      rapid.SampledFrom([]string{"a@example.com", "o'brien+x@例子.测试", `"j. doe"@example.com`, "用户@example.com"}).Draw(t, "to"),
			ToName:  oneLine(nasty(12).Draw(t, "name")),
			Subject: oneLine(nasty(30).Draw(t, "subject")),
			Text:    lines(nasty(60).Draw(t, "text")),
			HTML:    lines(nasty(60).Draw(t, "html")),
		}
		m.Text += rapid.SampledFrom([]string{"", "\n.\n.x\n..", "\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "z", " ", "\n", "\r\n\r\n"}).Draw(t, "tail")
		if m.Text == "" && m.HTML == "" {
			m.Text = "."
		}
		l, f := c.compose(nil, &m)
		require.Nil(t, f)
		raw := unstuffed(t, l.wire)
		if _, ok := appendParts(nil, written(m.Text), written(m.HTML), nil); ok {
			own++
			cut := cutUp(t, m)
			formed, f := c.compose(nil, &cut)
			require.Nil(t, f)
			require.Equal(t, string(l.wire), string(formed.wire), "of a form the same bytes")
		} else {
			librarys++
		}
		require.False(t, l.whole && dotAtLineStart(l.wire[:l.size()]))
		requireLines(t, raw)
		requireHeaders(t, m, l)
		requireLibrarysBody(t, m, raw)
		text, html := decodeParts(t, raw)
		require.Equal(t, lines(m.Text), lines(text))
		require.Equal(t, lines(m.HTML), lines(html))
	})
	require.Positive(t, own)
	require.Positive(t, librarys)
}

func requireLines(t require.TestingT, raw []byte) {
	require.True(t, bytes.HasSuffix(raw, []byte("\r\n")))
	require.False(t, bytes.ContainsAny(bytes.ReplaceAll(raw, []byte("\r\n"), nil), "\r\n\x00"), "only CRLF ends a line")
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		require.LessOrEqual(t, len(line), 998)
	}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		require.LessOrEqual(t, len(line), 160, "%s", line)
		require.NotEmpty(t, strings.TrimSpace(string(line)))
	}
}

func newReader(raw []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(raw)) }

func requireHeaders(t require.TestingT, m delivery.Message, l letter) {
	parsed, err := mail.ReadMessage(bytes.NewReader(unstuffed(t, l.wire)))
	require.NoError(t, err)
	want := map[string]string{
		"From": `Academy <notice@academy.example>`, "Date": "Sun, 22 Nov 2026 08:30:00 +0000",
		"Message-Id": "<d-1.x_Y@bounces.academy.example>", "Reply-To": "<help@academy.example>", "Auto-Submitted": "auto-generated",
		"Feedback-Id": "security-notice:academy.example", "Content-Language": "zh-Hans", "Mime-Version": "1.0",
	}
	free := []string{"To", "Subject", "Content-Type"}
	if m.Text == "" || m.HTML == "" {
		want["Content-Transfer-Encoding"] = "quoted-printable"
	}
	require.Len(t, parsed.Header, len(want)+len(free), "%v", parsed.Header)
	for name, values := range parsed.Header {
		require.Len(t, values, 1, name)
		if value, fixed := want[name]; fixed {
			require.Equal(t, value, values[0], name)
		} else {
			require.Contains(t, free, name)
		}
	}
	to, err := parsed.Header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, to, 1)
	require.Equal(t, m.ToName, to[0].Name)
	require.Equal(t, strings.ReplaceAll(l.to, `"`, ""), to[0].Address)
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, m.Subject, subject)
}

func decodeParts(t require.TestingT, raw []byte) (text, html string) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	kind, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	require.NoError(t, err)
	if kind != "multipart/alternative" {
		body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		require.NoError(t, err)
		require.Equal(t, "UTF-8", parameters["charset"])
		if kind == "text/plain" {
			return string(body), ""
		}
		return "", string(body)
	}
	reader := multipart.NewReader(parsed.Body, parameters["boundary"])
	var bodies []string
	for _, want := range []string{"text/plain", "text/html"} {
		part, err := reader.NextPart() // decodes quoted-printable
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(part.Header.Get("Content-Type"), want))
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		bodies = append(bodies, string(body))
	}
	_, err = reader.NextPart()
	require.ErrorIs(t, err, io.EOF)
	return bodies[0], bodies[1]
}

// unstuffed reads content as a server does.
func unstuffed(t require.TestingT, wire []byte) []byte {
	var out []byte
	rest := string(wire)
	for {
		line, after, found := strings.Cut(rest, "\r\n")
		require.True(t, found, "the final dot is missing")
		rest = after
		if line == "." {
			require.Empty(t, rest, "nothing may follow the final dot")
			return out
		}
		out = append(out, strings.TrimPrefix(line, ".")+"\r\n"...)
	}
}

func TestLongIDsLeaveTheSendersOwnAddress(t *testing.T) {
	t.Parallel()
	m := message(1)
	m.AttemptID = strings.Repeat("a", 63)
	l, f := testComposer(t).compose(nil, &m)
	require.Nil(t, f)
	require.Equal(t, "notice@academy.example", l.from)
}

func TestEncodedWordsKeepCharactersWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(nasty(30).Draw(t, "s"), "")
		for _, word := range strings.Fields(encodeWords(s)) {
			require.LessOrEqual(t, len(word), 75)
			payload := strings.TrimSuffix(strings.TrimPrefix(word, "=?UTF-8?B?"), "?=")
			plain, err := base64.StdEncoding.DecodeString(payload)
			require.NoError(t, err)
			require.True(t, utf8.Valid(plain))
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "a", "@", "a@", "@b.example", "a@b", "a@@b.example", "a b@example.com", "a@b..example", "a@-b.example", "a@b_c.example",
		".a@example.com", "a.@example.com", "a..b@example.com", "a@[127.0.0.1]", "a@127.0.0.1:25", "A <a@example.com>", "<a@example.com>",
		"a@example.com,b@example.com", "a@example.com b", "a>@example.com", `"a"b@example.com`, `"a>b"@example.com`, `"a\"b"@example.com`, `""@example.com`,
		"a\u00a0b@example.com", "a\u202eb@example.com", "a\x7f@example.com", "a(x)@example.com", "a@example.com\r\n", "a@exa\x00mple.com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("a.", 130) + "example", "a@" + strings.Repeat("b", 64) + ".example",
	} {
		_, err := parseAddress(bad)
		require.Error(t, err, "%q", bad)
		if len(bad) > 3 {
			require.NotContains(t, err.Error(), bad)
		}
	}
	for in, want := range map[string]string{
		"a@example.com": "a@example.com", "A.b+c@Example.COM": "A.b+c@example.com", "x@münchen.example": "x@xn--mnchen-3ya.example",
		"李@example.com": "李@example.com", `"john doe"@example.com`: `"john doe"@example.com`, "root@localhost": "root@localhost",
	} {
		a, err := parseAddress(in)
		require.NoError(t, err, in)
		require.Equal(t, want, a.String())
	}
}

func TestPlainDomainsAreWhatTheLongWayGives(t *testing.T) {
	t.Parallel()
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		domain := rapid.StringMatching(`[a-z0-9-]{1,4}(\.[a-z0-9-]{1,4}){0,3}|[a-z-]{60,66}\.[a-z]{2}|([a-z]{40}\.){5,7}[a-z]{2}|xn--[a-z]{1,6}\.[a-z]{2}`).Draw(t, "domain")
		if !plainDomain(domain) {
			return
		}
		short++
		wire, err := lookUpDomain(domain)
		require.NoError(t, err)
		require.Equal(t, domain, wire)
	})
	require.Positive(t, short)
	for _, not := range []string{"", ".", "a", "a.", ".a", "a..b", "-a.b", "a-.b", "a.-b", "a.b-", "a--b.c", "A.b", "a.b\n", "é.fr", "a_b.c"} {
		require.False(t, plainDomain(not), not)
	}
}
