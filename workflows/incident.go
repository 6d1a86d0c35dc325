package workflows

import (
	"time"

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
	if err := s.recall(ctx); err != nil {
		return err
	}
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
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
	duties   []string // obligations with a first report

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
}

type report struct {
	obligation string
	state      breach.ObligationState
	since      time.Time
}

// recall takes over what the ledger knows, so that a story may start in the middle.
func (s *story) recall(ctx workflow.Context) error {
	out, err := recall(ctx, s.in.Incident)
	if err != nil {
		return err
	}
	s.state, s.revision = out.State, out.Revision
	now := workflow.Now(ctx)
	for _, r := range out.Waves {
		w := &wave{no: r.Wave, state: waveLoaded, since: now}
		switch r.Plan {
		case breach.PlanAwaiting:
			w.state, w.planHash, w.author = waveAwaiting, r.PlanHash, r.Author
		case breach.PlanApproved:
			w.state, w.planHash, w.author = waveApproved, r.PlanHash, r.Author
		}
		s.waves = append(s.waves, w)
	}
	for _, o := range out.Filed {
		s.reports = append(s.reports, &report{obligation: o, state: breach.ObligationFiled, since: now})
	}
	return nil
}

// begin assesses for the first time. A draft that a detector opened stays a draft until a person takes it
// up, but its clocks run. What people decide in that moment waits for its turn.
func (s *story) begin(ctx workflow.Context) error {
	if err := s.mu.Lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.note(ctx, "open", "the story begins at fact revision "+itoa(s.revision))
	if _, err := s.assess(ctx, 0); err != nil {
		return err
	}
	if s.state == breach.IncidentOpen {
		return s.moveTo(ctx, breach.IncidentAssessing)
	}
	return nil
}

// notify carries out an approved plan: reports and people side by side, then the announcement.
func (s *story) notify(ctx workflow.Context, w *wave) {
	if err := s.approvedReports(ctx, w); err != nil {
		s.broke(ctx, w, err)
		return
	}
	if err := s.moveTo(ctx, breach.IncidentNotifying); err != nil {
		s.broke(ctx, w, err)
		return
	}
	for _, o := range w.reports {
		workflow.Go(ctx, func(ctx workflow.Context) { s.report(ctx, w, o) })
	}
	if err := show(ctx, activities.AnnounceIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}); err != nil {
		s.broke(ctx, w, err)
		return
	}
	result, err := s.deliver(ctx, w)
	if err == nil && !result.Stopped {
		err = s.announce(ctx, w)
	}
	if err != nil {
		s.broke(ctx, w, err)
		return
	}
	w.state = waveDelivered
	s.note(ctx, "deliver", "list "+itoa(w.no)+" is done: "+itoa(int(result.Tally[breach.Reached]))+" reached")
	if !s.delivering() && !result.Stopped {
		s.told(ctx)
	}
	if !s.delivering() {
		if err := s.moveTo(ctx, breach.IncidentMonitoring); err != nil {
			s.note(ctx, "deliver", "the state could not be moved: "+err.Error())
		}
	}
}

// told closes the duties to people once nobody is left to be told.
func (s *story) told(ctx workflow.Context) {
	const duty = "notify_individuals"
	if err := fulfil(ctx, activities.FulfilIn{Incident: s.in.Incident, Duty: duty}); err != nil {
		s.note(ctx, "deliver", "the duties to people could not be closed: "+err.Error())
		return
	}
	s.met(duty)
}

// broke says that a wave cannot go on by itself; the reason holds no personal data.
func (s *story) broke(ctx workflow.Context, w *wave, err error) {
	w.state, w.since = waveFailed, workflow.Now(ctx)
	s.note(ctx, "deliver", "list "+itoa(w.no)+" stopped by an error: "+err.Error())
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
