package app

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/emersion/go-message/mail"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
	"github.com/tocsin-engine/tocsin/worker"
)

// hostileNames are names that would be headers, markup, templates, links or jokes if anything let them.
var hostileNames = []string{
	"Ana Lima", "محمد علي", "Click http://evil.example/now", "x\r\nBcc: victim@evil.example\r\n\r\nbody", "=?utf-8?B?SGFsbG8=?=", "<script>alert(1)</script>",
	"{{.Organisation}} {{reference}} ${jndi:ldap://x}", "\u202eevil\u202c\u2066x", strings.Repeat("Lang", 2600), "a, b; <c@d.example>", "\"; DROP TABLE\" <x>", "Zo\u0065\u0301",
}

// What leaves is read back with a parser that has nothing in common with what wrote it: one addressee, the headers as
// they were meant, two parts that say the same, and nothing of a name but words. Ten languages, for the person and for
// a guardian.
func TestEmailsAreReadBackByAnotherParser(t *testing.T) {
	t.Parallel()
	sender, box := relay(t)
	e, err := render.New()
	require.NoError(t, err)
	profile, err := policy.Builtin("mooc")
	require.NoError(t, err)
	words := worker.Words{Engine: e, PublicBaseURL: "https://larkfield.example"}
	n := 0
	for _, tag := range []string{"ar", "de", "en", "es", "fr", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant"} {
		profile.Languages = policy.Languages{Default: tag, Available: []string{tag}}
		texts, problems, err := words.Texts(toldIn(t, tag), profile, nil, []string{tag}, "LKF-2026-01")
		require.NoError(t, err)
		require.Empty(t, problems)
		for _, text := range texts {
			if text.Ref.Kind != breach.KindNotice || text.Ref.Channel != string(breach.Email) {
				continue
			}
			for i, name := range hostileNames {
				p := breach.Person{Name: name, Email: "ana@mail.example", DataClasses: []string{"email", "password_hash", "payment_card"}, Guardian: &breach.Guardian{Name: name, Email: "ana@mail.example"}}
				m, err := words.Message(text, p, breach.Addressee(text.Ref.Variant), render.InventedReference)
				require.NoError(t, err)
				n++
				m.DeliveryID, m.AttemptID = "d"+strings.Repeat("0", 4)+string(rune('a'+i)), "d"+strings.Repeat("0", 4)+string(rune('a'+i))+"-1"
				_, err = sender.Send(t.Context(), m)
				require.NoError(t, err)
				plain := m.Plain()
				raw := box.List(outbox.Query{Limit: 1}).Messages[0]
				whole, err := box.Get(raw.ID)
				require.NoError(t, err)
				readBack(t, tag+" "+name[:min(len(name), 30)], string(whole.Raw), plain.Subject, plain.Text)
			}
		}
	}
	require.Equal(t, 10*2*len(hostileNames), n)
}

// readBack decodes one message and compares its parts.
func readBack(t *testing.T, where, raw, subject, text string) {
	t.Helper()
	r, err := mail.CreateReader(strings.NewReader(raw))
	require.NoError(t, err, where)
	to, err := r.Header.AddressList("To")
	require.NoError(t, err, where)
	require.Len(t, to, 1, where)
	require.Equal(t, "ana@mail.example", to[0].Address, where)
	for _, name := range []string{"Bcc", "Cc", "List-Unsubscribe", "Disposition-Notification-To"} {
		require.False(t, r.Header.Has(name), "%s: %s", where, name)
	}
	got, err := r.Header.Subject()
	require.NoError(t, err, where)
	require.Equal(t, subject, got, where)
	parts := map[string]string{}
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, where)
		header, inline := p.Header.(*mail.InlineHeader)
		require.True(t, inline, "%s: nothing is attached", where)
		kind, params, err := header.ContentType()
		require.NoError(t, err, where)
		require.Equal(t, "utf-8", strings.ToLower(params["charset"]), where)
		b, err := io.ReadAll(p.Body)
		require.NoError(t, err, where)
		parts[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	require.Len(t, parts, 2, where)
	require.Equal(t, strings.TrimSpace(text), strings.TrimSpace(parts["text/plain"]), where)
	words, shown := onlyWords(parts["text/plain"]), ""
	for _, piece := range shownPieces(t, parts["text/html"]) {
		require.Contains(t, words, onlyWords(piece), "%s: the text part says the same as the HTML part, word by word", where)
		shown += piece
	}
	require.Greater(t, 10*len(onlyWords(shown)), 7*len(words), "%s: and not more", where)
	require.Contains(t, shown, "larkfield.example/verify", where)
	require.Contains(t, shown, render.InventedReference, where)
	for _, bad := range []string{"http://evil", "{{", "\u202e", "\u2066x"} {
		require.NotContains(t, parts["text/plain"], bad, where)
	}
	require.NotContains(t, shown, "http://evil", where)
}

// shownPieces are the words of a page that a reader sees: all from the first heading to the box about genuineness as one
// piece, and each paragraph of that box and below it but the one that writes the address out in another place.
func shownPieces(t *testing.T, page string) (out []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			require.NotContains(t, []string{"script", "img", "a", "link", "iframe", "form", "object"}, n.Data)
		}
	}
	_, body, found := strings.Cut(page, "<h2>")
	require.True(t, found)
	body, box, found := strings.Cut(body, `<div class="box">`)
	require.True(t, found)
	pieces := append([]string{body}, strings.Split(box, "</p>")...)
	for _, piece := range pieces {
		out = append(out, html.UnescapeString(tags.ReplaceAllString(piece, "")))
	}
	require.Contains(t, out[1], "larkfield.example/verify")
	heading, _, _ := strings.Cut(pieces[1], "</h2>")
	out[1] = html.UnescapeString(tags.ReplaceAllString(heading, ""))
	return append(out, "larkfield.example/verify")
}

var tags = regexp.MustCompile(`<[^>]*>`)

// onlyWords leaves out what stands between words: lines, marks of lists and lines under headings.
func onlyWords(s string) string {
	s = strings.ReplaceAll(s, render.InventedReference, "") // the text part repeats it where it asks for it
	s = strings.ReplaceAll(strings.ToUpper(s), "ß", "SS")   // its headings are in capitals
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, s)
}

// toldIn is the incident of the renderer's samples in one language.
func toldIn(t *testing.T, tag string) breach.IncidentFile {
	t.Helper()
	name, total := "Larkfield Learning", int64(1200)
	words := map[string]string{"summary": "A copy of our accounts could be read.", "consequences": "Somebody may try your password.", "measures_taken": "1. We closed it.\n2. We told the authority.",
		"measures_planned": "Better *storage*.", "individual_steps": "- Change it.\n- Watch out.", "remedies": "A free check."}
	if b, err := os.ReadFile(filepath.Join("..", "render", "testdata", "languages", tag+".yaml")); err == nil {
		require.NoError(t, yaml.Unmarshal(b, &words))
	}
	return breach.IncidentFile{
		Facts: breach.Facts{Organisation: breach.Organisation{Name: &name}, People: breach.PeopleFacts{Total: &total}, Data: breach.DataFacts{Classes: []string{"email", "password_hash", "payment_card"}}},
		Narrative: map[string]breach.Narrative{tag: {Summary: words["summary"], Consequences: words["consequences"], MeasuresTaken: words["measures_taken"],
			MeasuresPlanned: words["measures_planned"], IndividualSteps: words["individual_steps"], Remedies: words["remedies"]}},
		Contact: breach.Contact{Name: "Privacy desk", Email: "privacy@larkfield.example", Phone: "+86 400 000 0000", Address: "8 Lark Road"},
	}
}

// relay is a mail server that keeps what it gets.
func relay(t *testing.T) (*email.Sender, *outbox.Box) {
	t.Helper()
	certs := httptest.NewUnstartedServer(nil)
	certs.StartTLS()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certs.Certificate().Raw}), 0o600))
	over := &tls.Config{Certificates: certs.TLS.Certificates, MinVersion: tls.VersionTLS12}
	certs.Close()
	box, err := outbox.Open("")
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := smtpsim.New(smtpsim.Config{Hostname: "mx.simulator.test", TLS: over, Username: "tocsin", Password: "s3cret"}, box, faults.New(0, 0), nil)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	sender, err := email.New(email.Config{Addr: listener.Addr().String(), Encryption: email.StartTLS, CAFile: ca, Username: "tocsin", Password: "s3cret", From: "notice@larkfield.example", FromName: "Larkfield"})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, sender.Close())
		require.NoError(t, server.Close())
		require.NoError(t, <-done)
		require.NoError(t, box.Close())
	})
	return sender, box
}
