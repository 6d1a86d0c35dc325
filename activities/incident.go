package activities

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Case reads and moves the head of an incident.
type Case struct {
	Cases   Cases
	Duties  Duties
	Plans   Plans
	People  People
	Filings Filings
	Waves   Waves
	Sending Sending
	Now     func() time.Time
}

// CaseIn names an incident.
type CaseIn struct {
	Incident string `json:"incident"`
}

// RecallOut is where the ledger says that an incident stands, so that a story that starts anew (after a
// reopening, or because Temporal was restored from an older back-up) goes on and repeats nothing.
type RecallOut struct {
	State    breach.IncidentState `json:"state"`
	Revision int                  `json:"revision"`
	Waves    []RecalledWave       `json:"waves"`
	Filed    []string             `json:"filed"` // obligations
	// Acknowledged are those of the filed that have the authority's number.
	Acknowledged []string `json:"acknowledged,omitempty"`
	Paused       bool     `json:"paused,omitempty"`
	Stopped      bool     `json:"stopped,omitempty"`
}

// RecalledWave is one list of people with the newest plan for it.
type RecalledWave struct {
	Wave     int              `json:"wave"`
	Plan     breach.PlanState `json:"plan,omitempty"`
	PlanHash string           `json:"plan_hash,omitempty"`
	Author   string           `json:"author,omitempty"`
}

// Recall reads where an incident stands.
func (c *Case) Recall(ctx context.Context, in CaseIn) (RecallOut, error) {
	inc, err := c.Cases.Incident(ctx, in.Incident)
	if err != nil {
		return RecallOut{}, fail(ctx, err)
	}
	out := RecallOut{State: inc.State, Revision: inc.FactRevision}
	if out.Paused, out.Stopped, err = c.Sending.Gate(ctx, in.Incident); err != nil {
		return out, fail(ctx, err)
	}
	waves, err := c.Waves.WaveNumbers(ctx, in.Incident)
	if err != nil {
		return out, fail(ctx, err)
	}
	for _, n := range waves {
		w := RecalledWave{Wave: n}
		switch p, err := c.Plans.Plan(ctx, in.Incident, n); {
		case err == nil:
			w.Plan, w.PlanHash, w.Author = p.State, p.Hash, p.Author
		case breach.CodeOf(err) != breach.ErrNotFound:
			return out, fail(ctx, err)
		}
		out.Waves = append(out.Waves, w)
	}
	j, _, err := c.Duties.Judgement(ctx, in.Incident)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound {
		return out, fail(ctx, err)
	}
	for _, o := range j.Obligations {
		if f, err := c.Filings.Filing(ctx, in.Incident, o.ID); err == nil {
			out.Filed = append(out.Filed, o.ID)
			if f.Acknowledgement != "" {
				out.Acknowledged = append(out.Acknowledged, o.ID)
			}
		} else if breach.CodeOf(err) != breach.ErrNotFound {
			return out, fail(ctx, err)
		}
	}
	return out, nil
}

// MoveIn asks to move the incident machine. Accounted asks to refuse while somebody has nothing yet.
type MoveIn struct {
	Incident  string               `json:"incident"`
	To        breach.IncidentState `json:"to"`
	Actor     string               `json:"actor,omitempty"`
	Accounted bool                 `json:"accounted,omitempty"`
}

// Move moves the incident machine. Closing is refused while a person is still to be told or not covered.
// Before people are counted, those of whom time has brought proof are taken as reached: a delivery that was
// stopped does not wait for that.
func (c *Case) Move(ctx context.Context, in MoveIn) (CaseIn, error) {
	if in.Accounted {
		if err := c.settle(ctx, in.Incident); err != nil {
			return CaseIn{}, fail(ctx, err)
		}
		t, err := c.People.Tally(ctx, in.Incident, 0)
		if err != nil {
			return CaseIn{}, fail(ctx, err)
		}
		if open := t[breach.Pending] + t[breach.Unreachable] + t[breach.Held]; open > 0 {
			return CaseIn{}, fail(ctx, breach.Errorf(breach.ErrConflict,
				"%d people are not accounted for: %d to do, %d not reachable and not covered, %d held; tell them, publish the announcement, or set them exempt or withdrawn with a reason",
				open, t[breach.Pending], t[breach.Unreachable], t[breach.Held]))
		}
	}
	return CaseIn{Incident: in.Incident}, fail(ctx, c.Cases.SetState(ctx, in.Incident, in.To, c.Now().UTC()))
}

func (c *Case) settle(ctx context.Context, incident string) error {
	waves, err := c.Waves.WaveNumbers(ctx, incident)
	if err != nil {
		return err
	}
	for _, w := range waves {
		if err := c.People.Settle(ctx, incident, w, c.Now().UTC()); err != nil {
			return err
		}
	}
	return nil
}

// RemindIn is one fired alarm of an obligation's clock.
type RemindIn struct {
	Incident   string    `json:"incident"`
	Obligation string    `json:"obligation"`
	Kind       string    `json:"kind"` // as policy.NextReminder names it, or overdue
	DueAt      time.Time `json:"due_at"`
}

// Remind puts a reminder or an overdue deadline on the incident's record, once.
func (c *Case) Remind(ctx context.Context, in RemindIn) (CaseIn, error) {
	key := "clock/" + in.Obligation + "/" + in.Kind + "/" + in.DueAt.UTC().Format(time.RFC3339)
	action := "clock.reminder"
	if in.Kind == "overdue" {
		action = "clock.overdue"
	}
	err := c.Cases.Note(ctx, in.Incident, key, "tocsin", action, map[string]any{
		"obligation": in.Obligation, "kind": in.Kind, "due_at": in.DueAt.UTC(),
	}, c.Now().UTC())
	return CaseIn{Incident: in.Incident}, fail(ctx, err)
}

// FulfilIn names a duty that is done, for example notify_individuals.
type FulfilIn struct {
	Incident string `json:"incident"`
	Duty     string `json:"duty"`
}

// Fulfil closes every obligation of a duty that applies: what it asked for has been done.
func (c *Case) Fulfil(ctx context.Context, in FulfilIn) (CaseIn, error) {
	j, _, err := c.Duties.Judgement(ctx, in.Incident)
	if err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	t, err := c.People.Tally(ctx, in.Incident, 0)
	if err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	if t[breach.Pending]+t[breach.Unreachable]+t[breach.Held] > 0 {
		return CaseIn{Incident: in.Incident}, nil // somebody is neither told nor covered: the duty stays open
	}
	now := c.Now().UTC()
	for _, o := range j.Obligations {
		if o.Duty != in.Duty || o.Verdict != breach.Applies {
			continue
		}
		if err := c.Duties.SetObligationState(ctx, in.Incident, o.ID, breach.ObligationClosed, "everybody on the lists was told or is covered", now); err != nil {
			return CaseIn{}, fail(ctx, err)
		}
	}
	return CaseIn{Incident: in.Incident}, nil
}

// TroubleIn says what cannot go on without a person, and why. Reason holds no personal data.
type TroubleIn struct {
	Incident string    `json:"incident"`
	What     string    `json:"what"` // number of a list, or an obligation
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// Trouble puts what a person has to mend on the incident's record, so that whoever looks there learns why.
func (c *Case) Trouble(ctx context.Context, in TroubleIn) (CaseIn, error) {
	key := "trouble/" + in.What + "/" + in.At.UTC().Format(time.RFC3339Nano)
	err := c.Cases.Note(ctx, in.Incident, key, "tocsin", "case.trouble", map[string]string{"what": in.What, "reason": in.Reason}, c.Now().UTC())
	return CaseIn{Incident: in.Incident}, fail(ctx, err)
}
