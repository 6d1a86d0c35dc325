package recipients

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63
)

// email reads one address. It must be exactly that: no display name, no list, no comment, no route.
func (c *cells) email(field string) string {
	v := c.get(field)
	if v == "" {
		return ""
	}
	v = composed(v)
	if code := badEmail(v); code != "" {
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

// badEmail names what is wrong with an address, or "".
func badEmail(s string) string {
	if code := hostile(s, false); code != "" && code != "markup" {
		return code
	}
	if strings.ContainsAny(s, ",;") && strings.Count(s, "@") > 1 {
		return "email_several"
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || !goodLocal(local) || !goodDomain(domain) {
		return "email_malformed"
	}
	if len(s) > maxEmail || len(local) > maxLocal {
		return "email_too_long"
	}
	if lookalike(domain) {
		return "email_lookalike"
	}
	return ""
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

// lookalike reports a label that mixes Latin with Cyrillic or Greek letters. Those look the same, no
// registry sells such names, and a notice sent to one tells an impostor.
func lookalike(domain string) bool {
	for _, label := range strings.Split(domain, ".") {
		var latin, other bool
		for _, r := range label {
			latin = latin || unicode.Is(unicode.Latin, r)
			other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek)
		}
		if latin && other {
			return true
		}
	}
	return false
}
