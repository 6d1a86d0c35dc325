package render

import (
	"regexp"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// testWords mark a message that is sent to try a notice out: words/<tag>.yaml.
type testWords struct {
	Mark string `yaml:"mark"` // in the subject, and before a text message; GSM 7-bit where the language fits it
	Line string `yaml:"line"` // above everything else
}

// Test marks a message that is written out as a test, in subject or title and in its first line, in the language of
// the message and else in English.
func (e *Engine) Test(m delivery.Message) delivery.Message {
	w := testWords{Mark: "TEST", Line: "TEST. This message shows how a notice looks. It is about nobody, and there is nothing to do."}
	if l := e.languages[m.Locale]; l != nil && l.words.Test.Mark != "" && l.words.Test.Line != "" {
		w = l.words.Test
	}
	switch m.Channel {
	case breach.Email:
		m.Subject = "[" + w.Mark + "] " + m.Subject
		m.Text = w.Line + "\n\n" + m.Text
		m.HTML = underBody(m.HTML, "<p><strong>"+escaped(w.Line)+"</strong></p>")
	case breach.Push:
		m.Title, m.Text = "["+w.Mark+"] "+m.Title, w.Line+" "+m.Text
	default: // a whole line would make a text message longer than the notice is
		m.Text = "*** " + w.Mark + " ***\n" + m.Text
	}
	return m
}

// bodyTag is where a page begins, with the sheet that its words are written on.
var bodyTag = regexp.MustCompile(`(?i)<body(?:\s[^>]*)?>(?:\s*<div(?:\s[^>]*)?>)?`)

// underBody puts markup at the top of a page, or before all of it when the page does not say where its body is.
func underBody(page, markup string) string {
	at := bodyTag.FindStringIndex(page)
	if at == nil {
		return markup + page
	}
	var b strings.Builder
	b.WriteString(page[:at[1]])
	b.WriteString(markup)
	b.WriteString(page[at[1]:])
	return b.String()
}
