package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// spokenWords are the names of signs in addresses and numbers that are read aloud: words/<tag>.yaml. Without them a
// sign stays as it is.
type spokenWords struct {
	Dot    string `yaml:"dot"`
	Slash  string `yaml:"slash"`
	Hyphen string `yaml:"hyphen"`
	Plus   string `yaml:"plus"`
}

// aloud is a view for a text that is spoken: the address to type has its signs in words, and the number to call has
// its digits one by one.
func (l *tongue) aloud(v view) view {
	v.Verify = l.words.Spoken.address(v.Verify)
	v.Contact.Phone = spelled(v.Contact.Phone, l.words.Spoken.Plus)
	if v.Ask = v.Contact.Phone; v.Ask == "" {
		v.Ask = l.words.Spoken.address(v.Contact.Email)
	}
	return v
}

func (w spokenWords) address(s string) string {
	var pairs []string
	for sign, word := range map[string]string{".": w.Dot, "/": w.Slash, "-": w.Hyphen} {
		if word != "" {
			pairs = append(pairs, sign, " "+word+" ")
		}
	}
	return single(strings.NewReplacer(pairs...).Replace(s))
}

// spelled writes a code or a number symbol by symbol, as voices read it in every language: "K, X, 7, P. 2, M". Groups
// end where the source has anything but letters and digits; plus is the word for a leading +.
func spelled(s, plus string) string {
	var groups []string
	for _, group := range strings.FieldsFunc(s, func(r rune) bool { return r != '+' && !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		var symbols []string
		for _, r := range group {
			symbol := string(r)
			if r == '+' && plus != "" {
				symbol = plus
			}
			symbols = append(symbols, symbol)
		}
		groups = append(groups, strings.Join(symbols, ", "))
	}
	return strings.Join(groups, ". ")
}

// briefly is how many sentences of what happened are said in a call.
const briefly = 2

// fullStops end sentences in the languages that ship, or may.
const fullStops = ".!?。！？؟"

// brief is the first two sentences of a text. A full stop after a number, an initial or a short title such as Dr, and one that
// no capital follows, ends none: rather a sentence too many than half of one.
func brief(s string) string {
	s = single(s)
	sentences := 0
	for i, r := range s {
		if !strings.ContainsRune(fullStops, r) {
			continue
		}
		after := s[i+utf8.RuneLen(r):]
		if ends(r, s[:i], after) {
			if sentences++; sentences == briefly {
				return s[:len(s)-len(after)]
			}
		}
	}
	return s
}

func ends(r rune, before, after string) bool {
	if r > unicode.MaxASCII { // no abbreviation is written with these
		return true
	}
	rest := strings.TrimPrefix(after, " ")
	if rest == after { // the end of all, or in the middle of a number or an address
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if unicode.IsLower(next) || unicode.IsNumber(next) {
		return false
	}
	if r != '.' {
		return true
	}
	word := before[strings.LastIndexAny(before, " .")+1:]
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	letters := utf8.RuneCountInString(word)
	return !unicode.IsNumber(last) && letters > 1 && (letters > 2 || !unicode.IsUpper(first))
}

// words is a section as plain text.
func words(section any) string {
	s, _ := section.(string)
	return s
}

// silent sees to it that what an answering machine keeps holds nothing of the incident or of a person: anybody in the
// household may hear it.
func (d *draft) silent(where, text string, v view) {
	for what, fact := range map[string]string{"what happened": v.Brief, "the number of people": v.People, "the kinds of data": v.Data} {
		if fact != "" && strings.Contains(text, fact) {
			d.problem("template "+where, "says "+what+"; an answering machine is heard by anybody")
		}
	}
	if strings.Contains(text, "{{") {
		d.problem("template "+where, "holds a person's variable; an answering machine is heard by anybody")
	}
}
