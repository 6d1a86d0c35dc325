package email

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// A line is encoded in the same way whatever stands around it. So the lines of a form that hold nothing of a
// person's own are encoded once, and copied into each message; the others are encoded for each person, whole.

// mostForms bounds how many forms are remembered, of some 10 to 20 KB each. An incident has a dozen for each
// of its texts.
const mostForms = 256

// stencil is a form as it is sent.
type stencil struct {
	text, html []stretch
	usable     bool // else messages must be written out first
	subject    atomic.Pointer[subjectLine]
}

// stretch is lines that everybody gets, as they are sent, and the line behind them, which holds something of
// a person's own.
type stretch struct {
	wire []byte
	line delivery.Pieces
}

func newStencil(f *delivery.Form) *stencil {
	text, ok := stretches(f.Text)
	html, okay := stretches(f.HTML)
	return &stencil{text: text, html: html, usable: ok && okay}
}

// stretches cuts a text at the lines that hold something of a person's own. ok is false when it may be empty
// for somebody, or has words that only the library encodes.
func stretches(text delivery.Pieces) (out []stretch, ok bool) {
	shared := 0
	var wire []byte
	for _, line := range wholeLines(text) {
		words := len(wire)
		own := false
		for _, p := range line {
			wire, shared, own = append(wire, p.Words...), shared+len(p.Words), own || p.Place != 0
		}
		if own {
			out, wire = append(out, stretch{bytes.Clone(wire[:words]), line}), wire[:0]
			continue
		}
		if wire, ok = encodeTail(wire, words); !ok {
			return nil, false
		}
	}
	if len(wire) > 0 {
		out = append(out, stretch{wire: bytes.Clone(wire)})
	}
	return out, shared > 0 || len(text) == 0
}

// wholeLines cuts pieces at line ends.
func wholeLines(text delivery.Pieces) (lines []delivery.Pieces) {
	begun := false
	add := func(p delivery.Piece) {
		if !begun {
			lines = append(lines, nil)
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], p)
		begun = !strings.HasSuffix(p.Words, "\n")
	}
	for _, p := range text {
		if p.Place != 0 {
			add(delivery.Piece{Place: p.Place})
			continue
		}
		for words := range strings.SplitAfterSeq(p.Words, "\n") {
			add(delivery.Piece{Words: words})
		}
	}
	return lines
}

// written is a text that is no form: nothing of it is known before.
func written(text string) []stretch {
	if text == "" {
		return nil
	}
	return []stretch{{line: delivery.Pieces{{Words: text}}}}
}

// appendStretches appends a text for the person with these own values. ok is false when only the library
// encodes them, or one is missing.
func appendStretches(w []byte, text []stretch, own []string) (_ []byte, ok bool) {
	for i := range text {
		w = append(w, text[i].wire...)
		start := len(w)
		for _, p := range text[i].line {
			words, filled := p.In(own)
			if !filled {
				return nil, false
			}
			w = append(w, words...)
		}
		if w, ok = encodeTail(w, start); !ok {
			return nil, false
		}
	}
	return w, true
}

// encodeTail encodes what stands in w from start on, which begins a line: behind itself, and then moves it to
// its place, which needs no other memory.
func encodeTail(w []byte, start int) (_ []byte, ok bool) {
	end := len(w)
	if start == end {
		return w, true
	}
	if !utf8.Valid(w[start:]) {
		return nil, false
	}
	if w, ok = appendQuoted(w, w[start:]); !ok {
		return nil, false
	}
	return append(w[:start], w[end:]...), true
}

// subjectLine is the Subject header of the messages of a form, which mostly have one.
type subjectLine struct{ subject, line string }

func (s *stencil) appendSubject(w []byte, subject string) []byte {
	if s == nil {
		return appendHeader(w, "Subject", encodeText(subject))
	}
	known := s.subject.Load()
	if known == nil || known.subject != subject {
		known = &subjectLine{subject, string(appendHeader(nil, "Subject", encodeText(subject)))}
		s.subject.Store(known)
	}
	return append(w, known.line...)
}

// stencils remembers the forms that are being sent. Its zero value is ready.
type stencils struct {
	mu   sync.RWMutex
	kept map[*delivery.Form]*stencil
}

func (s *stencils) of(f *delivery.Form) *stencil {
	s.mu.RLock()
	known := s.kept[f]
	s.mu.RUnlock()
	if known != nil {
		return known
	}
	made := newStencil(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= mostForms {
		s.kept = map[*delivery.Form]*stencil{}
	}
	s.kept[f] = made
	return made
}
