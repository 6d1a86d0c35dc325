package render

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the most characters of a name that are shown; longer ones are cut.
const maxName = 60

// maxMarks is how many combining marks may follow one letter: enough for every script in use, too few to
// write over the lines above.
const maxMarks = 4

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// cleanName makes a person's field fit to stand anywhere in a text: one line, no control, bidirectional or
// invisible characters, nothing that a mail program would turn into a link, and not too long. What it
// returns is still escaped where it goes into HTML. Cleaning twice changes nothing more.
func cleanName(s string) string {
	if plainName(s) {
		return s
	}
	if len(s) > 8*utf8.UTFMax*maxName { // nobody's name; do not spend time on it
		s = s[:8*utf8.UTFMax*maxName]
	}
	runes := unlinked(foldSpace(keepJoiners(keepVisible([]rune(strings.ToValidUTF8(s, ""))))))
	if len(runes) > maxName {
		runes = append(trimAddress(runes[:maxName-1]), '…')
	}
	return string(runes)
}

// plainName says that cleaning would change nothing about a name: short, single spaces, and only characters
// that stay as they are wherever they stand. Most names are plain, and this is all that happens to them.
func plainName(s string) bool {
	if len(s) > utf8.UTFMax*maxName {
		return false
	}
	runes, last := 0, ' '
	for _, r := range s {
		switch {
		case r == ' ' && last == ' ':
			return false
		case r != ' ' && last == '.': // "J. Smith" is one, "x.test" is not
			return false
		case !plain(r):
			return false
		}
		runes, last = runes+1, r
	}
	return s == "" || (runes <= maxName && last != ' ')
}

// plain lists characters that have a picture, take no part in joining, and hold neither addresses nor
// templates together, but for the full stop. What is not listed is judged by cleaning.
func plain(r rune) bool {
	switch {
	case r == ':', r == '@', r == '/', r == '\\', r == '{', r == '}':
		return false
	case r >= ' ' && r <= '~', r >= 'À' && r <= 'ɏ', r >= 'Ḁ' && r <= 'ỿ', r == '’', r == '·': // Latin
		return true
	case r >= '一' && r <= '鿿', r >= '㐀' && r <= '䶿', r >= '가' && r <= '힣', r >= 'ぁ' && r <= 'ゖ', r >= 'ァ' && r <= 'ヺ', r == 'ー': // Chinese, Korean, Japanese
		return true
	case r >= 'Ѐ' && r <= 'ҁ', r >= 'Ҋ' && r <= 'ӿ', r >= 'Ά' && r <= 'Ί', r >= 'Ύ' && r <= 'Ρ', r >= 'Σ' && r <= 'ώ': // Cyrillic, Greek
		return true
	case r >= 'א' && r <= 'ת', r >= 'ؠ' && r <= 'ي': // Hebrew, Arabic
		return true
	}
	return false
}

// keepVisible drops what has no picture, piles of marks, and marks that stand on nothing. Line breaks and
// tabs become spaces; joiners stay for keepJoiners to judge. It works in place, like those after it.
func keepVisible(in []rune) []rune {
	out := in[:0]
	marks, last := 0, ' '
	for _, r := range in {
		switch {
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			out = append(out, r)
			continue
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp):
			r = ' '
		case visible(r) < 0:
			continue
		}
		if !unicode.IsMark(r) {
			marks, last = 0, r
			out = append(out, r)
			continue
		}
		if marks++; marks <= maxMarks && last != ' ' && !holdsAddress(last) {
			out = append(out, r)
		}
	}
	return out
}

// keepJoiners drops zero-width joiners where no script needs them: there they only hide things. What stands
// before a joiner is still in its old place when that is judged: what is kept never moves past it.
func keepJoiners(in []rune) []rune {
	out := in[:0]
	for i, r := range in {
		if (r != zeroWidthJoiner && r != zeroWidthNonJoiner) || joins(in, i) {
			out = append(out, r)
		}
	}
	return out
}

// joins says that the joiner at i stands between letters or marks of a script that writes with it.
func joins(in []rune, i int) bool {
	return i > 0 && i+1 < len(in) && needsJoiner(in[i-1]) && needsJoiner(in[i+1])
}

func needsJoiner(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
		unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala)
}

// visible maps a character to itself, or to -1 when it has no picture of its own: controls, bidirectional
// and other format characters, private use, fillers that look like nothing.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return ' '
	case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return -1
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800', r == '\u034f':
		return -1
	case unicode.In(r, unicode.Variation_Selector), !unicode.IsGraphic(r):
		return -1
	}
	return r
}

func foldSpace(in []rune) []rune {
	out := in[:0]
	for _, r := range in {
		if r == ' ' && (len(out) == 0 || out[len(out)-1] == ' ') {
			continue
		}
		out = append(out, r)
	}
	return trimEnd(out)
}

func trimEnd(in []rune) []rune {
	for len(in) > 0 && (in[len(in)-1] == ' ' || in[len(in)-1] == zeroWidthJoiner || in[len(in)-1] == zeroWidthNonJoiner) {
		in = in[:len(in)-1]
	}
	return in
}

// trimAddress also takes away what would hold an address together with what is put behind it.
func trimAddress(in []rune) []rune {
	for in = trimEnd(in); len(in) > 0 && holdsAddress(in[len(in)-1]); {
		in = trimEnd(in[:len(in)-1])
	}
	return in
}

// unlinked puts a space behind every character that holds an address together, when something follows it:
// "www.x.y", "http://x" and "a@b" are then words that nothing links, and "J.R. Ewing" still reads well.
// Doubled braces, which mark variables in templates of many kinds, are parted likewise.
func unlinked(in []rune) []rune {
	out := make([]rune, 0, len(in)+8)
	for i, r := range in {
		out = append(out, r)
		if i+1 == len(in) || in[i+1] == ' ' {
			continue
		}
		if holdsAddress(r) || ((r == '{' || r == '}') && in[i+1] == r) {
			out = append(out, ' ')
		}
	}
	return out
}

func holdsAddress(r rune) bool {
	switch r {
	case '.', ':', '@', '/', '\\', '。', '．', '｡', '：', '＠', '／', '․', '‧', '∶', '⁄', '∕', '﹕', '﹒', '﹫', '։', 'ː', 'ꓽ':
		return true
	}
	return false
}

// oneLine makes a value of the organisation's own (its name, its contact) fit for a line. Addresses in it
// stay as they are.
func oneLine(s string) string {
	return inert(string(foldSpace(keepJoiners(keepVisible([]rune(strings.ToValidUTF8(s, "")))))))
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
