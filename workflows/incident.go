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
	s := &story{in: in, mu: workflow.NewMutex(ctx)}
	if err := s.listen(ctx); err != nil { // first of all: an update that finds no handler is lost
		return err
	}
	if err := s.recall(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.ready = true
	workflow.Go(ctx, s.watchClocks)
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
	return s.seal(ctx)
}

// story is the state of one incident's workflow. It holds ids, counts, hashes and enums only.
type story struct {
	in       protocol.IncidentInput
	mu       workflow.Mutex // updates that yield take turns
	state    breach.IncidentState
	revision int
	waves    []*wave
	reports  []*report
	clocks   []*clock
	duties   []string  // obligations with a first report
	unjudged time.Time // since when the facts could not be judged

	ready bool // the ledger was recalled and its facts judged: updates may run
	told  bool // everybody on the lists was told or is covered

	announced, paused, stopped, closed bool
	clocksChanged                      bool
	timeline                           []protocol.TimelineEntry
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
	child    workflow.ChildWorkflowFuture
	stopped  bool // delivered as far as it came
}

// report is one report to an authority. It has no state while it is being filed.
type report struct {
	obligation string
	state      breach.ObligationState
	since      time.Time
	failed     bool
}

// recall takes over what the ledger knows, so that a story may start in the middle.
func (s *story) recall(ctx workflow.Context) error {
	out, err := recall(ctx, s.in.Incident)
	if err != nil {
		return err
	}
	s.state, s.revision, s.paused, s.stopped = out.State, out.Revision, out.Paused, out.Stopped
	s.closed = s.state == breach.IncidentClosed
	s.told = s.state == breach.IncidentMonitoring && !s.stopped
	now := workflow.Now(ctx)
	for _, r := range out.Waves {
		w := &wave{no: r.Wave, state: waveLoaded, since: now}
		switch r.Plan {
		case breach.PlanAwaiting:
			w.state, w.planHash, w.author = waveAwaiting, r.PlanHash, r.Author
		case breach.PlanApproved:
			w.state, w.planHash, w.author = waveApproved, r.PlanHash, r.Author
		}
		s.told = s.told && w.state == waveApproved
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
	}
	if s.state == breach.IncidentOpen {
		return s.moveTo(ctx, breach.IncidentAssessing)
	}
	return nil
}

// notify carries out an approved plan: reports and people side by side, then the announcement.
func (s *story) notify(ctx workflow.Context, w *wave) {
	result, err := s.carryOut(ctx, w)
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
	if s.everybodyTold() {
		s.closeDuties(ctx)
	}
	if !s.delivering() {
		if err := s.moveTo(ctx, breach.IncidentMonitoring); err != nil {
			s.note(ctx, "deliver", "the state could not be moved: "+why(err))
		}
	}
}

func (s *story) carryOut(ctx workflow.Context, w *wave) (DeliverResult, error) {
	if err := s.approvedReports(ctx, w); err != nil {
		return DeliverResult{}, err
	}
	if err := s.moveTo(ctx, breach.IncidentNotifying); err != nil {
		return DeliverResult{}, err
	}
	for _, o := range w.reports {
		workflow.Go(ctx, func(ctx workflow.Context) { s.report(ctx, w, o) })
	}
	if err := show(ctx, activities.AnnounceIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}); err != nil {
		return DeliverResult{}, err
	}
	result, err := s.deliver(ctx, w)
	if err != nil || result.Stopped {
		return result, err
	}
	return result, s.announce(ctx, w)
}

// everybodyTold says that no list is left whose people are still to be told.
func (s *story) everybodyTold() bool {
	for _, w := range s.waves {
		if w.state != waveDelivered || w.stopped {
			return false
		}
	}
	return true
}

// closeDuties closes the duties to people once nobody is left to be told.
func (s *story) closeDuties(ctx workflow.Context) {
	if err := fulfil(ctx, activities.FulfilIn{Incident: s.in.Incident, Duty: dutyToPeople}); err != nil {
		s.note(ctx, "deliver", "the duties to people could not be closed: "+why(err))
		return
	}
	s.told = true
	s.met(dutyToPeople)
}

// broke says that a wave cannot go on by itself; the reason holds no personal data.
func (s *story) broke(ctx workflow.Context, w *wave, err error) {
	w.state, w.since = waveFailed, workflow.Now(ctx)
	s.note(ctx, "deliver", "list "+itoa(w.no)+" stopped by an error: "+why(err))
	s.record(ctx, "list "+itoa(w.no), why(err))
}

// record puts trouble on the ledger's record, where those who must mend it look.
func (s *story) record(ctx workflow.Context, what, reason string) {
	if err := trouble(ctx, activities.TroubleIn{Incident: s.in.Incident, What: what, Reason: reason, At: workflow.Now(ctx)}); err != nil {
		s.note(ctx, "case", "trouble could not be recorded: "+why(err))
	}
}

func (s *story) moveTo(ctx workflow.Context, to breach.IncidentState) error {
	if s.state == to {
		return nil
	}
	if err := move(ctx, activities.MoveIn{Incident: s.in.Incident, To: to}); err != nil {
		return err
	}
	s.state = to
	return nil
}

func (s *story) approved() *wave {
	for _, w := range s.waves {
		if w.state == waveApproved {
			return w
		}
	}
	return nil
}

func (s *story) delivering() bool {
	for _, w := range s.waves {
		if w.state == waveDelivering {
			return true
		}
	}
	return false
}

func (s *story) wave(no int) *wave {
	for _, w := range s.waves {
		if w.no == no {
			return w
		}
	}
	return nil
}

// timelineLength bounds what a query returns and a replay holds; the ledger keeps everything.
const timelineLength = 200

func (s *story) note(ctx workflow.Context, stage, what string) {
	s.timeline = append(s.timeline, protocol.TimelineEntry{At: workflow.Now(ctx), Stage: stage, What: what})
	if n := len(s.timeline); n > timelineLength {
		s.timeline = s.timeline[n-timelineLength:]
	}
}
