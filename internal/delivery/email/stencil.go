package email

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Messages of one text differ in a few lines only. A stencil holds the lines that they share, encoded once;
// what is between them is encoded for each person. It is learned from the messages themselves: by and by
// it becomes what all of them have in common. It cannot change what is sent: a block is used only where the
// message holds exactly its lines, and a line is encoded in the same way whatever stands around it.

const (
	leastBlock  = 64  // bytes; a smaller block saves nothing
	mostLines   = 400 // of a text that is learned from
	mostRounds  = 16  // of learning a text
	mostTexts   = 64  // that are remembered
	blocksAhead = 3   // that are looked for at a line: a person may lack some
)

// block is some whole lines, as they are and as they are sent.
type block struct {
	plain string
	wire  []byte
}

// stencil is what the messages of one text have in common in one part.
type stencil struct {
	blocks  atomic.Pointer[[]block]
	settled atomic.Bool // nothing more is to be learned

	mu     sync.Mutex
	rounds int
}

// append is appendQuoted, with the blocks of the stencil where they fit. ok is false for text that is not
// UTF-8, too; blocks need not be looked at again for that.
func (s *stencil) append(w []byte, text string) (_ []byte, ok bool) {
	var blocks []block
	if known := s.blocks.Load(); known != nil {
		blocks = *known
	}
	whole, missed := text, len(blocks) == 0
	for text != "" {
		if n := fits(text, blocks); n >= 0 {
			w, text = append(w, blocks[n].wire...), text[len(blocks[n].plain):]
			missed = missed || n > 0
			blocks = blocks[n+1:]
			continue
		}
		end := strings.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		if w, ok = appendQuoted(w, text[:end]); !ok || !utf8.ValidString(text[:end]) {
			return nil, false
		}
		text = text[end:]
	}
	if (missed || len(blocks) > 0) && !s.settled.Load() {
		s.learn(whole)
	}
	return w, true
}

// fits gives the first of the next few blocks that the text begins with, or -1.
func fits(text string, blocks []block) int {
	for n := range min(blocksAhead, len(blocks)) {
		if strings.HasPrefix(text, blocks[n].plain) {
			return n
		}
	}
	return -1
}

// learn keeps of the blocks what this text has, too. The first text is one block.
func (s *stencil) learn(text string) {
	if !s.mu.TryLock() {
		return // somebody learns already
	}
	defer s.mu.Unlock()
	lines := wholeLines(text)
	if s.rounds++; s.rounds >= mostRounds || len(lines) > mostLines {
		s.settled.Store(true)
	}
	if len(lines) > mostLines {
		return
	}
	runs := [][]string{lines}
	if known := s.blocks.Load(); known != nil {
		var before []string
		for _, b := range *known {
			before = append(append(before, wholeLines(b.plain)...), "") // no line is empty: blocks stay apart
		}
		runs = common(before, lines)
	}
	var blocks []block
	for _, run := range runs {
		plain := strings.Join(run, "") // a copy: the text is a person's
		if wire, ok := appendQuoted(nil, plain); ok && len(plain) >= leastBlock {
			blocks = append(blocks, block{plain, wire})
		}
	}
	s.blocks.Store(&blocks)
}

// wholeLines cuts text into lines with their ends; what follows the last line end is left out.
func wholeLines(text string) (lines []string) {
	return slices.Collect(strings.SplitAfterSeq(text[:strings.LastIndexByte(text, '\n')+1], "\n"))[:strings.Count(text, "\n")]
}

// common gives the runs of lines that follow each other in both a and b, by the longest common subsequence.
func common(a, b []string) (runs [][]string) {
	longest := make([][]uint16, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	joined := false // the line before is in the last run
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			if !joined {
				runs = append(runs, nil)
			}
			runs[len(runs)-1] = append(runs[len(runs)-1], a[i])
			i, j, joined = i+1, j+1, true
		case longest[i+1][j] >= longest[i][j+1]:
			i, joined = i+1, false
		default:
			j, joined = j+1, false
		}
	}
	return runs
}

// pattern is what the messages of one text share.
type pattern struct{ text, html stencil }

// patternKey names a text, or guesses it when the message does not say.
type patternKey struct{ text, locale, subject string }

// patterns remembers the texts that are being sent. Its zero value is ready.
type patterns struct {
	mu   sync.RWMutex
	text map[patternKey]*pattern
}

func (p *patterns) of(m delivery.Message) *pattern {
	key := patternKey{text: m.TextID}
	if m.TextID == "" {
		key = patternKey{locale: m.Locale, subject: m.Subject}
	}
	p.mu.RLock()
	known := p.text[key]
	p.mu.RUnlock()
	if known != nil {
		return known
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known = p.text[key]; known == nil {
		if p.text == nil || len(p.text) >= mostTexts {
			p.text = map[patternKey]*pattern{}
		}
		known = &pattern{}
		p.text[key] = known
	}
	return known
}
