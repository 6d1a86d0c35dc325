package activities

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// alike decides on people of whom nothing is recorded yet, once for all who are of one shape, and returns the
// blocks in which everybody must be looked at: those with a past, and those in which there is more to do than
// to send, since refusals and people who cannot be reached are recorded by name.
func (r *Resolve) alike(ctx context.Context, in SurveyIn, sc scope, blocks []breach.Block, s *survey) ([]breach.Block, error) {
	if sc.profile.Timed() || s.stage.Name == policy.StageCanary || s.brakes.Holding() || len(s.waits) > 0 || sc.on.IsZero() {
		return blocks, nil // these are about single people
	}
	groups, err := r.People.Alike(ctx, in.Incident, in.Wave, sc.profile.Minors.Age, sc.on)
	if err != nil || len(groups) == 0 {
		return blocks, err
	}
	decided := map[int64]bool{} // of a block: nobody in it needs a look
	steps := make([][]policy.Step, len(groups))
	for i, g := range groups {
		steps[i] = policy.Steps(sc.profile, g.Subject, sc.on, s.now)
		sends := !slices.ContainsFunc(steps[i], func(st policy.Step) bool { return st.Kind != policy.StepSend })
		for _, b := range g.Blocks {
			before, known := decided[b.Block]
			decided[b.Block] = sends && (before || !known)
		}
	}
	rest := make([]breach.Block, 0, len(blocks))
	surveyed := make(map[int64]bool, len(blocks))
	for _, b := range blocks {
		if decided[b.No] {
			surveyed[b.No] = true
		} else {
			rest = append(rest, b)
		}
	}
	for i, g := range groups {
		for _, b := range g.Blocks {
			if surveyed[b.Block] {
				s.due(b.Block, b.People, steps[i])
				for _, st := range steps[i] {
					s.costs(groups[i].Subject.Person.Country, st, b.People)
				}
			}
		}
	}
	return rest, nil
}

// due counts what is sent to some people of a block.
func (s *survey) due(block, people int64, sends []policy.Step) {
	for _, st := range sends {
		s.out.Due[st.Channel] += people
		if !slices.Contains(s.open[st.Channel][max(0, len(s.open[st.Channel])-1):], block) {
			s.open[st.Channel] = append(s.open[st.Channel], block)
		}
	}
}

// steps asks the policy about one person; about those of whom nothing is recorded yet, once for each shape.
func (sc *scope) steps(sub *breach.Subject, now time.Time, alike map[breach.Shape][]policy.Step) []policy.Step {
	if sub.Outcome != breach.Pending || len(sub.Attempts) > 0 || len(sub.Refused) > 0 || sc.on.IsZero() || sc.profile.Timed() {
		return policy.Steps(sc.profile, *sub, sc.on, now)
	}
	shape := sub.Person.Shape(sc.profile.IsChild(sub.Person, sc.on))
	steps, known := alike[shape]
	if !known {
		steps = policy.Steps(sc.profile, *sub, sc.on, now)
		alike[shape] = steps
	}
	return steps
}
