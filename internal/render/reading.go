package render

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Reading says how easily a text is read. Score is 0 (hard) to 100 (easy), beyond either for extreme texts, and is
// compared within one language only: each has a formula of its own.
type Reading struct {
	Score   float64 `json:"score"` // 60 and more is plain language
	Words   int     `json:"words"`
	Formula string  `json:"formula"` // name of the formula and where it was published
}

// Reading measures the words of a language's notice by email and of its advice, without what the organisation
// writes for an incident; false as ReadingLevel says.
func (e *Engine) Reading(tag string) (Reading, bool) {
	l, known := e.languages[tag]
	if !known {
		return Reading{}, false
	}
	text := l.notice[string(breach.ToSelf)].body.Root.String()
	for _, a := range l.advice.Advice {
		text += "\n" + a.Text
	}
	return ReadingLevel(tag, text)
}

// plainEnough is the score below which words are advised against: a little less than plain.
const plainEnough = 55

// Readings measures all languages that have a measure.
func (e *Engine) Readings() map[string]Reading {
	out := map[string]Reading{}
	for _, tag := range e.tags {
		if r, measured := e.Reading(tag); measured {
			out[tag] = r
		}
	}
	return out
}

// formula is base - perWord*(words per sentence) - perSyllable*(syllables per word).
type formula struct {
	name                       string
	base, perWord, perSyllable float64
	syllables                  func(word string) int
}

// formulas are Flesch's and what others made of it for their languages. For Arabic, Chinese, Japanese and Korean
// there is no formula of this kind that is agreed upon; nothing is measured there.
var formulas = map[string]formula{
	"en":    {"Flesch Reading Ease (R. Flesch, A new readability yardstick, J. Applied Psychology 32, 1948)", 206.835, 1.015, 84.6, syllablesEnglish},
	"de":    {"Flesch for German (T. Amstad, Wie verständlich sind unsere Zeitungen?, Zürich 1978)", 180, 1, 58.5, vowelGroups("aeiouyäöü", "ie ei ai au eu äu aa ee oo")},
	"fr":    {"Flesch for French (L. Kandel, A. Moles, Application de l'indice de Flesch à la langue française, 1958)", 207, 1.015, 73.6, syllablesFrench},
	"es":    {"Perspicuidad (F. Szigriszt Pazos, Sistemas predictivos de legibilidad, Madrid 1993)", 206.835, 1, 62.3, vowelGroups("aeiouáéíóúüy", "ia ie io ua ue uo ai ei oi au eu iu ui iá ié ió uá ué uó ái éi ói áu éu üe üi ay ey oy uy")},
	"pt-BR": {"Flesch for Brazilian Portuguese (T. Martins et al., Readability formulas applied to textbooks in Brazilian Portuguese, São Carlos 1996)", 248.835, 1.015, 84.6, vowelGroups("aeiouáéíóúâêôãõàü", "ai ei oi ui au eu iu ou ão ãe õe ua ue uo ia ie io ái éi ói áu éu êu")},
}

// ReadingLevel measures a text of one language; false where there is no measure for the language, or too little
// text for one: it needs 30 words. Lines count as sentences, as headings and points of a list are read.
func ReadingLevel(tag, text string) (Reading, bool) {
	f, known := formulas[tag]
	if !known {
		return Reading{}, false
	}
	sentences, words, syllables := 0, 0, 0
	for _, sentence := range sentenceEnd.Split(unread.ReplaceAllString(text, " "), -1) {
		had := words
		for _, w := range strings.FieldsFunc(sentence, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
			if strings.IndexFunc(w, unicode.IsLetter) >= 0 {
				words++
				syllables += max(1, f.syllables(strings.ToLower(w)))
			}
		}
		if words > had {
			sentences++
		}
	}
	if words < 30 {
		return Reading{Words: words, Formula: f.name}, false
	}
	score := f.base - f.perWord*float64(words)/float64(sentences) - f.perSyllable*float64(syllables)/float64(words)
	return Reading{Score: score, Words: words, Formula: f.name}, true
}

var (
	sentenceEnd = regexp.MustCompile(`[.!?:;…]+(?:\s|$)|\n+`)
	// unread is what nobody reads as words: variables, addresses of mail and pages.
	unread = regexp.MustCompile(`\{\{.*?\}\}|\S+@\S+|\S+://\S+|\S+\.[a-z]{2,}/\S*`)
)

// vowelGroups counts vowels, of which the given pairs are one.
func vowelGroups(vowels, pairs string) func(string) int {
	together := map[string]bool{}
	for _, p := range strings.Fields(pairs) {
		together[p] = true
	}
	return func(word string) int {
		n, letters := 0, []rune(word)
		for i := 0; i < len(letters); i++ {
			if !strings.ContainsRune(vowels, letters[i]) {
				continue
			}
			n++
			if i+1 < len(letters) && together[string(letters[i:i+2])] {
				i++
			}
		}
		return n
	}
}

// runsOf counts runs of vowels.
func runsOf(word, vowels string) int {
	n, in := 0, false
	for _, r := range word {
		is := strings.ContainsRune(vowels, r)
		if is && !in {
			n++
		}
		in = is
	}
	return n
}

// syllablesEnglish counts runs of vowels, without an e at the end that is not spoken.
func syllablesEnglish(word string) int {
	n := runsOf(word, "aeiouy")
	silent := strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") || strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded")
	if silent && n > 1 && !strings.HasSuffix(word, "ee") && !strings.HasSuffix(word, "ye") {
		n--
	}
	return n
}

// syllablesFrench counts runs of vowels, without an e, es or ent at the end that is not spoken.
func syllablesFrench(word string) int {
	n := runsOf(word, "aeiouyàâäéèêëîïôöùûüœæ")
	for _, end := range []string{"e", "es"} {
		if stem, has := strings.CutSuffix(word, end); has && n > 1 && !strings.HasSuffix(stem, "é") && runsOf(stem, "aeiouyàâäéèêëîïôöùûüœæ") < n {
			return n - 1
		}
	}
	return n
}
