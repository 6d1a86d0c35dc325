package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// rendered is every message that the sample's texts give a person, by text.
func rendered(t *testing.T, p breach.Person) map[breach.NoticeRef]delivery.Message {
	t.Helper()
	e := sampleEngine(t)
	out := map[breach.NoticeRef]delivery.Message{}
	for _, text := range sampleTexts(t, e) {
		to := breach.Addressee(text.Ref.Variant)
		if text.Ref.Kind != breach.KindNotice || (text.Ref.Channel == string(breach.Push) && to == breach.ToGuardian) {
			continue
		}
		m, err := written(e, text, p, to, sampleReference)
		require.NoError(t, err)
		out[text.Ref] = m
	}
	require.NotEmpty(t, out)
	return out
}

// loaders are attributes by which a mail program fetches something or reports back.
var loaders = []string{"src", "srcset", "href", "background", "poster", "data", "action", "formaction", "ping", "cite", "longdesc", "lowsrc", "dynsrc", "xlink:href", "manifest", "profile"}

// An email as it leaves has nothing that loads, links or reports back, and shows addresses as they are.
func TestPromise_M24_AnEmailLoadsAndReportsNothing(t *testing.T) {
	t.Parallel()
	emails := 0
	for ref, m := range rendered(t, samplePerson()) {
		if ref.Channel != string(breach.Email) {
			continue
		}
		emails++
		root, err := html.Parse(strings.NewReader(m.HTML))
		require.NoError(t, err)
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			for _, a := range n.Attr {
				key := strings.ToLower(a.Key)
				require.NotContains(t, loaders, key, "%s in <%s>", key, n.Data)
				require.False(t, strings.HasPrefix(key, "on"), "%s in <%s>", key, n.Data)
				require.NotContains(t, strings.ToLower(a.Val), "url(", "<%s %s>", n.Data, key)
				require.NotContains(t, a.Val, "//", "<%s %s> holds an address", n.Data, key)
			}
			if n.Data == "style" && n.FirstChild != nil {
				require.NotContains(t, strings.ToLower(n.FirstChild.Data), "url(")
				require.NotContains(t, strings.ToLower(n.FirstChild.Data), "@import")
			}
		}
		for _, body := range []string{m.Text, html.UnescapeString(m.HTML)} {
			require.Contains(t, body, "larkfield.example/verify", "the address of the page is the page's own, written out")
			for _, fetched := range strings.Split(body, "http")[1:] {
				require.Regexp(t, `^s://larkfield\.example\b`, fetched[:min(40, len(fetched))], "an address that is not the organisation's")
			}
		}
	}
	require.GreaterOrEqual(t, emails, 4, "two languages, for the person and for a guardian")
}

// A message carries what its channel needs and nothing else of the person.
func TestPromise_M17_AMessageCarriesOnlyWhatItsChannelNeeds(t *testing.T) {
	t.Parallel()
	p := samplePerson()
	p.PostalAddress, p.ExternalID, p.BirthDate, p.Region = "5 Elm Walk", "learner-90210", "2014-08-17", "US-GA"
	g := p.Guardian
	require.NotNil(t, g)
	all := []string{p.Email, p.Phone, p.PushToken, p.PostalAddress, p.ExternalID, p.BirthDate, p.Region, g.Email, g.Phone, p.Name, g.Name}
	for ref, m := range rendered(t, p) {
		guardian := ref.Variant == string(breach.ToGuardian)
		may := map[string]bool{}
		switch breach.Channel(ref.Channel) {
		case breach.Email:
			may[p.Name] = true // a guardian is told whose account it is
			if guardian {
				may[g.Name], may[g.Email] = true, true
			} else {
				may[p.Email] = true
			}
		case breach.SMS:
			if guardian {
				may[g.Phone] = true
			} else {
				may[p.Phone] = true
			}
		case breach.Push:
			may[p.PushToken] = true
		}
		whole := strings.Join([]string{m.To, m.ToName, m.Subject, m.Title, m.Text, m.HTML, m.Link}, "\n")
		for _, field := range all {
			if field != "" && !may[field] {
				require.NotContains(t, whole, field, "%s to %s", ref.Channel, ref.Variant)
			}
		}
	}
}

// Every email names somebody to ask and carries the person's own code.
func TestPromise_M21_EveryEmailCarriesContactAndCode(t *testing.T) {
	t.Parallel()
	contact := sampleFile().Contact
	for ref, m := range rendered(t, samplePerson()) {
		if ref.Channel != string(breach.Email) {
			continue
		}
		for _, body := range []string{m.Text, html.UnescapeString(m.HTML)} {
			require.Contains(t, body, contact.Name)
			require.Contains(t, body, contact.Email)
			require.Contains(t, body, contact.Phone)
			require.Contains(t, body, sampleReference)
			require.Contains(t, body, "15", "the days within which questions are answered")
		}
	}
}

// What every notice says beside the code: where it can be checked, and what nobody will be asked for.
var neverAsked = map[string][]string{
	"en": {"password", "code", "payment"}, "zh-Hans": {"密码", "验证码", "款项"},
}

// Every notice of every channel carries the code, and where to check it; that nobody asks for a password, a code
// or a payment is looked for in English and Chinese.
func TestPromise_M21_EveryNoticeSaysHowToCheckIt(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for ref, m := range rendered(t, samplePerson()) {
		bodies := []string{m.Text}
		if ref.Channel == string(breach.Email) {
			bodies = append(bodies, html.UnescapeString(m.HTML))
		}
		for _, body := range bodies {
			require.Contains(t, body, sampleReference, "%s %s %s", ref.Channel, ref.Locale, ref.Variant)
			require.Contains(t, body, "larkfield.example/verify", "%s %s %s", ref.Channel, ref.Locale, ref.Variant)
			for _, word := range neverAsked[ref.Locale] {
				require.Contains(t, body, word, "%s %s %s", ref.Channel, ref.Locale, ref.Variant)
			}
		}
		seen[ref.Locale]++
	}
	for tag := range neverAsked {
		require.Equal(t, 5, seen[tag], "three channels for the person, and for a guardian all but push")
	}
}
