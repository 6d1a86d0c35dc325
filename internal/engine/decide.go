package engine

import (
	"context"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Amend merges a patch (RFC 7396: null means unknown again) into the facts and has the duties judged anew.
func (e *Engine) Amend(ctx context.Context, incident string, patch []byte, by breach.Actor) (breach.Amended, error) {
	if err := may(by, "amend facts", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.Amended{}, err
	}
	return e.amend(ctx, incident, by, func(file breach.IncidentFile) (breach.IncidentFile, error) { return breach.MergeFile(file, patch) })
}

// amend changes the incident's file, again when a report was filed meanwhile: the change says nothing of that.
func (e *Engine) amend(ctx context.Context, incident string, by breach.Actor, change func(breach.IncidentFile) (breach.IncidentFile, error)) (breach.Amended, error) {
	for try := 1; ; try++ {
		file, base, err := e.Ledger.File(ctx, incident, 0)
		if err != nil {
			return breach.Amended{}, err
		}
		if file, err = change(file); err != nil {
			return breach.Amended{}, err
		}
		rev, err := e.Ledger.AmendFile(ctx, incident, file, base, by, e.Now().UTC())
		if breach.CodeOf(err) == breach.ErrConflict && try < mostMerges {
			continue
		}
		if err != nil {
			return breach.Amended{}, err
		}
		return e.judged(ctx, incident, rev, by)
	}
}

// mostMerges is how often a patch is merged while others write into the same facts.
const mostMerges = 5

// revise stores a new revision of the incident's file and has its duties judged.
func (e *Engine) revise(ctx context.Context, incident string, file breach.IncidentFile, base int, by breach.Actor) (breach.Amended, error) {
	rev, err := e.Ledger.AmendFile(ctx, incident, file, base, by, e.Now().UTC())
	if err != nil {
		return breach.Amended{}, err
	}
	return e.judged(ctx, incident, rev, by)
}

// judged has a revision judged.
func (e *Engine) judged(ctx context.Context, incident string, rev int, by breach.Actor) (breach.Amended, error) {
	// The ledger has queued the same command under the same id: what cannot be passed on now is, later.
	var out breach.Amended
	c := protocol.Command{ID: breach.AmendmentID(incident, rev), Actor: by.ID, Role: by.Role}
	err := e.update(ctx, incident, protocol.UpdateAmend, c.ID, protocol.Amend{Command: c, FactRevision: rev}, &out)
	if breach.CodeOf(err) != breach.ErrUnavailable || err == nil {
		_ = e.Ledger.CommandTaken(ctx, c.ID) // else it is passed on again, which changes nothing
	}
	return out, err
}

// LoadPeople streams a list into the ledger as a new wave and tells the story. source is read after the
// last person, because only then the whole file has been hashed.
func (e *Engine) LoadPeople(ctx context.Context, incident string, by breach.Actor, source *breach.Source, people iter.Seq2[breach.Person, error]) (breach.LoadReport, error) {
	if err := may(by, "load lists", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.LoadReport{}, err
	}
	inc, err := e.Ledger.Incident(ctx, incident)
	if err != nil {
		return breach.LoadReport{}, err
	}
	if inc.State == breach.IncidentClosed {
		return breach.LoadReport{}, breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
	}
	age, err := e.Policies.ChildAge(inc.Policy)
	if err != nil {
		return breach.LoadReport{}, err
	}
	report, err := e.Ledger.LoadPeople(ctx, incident, by, source, age, inc.AgesOn(), people, e.Now().UTC())
	if err != nil || report.Added == 0 {
		return report, err
	}
	return report, e.settled(ctx, incident)
}

// Submit has the plan of a list built and put up for approval; list 0 is the newest that no approved plan covers.
func (e *Engine) Submit(ctx context.Context, incident string, wave int, by breach.Actor) (breach.Submitted, error) {
	if err := may(by, "submit plans", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.Submitted{}, err
	}
	wave, err := e.undecided(ctx, incident, wave)
	if err != nil {
		return breach.Submitted{}, err
	}
	return e.submit(ctx, incident, wave, by)
}

// SubmitReports has a plan of nothing but the reports that are owed to authorities put up for approval: they do
// not wait until the people are known, and a duty may appear after those were told.
func (e *Engine) SubmitReports(ctx context.Context, incident string, by breach.Actor) (breach.Submitted, error) {
	if err := may(by, "submit plans", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.Submitted{}, err
	}
	if _, err := e.Ledger.Incident(ctx, incident); err != nil {
		return breach.Submitted{}, err
	}
	owed, err := e.Ledger.OwedReports(ctx, incident)
	if err != nil {
		return breach.Submitted{}, err
	}
	if len(owed) == 0 {
		return breach.Submitted{}, breach.Errorf(breach.ErrConflict, "no report is owed: each that applies is filed or in an approved plan")
	}
	wave, err := e.Ledger.EmptyList(ctx, incident, by, e.Now().UTC())
	if err != nil {
		return breach.Submitted{}, err
	}
	return e.submit(ctx, incident, wave, by)
}

func (e *Engine) submit(ctx context.Context, incident string, wave int, by breach.Actor) (out breach.Submitted, err error) {
	c := command(ctx, by)
	err = e.update(ctx, incident, protocol.UpdateSubmit, c.ID, protocol.Submit{Command: c, Wave: wave}, &out)
	return out, err
}

// undecided finds the newest list that no approved plan covers, or else the newest.
func (e *Engine) undecided(ctx context.Context, incident string, wave int) (int, error) {
	if wave > 0 {
		return wave, nil
	}
	waves, err := e.Ledger.WaveNumbers(ctx, incident)
	if err != nil {
		return 0, err
	}
	for i := len(waves) - 1; i >= 0; i-- {
		p, err := e.Ledger.Plan(ctx, incident, waves[i])
		if breach.CodeOf(err) == breach.ErrNotFound || (err == nil && p.State != breach.PlanApproved) {
			return waves[i], nil
		}
		if err != nil {
			return 0, err
		}
	}
	if len(waves) > 0 {
		return waves[len(waves)-1], nil
	}
	if _, err := e.Ledger.Incident(ctx, incident); err != nil {
		return 0, err
	}
	return 0, breach.Errorf(breach.ErrIncomplete, "no list of people is loaded").
		With(breach.FieldError{Where: "people", What: "load the list of affected people first, or submit the reports to authorities alone"})
}

// Approve records a second person's approval of exactly this plan and lets the story go on. Once recorded
// it stands, also when the workflow cannot take it right now. breach.ErrUnreviewed while texts that nobody signed
// off are not accepted.
func (e *Engine) Approve(ctx context.Context, incident string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error) {
	return e.decide(ctx, incident, c.PlanHash, by, breach.PlanApproved, func(wave int) (breach.PlanRecord, error) {
		return e.Ledger.ApprovePlan(ctx, incident, wave, c, by, e.Now().UTC())
	})
}

// Return gives a plan back to its author with a comment.
func (e *Engine) Return(ctx context.Context, incident, planHash, comment string, by breach.Actor) (breach.PlanRecord, error) {
	if comment == "" {
		return breach.PlanRecord{}, breach.Errorf(breach.ErrInvalid, "a plan is returned with a reason").
			With(breach.FieldError{Where: "comment", What: "say what must change"})
	}
	return e.decide(ctx, incident, planHash, by, breach.PlanReturned, func(wave int) (breach.PlanRecord, error) {
		return e.Ledger.ReturnPlan(ctx, incident, wave, planHash, comment, by, e.Now().UTC())
	})
}

func (e *Engine) decide(ctx context.Context, incident, hash string, by breach.Actor, as breach.PlanState, record func(wave int) (breach.PlanRecord, error)) (breach.PlanRecord, error) {
	wave, err := e.waveOf(ctx, incident, hash)
	if err != nil {
		return breach.PlanRecord{}, err
	}
	rec, err := record(wave)
	if breach.CodeOf(err) == breach.ErrAlreadyDecided {
		if before, same := e.decidedBefore(ctx, incident, wave, hash, by, as); same {
			rec, err = before, nil
		}
	}
	if err != nil {
		return breach.PlanRecord{}, err
	}
	return rec, e.settled(ctx, incident)
}

// waveOf finds the list whose newest plan has this hash.
func (e *Engine) waveOf(ctx context.Context, incident, hash string) (int, error) {
	waves, err := e.Ledger.WaveNumbers(ctx, incident)
	if err != nil {
		return 0, err
	}
	found := false
	for _, w := range waves {
		p, err := e.Ledger.Plan(ctx, incident, w)
		if breach.CodeOf(err) == breach.ErrNotFound {
			continue
		}
		if err != nil {
			return 0, err
		}
		found = true
		if p.Hash == hash {
			return w, nil
		}
	}
	if !found {
		return 0, breach.Errorf(breach.ErrConflict, "no plan has been submitted yet")
	}
	return 0, breach.Errorf(breach.ErrOldHash, "no present plan has this hash")
}

// Pause, Resume and Stop move the ledger's gate, which lanes look at before each batch, so that they take
// effect within seconds whatever Temporal does; the story is told right after, or as soon as it answers.

// Pause keeps further messages from being handed over until Resume.
func (e *Engine) Pause(ctx context.Context, incident string, by breach.Actor) error {
	return e.gate(ctx, incident, breach.GatePause, by)
}

// Resume lets a paused delivery go on with what is missing.
func (e *Engine) Resume(ctx context.Context, incident string, by breach.Actor) error {
	return e.gate(ctx, incident, breach.GateResume, by)
}

// Stop ends a delivery for good; who was not told stays so and is listed.
func (e *Engine) Stop(ctx context.Context, incident string, by breach.Actor) error {
	return e.gate(ctx, incident, breach.GateStop, by)
}

func (e *Engine) gate(ctx context.Context, incident string, move breach.GateMove, by breach.Actor) error {
	if err := may(by, string(move)+" sending", breach.RoleResponder, breach.RoleLead); err != nil {
		return err
	}
	if err := e.Ledger.MoveGate(ctx, incident, commandID(ctx), move, by, e.Now().UTC()); err != nil {
		return err
	}
	return e.settled(ctx, incident)
}

// Acknowledge records the number that an authority gave for a filed report.
func (e *Engine) Acknowledge(ctx context.Context, incident, obligation, number string, by breach.Actor) (breach.Filing, error) {
	if err := may(by, "enter acknowledgements", breach.RoleLead); err != nil {
		return breach.Filing{}, err
	}
	if number == "" || len(number) > 200 {
		return breach.Filing{}, breach.Errorf(breach.ErrInvalid, "the acknowledgement cannot be used").
			With(breach.FieldError{Where: "number", What: "enter the authority's number, 1 to 200 characters"})
	}
	f, err := e.Ledger.Filing(ctx, incident, obligation)
	if err != nil {
		return f, err
	}
	if f.Acknowledgement != "" && f.Acknowledgement != number {
		return f, breach.Errorf(breach.ErrConflict, "this report has another acknowledgement already")
	}
	at := e.Now().UTC()
	f.Status, f.Acknowledgement, f.AcknowledgedAt = "acknowledged", number, &at
	if err := e.Ledger.Acknowledge(ctx, f, by); err != nil {
		return f, err
	}
	if f.Route == breach.RouteByHand {
		return f, nil // the story did not file it
	}
	c := command(ctx, by)
	return f, e.update(ctx, incident, protocol.UpdateAcknowledge, c.ID, protocol.Acknowledge{Command: c, Obligation: obligation}, nil)
}

// FileAgain has a report filed that was refused before, after what was wrong (a route, an address) was mended.
func (e *Engine) FileAgain(ctx context.Context, incident, obligation string, by breach.Actor) error {
	if err := may(by, "file reports", breach.RoleLead); err != nil {
		return err
	}
	c := command(ctx, by)
	err := e.update(ctx, incident, protocol.UpdateFile, c.ID, protocol.File{Command: c, Obligation: obligation}, nil)
	if err != nil {
		return err
	}
	return e.Ledger.Note(ctx, incident, "file/"+c.ID, by.ID, "report.tried_again", map[string]string{"obligation": obligation}, e.Now().UTC())
}

// Close ends an incident when everybody is accounted for and every duty that applies is done; its evidence is
// sealed right after.
func (e *Engine) Close(ctx context.Context, incident string, by breach.Actor) error {
	return e.close(ctx, incident, "", by)
}

// CloseLeaving closes an incident although duties that apply were not done. The reason goes on record.
func (e *Engine) CloseLeaving(ctx context.Context, incident, reason string, by breach.Actor) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 10 || n > 2000 {
		return breach.Errorf(breach.ErrInvalid, "the reason cannot be used").
			With(breach.FieldError{Where: "reason", What: "says in 10 to 2,000 characters why duties are left undone; name no person"})
	}
	return e.close(ctx, incident, reason, by)
}

func (e *Engine) close(ctx context.Context, incident, reason string, by breach.Actor) error {
	if err := may(by, "close incidents", breach.RoleLead); err != nil {
		return err
	}
	inc, err := e.Ledger.Incident(ctx, incident)
	if err != nil {
		return err
	}
	if inc.State == breach.IncidentClosed {
		if e.closedBefore(ctx, incident, by) {
			return nil
		}
		return breach.Errorf(breach.ErrConflict, "the incident is closed already")
	}
	c := command(ctx, by)
	if reason != "" {
		err := e.Ledger.Note(ctx, incident, "close/"+c.ID, by.ID, "close.reasoned", map[string]string{"reason": reason}, e.Now().UTC())
		if err != nil {
			return err
		}
	}
	return e.update(ctx, incident, protocol.UpdateClose, c.ID, protocol.Close{Command: c, Reasoned: reason != ""}, nil)
}

// Reopen goes on with a closed incident, for example because a list was found later.
func (e *Engine) Reopen(ctx context.Context, incident string, by breach.Actor) error {
	if err := may(by, "reopen incidents", breach.RoleLead); err != nil {
		return err
	}
	inc, err := e.Ledger.Incident(ctx, incident)
	if err != nil {
		return err
	}
	if inc.State != breach.IncidentClosed {
		return breach.Errorf(breach.ErrConflict, "the incident is not closed")
	}
	if err := e.Ledger.SetState(ctx, incident, breach.IncidentMonitoring, by.ID, e.Now().UTC()); err != nil {
		return err
	}
	if e.revive(ctx, incident, inc.OpenedAt) == nil {
		_ = e.Ledger.MarkStarted(ctx, incident) // else CatchUp does it once more, which changes nothing
	}
	return nil
}

// Status asks the story where it stands.
func (e *Engine) Status(ctx context.Context, incident string) (protocol.Status, error) {
	var out protocol.Status
	return out, e.query(ctx, incident, protocol.QueryStatus, &out)
}

// Awaited asks what somebody must do.
func (e *Engine) Awaited(ctx context.Context, incident string) ([]breach.Awaited, error) {
	var out []breach.Awaited
	return out, e.query(ctx, incident, protocol.QueryAwaited, &out)
}

func may(by breach.Actor, what string, roles ...breach.Role) error {
	for _, r := range roles {
		if by.Role == r {
			return nil
		}
	}
	return breach.Errorf(breach.ErrForbidden, "the role %q does not %s", by.Role, what)
}
