package console

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// policyOfText lets an e-mail or a page look as people will see it, and nothing else: no script, no
// request, no form, no way out of its frame. allow-same-origin without allow-scripts runs nothing; it lets
// our own script ask how high the text is.
const policyOfText = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'"

// textView is one text in full, as it was hashed.
type textView struct {
	Anchor, Heading, Lang string
	Language, Variant     string
	Reviewed              bool
	Broken                bool // it is not what its hash names
	Lines                 []textLine
	Frame                 string  // address of the rendered HTML, empty without
	PlainText             []piece // the text part of an e-mail, which some programs show instead
	Choices               []choiceView
	Open                  []string // of a report: not known yet
	Size                  string   // of an SMS
}

// textLine is a named piece of a text.
type textLine struct {
	Label  string
	Big    bool
	Pieces []piece
}

// piece is fixed text, or a word that is filled in for each person.
type piece struct {
	Text string
	Var  bool
}

// choiceView is a place in a text that reads differently for different people, with all its wordings.
type choiceView struct {
	Name    string
	Options []optionView
}

type optionView struct {
	When   string
	Pieces []piece
}

// textGroup is all texts of one channel.
type textGroup struct {
	Heading, Note string
	Texts         []textView
}

func (l speech) textView(t breach.Text, frames string) textView {
	v := textView{Anchor: "t-" + t.Ref.SHA256[:min(12, len(t.Ref.SHA256))], Lang: t.Ref.Locale, Language: l.Language(t.Ref.Locale), Variant: l.variant(t.Ref), Reviewed: t.Ref.Reviewed}
	v.Heading = v.Language
	if v.Variant != "" {
		v.Heading += l.T(", ") + v.Variant
	}
	b, err := t.Open()
	if err != nil {
		v.Broken = true
		return v
	}
	shown := func(name string) string { return b.Parts[name] }
	add := func(label, part string, big bool) {
		if text := shown(part); text != "" {
			v.Lines = append(v.Lines, textLine{l.T(label), big, l.pieces(text, b.Choices)})
		}
	}
	switch {
	case b.Kind == breach.KindReport:
		add("Title", "title", true)
		add("Text", "text", false)
		v.Open = b.Open
	case b.Channel == string(breach.Email):
		add("Subject", "subject", true)
		if shown("html") == "" {
			add("Text", "text", false)
		}
	default:
		for _, p := range []struct{ label, part string }{{"Title", "title"}, {"Text", "text"}, {"Text", "body"}, {"Leads to", "link"}} {
			if p.part == "text" && shown("html") != "" {
				continue
			}
			add(p.label, p.part, p.part == "title")
		}
	}
	if b.Channel == string(breach.SMS) {
		v.Size = l.smsSize(shown("text"))
	}
	if shown("html") != "" {
		v.Frame = frames + t.Ref.SHA256
		v.PlainText = l.pieces(shown("text"), b.Choices)
	}
	v.Choices = l.choices(b.Choices)
	return v
}

func (l speech) variant(r breach.NoticeRef) string {
	to, place := breach.ReadVariant(r.Variant)
	said := r.Variant
	switch to {
	case breach.ToGuardian:
		said = l.T("to a guardian")
	case breach.ToSelf:
		said = l.T("to the person")
	}
	if place != "" {
		said += l.T(", ") + l.T("for people of %s alone, whose law forbids what the others are told", place)
	}
	return said
}

var variableWords = map[string]string{
	"name": "name of the person", "child_name": "name of the child", "reference": "reference code",
	"occurred_from": "when it began, by the reader's clock", "occurred_to": "when it ended, by the reader's clock",
	"detected_at": "when it was noticed, by the reader's clock", "aware_at": "since when it is known, by the reader's clock",
	"greeting": "greeting", "child": "the child", "data": "kinds of data", "advice": "advice", "short_advice": "short advice",
}

func (l speech) variable(name string) string {
	if said, known := variableWords[name]; known {
		return l.T(said)
	}
	return humanise(name)
}

// pieces cuts a text at its variables. A choice is shown by the wording that most people read; all wordings
// are listed beside the text.
func (l speech) pieces(text string, choices map[string]breach.Choice) []piece {
	var out []piece
	cut(text, func(fixed string) { out = append(out, piece{fixed, false}) }, func(name string) {
		c, isChoice := choices[name]
		if !isChoice {
			out = append(out, piece{l.variable(name), true})
			return
		}
		usual := usualOption(c)
		cut(usual.Text, func(fixed string) { out = append(out, piece{fixed, true}) }, func(name string) { out = append(out, piece{l.variable(name), true}) })
	})
	return out
}

// cut calls fixed and variable for the pieces of a text in order. What is no whole {{name}} is fixed.
func cut(text string, fixed, variable func(string)) {
	for {
		before, rest, found := strings.Cut(text, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !found || !closed || strings.ContainsAny(name, "{} \n<>\"'") {
			if text != "" {
				fixed(text)
			}
			return
		}
		if before != "" {
			fixed(before)
		}
		variable(name)
		text = after
	}
}

// usualOption is what somebody reads of whom nothing special is known but the name.
func usualOption(c breach.Choice) breach.Option {
	for _, o := range c.Options {
		if slices.Contains(o.When, "named") || slices.Contains(o.When, "child_named") {
			return o
		}
	}
	for _, o := range c.Options {
		if len(o.When) == 0 {
			return o
		}
	}
	if len(c.Options) > 0 {
		return c.Options[0]
	}
	return breach.Option{}
}

func (l speech) choices(choices map[string]breach.Choice) []choiceView {
	var out []choiceView
	for _, name := range slices.Sorted(keys(choices)) {
		c := choiceView{Name: l.variable(name)}
		for _, o := range choices[name].Options {
			if choices[name].At != nil && len(o.When) > 0 {
				continue // one instant by each clock of the world
			}
			to := l.when(o.When)
			if choices[name].At != nil {
				to = l.T("people whose clock is not known; everybody else reads the same instant by their own")
			}
			c.Options = append(c.Options, optionView{to, l.pieces(o.Text, nil)})
		}
		out = append(out, c)
	}
	return out
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// when says to whom a wording goes.
func (l speech) when(classes []string) string {
	if len(classes) == 0 {
		return l.T("everybody else")
	}
	var said []string
	for _, c := range classes {
		switch c {
		case "named", "child_named":
			said = append(said, l.T("whose name is known"))
		default:
			said = append(said, l.T(strings.ReplaceAll(c, "_", " ")))
		}
	}
	return strings.Join(said, l.T(", "))
}

// smsSize says how many parts a text message is sent in, before the variables are filled in.
func (l speech) smsSize(text string) string {
	long, units, single, multi := "GSM-7", 0, 160, 153
	for _, r := range text {
		units++
		if r > 0x7F || r == '`' {
			long, single, multi = "UCS-2", 70, 67
		}
	}
	if units <= single {
		return l.T("%s, 1 part", long)
	}
	return l.T("%s, about %d parts", long, (units+multi-1)/multi)
}

// textFrame serves the rendered HTML of one text of a plan, for a frame of the approval page.
func (s *server) textFrame(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	wave, err := strconv.Atoi(v.r.PathValue("wave"))
	if err != nil || wave < 1 {
		return breach.Errorf(breach.ErrNotFound, "there is no such list")
	}
	_, texts, err := s.Desk.Plan(v.r.Context(), id, wave)
	if err != nil {
		return err
	}
	for _, t := range texts {
		if t.Ref.SHA256 != v.r.PathValue("sha") {
			continue
		}
		b, err := t.Open()
		if err != nil {
			return err
		}
		h := v.w.Header()
		h.Set("Content-Security-Policy", policyOfText)
		h.Set("X-Frame-Options", "SAMEORIGIN")
		v.send(http.StatusOK, v.l.framed(b))
		return nil
	}
	return breach.Errorf(breach.ErrNotFound, "the plan has changed; it has no such text any more")
}

// framed is the HTML as people get it, with marks where it is filled in for each person.
func (l speech) framed(b breach.TextBody) []byte {
	source := b.Parts["html"]
	if b.Kind == breach.KindAnnouncement { // a fragment, which the public site puts into its own page
		source = fmt.Sprintf(`<!doctype html><html lang="%s"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>.</title><style>%s</style></head><body>%s</body></html>`,
			html.EscapeString(b.Locale), fragmentStyle, source)
	}
	var out bytes.Buffer
	z, inStyle := html.NewTokenizer(strings.NewReader(source)), false
	for z.Next() != html.ErrorToken {
		raw := bytes.Clone(z.Raw()) // before Token, which resolves entities in place
		t := z.Token()
		switch {
		case t.Type == html.StartTagToken && (t.Data == "style" || t.Data == "title"):
			inStyle = true
		case t.Type == html.EndTagToken && (t.Data == "style" || t.Data == "title"):
			inStyle = false
		case t.Type == html.TextToken && !inStyle && bytes.Contains(raw, []byte("{{")):
			l.mark(&out, string(raw), b.Choices)
			continue
		}
		out.Write(raw)
	}
	return out.Bytes()
}

const fragmentStyle = `:root{color-scheme:light dark}body{margin:1rem;font:400 16px/1.55 -apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.05rem;margin:1.2rem 0 .3rem}`

// mark writes text of an HTML source whose entities are kept as they are.
func (l speech) mark(out *bytes.Buffer, raw string, choices map[string]breach.Choice) {
	const open, end = `<mark style="background:#efe8f8;color:#5b3a8f;padding:0 .2em;border-radius:3px">`, `</mark>`
	name := func(n string) { out.WriteString(open + html.EscapeString(l.variable(n)) + end) }
	cut(raw, func(fixed string) { out.WriteString(fixed) }, func(n string) {
		c, isChoice := choices[n]
		if !isChoice {
			name(n)
			return
		}
		cut(usualOption(c).HTML, func(fixed string) { out.WriteString(fixed) }, name)
	})
}
