package recipients

import (
	"bytes"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// nameAndMail is what of a row is compared with its neighbours: words of the name, each ended by a zero, and the address
// before the @. Both are used again for another row.
type nameAndMail struct{ words, local []byte }

// neighbours counts rows whose address carries not their own name but that of the row before, or the other way
// round. Names and addresses that have nothing to do with each other say nothing.
func (d *doubts) neighbours(p *breach.Person) {
	d.last, d.now = d.now, d.last
	now, before := &d.now, &d.last
	now.words = appendWords(now.words[:0], p.Name)
	local, _, _ := strings.Cut(p.Email, "@")
	now.local = appendLower(now.local[:0], local)
	if len(now.words) == 0 || len(now.local) == 0 {
		return
	}
	d.compared++
	if now.fits(now) {
		d.own++
		return
	}
	if len(before.local) > 0 && len(before.words) > 0 && (before.fits(now) || now.fits(before)) && !before.fits(before) {
		d.shifted++
	}
}

// fits reports whether the name of n is in the address of the other.
func (n *nameAndMail) fits(other *nameAndMail) bool {
	for rest := n.words; len(rest) > 0; {
		end := bytes.IndexByte(rest, 0)
		if bytes.Contains(other.local, rest[:end]) {
			return true
		}
		rest = rest[end+1:]
	}
	return false
}

func appendLower(to []byte, s string) []byte {
	if !isASCII(s) {
		s = strings.ToLower(s)
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

const shortestWord = 3

// afterLatin is the first character behind the Latin blocks; before it no character is a mark of its own.
const afterLatin = 0x250

// latinLetters is the plain small letter in each of those characters, or 0.
var latinLetters = sync.OnceValue(func() *[afterLatin]byte {
	var all [afterLatin]byte
	for r := range rune(afterLatin) {
		low := strings.ToLower(withoutMarks(string(r)))
		if len(low) == 1 && low[0] >= 'a' && low[0] <= 'z' {
			all[r] = low[0]
		}
	}
	return &all
})

// appendWords appends the words of a name that an address can carry, without marks and in small letters, each ended by
// a zero.
func appendWords(to []byte, name string) []byte {
	letters := latinLetters()
	start, from := len(to), len(to)
	for _, r := range name {
		var c byte
		switch {
		case r < afterLatin:
			c = letters[r]
		case r >= 0x4e00 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3: // no letter of Latin is in any of these
		default:
			return appendWordsSlowly(to[:start], name)
		}
		if c != 0 {
			to = append(to, c)
			continue
		}
		to, from = endWord(to, from)
	}
	to, _ = endWord(to, from)
	return to
}

// endWord keeps the word that begins at from if it is long enough.
func endWord(to []byte, from int) (kept []byte, next int) {
	if len(to)-from < shortestWord {
		return to[:from], from
	}
	to = append(to, 0)
	return to, len(to)
}

func appendWordsSlowly(to []byte, name string) []byte {
	for _, w := range strings.FieldsFunc(strings.ToLower(withoutMarks(name)), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if len(w) >= shortestWord {
			to = append(append(to, w...), 0)
		}
	}
	return to
}

func withoutMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
