package smtpsim

import (
	"strings"
	"unicode/utf8"
)

// splitPath reads "<address> PARAM=value ..." after "FROM:" or "TO:".
func splitPath(arg, keyword string) (address string, params []string, ok bool) {
	if len(arg) < len(keyword) || !strings.EqualFold(arg[:len(keyword)], keyword) {
		return "", nil, false
	}
	rest := strings.TrimLeft(arg[len(keyword):], " ")
	if !strings.HasPrefix(rest, "<") {
		return "", nil, false
	}
	end := pathEnd(rest)
	if end < 0 || (end+1 < len(rest) && rest[end+1] != ' ') {
		return "", nil, false
	}
	return rest[1:end], strings.Fields(rest[end+1:]), true
}

// pathEnd finds the closing bracket outside quotes.
func pathEnd(path string) int {
	quoted := false
	for i := 1; i < len(path); i++ {
		switch {
		case quoted && path[i] == '\\':
			i++
		case path[i] == '"':
			quoted = !quoted
		case path[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// mailbox judges an address as a strict server does: local@domain, printable,
// within the lengths of RFC 5321 section 4.5.3.1.
func mailbox(address string) (domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 || at > 64 || len(address)-at > 256 || !utf8.ValidString(address) {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	quoted := len(local) >= 2 && local[0] == '"' && local[len(local)-1] == '"'
	for _, r := range local {
		if r < ' ' || r == 0x7f || (!quoted && strings.ContainsRune(` ,:;<>()[]"\@`, r)) {
			return "", false
		}
	}
	for _, r := range domain {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`,;<>()"\@`, r) {
			return "", false
		}
	}
	return strings.ToLower(domain), true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
