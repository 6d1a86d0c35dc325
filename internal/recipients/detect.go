package recipients

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// How much better the best encoding must fit than the next one, as the logarithm of how many times likelier
// it makes the bytes: in all, and per character. e^20 is one error in 500 million, if the model is right. A
// name of a column that is known in the encoding counts for namedColumn.
const (
	enoughMargin  = 20.0
	enoughPerChar = 0.25
	enoughNoise   = 3.0
	namedColumn   = 12.0
	wrongByte     = -25.0
	plainByte     = 3.0 // what a byte of ASCII costs anyway, given back when it is part of a character
)

// step takes one character from the front of b, which does not begin with ASCII: its length and how likely
// it is in text of that encoding (natural logarithm). before is the byte in front of it.
type step func(b []byte, before byte) (n int, likely float64)

// steps are the encodings that are compared. Of each the code says which characters are common: its first
// level, in the order of which the bytes of another encoding's text do not fall.
var steps = []struct {
	name string
	step step
}{
	{"gbk", stepGBK}, {"big5", stepBig5}, {"shift_jis", stepShiftJIS}, {"euc-jp", stepEUCJP}, {"euc-kr", stepEUCKR},
	{"windows-1252", step1252}, {"", stepNoise},
}

// halfWidth is how likely it is that a list in Shift-JIS is one of banks and insurers, whose names are all in half-width
// katakana: any two of their bytes are a common character of GBK too, so that a short list of them cannot be told.
const halfWidth = -16.0

// share is how likely one character is, when a class with so many characters has that share of a text.
func share(p float64, size int) float64 { return math.Log(p / float64(size)) }

var (
	gbkCommon, gbkSign, gbkSecond, gbkRest = share(.92, 3755), share(.04, 282), share(.03, 3008), share(.008, 14000)
	gbkOther                               = share(.03, 700) // kana, Greek, Cyrillic, vowels with tones: lists of all the world have them
	gbkFour                                = share(.05, 40_000)
	bigCommon, bigSign, bigSecond, bigRest = share(.92, 5401), share(.04, 408), share(.03, 7652), share(.01, 5000)
	jisKana, jisCommon, jisSign, jisSecond = share(.35, 169), share(.5, 2965), share(.1, 300), share(.03, 3390)
	jisHalf, jisAll, jisRest               = share(.015, 63), share(.95, 63), share(.005, 4000)
	korHangul, korSign, korHanja, korRest  = share(.95, 2350), share(.03, 900), share(.015, 4888), share(.005, 8822)
	latinLetter, latinRest                 = share(.95, 45), share(.05, 83)
	noise                                  = share(1, 128)
)

func high(b byte) bool { return b >= 0xa1 && b <= 0xfe }

func stepGBK(b []byte, _ byte) (int, float64) {
	if len(b) < 2 || b[0] == 0x80 || b[0] == 0xff {
		return 1, wrongByte
	}
	switch c, d := b[0], b[1]; {
	case d >= '0' && d <= '9':
		if len(b) < 4 || b[2] < 0x81 || b[3] < '0' || b[3] > '9' {
			return 1, wrongByte
		}
		return 4, gbkFour
	case d < 0x40 || d == 0x7f || d == 0xff:
		return 1, wrongByte
	case !high(d):
		return 2, gbkRest
	case c >= 0xb0 && c <= 0xd7:
		return 2, gbkCommon
	case c >= 0xa1 && c <= 0xa3:
		return 2, gbkSign
	case c >= 0xa4 && c <= 0xa8:
		return 2, gbkOther
	case c >= 0xd8 && c <= 0xf7:
		return 2, gbkSecond
	}
	return 2, gbkRest
}

func stepBig5(b []byte, _ byte) (int, float64) {
	if len(b) < 2 || b[0] < 0x81 || b[0] == 0xff || b[1] < 0x40 || b[1] > 0x7e && !high(b[1]) {
		return 1, wrongByte
	}
	switch c := int(b[0])<<8 | int(b[1]); {
	case c >= 0xa440 && c <= 0xc67e:
		return 2, bigCommon
	case c >= 0xa140 && c <= 0xa3bf:
		return 2, bigSign
	case c >= 0xc940 && c <= 0xf9d5:
		return 2, bigSecond
	}
	return 2, bigRest
}

func stepShiftJIS(b []byte, _ byte) (int, float64) {
	switch c := b[0]; {
	case c >= 0xa1 && c <= 0xdf:
		return 1, jisHalf
	case c == 0x80 || c == 0xa0 || c > 0xfc, len(b) < 2, b[1] < 0x40, b[1] == 0x7f, b[1] > 0xfc:
		return 1, wrongByte
	}
	switch c := int(b[0])<<8 | int(b[1]); {
	case c >= 0x829f && c <= 0x8396:
		return 2, jisKana
	case c >= 0x889f && c <= 0x9872:
		return 2, jisCommon
	case c >= 0x8140 && c <= 0x829a:
		return 2, jisSign
	case c >= 0x989f && c <= 0xeaa4:
		return 2, jisSecond
	}
	return 2, jisRest
}

// stepHalfWidth is stepShiftJIS for such lists.
func stepHalfWidth(b []byte, before byte) (int, float64) {
	n, likely := stepShiftJIS(b, before)
	switch {
	case n != 1 || likely != jisHalf:
	case len(b) > 1 && b[1] >= 0x40 && b[1] <= 0x7e: // a letter right behind one: halves of characters of Big5
		return 1, jisAll + math.Log(.01)
	default:
		return 1, jisAll
	}
	return n, likely + math.Log(.05)
}

func stepEUCJP(b []byte, _ byte) (int, float64) {
	if len(b) < 2 || (b[0] != 0x8e && !high(b[0])) || !high(b[1]) {
		return 1, wrongByte
	}
	switch c := b[0]; {
	case c == 0x8e:
		return 2, jisHalf
	case c == 0xa4 || c == 0xa5:
		return 2, jisKana
	case c >= 0xb0 && c <= 0xcf:
		return 2, jisCommon
	case c >= 0xa1 && c <= 0xa3:
		return 2, jisSign
	case c >= 0xd0 && c <= 0xf4:
		return 2, jisSecond
	}
	return 2, jisRest
}

func stepEUCKR(b []byte, _ byte) (int, float64) {
	if len(b) < 2 || b[0] < 0x81 || b[0] == 0xff || b[1] < 0x41 || b[1] == 0xff {
		return 1, wrongByte
	}
	switch c := b[0]; {
	case !high(b[1]) || c < 0xa1:
		return 2, korRest
	case c >= 0xb0 && c <= 0xc8:
		return 2, korHangul
	case c >= 0xa1 && c <= 0xac:
		return 2, korSign
	case c >= 0xca && c <= 0xfd:
		return 2, korHanja
	}
	return 2, korRest
}

// latin are the letters and signs of western European languages beyond ASCII. Ì, Ð, Þ and the like are left
// out: in a list they are likelier letters of central Europe, Greece or Russia in an encoding of their own.
const latin = "éèêëàâäáãåçïîíñöôóòõüûúùßæøœÿÉÈÊËÀÂÄÁÃÅÇÏÎÍÑÖÔÓÒÕÜÛÚÙÆØŒ’“”–—€·«»°"

var latinBytes = func() (is [256]bool) {
	enc := encodingNamed("windows-1252").to.NewEncoder()
	for _, r := range latin {
		if b, err := enc.Bytes([]byte(string(r))); err == nil && len(b) == 1 {
			is[b[0]] = true
		}
	}
	return is
}()

// step1252 knows that accents stand alone among plain letters.
func step1252(b []byte, before byte) (int, float64) {
	likely := latinRest
	if latinBytes[b[0]] {
		likely = latinLetter
	}
	switch {
	case before >= utf8.RuneSelf:
		likely += math.Log(.05)
	case letter(before) || len(b) > 1 && letter(b[1]):
		likely += math.Log(.9)
	default:
		likely += math.Log(.05)
	}
	return 1, likely
}

// stepNoise is what a few broken bytes in other text look like.
func stepNoise(_ []byte, before byte) (int, float64) {
	if before >= utf8.RuneSelf {
		return 1, noise
	}
	return 1, noise + math.Log(.5)
}

func letter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// score compares the encodings by how likely they make the bytes. It refuses rather than guesses.
func score(head []byte) (*found, error) {
	var best, second struct {
		name  string
		score float64
	}
	best.score, second.score = math.Inf(-1), math.Inf(-1)
	chars := 0
	for _, s := range steps {
		n, total := likelihood(head, s.step)
		if s.name == "shift_jis" {
			_, all := likelihood(head, stepHalfWidth)
			total = max(total, all+halfWidth)
		}
		if s.name != "" {
			total += namedColumn * float64(namesIn(head, s.name))
		}
		switch {
		case total > best.score:
			second, best = best, struct {
				name  string
				score float64
			}{s.name, total}
			chars = n
		case total > second.score:
			second.name, second.score = s.name, total
		}
	}
	margin := best.score - second.score
	enough := max(enoughMargin, enoughPerChar*float64(chars))
	if second.name == "" {
		enough = enoughNoise
	}
	switch {
	case best.name == "":
		return nil, breach.Errorf(breach.ErrInvalid, "the list is not UTF-8 and its encoding cannot be told. Say which it is with --encoding (%s), or save it as \"CSV UTF-8\" and load that. Nothing was loaded", strings.Join(Encodings(), ", "))
	case margin < enough:
		other := second.name
		if other == "" {
			other = "none that is known"
		}
		return nil, breach.Errorf(breach.ErrInvalid, "the list is not UTF-8 and its encoding cannot be told safely: it fits %s best and %s next, by a margin of %.1f where %.1f is needed. "+
			"Say which it is with --encoding, or save it as \"CSV UTF-8\" and load that. Nothing was loaded", best.name, other, margin, enough)
	}
	return &found{charset: encodingNamed(best.name), margin: min(margin, 9999)}, nil
}

// likelihood walks over text; chars counts what is not ASCII.
func likelihood(b []byte, next step) (chars int, total float64) {
	var before byte
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			before = b[i]
			i++
			continue
		}
		n, likely := next(b[i:], before)
		total += likely
		for _, c := range b[i:min(i+n, len(b))] {
			if c < utf8.RuneSelf {
				total += plainByte
			}
		}
		chars++
		i += n
		before = b[min(i, len(b))-1]
	}
	return chars, total
}

// namesIn counts the names of columns beyond ASCII in the first line, read in that encoding.
func namesIn(head []byte, name string) int {
	line, err := encodingNamed(name).to.NewDecoder().Bytes(head[:firstLine(head)])
	if err != nil {
		return 0
	}
	n := 0
	for _, c := range bytes.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t|\"\r\n", r) }) {
		if !isASCII(string(c)) && byAlias[squeeze(string(c))] != "" {
			n++
		}
	}
	return n
}

// mixture watches whether the file as a whole is in the encoding that its beginning is in: a few bad rows
// are bad rows, mostly bad rows are another encoding, and reading on would load nonsense for names.
type mixture struct {
	charset   string
	forced    bool
	good, bad int
	sample    []byte
}

const enoughBad = 20

func (m *mixture) add(rec record) error {
	bad, foreign := false, false
	for _, c := range rec.cells {
		if isASCII(c) {
			continue
		}
		foreign = true
		if !utf8.ValidString(c) {
			bad = true
			if len(m.sample) < 4096 {
				m.sample = append(append(m.sample, c...), '\n')
			}
		}
	}
	switch {
	case bad:
		m.bad++
	case foreign:
		m.good++
	}
	if m.bad >= enoughBad && m.bad > m.good {
		return m.other()
	}
	return nil
}

// end judges a list that was too short for add.
func (m *mixture) end() error {
	if m.bad <= m.good || m.charset != "utf-8" || m.forced {
		return nil
	}
	if enc, err := score(m.sample); err == nil && enc.charset.name != "windows-1252" {
		return m.other()
	}
	return nil
}

// other says what the file looks like, from a sample that is not in its encoding.
func (m *mixture) other() error {
	like := "its encoding cannot be told from them"
	if m.charset == "utf-8" {
		if enc, err := score(m.sample); err == nil {
			like = "they look like " + enc.charset.name + ", which --encoding " + enc.charset.name + " reads"
		}
	}
	return breach.Errorf(breach.ErrInvalid, "most rows with letters beyond ASCII are not in %s, as which the list is read; %s. Name the encoding, or save the list as \"CSV UTF-8\". Nothing was loaded", m.charset, like)
}
