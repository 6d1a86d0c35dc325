package twiliosim

import (
	"strings"
	"unicode/utf16"
)

// The GSM 03.38 alphabet; characters of the second table cost two places.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// segments counts the SMS that a text is sent as: 160 places in the GSM
// alphabet (153 each when there are several), else 70 (67) UTF-16 units.
func segments(text string) int {
	if places, ok := gsmPlaces(text); ok {
		return split(places, 160, 153)
	}
	return split(len(utf16.Encode([]rune(text))), 70, 67)
}

func gsmPlaces(text string) (places int, ok bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			places++
		case strings.ContainsRune(gsmExtended, r):
			places += 2
		default:
			return 0, false
		}
	}
	return places, true
}

func split(units, single, each int) int {
	if units <= single {
		return 1
	}
	return (units + each - 1) / each
}
