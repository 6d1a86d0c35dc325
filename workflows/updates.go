package workflows

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// listen registers what people may ask and decide. A validator refuses what makes no sense now, before
// anything enters the history.
func (s *story) listen(ctx workflow.Context) error {
	for _, set := range []func(workflow.Context) error{s.queries, s.factUpdates, s.planUpdates, s.sendUpdates, s.againUpdates, s.holdUpdates, s.endUpdates} {
		if err := set(ctx); err != nil {
			return err
		}
	}
	workflow.Go(ctx, s.signals)
	return nil
}

// update registers one update. Its validator sees the state as it is; its handler runs alone, and asks the
// same again first, because another decision may have been carried out while this one waited. What comes
// before the story is ready waits for it.
func update[In, Out any](ctx workflow.Context, s *story, name string, may func(In) error, do func(workflow.Context, In) (Out, error)) error {
	allowed := func(in In) error {
		if s.closed {
			return reject(breach.ErrConflict, protocol.Closed)
		}
		return may(in)
	}
	handler := func(ctx workflow.Context, in In) (none Out, err error) {
		if err := workflow.Await(ctx, func() bool { return s.ready }); err != nil {
			return none, err
		}
		if err := s.mu.Lock(ctx); err != nil {
			return none, err
		}
		defer s.mu.Unlock()
		if err := allowed(in); err != nil {
			return none, err
		}
		return do(ctx, in)
	}
	validator := func(ctx workflow.Context, in In) error {
		if !s.ready {
			return nil
		}
		return allowed(in)
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, name, handler, workflow.UpdateHandlerOptions{Validator: validator})
}

func (s *story) factUpdates(ctx workflow.Context) error {
	may := func(in protocol.Amend) error {
		if in.FactRevision < 1 {
			return reject(breach.ErrInvalid, "fact revisions are counted from 1")
		}
		return nil
	}
	err := update(ctx, s, protocol.UpdateAmend, may, func(ctx workflow.Context, in protocol.Amend) (breach.Amended, error) {
		if in.FactRevision <= s.revision { // judged with a newer one, or by a story that began after it
			return s.judgedWith(in.FactRevision), nil
		}
		before := s.revision
		out, err := s.assess(ctx, 0) // a dozen filings at once are a dozen revisions: one look takes them all
		if err == nil && in.FactRevision < s.revision {
			s.amended, s.unsaid = out, before
		}
		if err == nil && (s.state == breach.IncidentDraft || s.state == breach.IncidentOpen) {
			err = s.moveTo(ctx, breach.IncidentAssessing)
		}
		return out, err
	})
	if err != nil {
		return err
	}
	refused := func(in protocol.File) error {
		if r := s.filing(in.Obligation); r == nil || !r.failed {
			return reject(breach.ErrConflict, "%s is no report that was refused", in.Obligation)
		}
		return nil
	}
	err = update(ctx, s, protocol.UpdateFile, refused, func(ctx workflow.Context, in protocol.File) (protocol.Done, error) {
		s.fileAgain(ctx, in.Obligation)
		return s.done(), nil
	})
	if err != nil {
		return err
	}
	filed := func(in protocol.Acknowledge) error {
		for _, r := range s.reports {
			if r.obligation == in.Obligation && r.state != "" {
				return nil
			}
		}
		return reject(breach.ErrConflict, "%s is not filed, so it cannot be acknowledged", in.Obligation)
	}
	return update(ctx, s, protocol.UpdateAcknowledge, filed, func(ctx workflow.Context, in protocol.Acknowledge) (protocol.Done, error) {
		out, err := accept(ctx, activities.AcceptIn{Incident: s.in.Incident, Obligation: in.Obligation})
		if err != nil {
			return protocol.Done{}, err
		}
		for _, r := range s.reports {
			if r.obligation == in.Obligation {
				r.state = out.State
			}
		}
		s.note(ctx, "report", in.Obligation+" "+string(out.State))
		return s.done(), nil
	})
}

func (s *story) planUpdates(ctx workflow.Context) error {
	submittable := func(in protocol.Submit) error {
		switch w := s.wave(in.Wave); {
		case in.Wave < 1:
			return reject(breach.ErrInvalid, "lists are counted from 1")
		case s.stopped && w != nil && !w.empty:
			return reject(breach.ErrConflict, "sending was stopped for good: no further plan can be carried out")
		case w != nil && w.decided():
			return reject(breach.ErrAlreadyDecided, "the plan of list %d is approved already", in.Wave)
		}
		return nil
	}
	if err := update(ctx, s, protocol.UpdateSubmit, submittable, s.submit); err != nil {
		return err
	}
	if err := update(ctx, s, protocol.UpdateApprove, s.approvable, func(ctx workflow.Context, in protocol.Decide) (protocol.Done, error) {
		return s.done(), s.approve(ctx, in)
	}); err != nil {
		return err
	}
	returnable := func(in protocol.Decide) error {
		if s.awaiting(in.PlanHash) == nil {
			return reject(breach.ErrOldHash, "no plan with this hash waits for approval")
		}
		return nil
	}
	return update(ctx, s, protocol.UpdateReturn, returnable, func(ctx workflow.Context, in protocol.Decide) (protocol.Done, error) {
		s.giveBack(ctx, in)
		return s.done(), nil
	})
}

// approvable refuses an approval of what is decided already, by the author, or by a role that may not. One that
// names a list is never refused because the story has not heard of its plan: the ledger has it, and says so.
func (s *story) approvable(in protocol.Decide) error {
	for _, done := range s.waves {
		if done.planHash == in.PlanHash && done.decided() {
			return reject(breach.ErrAlreadyDecided, "this plan is approved already")
		}
	}
	w := s.awaiting(in.PlanHash)
	switch {
	case w == nil && in.Wave < 1:
		return reject(breach.ErrOldHash, "no plan with this hash waits for approval; read the plan again")
	case w != nil && in.Actor == w.author:
		return reject(breach.ErrSelfApproval, "the author of a plan cannot approve it")
	case in.Role != breach.RoleLead:
		return reject(breach.ErrForbidden, "only a lead approves")
	}
	return nil
}

// sendUpdates take moves of the gate that the ledger has decided already, so they are never refused: the
// ledger asks whether anything is being sent, and of two at once it takes one.
func (s *story) sendUpdates(ctx workflow.Context) error {
	moves := map[string]func(){
		protocol.UpdatePause:  func() { s.paused = true },
		protocol.UpdateResume: func() { s.paused = false },
		protocol.UpdateStop:   func() { s.stopped = true },
		protocol.UpdateLift:   func() {}, // a brake is the ledger's alone: the delivery only has to look again
	}
	for _, name := range []string{protocol.UpdatePause, protocol.UpdateResume, protocol.UpdateStop, protocol.UpdateLift} {
		err := update(ctx, s, name, func(protocol.Command) error { return nil }, func(ctx workflow.Context, _ protocol.Command) (protocol.Done, error) {
			moves[name]()
			s.tell(ctx, name)
			s.note(ctx, "deliver", name+" was asked for")
			return s.done(), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *story) endUpdates(ctx workflow.Context) error {
	closable := func(in protocol.Close) error {
		if s.delivering() {
			return reject(breach.ErrConflict, "people are still being told; wait, or stop sending first")
		}
		if len(s.retrying) > 0 {
			return reject(breach.ErrConflict, "people are being set back to be told once more; wait, or stop sending first")
		}
		if s.filingAny() && !in.Reasoned {
			return reject(breach.ErrConflict, "a report is being filed; close when the authority has it, or with a reason")
		}
		if in.Role != breach.RoleLead {
			return reject(breach.ErrForbidden, "only a lead closes an incident")
		}
		return nil
	}
	return update(ctx, s, protocol.UpdateClose, closable, func(ctx workflow.Context, in protocol.Close) (protocol.Done, error) {
		if err := closeCase(ctx, activities.CloseIn{Incident: s.in.Incident, Actor: in.Actor, Reasoned: in.Reasoned}); err != nil {
			return protocol.Done{}, err
		}
		s.state, s.closed = breach.IncidentClosed, true
		return s.done(), nil
	})
}

// List names a list of people of which a signal speaks.
type List struct {
	Wave int `json:"wave"`
}

func (s *story) signals(ctx workflow.Context) {
	if workflow.Await(ctx, func() bool { return s.ready }) != nil {
		return
	}
	people := workflow.GetSignalChannel(ctx, protocol.SignalPeopleLoaded)
	due := workflow.GetSignalChannel(ctx, protocol.SignalPeopleDue)
	more := workflow.GetSignalChannel(ctx, protocol.SignalMoreDetections)
	sel := workflow.NewSelector(ctx)
	sel.AddReceive(people, func(c workflow.ReceiveChannel, _ bool) {
		var in List
		c.Receive(ctx, &in)
		s.loaded(ctx, in.Wave)
	})
	sel.AddReceive(due, func(c workflow.ReceiveChannel, _ bool) {
		var in List
		c.Receive(ctx, &in)
		s.again(ctx, in.Wave)
	})
	sel.AddReceive(more, func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, nil)
		s.note(ctx, "open", "more detections arrived; they are kept as evidence")
	})
	for !s.closed {
		sel.Select(ctx)
	}
}

func (s *story) queries(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, protocol.QueryStatus, func() (protocol.Status, error) { return s.status(), nil }); err != nil {
		return err
	}
	if err := workflow.SetQueryHandler(ctx, protocol.QueryTimeline, func() ([]protocol.TimelineEntry, error) { return s.timeline, nil }); err != nil {
		return err
	}
	return workflow.SetQueryHandler(ctx, protocol.QueryAwaited, func() ([]breach.Awaited, error) { return s.awaited(), nil })
}

func (s *story) status() protocol.Status {
	out := protocol.Status{
		Incident: s.in.Incident, State: s.state, FactRevision: s.revision, Paused: s.paused, Stopped: s.stopped, Announced: s.announced,
	}
	if n := len(s.timeline); n > 0 {
		out.Stage = s.timeline[n-1].Stage
	}
	for _, w := range s.waves {
		out.Waves = append(out.Waves, protocol.WaveStatus{Wave: w.no, State: w.state, PlanHash: w.planHash})
	}
	for _, r := range s.reports {
		out.Reports = append(out.Reports, protocol.ReportStatus{Obligation: r.obligation, State: r.state})
	}
	for _, c := range s.clocks {
		out.Clocks = append(out.Clocks, protocol.ClockStatus{Obligation: c.Obligation, DueAt: c.DueAt, Overdue: c.overdue, Met: c.met, Held: !c.HeldUntil.IsZero()})
	}
	return out
}

// awaited lists what somebody must do, the oldest first within each kind.
func (s *story) awaited() []breach.Awaited {
	var out []breach.Awaited
	add := func(what string, role breach.Role, notBy, ref string, since time.Time) {
		out = append(out, breach.Awaited{What: what, Role: role, NotBy: notBy, Ref: ref, Since: since})
	}
	if s.closed || !s.ready {
		return nil
	}
	if !s.unjudged.IsZero() {
		add("mend", breach.RoleLead, "", "facts", s.unjudged)
	}
	if !s.anybody() {
		add("load_people", breach.RoleResponder, "", "", s.in.OpenedAt)
	}
	if s.owesReports() {
		add("submit_reports", breach.RoleResponder, "", "", s.judged)
	}
	for _, w := range s.waves {
		switch w.state {
		case waveLoaded:
			add("submit", breach.RoleResponder, "", itoa(w.no), w.since)
		case waveAwaiting:
			add("approve", breach.RoleLead, w.author, w.planHash, w.since)
		case waveFailed:
			add("mend", breach.RoleLead, "", itoa(w.no), w.since)
		}
	}
	for _, r := range s.reports {
		if r.failed && !r.late {
			add("mend", breach.RoleLead, "", r.obligation, r.since)
		}
		if r.state == breach.ObligationFiled {
			add("acknowledge", breach.RoleLead, "", r.obligation, r.since)
		}
	}
	for _, c := range s.clocks {
		if c.Applies && c.overdue && !c.met && !slices.Contains(s.explained, c.Obligation) {
			add("explain_delay", breach.RoleResponder, "", c.Obligation, c.DueAt)
		}
	}
	if s.state == breach.IncidentMonitoring && !s.delivering() && !s.filingAny() {
		add("close", breach.RoleLead, "", "", s.timeline[len(s.timeline)-1].At)
	}
	return out
}

// filingAny says that a report is under way to its authority.
func (s *story) filingAny() bool {
	return slices.ContainsFunc(s.reports, func(r *report) bool { return r.state == "" && !r.failed })
}

func (s *story) done() protocol.Done { return protocol.Done{State: s.state} }

// reject is a refusal that the caller sees with its code; it is the same again until the state changes.
func reject(code breach.Code, format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), string(code), nil)
}

func itoa(n int) string { return strconv.Itoa(n) }
