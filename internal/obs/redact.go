package obs

import (
	"regexp"
	"strings"
)

// What Redact puts in the place of what it takes out.
const (
	RedactedEmail = "[email]"
	RedactedPhone = "[phone]"
)

var (
	// A domain has a dot, and a letter in its last label: sdk@v1.50.0 in a stack trace stays.
	emailLike = regexp.MustCompile(`[^\s@＠<>(),;:\[\]{}|\\=]*(?:@|＠|%40)(?:[\p{L}\p{M}\p{N}_-]+[.。．])+[\p{N}_-]*[\p{L}\p{M}][\p{L}\p{M}\p{N}_-]*`)
	phoneLike = regexp.MustCompile(`(?:[+＋]|%2[Bb])[\s\p{Zs}().\-–/]{0,3}(?:\p{Nd}[\s\p{Zs}().\-–/]{0,3}){6,}\p{Nd}`)
	digits    = regexp.MustCompile(`[0-9A-Fa-f]+`)
	// Mobile numbers in China are written without a country code as a rule.
	chineseMobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
)

// Redact blanks what looks like an e-mail address, an international phone number (a plus and at
// least 7 digits) or a Chinese mobile number. It is the last line of defence for logs and errors on
// their way out, not a way to make personal data fit for logging.
func Redact(s string) string {
	if strings.ContainsAny(s, "@＠%") {
		s = emailLike.ReplaceAllLiteralString(s, RedactedEmail)
	}
	if strings.ContainsAny(s, "+＋%") {
		s = phoneLike.ReplaceAllLiteralString(s, RedactedPhone)
	}
	if len(s) < 11 {
		return s
	}
	// Runs of hexadecimal digits, so that a part of an id is never taken for a number.
	return digits.ReplaceAllStringFunc(s, func(run string) string {
		if chineseMobile.MatchString(run) {
			return RedactedPhone
		}
		return run
	})
}
