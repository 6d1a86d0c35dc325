package render

import (
	"net/mail"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// contact picks and checks the addressee's contact for a channel.
func contact(c breach.Channel, p breach.Person, to breach.Addressee) (string, error) {
	who, email, phone, push := "person", p.Email, p.Phone, p.PushToken
	if to == breach.ToGuardian {
		who, email, phone, push = "guardian", p.Guardian.Email, p.Guardian.Phone, ""
	}
	switch c {
	case breach.Email:
		if plainAddress(email) || isAddress(email) {
			return email, nil
		}
		return "", delivery.Refused(who + ".email: is missing or not an address")
	case breach.SMS, breach.Voice:
		if isE164(phone) {
			return phone, nil
		}
		return "", delivery.Refused(who + ".phone: is missing or not a number with + and country code")
	case breach.Letter:
		if lines := postal(p); to == breach.ToSelf && len(lines) > 0 {
			return strings.Join(lines, ", "), nil
		}
		return "", delivery.Refused(who + ".postal_address: is missing")
	default:
		if isToken(push) {
			return push, nil
		}
		return "", delivery.Refused(who + ".push_token: is missing or not a token")
	}
}

// postal gives the lines of a postal address, without those that are empty.
func postal(p breach.Person) (out []string) {
	for line := range strings.Lines(strings.ReplaceAll(p.PostalAddress, "\r", "\n")) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// maxAddress is the most bytes of an address that SMTP carries.
const maxAddress = 254

// plainAddress says of most addresses, cheaply, what isAddress says of all.
func plainAddress(s string) bool {
	at, last := 0, byte('.')
	for i := range len(s) {
		switch c := s[i]; {
		case alphanumeric(c), c == '-', c == '_', c == '+':
		case c == '.' && last != '.' && last != '@':
		case c == '@' && last != '.' && at == 0:
			at = i
		default:
			return false
		}
		last = s[i]
	}
	return at > 0 && last != '.' && last != '@' && len(s) <= maxAddress
}

// isAddress says that a value is one bare address of one line.
func isAddress(s string) bool {
	if len(s) > maxAddress {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && oneLine(s) == s
}

// isE164 says that a value is + and 7 to 15 digits, of which the first is not 0.
func isE164(s string) bool {
	return len(s) >= 8 && len(s) <= 16 && s[0] == '+' && s[1] != '0' && wholly(s[1:], digit)
}

// isToken says that a value is printable ASCII without spaces.
func isToken(s string) bool {
	return len(s) >= 1 && len(s) <= 4096 && wholly(s, func(c byte) bool { return c > ' ' && c <= '~' })
}

// isReference says that a value is 4 to 64 letters, digits and dashes.
func isReference(s string) bool {
	return len(s) >= 4 && len(s) <= 64 && wholly(s, func(c byte) bool { return alphanumeric(c) || c == '-' })
}

func wholly(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func alphanumeric(c byte) bool { return digit(c) || (c|0x20 >= 'a' && c|0x20 <= 'z') }
