package policy

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Ramp says in which stages a list of people is told, and what stops it. Without stages everybody is told at once;
// the guard always watches.
type Ramp struct {
	Canary *RampStep  `yaml:"canary,omitempty"` // a small varied sample first
	Steps  []RampStep `yaml:"steps,omitempty"`  // then the first so many of the list
	Guard  *Guard     `yaml:"guard,omitempty"`  // nil is DefaultGuard
}

// RampStep is one stage before the full send.
type RampStep struct {
	People int64         `yaml:"people"`
	Watch  time.Duration `yaml:"watch"` // how long what comes back is watched before the next stage
	Gate   string        `yaml:"gate"`  // automatic: goes on when it is well; human: a person lets it go on
}

// Gates of a stage.
const (
	GateAutomatic = "automatic"
	GateHuman     = "human"
)

// Guard stops what fails too often. Shares are of messages that somebody gave a word on, 0 to 1.
type Guard struct {
	Warn float64 `yaml:"warn"`
	Stop float64 `yaml:"stop"`
	From int64   `yaml:"from"` // messages through a provider; before that many are out, nothing is judged
}

// DefaultGuard is in force where a policy names none.
var DefaultGuard = Guard{Warn: 0.05, Stop: 0.10, From: 1000}

// Names of stages.
const (
	StageCanary = "canary"
	StageRamp   = "ramp"
	StageFull   = "full"
)

// Stage is one stage of telling a list. People is 0 for everybody.
type Stage struct {
	Name   string
	People int64
	Watch  time.Duration
	Gate   string
}

// stagesFrom is how many times as large as a sample a list must be, or it is told at once.
const stagesFrom = 4

// Stages lists the stages of a list of so many people; the last one is everybody. A stage that would be most of
// the list is left out.
func (p Profile) Stages(total int64) []Stage {
	var out []Stage
	if p.Ramp != nil {
		if c := p.Ramp.Canary; c != nil && total >= stagesFrom*c.People {
			out = append(out, Stage{StageCanary, c.People, c.Watch, c.Gate})
		}
		for _, s := range p.Ramp.Steps {
			if total >= 2*s.People {
				out = append(out, Stage{StageRamp, s.People, s.Watch, s.Gate})
			}
		}
	}
	return append(out, Stage{Name: StageFull})
}

// Guard is the one in force.
func (p Profile) Guard() Guard {
	if p.Ramp == nil || p.Ramp.Guard == nil {
		return DefaultGuard
	}
	return *p.Ramp.Guard
}

// fewest failures say something of a small stage: one or two are people's own.
const fewest = 3

// judge says whether the counts of one place ask for a brake; an empty kind is none. So few messages that their share
// says nothing are judged by what cannot be chance: the lower end of the 95 % interval of the share (Wilson).
func (g Guard) judge(h breach.Health) breach.BrakeKind {
	sick := h.Sick()
	share := float64(sick) / float64(max(h.Out, 1))
	if h.Out < g.From {
		if sick < fewest {
			return ""
		}
		share = wilsonLow(sick, h.Out)
	}
	switch {
	case sick == 0:
		return ""
	case share >= g.Stop:
		return breach.BrakeStop
	case share >= g.Warn:
		return breach.BrakeWarn
	}
	return ""
}

// wilsonLow is the lower end of the 95 % score interval of k of n.
func wilsonLow(k, n int64) float64 {
	if n <= 0 {
		return 0
	}
	const z = 1.96
	f, p := float64(n), float64(k)/float64(n)
	return (p + z*z/(2*f) - z*math.Sqrt(p*(1-p)/f+z*z/(4*f*f))) / (1 + z*z/f)
}

// Running gives the brakes that counts ask for while people are being told: none for a provider through which
// fewer than From went out.
func (g Guard) Running(counts []breach.Health) []breach.Brake { return g.brakes(counts, g.From) }

// AfterStage gives the brakes that the counts of a stage ask for, however small it was. A way that mostly puts
// messages off is stopped too: nobody knows yet whether it takes any.
func (g Guard) AfterStage(counts []breach.Health) []breach.Brake {
	out := g.brakes(counts, 0)
	for _, w := range waysOf(counts) {
		if off := w.all.PutOff(); off >= fewest && off > w.all.Out {
			out = append(out, breach.Brake{Kind: breach.BrakeStop, Channel: w.all.Channel, Provider: w.all.Provider,
				Out: w.all.Out + off, Failed: off, Reason: w.all.WorstPutOff()})
		}
	}
	return out
}

// brakes are each for the smallest place that is sick: a domain, or a provider without its sick domains.
func (g Guard) brakes(counts []breach.Health, from int64) (out []breach.Brake) {
	for _, w := range waysOf(counts) {
		if w.all.Out < from {
			continue
		}
		rest := breach.Health{Channel: w.all.Channel, Provider: w.all.Provider, Failed: map[string]int64{}}
		for _, h := range w.parts {
			kind := breach.BrakeKind("")
			if h.Domain != "" {
				kind = g.judge(h)
			}
			if kind != "" {
				out = append(out, brakeOf(kind, h))
			}
			if kind != breach.BrakeStop {
				rest.Add(h, 1)
			}
		}
		if kind := g.judge(rest); kind != "" {
			out = append(out, brakeOf(kind, rest))
		}
	}
	return out
}

// way is one channel through one provider.
type way struct {
	all   breach.Health
	parts []breach.Health
}

func waysOf(counts []breach.Health) (out []*way) {
	for _, h := range counts {
		i := slices.IndexFunc(out, func(w *way) bool { return w.all.Channel == h.Channel && w.all.Provider == h.Provider })
		if i < 0 {
			i = len(out)
			out = append(out, &way{all: breach.Health{Channel: h.Channel, Provider: h.Provider, Failed: map[string]int64{}}})
		}
		out[i].all.Add(h, 1)
		out[i].parts = append(out[i].parts, h)
	}
	return out
}

// Crowd is how many messages to a domain make its name no personal datum; From counts on it: a domain of fewer
// cannot make a provider look sick.
func (g Guard) Crowd() int64 { return max(fewestToName, min(mostToName, g.From/10)) }

const fewestToName, mostToName = 20, 100

func brakeOf(kind breach.BrakeKind, h breach.Health) breach.Brake {
	return breach.Brake{Kind: kind, Channel: h.Channel, Provider: h.Provider, Domain: h.Domain, Out: h.Out, Failed: h.Sick(), Reason: h.Worst()}
}

// Sample picks about n people who differ as much as they can: each language, each channel, children and guardians
// come first, then people from all over the list. The same crowds give the same people.
func Sample(crowds []breach.Crowd, n int64) []int64 {
	crowds = slices.DeleteFunc(slices.Clone(crowds), func(c breach.Crowd) bool { return len(c.Channels) == 0 })
	slices.SortStableFunc(crowds, func(a, b breach.Crowd) int { return int(b.People - a.People) })
	seen := map[string]bool{}
	fresh := func(c breach.Crowd) (k int) {
		for _, f := range features(c) {
			if !seen[f] {
				k++
			}
		}
		return k
	}
	var out []int64
	used := make([]bool, len(crowds))
	for int64(len(out)) < n {
		best, most := -1, 0
		for i, c := range crowds {
			if k := fresh(c); !used[i] && k > most {
				best, most = i, k
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		out = append(out, crowds[best].First)
		for _, f := range features(crowds[best]) {
			seen[f] = true
		}
	}
	out = spread(out, crowds, n)
	slices.Sort(out)
	return out
}

// spread fills a sample up with people from all over the list.
func spread(out []int64, crowds []breach.Crowd, n int64) []int64 {
	if len(crowds) == 0 {
		return out
	}
	lo, hi := crowds[0].First, crowds[0].Last
	for _, c := range crowds {
		lo, hi = min(lo, c.First), max(hi, c.Last)
	}
	for i := range n {
		if id := lo + (hi-lo)*i/max(n-1, 1); int64(len(out)) < n && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// features are what one member of a crowd shows.
func features(c breach.Crowd) []string {
	out := []string{"locale " + c.Locale, "first " + string(c.Channels[0])}
	for _, ch := range c.Channels {
		out = append(out, "channel "+string(ch))
	}
	if c.Minor {
		out = append(out, "minor")
	}
	if c.Guardian {
		out = append(out, "guardian")
	}
	return out
}

// compressed divides the watches.
func (r *Ramp) compressed(div func(time.Duration) time.Duration) *Ramp {
	if r == nil {
		return nil
	}
	out := *r
	if r.Canary != nil {
		c := *r.Canary
		c.Watch = div(c.Watch)
		out.Canary = &c
	}
	out.Steps = slices.Clone(r.Steps)
	for i := range out.Steps {
		out.Steps[i].Watch = div(out.Steps[i].Watch)
	}
	return &out
}

func (c *complaints) ramp(r *Ramp) {
	if r == nil {
		return
	}
	var last int64
	step := func(where string, s RampStep) {
		c.unless(s.People > last && s.People <= mostRamp, where+".people", "must be larger than the stage before, and at most %d", mostRamp)
		c.span(where+".watch", s.Watch)
		c.oneOf(where+".gate", s.Gate, GateAutomatic, GateHuman)
		last = s.People
	}
	if r.Canary != nil {
		step("ramp.canary", *r.Canary)
		c.unless(r.Canary.People <= mostCanary, "ramp.canary.people", "must be at most %d: it is a sample", mostCanary)
	}
	for i, s := range r.Steps {
		step(fmt.Sprintf("ramp.steps[%d]", i), s)
		c.unless(s.People%breach.BlockSize == 0, fmt.Sprintf("ramp.steps[%d].people", i), "must be a multiple of %d", breach.BlockSize)
	}
	if g := r.Guard; g != nil {
		c.unless(g.Warn > 0 && g.Warn <= g.Stop && g.Stop <= 1, "ramp.guard", "warn and stop must be shares with 0 < warn <= stop <= 1")
		c.unless(g.From >= 1 && g.From <= mostRamp, "ramp.guard.from", "must be 1 to %d messages", mostRamp)
	}
}

const (
	mostCanary = 200
	mostRamp   = 100_000_000
)
