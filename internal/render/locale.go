package render

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Locale picks the best of have (BCP 47, the default first) for a wanted tag. What is not understood goes
// to the first of have; a language that nothing in have is close to goes to English where there is an
// English text, else to the first. So zh-TW is given zh-Hant, where that is not offered zh-Hans, and where there
// is no Chinese at all English; pt is given pt-BR, and ar-EG ar. The answer is one of have, or empty when have is.
func (e *Engine) Locale(want string, have []string) string {
	if len(want) > maxTag {
		want = ""
	}
	var room [256]byte
	key := append(room[:0], want...)
	for _, h := range have {
		key = append(append(key, '\n'), h...)
	}
	if known, ok := e.locales.find(key); ok {
		return known
	}
	best := negotiate(want, have)
	e.locales.put(string(key), best)
	return best
}

// maxTag is longer than any language tag in use, in bytes.
const maxTag = 64

func negotiate(want string, have []string) string {
	if len(have) == 0 {
		return ""
	}
	for _, h := range have {
		if h == want {
			return h
		}
	}
	tag, err := language.Parse(strings.TrimSpace(want))
	if err != nil || tag == language.Und {
		return have[0]
	}
	// Who speaks Cantonese, Hokkien or Hakka reads Chinese, in the script of the place; the matcher does not say so.
	if base, _ := tag.Base(); slices.Contains([]string{"yue", "nan", "hak"}, base.String()) {
		script, _ := tag.Script()
		if composed, err := language.Compose(language.Chinese, script); err == nil {
			tag = composed
		}
	}
	tags := make([]language.Tag, len(have))
	for i, h := range have {
		tags[i] = language.Make(h)
	}
	// The matcher answers with its first tag when it finds nothing, so the confidence decides.
	if _, i, confidence := language.NewMatcher(tags).Match(tag); confidence >= language.Low {
		return have[i]
	}
	for i, t := range tags {
		if base, _ := t.Base(); base.String() == "en" {
			return have[i]
		}
	}
	return have[0]
}

// canonical maps a tag as people write it (zh, zh-CN, en-GB) to the template language that speaks it, or
// to nothing: Traditional Chinese, for example, is not Simplified.
func (e *Engine) canonical(tag string) (string, bool) {
	parsed, err := language.Parse(strings.TrimSpace(tag))
	if err != nil {
		return "", false
	}
	base, _ := parsed.Base()
	script, _ := parsed.Script()
	for _, have := range e.tags {
		t := language.Make(have)
		b, _ := t.Base()
		s, _ := t.Script()
		if b == base && s == script {
			return have, true
		}
	}
	return "", true
}
