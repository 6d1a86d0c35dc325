package console

import (
	"net/url"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func FuzzNextOf(f *testing.F) {
	for _, s := range []string{"/console/", "/console/incidents/a?wave=2", "//evil.example/console/", "/console/%2e%2e/x", "https://evil.example/console/", "/console/\\x", "/console/?lang=en#x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		next := nextOf(raw)
		u, err := url.Parse(next)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, base) || strings.Contains(u.Path, "..") || strings.ContainsFunc(next, unicode.IsControl) {
			t.Fatalf("%q leads to %q", raw, next)
		}
	})
}

func FuzzQueryOf(f *testing.F) {
	for _, s := range [][2]string{{"auto", "lin@mail.example"}, {"phone", "+86 138-0013 8000"}, {"id", "stu-1"}, {"", "0044 20"}, {"email", "@"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, kind, contact string) {
		q, ok := queryOf(kind, contact)
		if !ok {
			return
		}
		given := 0
		for _, v := range []string{q.Email, q.Phone, q.ExternalID} {
			if v != "" {
				given++
			}
			if strings.ContainsFunc(v, unicode.IsControl) {
				t.Fatalf("control characters pass in %q", contact)
			}
		}
		if given != 1 || strings.Trim(q.Phone, "+0123456789") != "" {
			t.Fatalf("%q as %q asks for %d contacts", contact, kind, given)
		}
	})
}

// FuzzFramed: marking variables must not change the markup of an approved text.
func FuzzFramed(f *testing.F) {
	for _, s := range []string{"<p>Dear {{name}}</p>", "{{name}}&lt;{{reference}}&gt;", "<a title='{{name}}'>{{", "<style>a{{b}}</style><title>{{name}}</title>", "<!-- {{name}} --><textarea>{{name}}</textarea>", "<script>{{name}}</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		out := speech{lang: english}.framed(breach.TextBody{Kind: breach.KindNotice, Channel: "email", Parts: map[string]string{"html": source}})
		if before, after := tags(source), tags(string(out)); before != after && !strings.Contains(source, "mark") {
			t.Fatalf("%q has the tags %q, as shown %q", source, before, after)
		}
	})
}

// tags lists what a text is made of, without the marks.
func tags(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	for z.Next() != html.ErrorToken {
		if t := z.Token(); t.Type != html.TextToken && t.Data != "mark" {
			b.WriteString(t.String())
		}
	}
	return b.String()
}
