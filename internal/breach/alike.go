package breach

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NameKey is equal for two spellings of one name: letter case, composition, width, space, commas, and which of
// family and given name stands first. Names without spaces (Chinese, Japanese, Korean) are compared by their
// characters. It is a key to compare with, never to show.
func NameKey(name string) string {
	var room [96]byte
	if low, ok := appendLatin(room[:0], name); ok {
		return latinKey(name, low)
	}
	words := strings.FieldsFunc(folded(name), func(r rune) bool { return r == ',' || r == '，' || r == '、' || unicode.IsSpace(r) })
	if ideographs(words) {
		letters := []rune(strings.Join(words, ""))
		slices.Sort(letters)
		return string(letters)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// latinKey is the key of a name in Latin letters, which are folded already.
func latinKey(name string, low []byte) string {
	var room [12][]byte
	words := room[:0]
	for at := 0; at < len(low); {
		end := at
		for end < len(low) && !betweenWords(low[end]) {
			end++
		}
		if end > at {
			words = append(words, low[at:end])
		}
		at = end + 1
	}
	slices.SortFunc(words, bytes.Compare)
	var key [96]byte
	out := key[:0]
	for i, w := range words {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, w...)
	}
	if name == string(out) {
		return name
	}
	return string(out)
}

func betweenWords(c byte) bool { return c == ',' || c == ' ' || c >= '\t' && c <= '\r' }

// EmailKey is equal for two spellings of one address: letter case, composition and the two ways to write a domain
// of another script. No server in use tells letter case apart. Domains with ß and ss, or with a final sigma and any
// other, are two, and may have two owners (RFC 5894).
func EmailKey(email string) string {
	if at := strings.LastIndexByte(email, '@'); at >= 0 {
		if domain, own := ownSpelling(email[at+1:]); own {
			return EmailKey(email[:at]) + "@" + domain
		}
	}
	if isPlain(email) {
		email = strings.ToLower(email)
	} else {
		email = folded(email)
	}
	if at := strings.LastIndexByte(email, '@'); at >= 0 && strings.Contains(email[at:], "xn--") {
		if u, err := idna.Punycode.ToUnicode(email[at+1:]); err == nil {
			return email[:at+1] + folded(u)
		}
	}
	return email
}

// ownSpelling is the ASCII form of a domain with characters that folding would take for others.
func ownSpelling(domain string) (ascii string, own bool) {
	if isPlain(domain) && !strings.Contains(domain, "xn--") && !strings.Contains(domain, "XN--") {
		return "", false
	}
	u, err := idna.Punycode.ToUnicode(strings.ToLower(domain))
	if err != nil || !strings.ContainsAny(u, "ßẞς\u200c\u200d") {
		return "", false
	}
	ascii, err = idna.Punycode.ToASCII(norm.NFC.String(u))
	return ascii, err == nil
}

// folded also makes the Turkish dotted and dotless i one: upper case and back exchanges them.
func folded(s string) string {
	var room [96]byte
	if low, ok := appendLatin(room[:0], s); ok {
		return string(low)
	}
	return foldedAny(s)
}

// afterLatin is the first character after the Latin blocks in which no letter looks at its neighbours when it is folded.
const afterLatin = 0x250

// latinFolds is what each of those characters folds to; empty for the few that leave a mark which may join a neighbour.
var latinFolds = sync.OnceValue(func() *[afterLatin]string {
	var all [afterLatin]string
	for r := range rune(afterLatin) {
		if f := foldedAny(string(r)); norm.NFD.PropertiesString(f).CCC() == 0 && !strings.ContainsFunc(f, unicode.IsMark) && r != 0x85 {
			all[r] = f
		}
	}
	return &all
})

// appendLatin appends the folded form of s; ok is false for what it cannot fold.
func appendLatin(to []byte, s string) (out []byte, ok bool) {
	var folds *[afterLatin]string
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			to = append(to, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= afterLatin {
			return nil, false
		}
		if folds == nil {
			folds = latinFolds()
		}
		if folds[r] == "" {
			return nil, false
		}
		to = append(to, folds[r]...)
		i += n
	}
	return to, true
}

func foldedAny(s string) string {
	fold := cases.Fold()
	s = norm.NFKC.String(strings.ToLower(fold.String(norm.NFKC.String(s)))) // Cherokee folds to and fro without the lower case
	if strings.ContainsAny(s, "ı\u0307") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "ı", "i"), "i\u0307", "i")
	}
	return s
}

func ideographs(words []string) bool {
	some := false
	for _, w := range words {
		for _, r := range w {
			if !unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) && r != 'ー' && r != '々' {
				return false
			}
			some = true
		}
	}
	return some
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
