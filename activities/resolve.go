package activities

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Resolve decides, person by person, what comes next: which channel, a wait, a question to a provider, or
// nothing more.
type Resolve struct {
	Cases    Cases
	People   People
	Sending  Sending
	Brakes   Brakes
	Holds    Holds
	Profiles Profiles
	// Plans, Words and Costs are asked where a policy limits what telling people may cost.
	Plans Plans
	Words Words
	Costs Costs
	Now   func() time.Time
}

// SurveyIn names a wave and the round that the survey opens.
type SurveyIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	Round    int    `json:"round"`
	Stage    int    `json:"stage,omitempty"` // from 0; beyond the last one is the last one
}

// SurveyOut counts what comes next. Braked is how many are due and held back. Final says that the stage is the full
// send; of another one, Watch is how long it is watched before the next begins. Next and Last are the earliest and the latest instant at which somebody
// who waits can be looked at again (UTC); zero when nobody waits.
type SurveyOut struct {
	Due       map[breach.Channel]int64 `json:"due"`
	Unsettled int64                    `json:"unsettled"`
	Waiting   int64                    `json:"waiting"`
	Braked    int64                    `json:"braked,omitempty"`
	Held      int64                    `json:"held,omitempty"` // found held, or set so by this survey
	Final     bool                     `json:"final"`
	Watch     time.Duration            `json:"watch,omitempty"`
	Next      time.Time                `json:"next"`
	Last      time.Time                `json:"last"`
}

// Sum is how many messages are due.
func (o SurveyOut) Sum() int64 {
	var n int64
	for _, c := range breach.Channels {
		n += o.Due[c]
	}
	return n
}

// Survey walks all people of a wave, records refusals and exhausted people, and opens chunks for the
// channels that are due in this round. It is a pure decision over the ledger, so running it again gives
// the same answer.
func (r *Resolve) Survey(ctx context.Context, in SurveyIn) (SurveyOut, error) {
	stop := alive(ctx)
	defer stop()
	sc, err := r.scope(ctx, in.Incident)
	if err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	now := r.Now().UTC()
	if err := r.People.Settle(ctx, in.Incident, in.Wave, now); err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	// Nothing is left to do for others; only a child may still have to be told beside the guardian.
	open := []breach.Outcome{breach.Pending, breach.Attempted}
	if sc.profile.Strategy == policy.Blast { // who is told by one channel already has the others too
		open = append(open, breach.Reached)
	}
	blocks, err := r.People.BlocksWith(ctx, in.Incident, in.Wave, true, open...)
	if err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	s := survey{out: SurveyOut{Due: map[breach.Channel]int64{}}, open: map[breach.Channel][]int64{}, now: now, wave: in.Wave}
	if sc.profile.AtMost != nil && sc.profile.AtMost.Cost != nil {
		s.dear = map[breach.Handed]int64{}
	}
	if s.waits, err = r.Holds.Waits(ctx, in.Incident, now); err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	if blocks, err = r.staged(ctx, in, sc, blocks, &s); err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	if blocks, err = r.alike(ctx, in, sc, blocks, &s); err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	for _, b := range blocks {
		beat(ctx)
		subjects, err := r.People.Subjects(ctx, in.Incident, b)
		if err != nil {
			return SurveyOut{}, fail(ctx, err)
		}
		s.refusals, s.exhausted, s.interrupted = s.refusals[:0], s.exhausted[:0], s.interrupted[:0]
		for _, sub := range subjects {
			if !s.stage.has(sub.ID) {
				continue
			}
			s.take(b.No, sub, policy.Steps(sc.profile, sub, sc.on, now))
		}
		if err := r.People.Refuse(ctx, in.Incident, s.refusals); err != nil {
			return SurveyOut{}, fail(ctx, err)
		}
		if err := r.People.SetOutcomes(ctx, in.Incident, s.exhausted); err != nil {
			return SurveyOut{}, fail(ctx, err)
		}
		if len(s.interrupted) == 0 {
			continue
		}
		if err := r.Sending.Record(ctx, in.Incident, s.interrupted); err != nil {
			return SurveyOut{}, fail(ctx, err)
		}
	}
	if err := r.affordable(ctx, in, sc, &s); err != nil {
		return SurveyOut{}, fail(ctx, err)
	}
	for _, c := range breach.Channels {
		if len(s.open[c]) == 0 {
			continue
		}
		slices.Sort(s.open[c])
		if err := r.Sending.OpenChunks(ctx, in.Incident, in.Wave, in.Round, c, slices.Compact(s.open[c])); err != nil {
			return SurveyOut{}, fail(ctx, err)
		}
	}
	return s.out, fail(ctx, r.entered(ctx, in, &s))
}

// survey gathers the steps of many people.
type survey struct {
	out       SurveyOut
	open      map[breach.Channel][]int64
	refusals  []breach.Refusal
	exhausted []breach.PersonEvent
	// interrupted were intended long ago by a lane that no longer runs: they may have been sent.
	interrupted []breach.AttemptEvent
	now         time.Time
	wave        int
	stage       stage
	brakes      breach.Brakes
	waits       breach.Waits
	dear        map[breach.Handed]int64 // what is due, where costs are limited; else nil
}

// mustWait says that a message may not go out now. Somebody who must not be told at all, and to whom nothing went out
// yet, is held; others wait.
func (s *survey) mustWait(sub breach.Subject, st policy.Step) bool {
	w, on := s.waits.On(sub.Person, st.Channel, s.now)
	switch {
	case !on:
		return false
	case sub.Outcome == breach.Pending && held(s.waits, sub.Person, s.now):
		if n := len(s.exhausted); n == 0 || s.exhausted[n-1].Person != sub.ID { // of several messages to somebody, once
			s.out.Held++
			s.exhausted = append(s.exhausted, breach.PersonEvent{Person: sub.ID, Outcome: breach.Held, Reason: reasonHeld, By: "tocsin", At: s.now})
		}
	case w.Until != nil:
		s.wait(*w.Until)
	default:
		s.out.Braked++
	}
	return true
}

// wait counts somebody who can be looked at again at an instant.
func (s *survey) wait(until time.Time) {
	s.out.Waiting++
	if s.out.Next.IsZero() || until.Before(s.out.Next) {
		s.out.Next = until
	}
	if until.After(s.out.Last) {
		s.out.Last = until
	}
}

func (s *survey) take(block int64, sub breach.Subject, steps []policy.Step) {
	for _, st := range steps {
		switch st.Kind {
		case policy.StepSend:
			if s.mustWait(sub, st) {
				continue
			}
			if len(s.brakes) > 0 && s.brakes.Hold(s.wave, st.Channel, st.Provider, domainOf(sub.Person, st)) {
				s.out.Braked++
				continue
			}
			s.costs(sub.Person.Country, st, 1)
			s.due(block, 1, []policy.Step{st})
		case policy.StepWait:
			s.wait(st.Until)
		case policy.StepReconcile:
			s.out.Unsettled++
			s.forgotten(sub, st)
		case policy.StepRefuse:
			s.refusals = append(s.refusals, breach.Refusal{Person: sub.ID, Channel: st.Channel, Provider: st.Provider, Reason: st.Reason, At: s.now})
		case policy.StepExhausted:
			if sub.Outcome == breach.Pending || sub.Outcome == breach.Attempted {
				s.exhausted = append(s.exhausted, breach.PersonEvent{Person: sub.ID, Outcome: breach.Unreachable, Reason: st.Reason, By: "tocsin", At: s.now})
			}
		}
	}
}

// forgotten records an attempt that is still only intended as unknown, so that it can be settled.
func (s *survey) forgotten(sub breach.Subject, st policy.Step) {
	for _, a := range sub.Attempts {
		if a.State == breach.Intended && a.Addressee == st.Addressee && a.Channel == st.Channel && a.Try == st.Try {
			s.interrupted = append(s.interrupted, breach.AttemptEvent{
				Person: sub.ID, Addressee: a.Addressee, Channel: a.Channel, Try: a.Try, State: breach.Unknown,
				Reason: delivery.ReasonCrash, Provider: a.Provider, At: s.now,
			})
		}
	}
}

// scope is what deciding about people needs of their incident.
type scope struct {
	profile policy.Profile
	on      time.Time // ages are counted on this day
}

func (r *Resolve) scope(ctx context.Context, incident string) (scope, error) {
	return loadScope(ctx, r.Cases, r.Profiles, incident)
}

func loadScope(ctx context.Context, cases Cases, profiles Profiles, incident string) (scope, error) {
	inc, err := cases.Incident(ctx, incident)
	if err != nil {
		return scope{}, err
	}
	p, err := profiles.Profile(inc.Policy)
	if err != nil {
		return scope{}, err
	}
	return scope{profile: p, on: inc.AgesOn()}, nil
}
