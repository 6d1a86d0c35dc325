package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// Trouble is one way in which the mail server fails for one connection or one message, drawn at random.
type Trouble string

// What happens, and when. Where it matters whether the message was taken, the name says that it was.
const (
	GreetHang Trouble = "greet_hang" // takes the call and never says 220
	GreetDrop Trouble = "greet_drop" // takes the call and hangs up
	Greet421  Trouble = "greet_421"

	Mail421 Trouble = "mail_421"
	Mail451 Trouble = "mail_451"

	RcptHang Trouble = "rcpt_hang" // answers nothing any more from RCPT on
	Rcpt451  Trouble = "rcpt_451"
	Rcpt552  Trouble = "rcpt_552"

	DataDrop Trouble = "data_drop" // says 354 and hangs up in the middle of the content

	DotHang      Trouble = "dot_hang" // the content came whole, and there is never an answer
	DotHangTaken Trouble = "dot_hang_taken"
	DotDrop      Trouble = "dot_drop" // the content came whole, and the connection breaks
	DotDropTaken Trouble = "dot_drop_taken"
	Dot421       Trouble = "dot_421"
	Dot451       Trouble = "dot_451"
	Dot552       Trouble = "dot_552"
	DotTwice     Trouble = "dot_twice" // taken, and 250 is said twice
)

// Troubles lists them all, in the order in which a message meets them.
func Troubles() []Trouble {
	return []Trouble{
		GreetHang, GreetDrop, Greet421, Mail421, Mail451, RcptHang, Rcpt451, Rcpt552, DataDrop,
		DotHang, DotHangTaken, DotDrop, DotDropTaken, Dot421, Dot451, Dot552, DotTwice,
	}
}

// Storm says which share (0 to 1) of connections or messages meets which trouble. The same seed draws the
// same numbers; who draws which of them depends on the order in which connections come.
type Storm struct {
	Seed   uint64              `json:"seed"`
	Shares map[Trouble]float64 `json:"shares"`
}

// storm is the weather of one panel.
type storm struct {
	mu     sync.Mutex
	shares map[Trouble]float64
	dice   *rand.Rand
	struck map[Trouble]int
}

// SetStorm changes the weather from now on; without shares it is calm.
func (p *Panel) SetStorm(s Storm) error {
	for t, share := range s.Shares {
		if !slices.Contains(Troubles(), t) {
			return fmt.Errorf("faults: there is no such trouble; there are %v", Troubles())
		}
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("faults: a share is between 0 and 1")
		}
	}
	p.storm.mu.Lock()
	defer p.storm.mu.Unlock()
	p.storm.shares, p.storm.dice = maps.Clone(s.Shares), rand.New(rand.NewPCG(s.Seed, 3))
	return nil
}

// Strikes draws whether one of these troubles happens now; "" is none.
func (p *Panel) Strikes(some ...Trouble) Trouble {
	p.storm.mu.Lock()
	defer p.storm.mu.Unlock()
	for _, t := range some {
		if share := p.storm.shares[t]; share > 0 && p.storm.dice.Float64() < share {
			if p.storm.struck == nil {
				p.storm.struck = map[Trouble]int{}
			}
			p.storm.struck[t]++
			return t
		}
	}
	return ""
}

// Struck counts what happened since the start.
func (p *Panel) Struck() map[Trouble]int {
	p.storm.mu.Lock()
	defer p.storm.mu.Unlock()
	return maps.Clone(p.storm.struck)
}
