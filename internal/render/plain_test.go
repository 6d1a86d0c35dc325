package render

import (
	"html"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// What follows is rendering done plainly: every character is looked at in several passes, regular expressions
// judge contacts, and nothing is prepared. The fast way must give the same bytes.

func plainly(t require.TestingT, text breach.Text, p breach.Person, to breach.Addressee, reference string) (m delivery.Message, failure string) {
	b, err := text.Open()
	require.NoError(t, err)
	w := plainWriter{body: b, own: map[string]string{"name": plainlyCleaned(p.Name), "child_name": "", "reference": reference}}
	if !regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`).MatchString(reference) {
		return m, "reference"
	}
	if to == breach.ToGuardian {
		if p.Guardian == nil {
			return m, "guardian"
		}
		w.own["name"], w.own["child_name"] = plainlyCleaned(p.Guardian.Name), plainlyCleaned(p.Name)
	}
	for _, c := range p.DataClasses {
		w.classes = append(w.classes, strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(c))))
	}
	m.Channel, m.Locale = breach.Channel(b.Channel), b.Locale
	if m.To = plainlyContact(m.Channel, p, to); m.To == "" {
		return delivery.Message{}, "contact"
	}
	switch m.Channel {
	case breach.Email:
		m.ToName, m.Subject, m.Text, m.HTML = w.own["name"], w.part("subject", false), w.part("text", false), w.part("html", true)
	case breach.SMS:
		m.Text = w.part("text", false)
	default:
		m.Title, m.Text, m.Link = w.part("title", false), w.part("body", false), w.part("link", false)
	}
	return m, ""
}

func plainlyContact(c breach.Channel, p breach.Person, to breach.Addressee) string {
	email, phone, push := p.Email, p.Phone, p.PushToken
	if to == breach.ToGuardian {
		email, phone, push = p.Guardian.Email, p.Guardian.Phone, ""
	}
	switch c {
	case breach.Email:
		a, err := mail.ParseAddress(email)
		if err == nil && a.Name == "" && a.Address == email && len(email) <= 254 && inert(plainlyOneLine(email)) == email {
			return email
		}
	case breach.SMS:
		return regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`).FindString(phone)
	default:
		if len(push) <= 4096 {
			return regexp.MustCompile(`^[\x21-\x7e]+$`).FindString(push)
		}
	}
	return ""
}

type plainWriter struct {
	body    breach.TextBody
	own     map[string]string
	classes []string
}

func (w plainWriter) part(name string, markup bool) string {
	return w.write(w.body.Parts[name], markup, func(variable string) string {
		choice, join := w.body.Choices[variable], w.body.Choices[variable].Join
		if markup {
			join = choice.JoinHTML
		}
		var picked []string
		for _, o := range choice.Options {
			if len(o.When) == 0 && len(picked) > 0 || !w.fits(o.When) || choice.Pick == pickFirst && len(picked) > 0 {
				continue
			}
			wording := o.Text
			if markup {
				wording = o.HTML
			}
			picked = append(picked, w.write(wording, markup, nil))
		}
		return strings.Join(picked, join)
	})
}

func (w plainWriter) write(part string, markup bool, choice func(string) string) string {
	var b strings.Builder
	for i, piece := range strings.Split(part, "{{") {
		if i > 0 {
			variable, rest, _ := strings.Cut(piece, "}}")
			value, isOwn := w.own[variable]
			switch {
			case !isOwn:
				value = choice(variable)
			case markup:
				value = html.EscapeString(value)
			}
			b.WriteString(value)
			piece = rest
		}
		b.WriteString(piece)
	}
	return b.String()
}

func (w plainWriter) fits(when []string) bool {
	return len(when) == 0 || slices.ContainsFunc(when, func(s string) bool {
		switch s {
		case whenNamed:
			return w.own["name"] != ""
		case whenChildNamed:
			return w.own["child_name"] != ""
		}
		return slices.Contains(w.classes, s)
	})
}

func plainlyCleaned(s string) string {
	if len(s) > 8*utf8.UTFMax*maxName {
		s = s[:8*utf8.UTFMax*maxName]
	}
	var out []rune
	in := []rune(plainlyOneLine(s))
	for i, r := range in {
		out = append(out, r)
		if i+1 < len(in) && in[i+1] != ' ' && (holdsAddress(r) || ((r == '{' || r == '}') && in[i+1] == r)) {
			out = append(out, ' ')
		}
	}
	if len(out) > maxName {
		out = append(trimAddress(out[:maxName-1]), '…')
	}
	return string(out)
}

func plainlyOneLine(s string) string {
	var seen, joined, folded []rune
	marks, last := 0, ' '
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			seen = append(seen, r)
			continue
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp):
			r = ' '
		case visible(r) < 0:
			continue
		}
		if !unicode.IsMark(r) {
			marks, last = 0, r
			seen = append(seen, r)
		} else if marks++; marks <= maxMarks && last != ' ' && !holdsAddress(last) {
			seen = append(seen, r)
		}
	}
	for i, r := range seen {
		if (r != zeroWidthJoiner && r != zeroWidthNonJoiner) || joins(seen, i) {
			joined = append(joined, r)
		}
	}
	for _, r := range joined {
		if r != ' ' || len(folded) > 0 && folded[len(folded)-1] != ' ' {
			folded = append(folded, r)
		}
	}
	return string(trimEnd(folded))
}

// drawField is what may stand in a field: names, attacks, and pieces that mean something side by side.
func drawField(t *rapid.T, label string, own ...string) string {
	pieces := []string{
		".", " ", "  ", "\u0301", "\u200d", "\u200c", "क", "\u094d", "{", "}", "{{", "@", "A", "é", "李", "·", "·艾", "’", "J. ", "Jr.", "x.test", "\u00a0", "\u3000", "ب", "\u202e", "\xff", "：", "\ufe0f",
		strings.Repeat("Ab ", 20) + "C", strings.Repeat("李", 60),
	}
	one := rapid.OneOf(rapid.String(), rapid.SampledFrom(nasty), rapid.SampledFrom(pieces), rapid.SampledFrom(append(own, "")))
	return strings.Join(rapid.SliceOfN(one, 0, 6).Draw(t, label), "")
}

func drawPerson(t *rapid.T) breach.Person {
	address := []string{"ana@mail.test", "a", "@", ".", "x-1", "_+", "mail.test", `"a b"`, "[1.2.3.4]", "Ana <", ">", "(c)", "münchen", "a..b", "o'b", "}}"}
	number := []string{"+14045550151", "+", "0", "1", "123456", "7777777", "\n", "٣"}
	token := []string{"token-1", "~", "!", "\x7f"}
	classes := []string{"email", "Password-Hash ", " government id", "named", "child_named", "payment_card", "İ", "\u00a0health"}
	p := breach.Person{
		Name: drawField(t, "name", "Ana Brook"), Email: rapid.OneOf(rapid.Just("ana@mail.test"), rapid.StringMatching(`[a-z.@_+-]{1,12}@[a-zA-Z0-9.-]{1,12}`), rapid.Just(drawField(t, "email", address...))).Draw(t, "address"),
		Phone:       rapid.OneOf(rapid.Just("+14045550151"), rapid.Just(drawField(t, "phone", number...))).Draw(t, "number"),
		PushToken:   rapid.OneOf(rapid.Just("token-1"), rapid.Just(drawField(t, "token", token...))).Draw(t, "push token"),
		DataClasses: rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(classes), rapid.SampledFrom(nasty)), 0, 4).Draw(t, "classes"),
	}
	if rapid.Bool().Draw(t, "has a guardian") {
		p.Guardian = &breach.Guardian{Name: drawField(t, "guardian", "Rosa Brook"), Email: rapid.SampledFrom(append(address, "rosa@mail.test", "a@b@c", "a@", "@b", "a.@b.c", "a@b.")).Draw(t, "guardian's email"), Phone: "+14045550152"}
	}
	return p
}

// oddTexts use what a text may use and the shipped ones do not: own values in wordings, wordings for everybody
// in the middle, more options than there is room for, parts without variables.
func oddTexts(t testing.TB) (out []breach.Text) {
	t.Helper()
	many := breach.Choice{Pick: pickAll, Join: "{{, ", JoinHTML: "<br>"}
	for i := range 300 {
		many.Options = append(many.Options, breach.Option{When: []string{"class_" + strconv.Itoa(i), "email"}, Text: strconv.Itoa(i) + "{{name}}", HTML: "<i>{{child_name}}</i>"})
	}
	mixed := breach.Choice{Pick: pickAll, Join: "; ", JoinHTML: " &amp; ", Options: []breach.Option{
		{When: []string{"health", whenChildNamed}, Text: "{{child_name}}'s {{reference}}", HTML: "<b>{{child_name}}</b>{{name}}"}, {Text: "all", HTML: "<i>all</i>"},
		{When: []string{whenNamed}, Text: "{{name}}{{name}}", HTML: "{{name}}"}, {Text: "never alone", HTML: "!"}, {When: []string{"Email"}, Text: "misspelt", HTML: "misspelt"},
	}}
	first := breach.Choice{Pick: pickFirst, Options: []breach.Option{{When: []string{"government_id"}, Text: "id", HTML: "id"}, {Text: "", HTML: "-"}, {When: []string{"email"}, Text: "late", HTML: "late"}}}
	choices := map[string]breach.Choice{"many": many, "mixed": mixed, "first": first, "name": first}
	for _, b := range []breach.TextBody{
		{Channel: "email", Variant: "self", Parts: map[string]string{"subject": "plain", "text": "{{many}}", "html": "{{mixed}}}}{{name}}{{first}}{{many}}"}},
		{Channel: "email", Variant: "guardian", Parts: map[string]string{"subject": "{{first}}x", "text": "{{mixed}}{{first}}{{mixed}}", "html": "<p>{{name}}</p>{{mixed}}"}},
		{Channel: "sms", Variant: "self", Parts: map[string]string{"text": "{{mixed}} {{reference}}"}},
		{Channel: "push", Variant: "self", Parts: map[string]string{"title": "{{first}}{{first}}", "body": "{{child_name}}", "link": "https://x.test"}},
	} {
		b.Kind, b.Locale, b.Choices = breach.KindNotice, "en", choices
		text, err := breach.NewText(b)
		require.NoError(t, err)
		out = append(out, text)
	}
	return out
}

func TestTheFastWayGivesTheBytesOfThePlainOne(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := append(oddTexts(t), slices.DeleteFunc(sampleTexts(t, e), func(x breach.Text) bool { return x.Ref.Kind != breach.KindNotice })...)
	sent, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawPerson(t)
		reference := rapid.OneOf(rapid.Just(sampleReference), rapid.StringMatching(`[A-Za-z0-9-]{3,66}`), rapid.SampledFrom([]string{"", "abcd\n", "ab cd", "abc", "éabc"})).Draw(t, "reference")
		for _, text := range texts {
			want, failure := plainly(t, text, p, breach.Addressee(text.Ref.Variant), reference)
			got, err := written(e, text, p, breach.Addressee(text.Ref.Variant), reference)
			require.Equal(t, want, got)
			if failure == "" {
				require.NoError(t, err)
				sent++
				continue
			}
			require.Error(t, err, failure)
			refused++
		}
	})
	require.Greater(t, sent, 100)
	require.Greater(t, refused, 100)
}

func TestCleaningIsTheSameWithAndWithoutTheShortWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawField(t, "name", "Ana Brook", "李小龙", "J.R. Ewing", "Жанна", "Ünal")
		require.Equal(t, plainlyCleaned(s), cleanName(s))
		require.Equal(t, inert(plainlyOneLine(s)), oneLine(s))
	})
}

// Every character that is taken to be plain stays as it is wherever it stands.
func TestPlainCharactersNeedNoCleaning(t *testing.T) {
	t.Parallel()
	count := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !plain(r) {
			continue
		}
		count++
		for _, s := range []string{string(r), string([]rune{'a', r, 'b'}), string([]rune{r, r}), string([]rune{'a', ' ', r})} {
			if plainName(s) {
				require.Equal(t, s, plainlyCleaned(s), "%U", r)
			}
		}
	}
	require.Greater(t, count, 30000, "the letters of most names")
}

func TestShortWaysAtTheirEdges(t *testing.T) {
	t.Parallel()
	for n := maxName - 2; n <= maxName+2; n++ {
		for _, letter := range []string{"A", "李", "б", "A."} {
			s := strings.Repeat(letter, n)
			require.Equal(t, plainlyCleaned(s), cleanName(s), "%d", n)
		}
	}
	edges := []string{"", "+", "+01234567", "+1234567", "+123456", "+123456789012345", "+1234567890123456", "1234567", "+12345a7", "+1234567\n", "+１２３４５６７", "a@b", "a@b.", "a@.b", "@", "a@b@c", "a.@b", ".a@b"}
	for n := 252; n <= 256; n++ {
		edges = append(edges, strings.Repeat("a", n-2)+"@b", strings.Repeat("o'", n/2)+"@b")
	}
	for n := 4095; n <= 4097; n++ {
		edges = append(edges, strings.Repeat("~", n))
	}
	for _, s := range edges {
		require.Equal(t, plainlyContact(breach.Email, breach.Person{Email: s}, breach.ToSelf) != "", plainAddress(s) || isAddress(s), "%q", s)
		require.Equal(t, plainlyContact(breach.SMS, breach.Person{Phone: s}, breach.ToSelf) != "", isE164(s), "%q", s)
		require.Equal(t, plainlyContact(breach.Push, breach.Person{PushToken: s}, breach.ToSelf) != "", isToken(s), "%q", s)
	}
}

func FuzzCleaning(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		require.Equal(t, plainlyCleaned(s), cleanName(s))
		require.Equal(t, plainlyContact(breach.Email, breach.Person{Email: s}, breach.ToSelf) != "", plainAddress(s) || isAddress(s))
		require.Equal(t, plainlyContact(breach.SMS, breach.Person{Phone: s}, breach.ToSelf) != "", isE164(s))
		require.Equal(t, plainlyContact(breach.Push, breach.Person{PushToken: s}, breach.ToSelf) != "", isToken(s))
	})
}
