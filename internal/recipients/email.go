package recipients

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63
)

// email reads one address. It must be exactly one: no list, no comment, no route. What can be mended in one
// way only is mended; line breaks cost the whole row, because somebody wrote them to reach other people.
func (c *cells) email(field string) string {
	v := c.get(field)
	if v == "" {
		return ""
	}
	if injects(v) {
		c.problem("email_injection", field)
		return ""
	}
	v = composed(v)
	code := badEmail(v)
	if code != "" {
		if mended := mendEmail(v); mended != v {
			if again := badEmail(mended); again == "" || again == "email_lookalike" {
				v, code = mended, again
				c.problem("email_rewritten", field)
			}
		}
	}
	if code != "" {
		c.problem(code, field)
		return ""
	}
	at := strings.LastIndexByte(v, '@')
	v = v[:at+1] + strings.ToLower(v[at+1:])
	for _, i := range c.rd.head.column[field] {
		if raw := c.raw[i]; raw != strings.TrimSpace(raw) {
			c.problem("space_trimmed", field)
			break
		}
	}
	return v
}

// injects reports what would begin a new header in a mail, written out or percent-encoded.
func injects(s string) bool {
	if strings.ContainsAny(s, "\r\n\u2028\u2029") {
		return true
	}
	if !strings.Contains(s, "%0") {
		return false
	}
	low := strings.ToLower(s)
	return strings.Contains(low, "%0d") || strings.Contains(low, "%0a")
}

// badEmail names what is wrong with an address, or "".
func badEmail(s string) string {
	if code := hostile(s, false); code != "" && code != "markup" {
		return code
	}
	if strings.Count(s, "@") > 1 && strings.ContainsAny(s, ",;/ ") {
		return "email_several"
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "email_no_at"
	}
	if !goodLocal(local) || !goodDomain(domain) {
		return "email_malformed"
	}
	if len(s) > maxEmail || len(local) > maxLocal {
		return "email_too_long"
	}
	if isASCII(domain) && !strings.Contains(strings.ToLower(domain), "xn--") {
		return ""
	}
	if _, err := idna.Lookup.ToASCII(domain); err != nil {
		return "email_malformed"
	}
	if lookalike(unicodeDomain(domain)) {
		return "email_lookalike"
	}
	return ""
}

// unicodeDomain writes labels that begin with xn-- in their own script; others stay.
func unicodeDomain(domain string) string {
	if u, err := idna.Punycode.ToUnicode(strings.ToLower(domain)); err == nil {
		return u
	}
	return domain
}

// mendEmail undoes what typing and copying do to an address, where there is one way to do so. A space between
// two words is none of that: either word may be the address.
func mendEmail(v string) string {
	v = strings.TrimSpace(norm.NFKC.String(visible(v)))
	v = strings.TrimSpace(strings.TrimPrefix(v, "mailto:"))
	if open := strings.LastIndexByte(v, '<'); open >= 0 && strings.HasSuffix(v, ">") && !strings.Contains(v[:open], "@") {
		v = v[open+1 : len(v)-1]
	}
	v = closeGaps(v)
	v = strings.ReplaceAll(v, "@@", "@")
	if parts := strings.Split(v, "@"); len(parts) == 3 && parts[1] != "" && strings.EqualFold(parts[1], parts[2]) {
		v = parts[0] + "@" + parts[1]
	}
	return strings.TrimRight(v, ".")
}

// closeGaps takes spaces away that stand beside a dot or the at sign.
func closeGaps(v string) string {
	words := strings.Fields(v)
	if len(words) < 2 {
		return v
	}
	out := words[0]
	for _, w := range words[1:] {
		if !strings.ContainsRune(".@", rune(out[len(out)-1])) && !strings.ContainsRune(".@", rune(w[0])) {
			return v
		}
		out += w
	}
	return out
}

// goodLocal accepts a dot-atom, with letters of any script (RFC 6531).
func goodLocal(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r >= utf8.RuneSelf {
			if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
				return false
			}
			continue
		}
		if !letterOrDigit(r) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
			return false
		}
	}
	return true
}

// goodDomain accepts two labels or more, in ASCII or another script; no address literals.
func goodDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > maxEmail-1 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > maxLabel*utf8.UTFMax || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, r := range l {
			if r < utf8.RuneSelf && !letterOrDigit(r) && r != '-' ||
				r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && r != '\u30fb' && r != '\u200c' && r != '\u200d' {
				return false
			}
		}
		if isASCII(l) && len(l) > maxLabel {
			return false
		}
	}
	top := labels[len(labels)-1]
	return strings.ContainsFunc(top, func(r rune) bool { return r < '0' || r > '9' })
}

func letterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// wideScripts stand beside Latin letters in real names of Chinese, Japanese and Korean domains.
var wideScripts = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo}

// twins are the letters of Cyrillic and Greek that look like a Latin one.
const twins = "асеорхуіјѕһԁԛԝӏьгтмкнвзпαορνικτυχγ"

// lookalike reports a label that mixes scripts which look the same (Latin with Cyrillic, say), or is written
// in letters of another script that all look Latin while the domain ends in Latin letters. No registry sells
// such names, and a notice sent to one tells an impostor.
func lookalike(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		var latin, other bool
		twin := true
		for _, r := range label {
			if !unicode.IsLetter(r) {
				continue
			}
			isLatin := unicode.Is(unicode.Latin, r)
			latin = latin || isLatin
			other = other || !isLatin && !unicode.In(r, wideScripts...)
			twin = twin && strings.ContainsRune(twins, r)
		}
		if other && (latin || twin && isASCII(labels[len(labels)-1])) {
			return true
		}
	}
	return false
}
