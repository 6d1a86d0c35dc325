package breach

import (
	"slices"
	"strings"
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
	plain := isPlain(name)
	if !plain {
		name = folded(name)
	} else {
		name = strings.ToLower(name)
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ',' || r == '，' || r == '、' || unicode.IsSpace(r) })
	if !plain && ideographs(words) {
		letters := []rune(strings.Join(words, ""))
		slices.Sort(letters)
		return string(letters)
	}
	if len(words) > 1 {
		slices.Sort(words)
	}
	return strings.Join(words, " ")
}

// EmailKey is equal for two spellings of one address: letter case, composition and the two ways to write a domain
// of another script. No server in use tells letter case apart.
func EmailKey(email string) string {
	if !isPlain(email) {
		email = folded(email)
	} else {
		email = strings.ToLower(email)
	}
	if at := strings.LastIndexByte(email, '@'); at >= 0 && strings.Contains(email[at:], "xn--") {
		if u, err := idna.Punycode.ToUnicode(email[at+1:]); err == nil {
			return email[:at+1] + folded(u)
		}
	}
	return email
}

// folded also makes the Turkish dotted and dotless i one: upper case and back exchanges them.
func folded(s string) string {
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
