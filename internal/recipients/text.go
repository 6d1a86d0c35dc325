package recipients

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths in characters. Longer ones do not occur; they break letters, headers and screens.
const (
	maxID      = 200
	maxName    = 200
	maxAddress = 1000
	maxShown   = 1000 // of a broken line
)

// text reads a free text field. What could act on a reader, a mail header or a template is left out;
// what could act on a spreadsheet only is kept and flagged.
func (c *cells) text(field string, limit int) string {
	v := c.get(field)
	if v == "" {
		return ""
	}
	if seen := visible(v); seen != v {
		c.problem("invisible_removed", field)
		if v = strings.TrimSpace(seen); v == "" {
			return ""
		}
	}
	if field == "postal_address" {
		v = strings.ReplaceAll(v, "\r\n", "\n")
	}
	if code := hostile(v, field == "postal_address"); code != "" {
		c.problem(code, field)
		return ""
	}
	if utf8.RuneCountInString(v) > limit {
		c.problem("too_long", field)
		return ""
	}
	if strings.ContainsRune("=+-@", rune(v[0])) {
		c.problem("formula", field)
	}
	return composed(v)
}

// visible takes characters away that show nothing and that copying brings along: zero-width space, word joiner,
// byte order mark, soft hyphen and the three marks of direction. Joiners stay: scripts and emoji need them.
func visible(s string) string {
	if !strings.ContainsFunc(s, invisible) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
}

func invisible(r rune) bool {
	switch r {
	case '\u200b', '\u2060', '\ufeff', '\u00ad', '\u200e', '\u200f', '\u061c':
		return true
	}
	return false
}

// composed is NFC; ASCII is.
func composed(s string) string {
	if isASCII(s) {
		return s
	}
	return norm.NFC.String(s)
}

// hostile names what is wrong with a text, or "". Lines may be allowed, in postal addresses.
func hostile(s string, lines bool) string {
	foreign, signs := remarkable(s)
	if !foreign && !signs {
		return ""
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) { // U+FFFD stands where something was lost
		return "bad_encoding"
	}
	for _, r := range s {
		switch {
		case r > '~' && r < '\u2000' && r > '\u009f', r == '\n' && lines:
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff', r == '\u200b':
			return "control_characters"
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return "bidi_control"
		}
	}
	if !signs {
		return ""
	}
	low := strings.ToLower(s)
	if strings.Contains(low, "%0d") || strings.Contains(low, "%0a") {
		return "control_characters"
	}
	for _, sign := range []string{"<", ">", "{{", "}}", "${", "#{", "{%", "%}"} {
		if strings.Contains(s, sign) {
			return "markup"
		}
	}
	if i := strings.IndexByte(s, '&'); i >= 0 && entity(s[i:]) {
		return "markup"
	}
	return ""
}

// remarkable says whether a text holds anything but plain ASCII (foreign), and whether it holds a character that any of
// the signs of markup needs. Almost every cell holds neither.
func remarkable(s string) (foreign, signs bool) {
	for i := range len(s) {
		switch bytesOf[s[i]] {
		case foreignByte:
			foreign = true
		case signByte:
			signs = true
		}
	}
	return foreign, signs
}

const (
	foreignByte = iota + 1
	signByte
)

var bytesOf = func() (is [256]byte) {
	for i := range is {
		if c := byte(i); c < ' ' || c > '~' {
			is[i] = foreignByte
		} else if strings.IndexByte("%<>{}#$&", c) >= 0 {
			is[i] = signByte
		}
	}
	return is
}()

// entity reports whether s, which begins with &, begins with an HTML entity; "Smith & Sons; Ltd" does not.
func entity(s string) bool {
	end := strings.IndexByte(s, ';')
	if end < 2 || end > 12 {
		return false
	}
	for _, r := range s[1:end] {
		if r != '#' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}
