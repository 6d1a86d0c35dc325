package activities

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Hold knows what stands still, and lets people be told again once a hold is over.
type Hold struct {
	Cases  Cases
	Duties Duties
	People People
	Waves  Waves
	Holds  Holds
	Now    func() time.Time
}

// StandOut is how the clocks of an incident stand under its holds.
type StandOut struct {
	Clocks []DutyClock `json:"clocks"`
	// Ends is when the next hold is over by itself; zero when none holds anything.
	Ends time.Time `json:"ends,omitzero"`
	// Explained are late duties whose reason is on record.
	Explained []string `json:"explained,omitempty"`
}

// Stand reads how the clocks stand now.
func (h *Hold) Stand(ctx context.Context, in CaseIn) (StandOut, error) {
	out, err := stand(ctx, h.Duties, h.Holds, in.Incident, h.Now().UTC())
	return out, fail(ctx, err)
}

func stand(ctx context.Context, duties Duties, ports Holds, incident string, now time.Time) (out StandOut, err error) {
	j, _, err := duties.Judgement(ctx, incident)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound { // facts that cannot be judged have no clocks
		return out, err
	}
	holds, err := ports.Holds(ctx, incident)
	if err != nil {
		return out, err
	}
	delays, err := duties.Delays(ctx, incident)
	if err != nil {
		return out, err
	}
	for _, d := range delays {
		out.Explained = append(out.Explained, d.Obligation)
	}
	for _, h := range holds {
		if end := h.End(); h.Active(now) && (out.Ends.IsZero() || end.Before(out.Ends)) {
			out.Ends = end
		}
	}
	out.Clocks = clocks(j, holds, now)
	return out, nil
}

// LetGoOut names the lists of which somebody is to be told again.
type LetGoOut struct {
	Waves []int `json:"waves,omitempty"`
}

// LetGo says on the record which holds are over, and sets those back to be told whom none holds any more. Run again
// it goes on with those who are left.
func (h *Hold) LetGo(ctx context.Context, in CaseIn) (out LetGoOut, err error) {
	stop := alive(ctx)
	defer stop()
	now := h.Now().UTC()
	if err := h.over(ctx, in.Incident, now); err != nil {
		return out, fail(ctx, err)
	}
	waits, err := h.Holds.Waits(ctx, in.Incident, now)
	if err != nil {
		return out, fail(ctx, err)
	}
	waves, err := h.Waves.WaveNumbers(ctx, in.Incident)
	if err != nil {
		return out, fail(ctx, err)
	}
	for _, w := range waves {
		n, err := h.letGo(ctx, in.Incident, w, waits, now)
		if err != nil {
			return out, fail(ctx, err)
		}
		if n > 0 {
			out.Waves = append(out.Waves, w)
		}
	}
	return out, nil
}

// over puts on record, once, that a hold ended by itself: people are told again, and clocks run on.
func (h *Hold) over(ctx context.Context, incident string, now time.Time) error {
	holds, err := h.Holds.Holds(ctx, incident)
	if err != nil {
		return err
	}
	for _, one := range holds {
		if one.ReleasedAt != nil || one.Active(now) {
			continue
		}
		err := h.Cases.Note(ctx, incident, "hold/"+one.ID+"/expired", "tocsin", "hold.expired", map[string]any{
			"hold": one.ID, "kind": one.Kind, "obligations": one.Obligations, "until": one.Until,
		}, now)
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) letGo(ctx context.Context, incident string, wave int, waits breach.Waits, now time.Time) (n int, err error) {
	blocks, err := h.People.BlocksWith(ctx, incident, wave, false, breach.Held)
	if err != nil {
		return 0, err
	}
	for _, b := range blocks {
		beat(ctx)
		subjects, err := h.People.Subjects(ctx, incident, b)
		if err != nil {
			return n, err
		}
		var events []breach.PersonEvent
		for _, s := range subjects {
			if s.Outcome == breach.Held && !held(waits, s.Person, now) {
				events = append(events, breach.PersonEvent{Person: s.ID, Outcome: breach.Pending, Reason: reasonHoldOver, By: "tocsin", At: now})
			}
		}
		if err := h.People.SetOutcomes(ctx, incident, events); err != nil {
			return n, err
		}
		n += len(events)
	}
	return n, nil
}

// Reasons of people who must not be told yet, and of those who may be told again.
const (
	reasonHeld     = "law_enforcement"
	reasonHoldOver = "hold_over"
)

// held says that law enforcement keeps a person from being told at all.
func held(waits breach.Waits, p breach.Person, now time.Time) bool {
	_, on := waits.Of(breach.HoldLawEnforcement).On(p, breach.Email, now) // such a hold is of all channels
	return on
}

// lateness is what is known of a duty that may be late.
type lateness struct {
	due    map[string]time.Time // of duties that apply and have a deadline, by id
	reason map[string]string
	holds  breach.Holds
}

// lately reads when duties are due after what held them, and why those are late of which somebody said so.
func lately(ctx context.Context, duties Duties, ports Holds, incident string, j breach.Judgement) (l lateness, err error) {
	l = lateness{due: map[string]time.Time{}, reason: map[string]string{}}
	if l.holds, err = ports.Holds(ctx, incident); err != nil {
		return l, err
	}
	delays, err := duties.Delays(ctx, incident)
	if err != nil {
		return l, err
	}
	for _, d := range delays {
		l.reason[d.Obligation] = d.Reason
	}
	for _, o := range j.Obligations {
		if due := l.holds.DueAt(o); due != nil && o.Verdict == breach.Applies && !o.NotBegun() {
			l.due[o.ID] = *due
		}
	}
	return l, nil
}

// late says that a duty that is met at an instant is met late.
func (l lateness) late(obligation string, at time.Time) bool {
	due, known := l.due[obligation]
	return known && at.After(due)
}

// unexplained says that it is met late, and nobody has said why.
func (l lateness) unexplained(obligation string, at time.Time) bool {
	return l.late(obligation, at) && l.reason[obligation] == ""
}
