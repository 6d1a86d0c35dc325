package flow

import (
	"math"
	"time"
)

// Asker is one who asks for tokens: a lane of an incident. Incidents share equally, whatever number of lanes each
// has, and so do the lanes of one.
type Asker struct {
	Incident string
	Lane     int64
}

// patience is how long tokens are kept for somebody who could not get them; who waits asks again sooner.
const patience = time.Second

// bucket holds the tokens of one limit. It gains rate tokens a second and holds those of one second, and at
// least one. Who asks and is short is remembered: others leave what is due to it. Whose turn it is follows from
// tags, the amount that each was served, counted per incident; who comes anew begins where the others are.
type bucket struct {
	rate   float64
	tokens float64
	at     time.Time
	clock  float64 // the tag of who was served last
	askers map[Asker]*turn
}

type turn struct {
	tag   float64
	short int // tokens that it could not get when it asked last
	again time.Time
	asked time.Time
}

func newBucket(now time.Time, rate float64) *bucket {
	b := &bucket{rate: rate, at: now, askers: map[Asker]*turn{}}
	if rate > 0 {
		b.tokens = 1
	}
	return b
}

func (b *bucket) burst() float64 { return max(1, b.rate) }

func (b *bucket) settle(now time.Time) {
	if d := now.Sub(b.at); d > 0 { // a clock that goes back gives nothing
		b.tokens = min(b.burst(), b.tokens+b.rate*d.Seconds())
		b.at = now
	}
}

func (b *bucket) setRate(now time.Time, rate float64) {
	b.settle(now)
	b.rate = rate
	b.tokens = min(b.tokens, b.burst())
	if rate <= 0 {
		b.tokens = 0
	}
}

// turnOf finds the asker's place. All that is asked at one instant belongs together.
func (b *bucket) turnOf(now time.Time, who Asker) *turn {
	t := b.askers[who]
	switch {
	case t == nil:
		b.forget(now)
		t = &turn{tag: b.clock}
		b.askers[who] = t
	case t.asked.Equal(now):
		return t
	case t.short == 0 || now.Sub(t.asked) > patience:
		t.tag = max(t.tag, b.clock)
	}
	t.asked, t.short = now, 0
	return t
}

func (b *bucket) forget(now time.Time) {
	for who, t := range b.askers {
		if now.Sub(t.asked) > patience {
			delete(b.askers, who)
		}
	}
}

// due is how many tokens belong to others before t gets one.
func (b *bucket) due(now time.Time, t *turn) int {
	n := 0
	for who, o := range b.askers {
		if o == t || o.short == 0 || o.tag >= t.tag || now.Sub(o.asked) > patience {
			continue
		}
		n += min(o.short, int(math.Ceil((t.tag-o.tag)/b.cost(now, who))))
	}
	return n
}

// cost is what a token costs a lane: as much as its incident has lanes that ask.
func (b *bucket) cost(now time.Time, who Asker) float64 {
	n := 0.0
	for other, t := range b.askers {
		if other.Incident == who.Incident && now.Sub(t.asked) <= patience {
			n++
		}
	}
	return max(1, n)
}

// nearly makes up for what is lost in adding small amounts.
const nearly = 1e-9

func (b *bucket) may(now time.Time, who Asker) bool {
	b.settle(now)
	t := b.turnOf(now, who)
	return t.short == 0 && b.tokens+nearly >= float64(1+b.due(now, t)) // nothing comes in at one instant
}

func (b *bucket) take(now time.Time, who Asker) {
	t := b.turnOf(now, who)
	b.tokens = max(0, b.tokens-1)
	b.clock = max(b.clock, t.tag)
	t.tag += b.cost(now, who)
}

// refuse notes that the asker is short of one more, and says when it is worth asking again.
func (b *bucket) refuse(now time.Time, who Asker) time.Time {
	t := b.turnOf(now, who)
	t.short++
	switch {
	case t.short > 1:
	case b.rate <= 0:
		t.again = now.Add(patience)
	default:
		need := min(float64(1+b.due(now, t)), b.burst()) - b.tokens
		t.again = now.Add(time.Duration(math.Ceil(max(0, need) / b.rate * float64(time.Second))))
	}
	return t.again
}

// idle says that a new one would do as well.
func (b *bucket) idle(now time.Time) bool {
	b.settle(now)
	b.forget(now)
	return len(b.askers) == 0 && b.tokens >= b.burst()
}
