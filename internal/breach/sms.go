package breach

import (
	"strings"
	"unicode/utf16"
)

// The 7-bit alphabet of GSM 03.38. Characters of its second table take two places.
const (
	gsmPlain  = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmDouble = "\f^{}\\[~]|€"
)

// SMSSize is how a text message is sent: one part holds 160 places of the GSM alphabet or 70 UTF-16 units, and each
// of several parts 153 or 67.
type SMSSize struct {
	Parts int  `json:"parts"`
	UCS2  bool `json:"ucs2"` // a character is outside of the GSM alphabet
	// Odd are the characters that make it so, each once, in their order.
	Odd string `json:"odd,omitempty"`
}

// SizeOfSMS counts the parts of a text message. A character that takes two places is never cut in two, so the last
// place of a part may stay empty.
func SizeOfSMS(text string) SMSSize {
	var s SMSSize
	for _, r := range text {
		if !strings.ContainsRune(gsmPlain, r) && !strings.ContainsRune(gsmDouble, r) && !strings.ContainsRune(s.Odd, r) {
			s.UCS2, s.Odd = true, s.Odd+string(r)
		}
	}
	single, each := 160, 153
	places := func(r rune) int {
		if strings.ContainsRune(gsmDouble, r) {
			return 2
		}
		return 1
	}
	if s.UCS2 {
		single, each = 70, 67
		places = func(r rune) int { return max(1, utf16.RuneLen(r)) }
	}
	s.Parts = partsOf(text, single, each, places)
	return s
}

func partsOf(text string, single, each int, places func(rune) int) int {
	whole, parts, used := 0, 1, 0
	for _, r := range text {
		n := places(r)
		whole += n
		if used+n > each {
			parts, used = parts+1, 0
		}
		used += n
	}
	if whole <= single {
		return 1
	}
	return parts
}
