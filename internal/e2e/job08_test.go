package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

var (
	han     = regexp.MustCompile(`\p{Han}`)
	anyLink = regexp.MustCompile(`https?://[^\s"'<>]+`)
)

// lastTo is the one message that reached a recipient.
func (w *world) lastTo(t *testing.T, recipient string) outbox.Message {
	t.Helper()
	all := w.sentTo(t, recipient)
	require.Len(t, all, 1, "messages to one recipient")
	return all[0]
}

// Everybody reads the notice in their own language, on every channel; a language that there are no words
// for falls back to the policy's. The sections that must be there are there, and the contact.
func TestMainJob08EverybodyInTheirLanguage(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	speaks := func(locale, country string, how string) human {
		h := human{why: locale + " by " + how, Person: breach.Person{ExternalID: c.tag + locale + how, Name: "Lin Xiaomu", Locale: locale, Country: country}}
		switch how {
		case "email":
			h.Email = c.email("mail.test")
		case "sms":
			h.Phone = c.british("24680")
		case "push":
			h.PushToken = c.token("fine-")
		}
		return h
	}
	chinese := []human{speaks("zh-CN", "CN", "email"), speaks("zh-Hans-SG", "SG", "email"), speaks("zh-CN", "GB", "sms"), speaks("zh", "GB", "push"),
		speaks("", "CN", "email"), speaks("zh-Hant-HK", "HK", "email")} // who says nothing reads the policy's own language
	english := []human{speaks("eo", "DE", "email"), // there are no words in it: English is for everybody else
		speaks("en-GB", "GB", "email"), speaks("en", "CN", "email"), speaks("en-US", "US", "sms"), speaks("en-AU", "AU", "push")}
	k := w.open(t, example(t))
	k.tell(t, append(append([]human{}, chinese...), english...))
	k.told(t)

	file := example(t)
	for i, h := range append(append([]human{}, chinese...), english...) {
		inChinese := i < len(chinese)
		m := w.lastTo(t, h.contacts()[0])
		require.Equal(t, inChinese, han.MatchString(m.Text), "%s: %s", h.why, m.Text)
		if m.Channel != outbox.ChannelEmail {
			continue
		}
		require.Equal(t, inChinese, han.MatchString(m.Subject), "%s: %s", h.why, m.Subject)
		require.Contains(t, m.HeaderValue("Content-Type"), "multipart/")
		n := file.Narrative["en"]
		if inChinese {
			n = file.Narrative["zh-Hans"]
		}
		for _, s := range n.Sections() {
			first, _, _ := strings.Cut(strings.TrimLeft(s.Text, "-1. "), "\n")
			for _, body := range []string{m.Text, visible(t, m.HTML)} {
				require.Contains(t, squeeze(body), squeeze(first), "%s misses %s", h.why, s.Name)
			}
		}
		require.Contains(t, m.Text, file.Contact.Name)
		require.Contains(t, m.Text, file.Contact.Email)
		require.Contains(t, m.Text, "Lin Xiaomu")
		require.Contains(t, m.Text, k.find(t, h).Reference)
		require.NotRegexp(t, `\{\{|<no value>|%!`, m.Text+m.HTML)
	}
}

// visible is the text of a page.
func visible(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
	}
	return b.String()
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// For a child a guardian is addressed, in words for guardians; the child is told beside, in words of its own.
func TestMainJob08AGuardianIsAddressedForAChild(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	child := human{Person: breach.Person{
		ExternalID: c.tag + "-child", Name: "Robin Marsh", Email: c.email("mail.test"), Country: "GB", Locale: "en-GB",
		BirthDate: time.Now().AddDate(-10, 0, 0).Format(time.DateOnly), Guardian: &breach.Guardian{Name: "Pat Marsh", Email: c.email("mail.test")},
	}}
	grown := human{Person: child.Person}
	grown.ExternalID, grown.Name, grown.Email, grown.BirthDate = c.tag+"-grown", "Kit Marsh", c.email("mail.test"), time.Now().AddDate(-15, 0, 0).Format(time.DateOnly)
	grown.Guardian = &breach.Guardian{Name: "Pat Marsh", Email: c.email("mail.test")}
	k := w.open(t, example(t))
	k.tell(t, []human{child, grown})
	v := k.told(t)
	require.EqualValues(t, 2, v.People[breach.Reached])
	require.EqualValues(t, 1, v.Waves[0].Plan.Plan.People.Guardian)

	toGuardian := w.lastTo(t, child.Guardian.Email)
	require.Contains(t, toGuardian.Text, "Pat Marsh")
	require.Contains(t, toGuardian.Text, "guardian of Robin Marsh")
	require.Contains(t, toGuardian.Subject, "guardian")
	toChild := w.lastTo(t, child.Email)
	require.NotContains(t, toChild.Text, "guardian of")
	require.NotEqual(t, toGuardian.Text, toChild.Text)
	require.Contains(t, w.lastTo(t, grown.Email).Text, "Kit Marsh", "who is fifteen is told alone")
	require.Empty(t, w.sentTo(t, grown.Guardian.Email))
}

// What a list says of a person never becomes markup, a header, a template or a link.
func TestMainJob08HostileNamesStayText(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	names := []string{
		`<b>Bold</b>`, `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Contact.Name}}`, `{{name}}{{reference}}`, `${7*7} <%= 1 %>`,
		`www.evil.example`, `https://evil.example/login`, `evil.example/login`, `mailto:a@evil.example`, `[here](https://evil.example)`, `javascript:alert(1)`,
		"Ann\r\nBcc: all@evil.example", "Ann\nSubject: changed", "Ann\x00Doe", "Ann\u202eeoD", `=HYPERLINK("https://evil.example")`, `A & B <c@evil.example>`,
		`&lt;a href=x&gt;`, strings.Repeat("very long ", 60), `O'Neil; DROP TABLE recipient;--`,
	}
	var people []human
	for i, n := range names {
		people = append(people, human{Person: breach.Person{ExternalID: fmt.Sprintf("%s-%d", c.tag, i), Name: n, Email: c.email("mail.test"), Country: "GB", Locale: "en"}})
	}
	k := w.open(t, example(t))
	out := k.load(t, listOf(t, people), "")
	addsUp(t, out)
	require.EqualValues(t, len(people), out.Added, "a bad name costs the name, not the person")
	k.approve(t, k.submit(t))
	k.told(t)

	plain := w.lastTo(t, people[len(people)-1].Email)
	usual := links(t, plain.HTML)
	for i, h := range people {
		m := w.lastTo(t, h.Email)
		require.Equal(t, usual, links(t, m.HTML), "name %d made a link", i)
		require.NotContains(t, m.HTML, "<script")
		require.NotContains(t, m.HTML, "<img")
		require.NotContains(t, m.HTML, "<b>Bold")
		require.NotContains(t, strings.ToLower(m.Text+visible(t, m.HTML)), "evil.example", "name %d: mail programs make links of bare addresses", i)
		require.Equal(t, plain.Subject, m.Subject)
		for _, head := range m.Headers {
			require.NotContains(t, strings.ToLower(head.Name), "bcc")
			require.NotContains(t, head.Value, "all@evil.example")
		}
		require.NotContains(t, m.Text, "\x00")
		require.NotContains(t, m.Text, "\u202e")
	}
}

// links lists where a page leads to or fetches from, and whether it could run something.
func links(t *testing.T, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	out := []string{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "iframe", "img", "form", "object", "embed", "link", "base":
			out = append(out, "element "+n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" || a.Key == "action" || strings.HasPrefix(a.Key, "on") {
				out = append(out, a.Key+" "+a.Val)
			}
		}
	}
	return append(out, anyLink.FindAllString(strings.ReplaceAll(visible(t, page), " ", "\n"), -1)...)
}

// An empty section or a missing contact blocks approval, and the answer says which one.
func TestMainJob08AnEmptySectionBlocksApproval(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	file := example(t)
	broken := file.Narrative["en"]
	broken.Remedies, broken.IndividualSteps = "  \n ", ""
	file.Narrative["en"] = broken
	file.Contact.Email = ""
	k := w.open(t, file)
	k.load(t, listOf(t, newCrowd().some(2)), "")
	p := k.eventually(t, k.author, http.MethodPost, k.path("/plan"), map[string]any{}, nil)
	require.Equal(t, breach.ErrIncomplete, p.code(), "%+v", p)
	said := fmt.Sprint(p.Fields)
	for _, where := range []string{"narrative.en.remedies", "narrative.en.individual_steps", "contact"} {
		require.Contains(t, said, where)
	}
	v := k.overview(t)
	require.NotEmpty(t, v.Missing)
	require.Nil(t, v.Waves[0].Plan)

	// A link or an unknown variable in the words is refused as well; mended words are taken.
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"contact": map[string]any{"email": "help@denghuo.example"}, "narrative": map[string]any{"en": map[string]any{
		"remedies": "Write to {{.Secret}} or see [this](https://elsewhere.example).", "individual_steps": "Change your password."}}}, nil)
	p = k.author.try(t, http.MethodPost, k.path("/plan"), map[string]any{}, nil)
	require.Equal(t, breach.ErrIncomplete, p.code(), "%+v", p)
	require.Contains(t, fmt.Sprint(p.Fields), "narrative.en.remedies")
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"narrative": map[string]any{"en": map[string]any{"remedies": "A free help line."}}}, nil)
	require.NotEmpty(t, k.submit(t))
}
