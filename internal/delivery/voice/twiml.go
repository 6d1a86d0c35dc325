package voice

import (
	"encoding/xml"
	"strings"
)

// speech is the vendor's language and voice for a language of ours.
type speech struct{ language, name string }

// speeches: the languages that texts ship in, with one of the vendor's voices that reads them.
var speeches = map[string]speech{
	"ar":      {"arb", "Polly.Zeina"},
	"de":      {"de-DE", "Polly.Vicki"},
	"en":      {"en-US", "Polly.Joanna"},
	"es":      {"es-ES", "Polly.Lucia"},
	"fr":      {"fr-FR", "Polly.Celine"},
	"ja":      {"ja-JP", "Polly.Mizuki"},
	"ko":      {"ko-KR", "Polly.Seoyeon"},
	"pt-BR":   {"pt-BR", "Polly.Camila"},
	"zh-Hans": {"cmn-CN", "Polly.Zhiyu"},
	"zh-Hant": {"cmn-TW", "Google.cmn-TW-Standard-A"},
}

// speak picks language and voice; of a language that is not listed, the vendor chooses the voice.
func (s *Sender) speak(locale string) speech {
	out, ok := speeches[locale]
	if !ok {
		language, _, _ := strings.Cut(locale, "-")
		if out, ok = speeches[language]; !ok {
			out = speech{language: locale}
		}
	}
	if name := s.config.Voices[locale]; name != "" {
		out.name = name
	}
	return out
}

// Elements of the vendor's markup, as much of it as is used.
type (
	response struct {
		XMLName xml.Name `xml:"Response"`
		Does    []any
	}
	gather struct {
		XMLName   xml.Name `xml:"Gather"`
		Input     string   `xml:"input,attr"`
		NumDigits int      `xml:"numDigits,attr"`
		Timeout   int      `xml:"timeout,attr"` // s of silence after the last word
		Action    string   `xml:"action,attr"`
		Method    string   `xml:"method,attr"`
		Does      []any
	}
	say struct {
		XMLName  xml.Name `xml:"Say"`
		Language string   `xml:"language,attr,omitempty"`
		Voice    string   `xml:"voice,attr,omitempty"`
		Text     string   `xml:",chardata"`
	}
	pause struct {
		XMLName xml.Name `xml:"Pause"`
		Length  int      `xml:"length,attr"`
	}
	redirect struct {
		XMLName xml.Name `xml:"Redirect"`
		Method  string   `xml:"method,attr"`
		To      string   `xml:",chardata"`
	}
	hangup struct {
		XMLName xml.Name `xml:"Hangup"`
	}
)

// answerSeconds is how long somebody has for the key after the last word.
const answerSeconds = 10

// saying reads a text paragraph by paragraph.
func (s *Sender) saying(locale, text string) (out []any) {
	voice := s.speak(locale)
	for _, part := range strings.Split(text, "\n\n") {
		if part = strings.Join(strings.Fields(part), " "); part == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, pause{Length: 1})
		}
		out = append(out, say{Language: voice.language, Voice: voice.name, Text: part})
	}
	return out
}

// script reads the notice and listens for a key from its first word on; when none comes, it was heard through.
func (s *Sender) script(attempt, locale, text string) response {
	return response{Does: []any{
		gather{Input: "dtmf", NumDigits: 1, Timeout: answerSeconds, Action: s.address(attempt, "key"), Method: "POST", Does: s.saying(locale, text)},
		redirect{Method: "POST", To: s.address(attempt, "heard")},
	}}
}

// short is what a machine gets.
func (s *Sender) short(locale, text string) response {
	return response{Does: append(s.saying(locale, text), hangup{})}
}

func goodbye() response { return response{Does: []any{hangup{}}} }

// markup is the document's bytes. Characters that XML cannot hold are replaced.
func (r response) markup() []byte {
	out, err := xml.Marshal(r)
	if err != nil {
		panic("markup of plain values cannot fail to encode: " + err.Error())
	}
	return append([]byte(xml.Header), out...)
}
