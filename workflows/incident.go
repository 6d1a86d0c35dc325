package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Incident is the whole story of one case: its duties are assessed and their clocks run; a second person
// approves exactly what will be sent and to whom; everybody is told, authorities too, and those who cannot
// be reached are covered by an announcement; when a person closes it, evidence is sealed.
//
// Decisions come as updates (updates.go). A list of people that is loaded later is a further wave with an
// approval of its own. The ledger is the truth about people and approvals: a story that starts anew recalls
// it and repeats nothing.
func Incident(ctx workflow.Context, in protocol.IncidentInput) error {
	s := &story{in: in, mu: workflow.NewMutex(ctx), moving: workflow.NewMutex(ctx)}
	if err := s.listen(ctx); err != nil { // first of all: an update that finds no handler is lost
		return err
	}
	if err := s.recall(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.resume(ctx); err != nil {
		return err
	}
	s.ready = true
	workflow.Go(ctx, s.watchClocks)
	s.goOn(ctx)
	for {
		if err := workflow.Await(ctx, func() bool { return s.closed || s.approved() != nil }); err != nil {
			return err
		}
		if s.closed {
			break
		}
		w := s.approved()
		w.state = waveDelivering
		workflow.Go(ctx, func(ctx workflow.Context) { s.notify(ctx, w) })
	}
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	if err := s.seal(ctx); err != nil {
		return err
	}
	return s.reopened(ctx)
}

// reopened goes on when somebody reopened the incident while its evidence was being sealed. A signal that comes
// after the last look keeps the story from ending: Temporal has it look again.
func (s *story) reopened(ctx workflow.Context) error {
	for signal := workflow.GetSignalChannel(ctx, protocol.SignalReopened); ; {
		out, err := recall(ctx, s.in.Incident)
		if err != nil {
			return err
		}
		if out.State != breach.IncidentClosed {
			return workflow.NewContinueAsNewError(ctx, protocol.WorkflowIncident, s.in)
		}
		if !signal.ReceiveAsync(nil) {
			return nil
		}
	}
}

// story is the state of one incident's workflow. It holds ids, counts, hashes and enums only.
type story struct {
	in       protocol.IncidentInput
	mu       workflow.Mutex // updates that yield take turns
	moving   workflow.Mutex // so do moves of the incident's state
	state    breach.IncidentState
	revision int
	unsaid   int            // of the revisions after it, what their judgement changed was not said to who brought them
	amended  breach.Amended // what that was
	waves    []*wave
	reports  []*report
	clocks   []*clock
	duties   []string  // obligations whose first report is due
	judged   time.Time // when the facts were judged
	unjudged time.Time // since when the facts could not be judged

	ready bool // the ledger was recalled and its facts judged: updates may run
	told  bool // the ledger has closed the duties to people: everybody on the lists was told or is covered

	announced, paused, stopped, closed bool

	retrying []string            // decisions to try people again that are being carried out
	asked    *breach.AnnounceNow // a lead's decision to tell the public now that is being carried out

	clocksChanged bool
	holdEnds      time.Time // when the next hold ends by itself
	explained     []string  // late duties whose reason is on record
	unexplained   []string  // duties to people that were met late, and nobody has said why
	timeline      []protocol.TimelineEntry
}

// Wave states, as the status query shows them.
const (
	waveLoaded     = "loaded"
	waveAwaiting   = "awaiting_approval"
	waveApproved   = "approved"
	waveDelivering = "delivering"
	waveDelivered  = "delivered"
	waveFailed     = "failed"
)

// wave is one list of people.
type wave struct {
	no       int
	state    string
	planHash string
	author   string
	since    time.Time
	reports  []string
	empty    bool // it holds nobody: its plan is of reports alone
	child    workflow.ChildWorkflowFuture
	stopped  bool // delivered as far as it came
	turn     int  // how often its people were told
	// postponed says that its announcement waits until nobody must be kept from knowing.
	postponed bool
	due       bool // somebody of it was set back to be told while its last turn may have been ending
}

// decided says that its plan was approved and is being carried out, or was.
func (w *wave) decided() bool {
	return w.state == waveApproved || w.state == waveDelivering || w.state == waveDelivered
}

// report is one report to an authority. It has no state while it is being filed.
type report struct {
	obligation string
	state      breach.ObligationState
	since      time.Time
	failed     bool
	late       bool // it failed because nobody has said why it is late
}

// recall takes over what the ledger knows, so that a story may start in the middle.
func (s *story) recall(ctx workflow.Context) error {
	out, err := recall(ctx, s.in.Incident)
	if err != nil {
		return err
	}
	s.state, s.revision, s.paused, s.stopped = out.State, out.Revision, out.Paused, out.Stopped
	s.closed = s.state == breach.IncidentClosed
	s.told = out.Told
	s.retrying, s.asked = out.Again, out.Asked
	now := workflow.Now(ctx)
	for _, r := range out.Waves {
		w := &wave{no: r.Wave, state: waveLoaded, since: now, empty: r.Empty}
		switch r.Plan {
		case breach.PlanAwaiting:
			w.state, w.planHash, w.author = waveAwaiting, r.PlanHash, r.Author
		case breach.PlanApproved:
			w.state, w.planHash, w.author = waveApproved, r.PlanHash, r.Author
		}
		s.waves = append(s.waves, w)
	}
	for _, o := range out.Filed {
		r := &report{obligation: o, state: breach.ObligationFiled, since: now}
		if slices.Contains(out.Acknowledged, o) {
			r.state = breach.ObligationAcknowledged
		}
		s.reports = append(s.reports, r)
	}
	return nil
}

// begin assesses for the first time. A draft that a detector opened stays a draft until a person takes it
// up, but its clocks run. What people decide in that moment waits until it is over. Facts that cannot be
// judged do not end the story: a person has to mend them.
func (s *story) begin(ctx workflow.Context) error {
	if s.closed {
		return nil
	}
	s.note(ctx, "open", "the story begins at fact revision "+itoa(s.revision))
	if _, err := s.assess(ctx, 0); temporal.IsCanceledError(err) {
		return err
	} else if err != nil {
		s.unjudged = workflow.Now(ctx)
		s.note(ctx, "assess", "the facts could not be judged: "+why(err))
		s.record(ctx, "facts", why(err))
	}
	if !s.told && s.anybody() {
		s.owes(ctx)
	}
	if s.state == breach.IncidentOpen {
		return s.moveTo(ctx, breach.IncidentAssessing)
	}
	return nil
}

// resume reads what holds people back since before this story began.
func (s *story) resume(ctx workflow.Context) error {
	if s.closed {
		return nil
	}
	out, err := stand(ctx, s.in.Incident)
	s.holdEnds, s.explained = out.Ends, out.Explained
	if err == nil && s.anybody() { // a hold may have ended meanwhile
		_, err = letGo(ctx, s.in.Incident)
	}
	return err
}

// notify carries out an approved plan: reports and people side by side, then the announcement.
func (s *story) notify(ctx workflow.Context, w *wave) {
	if err := s.begun(ctx, w); err != nil {
		s.broke(ctx, w, err)
		return
	}
	if w.empty {
		w.state = waveDelivered
		return
	}
	result, err := s.tellPeople(ctx, w)
	if err != nil {
		s.broke(ctx, w, err)
		return
	}
	w.state, w.stopped = waveDelivered, result.Stopped
	reached := itoa(int(result.Tally[breach.Reached])) + " reached"
	if w.stopped {
		s.note(ctx, "deliver", "list "+itoa(w.no)+" was stopped: "+reached+"; who was not told stays on the list")
	} else {
		s.note(ctx, "deliver", "list "+itoa(w.no)+" is done: "+reached)
	}
	if w.due && !w.stopped {
		s.afresh(ctx, w.no)
		return
	}
	if s.everybodyTold() {
		s.closeDuties(ctx)
	}
	s.rest(ctx)
}

// rest says that nobody is being told at the moment.
func (s *story) rest(ctx workflow.Context) {
	if s.delivering() || s.state != breach.IncidentNotifying {
		return
	}
	if err := s.moveTo(ctx, breach.IncidentMonitoring); err != nil {
		s.note(ctx, "deliver", "the state could not be moved: "+why(err))
	}
}

// begun reads what the approval covers, which a story that started in the middle does not know yet, and has
// its reports filed.
func (s *story) begun(ctx workflow.Context, w *wave) error {
	out, err := verify(ctx, activities.VerifyIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash})
	if err != nil {
		return err
	}
	w.reports, w.empty = out.Reports, out.People == 0
	for _, o := range w.reports {
		workflow.Go(ctx, func(ctx workflow.Context) { s.report(ctx, w, o) })
	}
	return nil
}

func (s *story) tellPeople(ctx workflow.Context, w *wave) (DeliverResult, error) {
	if err := s.moveTo(ctx, breach.IncidentNotifying); err != nil {
		return DeliverResult{}, err
	}
	if err := show(ctx, activities.AnnounceIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}); err != nil {
		return DeliverResult{}, err
	}
	w.due = false
	w.turn++
	workflow.Go(ctx, func(ctx workflow.Context) { s.foresee(ctx, w, w.turn) })
	result, err := s.deliver(ctx, w)
	if err != nil || result.Stopped {
		return result, err
	}
	return result, s.announce(ctx, w)
}

// again delivers a list once more of which somebody is to be told after all: a provider said late that their
// message failed.
func (s *story) again(ctx workflow.Context, no int) {
	if len(s.retrying) > 0 { // those who are set back now are told as soon as all of them are
		return
	}
	if w := s.wave(no); w != nil && w.state == waveDelivered && !w.stopped && !s.stopped {
		w.state, w.since = waveApproved, workflow.Now(ctx)
		s.note(ctx, "deliver", "a message of list "+itoa(no)+" failed late; who is not told yet is tried again")
		s.owes(ctx)
	}
}

// loaded takes up a list of people. Whoever is on it was not told.
func (s *story) loaded(ctx workflow.Context, no int) {
	if no < 1 || s.wave(no) != nil {
		return
	}
	s.waves = append(s.waves, &wave{no: no, state: waveLoaded, since: workflow.Now(ctx)})
	s.note(ctx, "resolve", "list "+itoa(no)+" was loaded")
	s.owes(ctx)
}

// owes opens the duties to people again that were done: somebody is not told.
func (s *story) owes(ctx workflow.Context) {
	s.told, s.unexplained = false, nil
	for _, c := range s.clocks {
		c.met = c.met && c.Duty != dutyToPeople
	}
	s.clocksChanged = true
	if err := owe(ctx, activities.FulfilIn{Incident: s.in.Incident, Duty: dutyToPeople}); err != nil {
		s.note(ctx, "resolve", "the duties to people could not be opened again: "+why(err))
	}
}

// anybody says that people are on some list.
func (s *story) anybody() bool {
	return slices.ContainsFunc(s.waves, func(w *wave) bool { return !w.empty })
}

// owesReports says that a report to an authority is due that no plan holds, and that no list waits for a plan
// which would take it along.
func (s *story) owesReports() bool {
	for _, o := range s.duties {
		carried := s.filing(o) != nil
		for _, w := range s.waves {
			if w.state == waveLoaded || w.state == waveAwaiting {
				return false
			}
			carried = carried || slices.Contains(w.reports, o)
		}
		if !carried {
			return true
		}
	}
	return false
}

// everybodyTold says that no list is left whose people are still to be told.
func (s *story) everybodyTold() bool {
	for _, w := range s.waves {
		if !w.empty && (w.state != waveDelivered || w.stopped) {
			return false
		}
	}
	return true
}

// closeDuties closes the duties to people once nobody is left to be told.
func (s *story) closeDuties(ctx workflow.Context) {
	out, err := fulfil(ctx, activities.FulfilIn{Incident: s.in.Incident, Duty: dutyToPeople})
	if err != nil {
		s.note(ctx, "deliver", "the duties to people could not be closed: "+why(err))
		return
	}
	switch {
	case out.Done && s.everybodyTold():
		s.told, s.unexplained = true, out.Unexplained
		s.met(dutyToPeople)
	case out.Done: // a list was loaded meanwhile
		s.owes(ctx)
	}
}

// broke says that a wave cannot go on by itself; the reason holds no personal data.
func (s *story) broke(ctx workflow.Context, w *wave, err error) {
	w.state, w.since = waveFailed, workflow.Now(ctx)
	s.note(ctx, "deliver", "list "+itoa(w.no)+" stopped by an error: "+why(err))
	s.record(ctx, "list "+itoa(w.no), why(err))
	s.rest(ctx)
}

// record puts trouble on the ledger's record, where those who must mend it look.
func (s *story) record(ctx workflow.Context, what, reason string) {
	if err := trouble(ctx, activities.TroubleIn{Incident: s.in.Incident, What: what, Reason: reason, At: workflow.Now(ctx)}); err != nil {
		s.note(ctx, "case", "trouble could not be recorded: "+why(err))
	}
}
