package app

import (
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const dots = "•••"

// maskAll shows which contacts a person has without showing them.
func maskAll(p breach.Person) []string {
	out := []string{}
	add := func(what, masked string) {
		if masked != "" {
			out = append(out, what+" "+masked)
		}
	}
	add("email", maskEmail(p.Email))
	add("phone", maskPhone(p.Phone))
	if p.PushToken != "" {
		add("push", dots)
	}
	if p.Guardian != nil {
		add("guardian's email", maskEmail(p.Guardian.Email))
		add("guardian's phone", maskPhone(p.Guardian.Phone))
	}
	return out
}

// maskEmail keeps the first character and the last label: l•••@•••.example.
func maskEmail(a string) string {
	local, domain, ok := strings.Cut(a, "@")
	if !ok {
		return ""
	}
	_, n := utf8.DecodeRuneInString(local)
	return local[:n] + dots + "@" + dots + domain[max(0, strings.LastIndexByte(domain, '.')):]
}

// maskPhone keeps the last two digits.
func maskPhone(n string) string {
	if len(n) < 4 {
		return ""
	}
	return dots + n[len(n)-2:]
}
