package recipients

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

var (
	extension   = regexp.MustCompile(`(?i)\s*(;ext=|,|#|转|ext\.?|extn\.?|x)\s*:?\s*\d{1,7}$`)
	rounded     = regexp.MustCompile(`(?i)^\d([.,]\d+)?e\+?\d+$`)
	punctuation = regexp.MustCompile(`[\s().\-/\x{2010}-\x{2015}\x{2212}\x{00b7}]`)
)

// phone reads a number in the international form (E.164). A number without country code is read by the
// country of its own row alone, never by a guess.
func (c *cells) phone(field, country string) string {
	v := c.get(field)
	if v == "" {
		return ""
	}
	if c.rd.numbers.good(v) {
		return v
	}
	written := v
	if code := hostile(v, false); code != "" {
		if v = dialled(v); hostile(v, false) != "" {
			c.problem(code, field)
			return ""
		}
	}
	digits, fixes, code := plainDigits(v)
	if code != "" {
		c.problem(code, field)
		return ""
	}
	if nobodys(digits) {
		if fixes != "" {
			c.problem(fixes, field)
		}
		return digits
	}
	national := digits[0] != '+'
	if national && country == "" {
		c.problem("phone_no_country", field)
		return ""
	}
	number, err := phonenumbers.Parse(digits, country)
	if err != nil {
		c.problem("phone_malformed", field)
		return ""
	}
	if !phonenumbers.IsPossibleNumber(number) {
		c.problem("phone_impossible", field)
		return ""
	}
	e164 := phonenumbers.Format(number, phonenumbers.E164)
	if national && c.rd.opts.Country != country {
		c.problem("phone_national", field)
		fixes = strings.TrimPrefix(fixes, "phone_rewritten") // that says it already
	}
	if fixes == "" && !national && e164 != written {
		fixes = "phone_rewritten"
	}
	if fixes != "" {
		c.problem(fixes, field)
	} else {
		c.rd.numbers.remember(v)
	}
	return e164
}

// blocks remembers which numbers were good as they stand, by all but their last digits: whether a number is
// possible and has a prefix too many shows before those, and to find out takes as long as the rest of a row.
type blocks map[string]struct{}

const (
	subscriber = 5 // digits
	mostBlocks = 50_000
)

func (b blocks) good(v string) bool {
	if !strict(v) {
		return false
	}
	_, known := b[v[:len(v)-subscriber]]
	return known
}

func (b blocks) remember(v string) {
	if strict(v) && len(b) < mostBlocks {
		b[strings.Clone(v[:len(v)-subscriber])] = struct{}{}
	}
}

// strict holds for a number in E.164: plus, no zero first, 7 to 15 digits.
func strict(v string) bool {
	if len(v) < 8 || len(v) > 16 || v[0] != '+' || v[1] == '0' {
		return false
	}
	for i := 1; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return true
}

// nobodys reports a number under +999, a country code that is kept unassigned: lists made for tests use it, and it
// stays as it is, so that such a list is judged like any other.
func nobodys(digits string) bool {
	return strings.HasPrefix(digits, "+999") && strict(digits)
}

// dialled takes away what telephones put around a number that is copied from them: marks of direction.
func dialled(v string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, v)
}

// shortest is how many digits a number has at least; fewer are an extension or a service.
const shortest = 5

// plainDigits takes everything but digits and a leading plus away. fixes is the code of what was done, code
// that of what is wrong.
func plainDigits(v string) (digits, fixes, code string) {
	if strict(v) {
		return v, "", ""
	}
	v = asciiDigits(norm.NFKC.String(v))
	if rounded.MatchString(v) {
		return "", "", "phone_spreadsheet"
	}
	fixes = "phone_rewritten"
	v = strings.TrimPrefix(strings.TrimPrefix(v, "tel:"), "TEL:")
	if cut := extension.ReplaceAllString(v, ""); cut != v {
		v, fixes = cut, "phone_extension"
	}
	v = strings.TrimSpace(v)
	if strings.HasPrefix(v, "+") || strings.HasPrefix(v, "00") {
		v = strings.Replace(v, "(0)", "", 1)
	}
	v = punctuation.ReplaceAllString(v, "")
	if strings.HasPrefix(v, "00") {
		v = "+" + v[2:]
	}
	for i, r := range v {
		if (r < '0' || r > '9') && (i > 0 || r != '+') {
			return "", "", "phone_malformed"
		}
	}
	switch n := len(strings.TrimPrefix(v, "+")); {
	case n < shortest:
		return "", "", "phone_too_short"
	case n > 17:
		return "", "", "phone_impossible"
	}
	return v, fixes, ""
}

// asciiDigits writes decimal digits of any script as 0 to 9.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
			return r
		}
		zero := r
		for zero > 0 && unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + (r-zero)%10
	}, s)
}
