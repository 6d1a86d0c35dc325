package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// stage is one stage of telling a list: whom it is about.
type stage struct {
	policy.Stage
	final  bool
	only   bool    // there is no other
	sample []int64 // of a canary, sorted
}

// stageOf finds the people of a stage. The same list and number give the same people.
func stageOf(ctx context.Context, brakes Brakes, p policy.Profile, incident string, wave, no int, total int64) (stage, error) {
	all := p.Stages(total)
	no = min(no, len(all)-1)
	st := stage{Stage: all[no], final: no == len(all)-1, only: len(all) == 1}
	if st.Name != policy.StageCanary {
		return st, nil
	}
	crowds, err := brakes.Crowds(ctx, incident, wave)
	st.sample = policy.Sample(crowds, st.People)
	return st, err
}

// label names the stage in brakes; the full send has none, because its brakes may come again.
func (s stage) label() string {
	switch {
	case s.final:
		return ""
	case s.Name == policy.StageCanary:
		return s.Name
	}
	return fmt.Sprintf("%s-%d", s.Name, s.People)
}

// blocks leaves those that hold people of the stage. first is the first block of the list.
func (s stage) blocks(blocks []breach.Block, first int64) []breach.Block {
	if s.final {
		return blocks
	}
	return slices.DeleteFunc(slices.Clone(blocks), func(b breach.Block) bool {
		if s.Name == policy.StageCanary {
			i, _ := slices.BinarySearch(s.sample, b.Lo)
			return i == len(s.sample) || s.sample[i] > b.Hi
		}
		return (b.No-first)*breach.BlockSize >= s.People
	})
}

// has says that a person of its blocks belongs to the stage.
func (s stage) has(person int64) bool {
	if s.Name != policy.StageCanary {
		return true
	}
	_, found := slices.BinarySearch(s.sample, person)
	return found
}

// staged finds the stage and the brakes of a survey, and leaves the blocks that it is about.
func (r *Resolve) staged(ctx context.Context, in SurveyIn, sc scope, blocks []breach.Block, s *survey) ([]breach.Block, error) {
	all, err := r.People.Blocks(ctx, in.Incident, in.Wave)
	if err != nil || len(all) == 0 {
		s.out.Final = true
		return blocks, err
	}
	if s.stage, err = stageOf(ctx, r.Brakes, sc.profile, in.Incident, in.Wave, in.Stage, peopleIn(all)); err != nil {
		return nil, err
	}
	if s.brakes, err = r.Brakes.Brakes(ctx, in.Incident); err != nil {
		return nil, err
	}
	s.out.Final, s.out.Watch = s.stage.final, s.stage.Watch
	return s.stage.blocks(blocks, all[0].No), nil
}

// entered notes that a stage is under way, when anybody is due in it; one that waits for a person has not begun.
func (r *Resolve) entered(ctx context.Context, in SurveyIn, s *survey) error {
	if s.stage.Name == "" || s.stage.only || s.brakes.Gate(in.Wave) || (s.out.Sum() == 0 && !s.stage.final) {
		return nil
	}
	return r.Brakes.SetStage(ctx, in.Incident, breach.Stage{Wave: in.Wave, Name: s.stage.Name, People: s.stage.People, Since: s.now})
}

// GateIn names a stage whose messages are out.
type GateIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	Stage    int    `json:"stage"`
}

// GateOut says what the gate set.
type GateOut struct {
	Brakes int `json:"brakes"`
}

// Gate judges a stage by what came back of it: what is sick is braked before the next stage begins, and where the
// policy wants a person to look, everything is held until one did. What was lifted once is not set again for the
// same stage.
func (r *Resolve) Gate(ctx context.Context, in GateIn) (out GateOut, err error) {
	stop := alive(ctx)
	defer stop()
	sc, err := r.scope(ctx, in.Incident)
	if err != nil {
		return out, fail(ctx, err)
	}
	blocks, err := r.People.Blocks(ctx, in.Incident, in.Wave)
	if err != nil {
		return out, fail(ctx, err)
	}
	st, err := stageOf(ctx, r.Brakes, sc.profile, in.Incident, in.Wave, in.Stage, peopleIn(blocks))
	if err != nil || st.final {
		return out, fail(ctx, err)
	}
	rules := sc.profile.Guard()
	counts, err := r.health(ctx, in.Incident, st.blocks(blocks, blocks[0].No), st, rules.Crowd())
	if err != nil {
		return out, fail(ctx, err)
	}
	brakes := rules.AfterStage(counts)
	if st.Gate == policy.GateHuman {
		brakes = append(brakes, breach.Brake{Kind: breach.BrakeGate})
	}
	for _, b := range brakes {
		b.Wave, b.Stage, b.At = in.Wave, st.label(), r.Now().UTC()
		if err := r.Brakes.SetBrake(ctx, in.Incident, b); err != nil {
			return out, fail(ctx, err)
		}
	}
	return GateOut{Brakes: len(brakes)}, nil
}

// health counts what became of the attempts of everybody of a stage, by channel, provider and, where many share one,
// recipient domain.
func (r *Resolve) health(ctx context.Context, incident string, blocks []breach.Block, st stage, crowd int64) ([]breach.Health, error) {
	counts := map[place]*breach.Health{}
	var order []place
	for _, b := range blocks {
		beat(ctx)
		subjects, err := r.People.Subjects(ctx, incident, b)
		if err != nil {
			return nil, err
		}
		for i := range subjects {
			if !st.has(subjects[i].ID) {
				continue
			}
			for _, a := range subjects[i].Attempts {
				if a.Past {
					continue
				}
				p := place{a.Channel, a.Provider, domainOf(subjects[i].Person, policy.Step{Channel: a.Channel, Addressee: a.Addressee})}
				if counts[p] == nil {
					counts[p] = &breach.Health{Channel: p.channel, Provider: p.provider, Domain: p.domain, Failed: map[string]int64{}, Deferred: map[string]int64{}}
					order = append(order, p)
				}
				weigh(counts[p], a)
			}
		}
	}
	var out []breach.Health
	for _, p := range order {
		h := *counts[p]
		if h.Out < crowd { // too few share it to be named
			h.Domain = ""
		}
		out = append(out, h)
	}
	return out, nil
}

// weigh adds an attempt to what is known of its place.
func weigh(h *breach.Health, a breach.Attempt) {
	switch a.State {
	case breach.Intended:
	case breach.FailedTemporary:
		if !providersFault(a.Reason) && a.Reason != delivery.ReasonCrash {
			h.Deferred[a.Reason]++
		}
	case breach.FailedPermanent, breach.Unknown:
		h.Out++
		h.Failed[a.Reason]++
	default:
		h.Out++
	}
}

func peopleIn(blocks []breach.Block) (n int64) {
	for _, b := range blocks {
		n += b.Hi - b.Lo + 1
	}
	return n
}
