package activities

import (
	"context"
	"slices"
	"strings"
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
	Retries Retries
	Public  Announcements
	Holds   Holds
	Paces   Paces
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
	// Told says that everybody on the lists was told or is covered.
	Told bool `json:"told,omitempty"`
	// Again are decisions to try people again that were not carried out yet.
	Again []string `json:"again,omitempty"`
	// Asked is a lead's decision to tell the public now that was not carried out yet.
	Asked *breach.AnnounceNow `json:"asked,omitempty"`
}

// RecalledWave is one list of people with the newest plan for it.
type RecalledWave struct {
	Wave     int              `json:"wave"`
	Empty    bool             `json:"empty,omitempty"` // it holds nobody: its plan is of reports alone
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
	all, err := c.People.Tally(ctx, in.Incident, 0)
	if err != nil {
		return out, fail(ctx, err)
	}
	out.Told = all.Sum() > 0 && all.Unaccounted() == 0
	if out.Again, err = c.Retries.OpenRetries(ctx, in.Incident); err != nil {
		return out, fail(ctx, err)
	}
	if out.Asked, err = c.Public.AskedAnnouncement(ctx, in.Incident); err != nil {
		return out, fail(ctx, err)
	}
	waves, err := c.Waves.WaveNumbers(ctx, in.Incident)
	if err != nil {
		return out, fail(ctx, err)
	}
	for _, n := range waves {
		w := RecalledWave{Wave: n}
		t, err := c.People.Tally(ctx, in.Incident, n)
		if err != nil {
			return out, fail(ctx, err)
		}
		w.Empty = t.Sum() == 0
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

// MoveIn asks to move the incident machine.
type MoveIn struct {
	Incident string               `json:"incident"`
	To       breach.IncidentState `json:"to"`
}

// Move moves the incident machine.
func (c *Case) Move(ctx context.Context, in MoveIn) (CaseIn, error) {
	return CaseIn{Incident: in.Incident}, fail(ctx, c.Cases.SetState(ctx, in.Incident, in.To, "", c.Now().UTC()))
}

// CloseIn asks to close an incident. Reasoned says that the ledger has the person's reason for leaving duties
// undone.
type CloseIn struct {
	Incident string `json:"incident"`
	Actor    string `json:"actor"`
	Reasoned bool   `json:"reasoned,omitempty"`
}

// Close closes an incident. It is refused while a person is still to be told or not covered, and, without a
// reason, while a duty that applies, or of which nobody can tell, was not done: each is named. Before people are counted, those of whom time has brought
// proof are taken as reached: a delivery that was stopped does not wait for that.
func (c *Case) Close(ctx context.Context, in CloseIn) (CaseIn, error) {
	stop := alive(ctx)
	defer stop()
	if err := c.settle(ctx, in.Incident); err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	t, err := c.People.Tally(ctx, in.Incident, 0)
	if err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	left, err := c.left(ctx, in.Incident, t)
	if err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	late, err := c.unexplained(ctx, in.Incident)
	if err != nil {
		return CaseIn{}, fail(ctx, err)
	}
	if len(late) > 0 && !in.Reasoned && t.Unaccounted() == 0 {
		return CaseIn{}, fail(ctx, breach.Errorf(breach.ErrConflict,
			"duties were met late, and nobody has said why: %s; put the reason on record, then close", strings.Join(late, ", ")))
	}
	if !left.None() && !in.Reasoned && t.Unaccounted() == 0 { // people first: the ledger counts them below
		return CaseIn{}, fail(ctx, breach.Errorf(breach.ErrConflict,
			"%s; do them or state them as done, answer what is open, or close with a reason why they are left undone", left))
	}
	return CaseIn{Incident: in.Incident}, fail(ctx, c.Cases.CloseIncident(ctx, in.Incident, in.Actor, left, c.Now().UTC()))
}

// left lists the duties of every kind that were not carried out. Those to people are done when the lists were: who is on
// them is counted apart. A duty to tell the public is done by the page.
func (c *Case) left(ctx context.Context, incident string, t breach.Tally) (left breach.Left, err error) {
	j, _, err := c.Duties.Judgement(ctx, incident)
	if breach.CodeOf(err) == breach.ErrNotFound {
		return left, nil
	}
	if err != nil {
		return left, err
	}
	page, err := c.Public.Announcement(ctx, incident)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound {
		return left, err
	}
	for _, o := range j.Obligations {
		switch {
		case !o.OwedAtEnd():
			continue
		case o.Duty == dutyToPeople && t.Sum() > 0, o.Duty == dutyToPublic && !page.PublishedAt.IsZero():
			continue
		}
		switch _, err := c.Filings.Filing(ctx, incident, o.ID); {
		case breach.CodeOf(err) == breach.ErrNotFound:
			left.Add(o)
		case err != nil:
			return left, err
		}
	}
	return left, nil
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
	Duty       string    `json:"duty,omitempty"`
	Kind       string    `json:"kind"` // as policy.NextReminder names it, or overdue
	DueAt      time.Time `json:"due_at"`
}

// RemindOut says that the duty needs no alarm: it is one to people, and something is on its way to everybody whom one
// can reach, so that only proof is waited for.
type RemindOut struct {
	Told bool `json:"told,omitempty"`
}

// Remind puts a reminder or an overdue deadline on the incident's record, once.
func (c *Case) Remind(ctx context.Context, in RemindIn) (RemindOut, error) {
	if in.Kind == "overdue" && in.Duty == dutyToPeople {
		t, err := c.People.Tally(ctx, in.Incident, 0)
		if err != nil {
			return RemindOut{}, fail(ctx, err)
		}
		if t.Sum() > 0 && t.Unaccounted() == 0 {
			return RemindOut{Told: true}, nil
		}
	}
	key := "clock/" + in.Obligation + "/" + in.Kind + "/" + in.DueAt.UTC().Format(time.RFC3339)
	action := "clock.reminder"
	if in.Kind == "overdue" {
		action = "clock.overdue"
	}
	err := c.Cases.Note(ctx, in.Incident, key, "tocsin", action, map[string]any{
		"obligation": in.Obligation, "kind": in.Kind, "due_at": in.DueAt.UTC(),
	}, c.Now().UTC())
	return RemindOut{}, fail(ctx, err)
}

// FulfilIn names a duty that is done, for example notify_individuals.
type FulfilIn struct {
	Incident string `json:"incident"`
	Duty     string `json:"duty"`
}

// FulfilOut says whether it is. Unexplained are those that were met late and stay open until somebody says why.
type FulfilOut struct {
	Done        bool     `json:"done"`
	Unexplained []string `json:"unexplained,omitempty"`
}

// Fulfil closes every obligation of a duty to people that applies, when everybody was told or is covered.
func (c *Case) Fulfil(ctx context.Context, in FulfilIn) (FulfilOut, error) {
	t, err := c.People.Tally(ctx, in.Incident, 0)
	if err != nil {
		return FulfilOut{}, fail(ctx, err)
	}
	if t.Unaccounted() > 0 || t.Sum() == 0 {
		return FulfilOut{}, nil // somebody is neither told nor covered: the duty stays open
	}
	late, err := c.unexplained(ctx, in.Incident)
	if err != nil {
		return FulfilOut{}, fail(ctx, err)
	}
	if err := c.saveTold(ctx, in.Incident, t); err != nil {
		return FulfilOut{}, fail(ctx, err)
	}
	err = c.each(ctx, in, func(o string) error {
		if slices.Contains(late, o) {
			return nil
		}
		return c.Duties.SetObligationState(ctx, in.Incident, o, breach.ObligationClosed, "everybody on the lists was told or is covered", c.Now().UTC())
	})
	return FulfilOut{Done: true, Unexplained: late}, fail(ctx, err)
}

// saveTold puts into the facts when the last person was told: by the last message, or by the announcement that covers
// whom no message reaches. When nobody was to be told there is no such instant.
func (c *Case) saveTold(ctx context.Context, incident string, t breach.Tally) error {
	pace, err := c.Paces.Pace(ctx, incident)
	if err != nil {
		return err
	}
	at := pace.Last
	if t[breach.Covered] > 0 {
		page, err := c.Public.Announcement(ctx, incident)
		if err != nil && breach.CodeOf(err) != breach.ErrNotFound {
			return err
		}
		if page.PublishedAt.After(at) {
			at = page.PublishedAt
		}
	}
	if at.IsZero() || t[breach.Reached]+t[breach.Attempted]+t[breach.Covered] == 0 {
		return nil
	}
	return c.Duties.SaveTold(ctx, incident, at)
}

// unexplained lists the duties to people whose last message went out too late, and of which nobody has said why.
func (c *Case) unexplained(ctx context.Context, incident string) (out []string, err error) {
	j, _, err := c.Duties.Judgement(ctx, incident)
	if breach.CodeOf(err) == breach.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pace, err := c.Paces.Pace(ctx, incident)
	if err != nil {
		return nil, err
	}
	late, err := lately(ctx, c.Duties, c.Holds, incident, j)
	for _, o := range j.Obligations {
		if err == nil && o.Duty == dutyToPeople && late.unexplained(o.ID, pace.Last) {
			out = append(out, o.ID)
		}
	}
	return out, err
}

// Owe opens the obligations of a duty to people again that were closed: somebody was not told after all.
func (c *Case) Owe(ctx context.Context, in FulfilIn) (FulfilOut, error) {
	err := c.each(ctx, in, func(o string) error {
		return c.Duties.ReopenObligation(ctx, in.Incident, o, "somebody was not told yet", c.Now().UTC())
	})
	return FulfilOut{}, fail(ctx, err)
}

func (c *Case) each(ctx context.Context, in FulfilIn, do func(obligation string) error) error {
	j, _, err := c.Duties.Judgement(ctx, in.Incident)
	if breach.CodeOf(err) == breach.ErrNotFound {
		return nil // facts that cannot be judged have no duties yet
	}
	if err != nil {
		return err
	}
	for _, o := range j.Obligations {
		if o.Duty != in.Duty || o.Verdict != breach.Applies {
			continue
		}
		if err := do(o.ID); err != nil {
			return err
		}
	}
	return nil
}

// TroubleIn says what cannot go on without a person, and why. Reason holds no personal data.
type TroubleIn struct {
	Incident string    `json:"incident"`
	What     string    `json:"what"` // number of a list, an obligation, or again/ and a decision to try again
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// Trouble puts what a person has to mend on the incident's record, so that whoever looks there learns why. Of a
// decision to try again that is the note which ends it: another one may be taken.
func (c *Case) Trouble(ctx context.Context, in TroubleIn) (CaseIn, error) {
	key := "trouble/" + in.What + "/" + in.At.UTC().Format(time.RFC3339Nano)
	if strings.HasPrefix(in.What, againNote) {
		key = in.What
	}
	err := c.Cases.Note(ctx, in.Incident, key, "tocsin", "case.trouble", map[string]string{"what": in.What, "reason": in.Reason}, c.Now().UTC())
	return CaseIn{Incident: in.Incident}, fail(ctx, err)
}
