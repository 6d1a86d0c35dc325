package breach

import (
	"strings"
	"time"
)

// CodeAlphabet are the symbols of codes, five bits each. I, L, O and U are left out: who reads them in a code
// means 1, 1, 0, or has misread it.
const CodeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeSymbols is how many symbols a person's code has: 80 bits, of which nobody can guess the one that stands on
// a notice, however many notices there are.
const CodeSymbols = 16

const codeGroup = 4

// ReadCode reads a person's code as people type it, and gives it as notices print it: 7K2M-0QXB-9F3A-PVQW. Case,
// spaces, dashes, full-width letters and the letters that look like 0 and 1 make no difference. False for what
// cannot be a code.
func ReadCode(typed string) (string, bool) {
	plain := PlainCode(typed)
	if len(plain) != CodeSymbols || strings.Trim(plain, CodeAlphabet) != "" {
		return "", false
	}
	return GroupCode(plain), true
}

// GroupCode puts a dash after every four symbols.
func GroupCode(plain string) string {
	var b strings.Builder
	for i := range len(plain) {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(plain[i])
	}
	return b.String()
}

// maxTypedCode bounds, in bytes, what is looked at: a code in full-width letters with a space after each is shorter.
const maxTypedCode = 200

// PlainCode folds what was typed into capital letters and digits, without what separates them; two codes that
// are typed differently and mean the same give the same. What holds anything else, or is too long for a code,
// gives nothing.
func PlainCode(typed string) string {
	if len(typed) > maxTypedCode {
		return ""
	}
	var b strings.Builder
	for _, r := range typed {
		if r >= '！' && r <= '～' { // full width
			r -= '！' - '!'
		}
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case strings.ContainsRune(codeSeparators, r):
			continue
		}
		switch {
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		case (r < '0' || r > '9') && (r < 'A' || r > 'Z'):
			return ""
		}
		b.WriteByte(byte(r))
	}
	return b.String()
}

// codeSeparators are what people, phones and word processors put between and around symbols: spaces, marks
// that do not show, dashes, and the full stop at the end of a sentence.
const codeSeparators = " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000" +
	"\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" +
	"-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\ufe58\ufe63.:,。，"

// CodeCheck is what anybody who holds a code may learn: of the notice, and nothing of a person. The zero value
// says that the code is not ours.
type CodeCheck struct {
	Genuine      bool
	Organisation string            // as the notice names it; empty: as the site does
	Titles       map[string]string // of the notice, by language tag; may be empty
	At           time.Time         // when it was approved
	Channels     []Channel         // by which its list is told, in their order
	Contact      Contact           // as it was approved
	Announcement string            // reference of the public page, if there is one

	// Erased is when the newest notice was approved whose records were erased since; zero when there is none. Codes
	// from then or before may have been ours.
	Erased time.Time
}
