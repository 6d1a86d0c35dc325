package email

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// address is an address in the form in which it goes over the wire.
type address struct {
	whole string // domain in ASCII, internationalised names as punycode
	utf8  bool   // the local part needs SMTPUTF8 (RFC 6531)
}

func (a address) String() string { return a.whole }

// The complaints name no part of the address: it is personal data.
var (
	errAddress = errors.New("must be one address such as name@example.com")
	errLocal   = errors.New("the part before @ cannot be used in mail")
	errDomain  = errors.New("the part after @ is not a domain name")
	errLength  = errors.New("is too long for mail (64 before @, 254 in all)")
)

// parseAddress reads a bare address. Display names, comments, routes, groups and address literals are
// refused: each of them is a way to mean something else than the one mailbox that was approved.
func parseAddress(s string) (address, error) {
	local, domain, ok := cutAddress(s)
	if !ok {
		return address{}, errAddress
	}
	wire, err := asciiDomain(domain)
	if err != nil {
		return address{}, err
	}
	a := address{whole: s}
	if wire != domain {
		a.whole = local + "@" + wire
	}
	switch {
	case quotedLocal(local):
	case !dotAtom(local):
		return address{}, errLocal
	default:
		a.utf8 = strings.IndexFunc(local, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
	}
	if len(local) > 64 || len(a.whole) > 254 {
		return address{}, errLength
	}
	return a, nil
}

func cutAddress(s string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || i == len(s)-1 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// asciiDomain gives the ASCII form of a domain name of two or more labels, or of localhost.
func asciiDomain(domain string) (string, error) {
	if plainDomain(domain) {
		return domain, nil
	}
	return lookUpDomain(domain)
}

func lookUpDomain(domain string) (string, error) {
	wire, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(wire) > 253 {
		return "", errDomain
	}
	labels := strings.Split(wire, ".")
	if len(labels) < 2 && wire != "localhost" {
		return "", errDomain
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", errDomain
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return "", errDomain
			}
		}
	}
	return wire, nil
}

// plainDomain knows the usual domain name, which is on the wire what it is here: labels of lower-case
// letters, digits and inner dashes. Two dashes together (punycode has them) are left to the long way.
func plainDomain(domain string) bool {
	labels, before := 1, byte('.')
	start := 0
	for i := 0; i < len(domain); i++ {
		c := domain[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-' && before != '.' && before != '-':
		case c == '.' && before != '.' && before != '-' && i-start <= 63:
			labels, start = labels+1, i+1
		default:
			return false
		}
		before = c
	}
	return labels >= 2 && before != '.' && before != '-' && len(domain)-start <= 63 && len(domain) <= 253
}

const atomMarks = "!#$%&'*+-/=?^_`{|}~"

// dotAtom accepts the usual local part: atoms joined by single dots, other scripts included (RFC 6532),
// but no space, control, format or unassigned character of any script.
func dotAtom(local string) bool {
	if local == "" || !utf8.ValidString(local) {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			switch {
			case r < utf8.RuneSelf:
				if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(atomMarks, r) {
					return false
				}
			case !unicode.IsPrint(r):
				return false
			}
		}
	}
	return true
}

// quotedLocal accepts "john doe": atoms, dots and single spaces between quotes. What else the grammar
// allows there (brackets, quotes, backslashes) is read differently by different servers.
func quotedLocal(local string) bool {
	if len(local) < 3 || local[0] != '"' || local[len(local)-1] != '"' {
		return false
	}
	for _, r := range local[1 : len(local)-1] {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != ' ' && !strings.ContainsRune(atomMarks, r) {
			return false
		}
	}
	return true
}

// headerText says that s can be encoded into a header: UTF-8, one line, no NUL.
func headerText(s string) bool { return utf8.ValidString(s) && !strings.ContainsAny(s, "\r\n\x00") }
