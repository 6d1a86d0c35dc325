package delivery

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxDetail is the most characters of a provider's text that are kept.
const MaxDetail = 200

const removed = "[removed]"

// maxForeign bounds the text that the patterns below run over.
const maxForeign = 4096

var (
	addressLike = regexp.MustCompile(`[^\s<>,;:()"']*(?:@|%40)[^\s<>,;()"']*`)
	numberLike  = regexp.MustCompile(`(?:\+|%2[bB])?\d(?:[\s().\-]{0,2}\d){6,}`)
	tokenLike   = regexp.MustCompile(`[A-Za-z0-9_\-+/=:.%]{32,}`)
)

// Redact makes a provider's text fit to be kept: everything that m says about the person (contact, name,
// and the texts that may repeat the name) is taken out, then whatever looks like an address, a number of
// seven or more digits, or a token; control characters become spaces; at most MaxDetail characters stay.
func Redact(text string, m Message) string {
	if len(text) > maxForeign {
		text = text[:maxForeign]
	}
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	for _, value := range personal(m) {
		text = cutWord(text, value)
	}
	text = addressLike.ReplaceAllString(text, removed)
	text = numberLike.ReplaceAllString(text, removed)
	text = tokenLike.ReplaceAllString(text, removed)
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > MaxDetail {
		text = string([]rune(text)[:MaxDetail])
	}
	return text
}

// personal lists the values of a message that a provider might echo, longest forms first.
func personal(m Message) []string {
	m = m.Plain()
	local, domain, isAddress := cutLast(m.To, '@')
	values := []string{m.To, url.QueryEscape(m.To), url.PathEscape(m.To), strings.TrimPrefix(m.To, "+"), m.ToName, m.Subject, m.Text, m.HTML, m.Title, m.Link}
	if isAddress {
		values = append(values, local, domain)
		values = append(values, strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune("._-+", r) })...)
	}
	return append(values, strings.Fields(m.ToName)...)
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// cutWord replaces value wherever it stands as a word of its own, without regard to case. Single ASCII
// characters stay: they identify nobody, and without them no text would be left.
func cutWord(text, value string) string {
	if value == "" || (len(value) < 2 && isASCII(value)) || len(value) > len(text) {
		return text
	}
	words := isASCII(value)
	low, want := fold(text), fold(value)
	var out strings.Builder
	last := 0
	for at := 0; ; {
		i := strings.Index(low[at:], want)
		if i < 0 {
			break
		}
		from, to := at+i, at+i+len(want)
		at = from + 1
		if !words || (edge(text, from-1) && edge(text, to)) {
			out.WriteString(text[last:from])
			out.WriteString(removed)
			last, at = to, to
		}
	}
	out.WriteString(text[last:])
	return out.String()
}

// fold lowers letters as far as that keeps every character at its place.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if low := unicode.ToLower(r); utf8.RuneLen(low) == utf8.RuneLen(r) {
			return low
		}
		return r
	}, s)
}

// edge says that the byte at i ends a word; bytes of other scripts do too, because they have no spaces.
func edge(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return true
	}
	c := text[i]
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
