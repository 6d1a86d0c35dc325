package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// DeliverInput names a wave and the plan that was approved for it.
type DeliverInput struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	PlanHash string `json:"plan_hash"`
	// Paused says that sending was paused before this run began, Round how many rounds earlier runs made.
	// Stage is where the ramp stood.
	Paused bool `json:"paused,omitempty"`
	Round  int  `json:"round,omitempty"`
	Stage  int  `json:"stage,omitempty"`
	// Ungated says that messages of that stage are out and were not judged yet.
	Ungated bool `json:"ungated,omitempty"`
}

// DeliverResult is how the wave's people stand when nobody is due and nobody waits.
type DeliverResult struct {
	Tally   breach.Tally `json:"tally"`
	Rounds  int          `json:"rounds"`
	Stopped bool         `json:"stopped"`
}

// lanesPerChannel is how many chunks of one channel are worked on side by side.
const lanesPerChannel = 3

// delivery is one wave on its way.
type delivery struct {
	in      DeliverInput
	paused  bool
	stopped bool
	nudged  bool
	idle    int // rests in a row in which nothing moved
	closed  int // how often a lane met a closed gate before anybody said why
	stage   int // of the ramp, from 0
	ungated bool
	lifted  bool // a brake: whom it held go out step by step too
	sent    int  // messages of the present round
}

// Deliver tells everybody of one wave, stage by stage as the policy's ramp says: survey who is due by what
// channel, send, settle what is unknown, wait for what only time can tell, and begin again until the ledger says
// that nothing is left to do. When
// its history grows long (a provider that is silent for days) it goes on as a new run.
func Deliver(ctx workflow.Context, in DeliverInput) (DeliverResult, error) {
	d := &delivery{in: in, paused: in.Paused, stage: in.Stage, ungated: in.Ungated}
	workflow.Go(ctx, d.listen)
	round := in.Round
	for over := false; !over && !d.stopped; {
		if err := d.awaitResume(ctx); err != nil {
			return DeliverResult{}, err
		}
		if d.long(ctx) {
			if err := d.anew(ctx, round); err != nil {
				return DeliverResult{}, err
			}
			continue
		}
		round++
		var err error
		if over, err = d.round(ctx, round); err != nil {
			return DeliverResult{}, err
		}
	}
	out, err := settle(ctx, activities.SettleIn{Incident: in.Incident, Wave: in.Wave})
	return DeliverResult{Tally: out.Tally, Rounds: round, Stopped: d.stopped}, err
}

// round is one survey and what follows from it; over says that nothing is left to do.
func (d *delivery) round(ctx workflow.Context, round int) (over bool, err error) {
	d.nudged, d.sent = false, 0
	if d.lifted && !d.ungated {
		d.lifted, d.stage = false, 0
	}
	s, err := survey(ctx, activities.SurveyIn{Incident: d.in.Incident, Wave: d.in.Wave, Round: round, Stage: d.stage})
	if err != nil {
		return false, err
	}
	if s.Sum() > 0 {
		if err := d.send(ctx, round, s); err != nil {
			return false, err
		}
	}
	settled, err := d.reconcile(ctx, s)
	switch {
	case err != nil:
		return false, err
	case s.Sum() > 0 && d.sent == 0 && settled == 0: // whoever was due is held back since, or was told by others
		return false, d.rest(ctx, activities.SurveyOut{Braked: 1})
	case !s.Final && s.Sum() == 0 && s.Braked > 0 && !d.ungated:
		return false, d.rest(ctx, s)
	case !s.Final:
		return false, d.pass(ctx, s)
	case s.Sum() > 0 || settled > 0: // who was settled may be due by another channel now
		d.idle = 0
		return false, nil
	case s.Waiting == 0 && s.Unsettled == 0 && s.Braked == 0:
		return true, nil
	}
	return false, d.rest(ctx, s)
}

// pass watches what comes back of a stage, has it judged, and goes on to the next stage. One in which nobody was due
// has nothing to judge; one that was cut short is surveyed again.
func (d *delivery) pass(ctx workflow.Context, s activities.SurveyOut) error {
	d.ungated = d.ungated || s.Sum() > 0
	if !d.ungated {
		d.stage++
		return nil
	}
	if s.Sum() > 0 && d.long(ctx) {
		return nil
	}
	if _, err := workflow.AwaitWithTimeout(ctx, s.Watch, func() bool { return d.stopped }); err != nil || d.stopped {
		return err
	}
	if err := gate(ctx, activities.GateIn{Incident: d.in.Incident, Wave: d.in.Wave, Stage: d.stage}); err != nil {
		return err
	}
	d.ungated = false
	d.stage++
	return nil
}

// long says that this run's history has grown enough.
func (d *delivery) long(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// anew goes on as a new run, unless a stop is among the signals that nobody has read yet.
func (d *delivery) anew(ctx workflow.Context, round int) error {
	ch := workflow.GetSignalChannel(ctx, protocol.SignalDeliverControl)
	var c protocol.Control
	for ch.ReceiveAsync(&c) {
		d.take(c)
	}
	if d.stopped {
		return nil
	}
	next := d.in
	next.Paused, next.Round, next.Stage, next.Ungated = d.paused, round, d.stage, d.ungated
	if d.lifted && !d.ungated { // as the next round would
		next.Stage = 0
	}
	return workflow.NewContinueAsNewError(ctx, protocol.WorkflowDeliver, next)
}

// listen takes pause, resume and stop.
func (d *delivery) listen(ctx workflow.Context) {
	ch := workflow.GetSignalChannel(ctx, protocol.SignalDeliverControl)
	for {
		var c protocol.Control
		ch.Receive(ctx, &c)
		d.take(c)
	}
}

func (d *delivery) take(c protocol.Control) {
	switch c.Do {
	case "pause":
		d.paused = true
	case "resume":
		d.paused = false
	case "stop":
		d.stopped = true
	case "lift":
		d.lifted = true
	}
	d.nudged, d.closed = true, 0
}

func (d *delivery) awaitResume(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return !d.paused || d.stopped })
}

// send runs the lanes of every channel that is due until their round's chunks are done. The ledger's gate
// stops lanes between two batches; here it only keeps them from being started again.
func (d *delivery) send(ctx workflow.Context, round int, s activities.SurveyOut) error {
	var failed error
	wg := workflow.NewWaitGroup(ctx)
	for _, c := range breach.Channels {
		if s.Due[c] == 0 {
			continue
		}
		lanes := min(lanesPerChannel, int((s.Due[c]+breach.BlockSize-1)/breach.BlockSize))
		for range lanes {
			wg.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer wg.Done()
				if err := d.lane(ctx, round, c); err != nil {
					failed = err
				}
			})
		}
	}
	wg.Wait(ctx)
	return failed
}

func (d *delivery) lane(ctx workflow.Context, round int, c breach.Channel) error {
	others := time.Second
	for !d.stopped && !d.long(ctx) {
		if err := d.awaitResume(ctx); err != nil || d.stopped {
			return err
		}
		out, err := sendLane(ctx, c, activities.LaneIn{
			Incident: d.in.Incident, Wave: d.in.Wave, Round: round, Stage: d.stage, Channel: c, PlanHash: d.in.PlanHash, Slice: laneSlice,
		})
		if err != nil {
			return err
		}
		d.sent += out.Sent
		switch {
		case out.Stopped:
			d.stopped = true
		case out.Paused:
			if err := d.pauseSeen(ctx); err != nil {
				return err
			}
		case out.Rest > 0: // providers are down or at their limits, or others had their turn
			if err := d.hold(ctx, out.Rest); err != nil {
				return err
			}
		case out.Open == 0:
			return nil
		case out.Sent > 0:
			others = time.Second
		default: // the rest is leased by others; one of them may have died
			if _, err := workflow.AwaitWithTimeout(ctx, others, func() bool { return d.stopped }); err != nil {
				return err
			}
			others = min(2*others, lookForLeases)
		}
	}
	return nil
}

// hold waits until it is worth going on, or until somebody says something.
func (d *delivery) hold(ctx workflow.Context, wait time.Duration) error {
	d.nudged = false
	_, err := workflow.AwaitWithTimeout(ctx, min(wait, longestLook), func() bool { return d.nudged || d.stopped })
	return err
}

// How long a delivery waits before it looks again at what may have changed without a word.
const (
	firstLook   = time.Second
	longestLook = 5 * time.Minute
	// lookForLeases is about as long as a lease: what a worker that died has left is free by then.
	lookForLeases = 30 * time.Second
)

// look grows with every look in vain.
func look(vain int) time.Duration { return min(firstLook<<min(vain, 10), longestLook) }

// pauseSeen waits for the word that belongs to a gate that a lane found closed: it comes after the gate was
// closed, or not at all when the pause was taken back.
func (d *delivery) pauseSeen(ctx workflow.Context) error {
	wait := look(d.closed)
	d.closed++
	d.nudged = false
	_, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return d.paused || d.stopped || d.nudged })
	return err
}

// reconcile settles what is unknown and says how many attempts it settled.
func (d *delivery) reconcile(ctx workflow.Context, s activities.SurveyOut) (settled int, err error) {
	if s.Unsettled == 0 && s.Sum() == 0 {
		return 0, nil
	}
	out, err := reconcile(ctx, activities.ReconcileIn{Incident: d.in.Incident, Wave: d.in.Wave})
	return out.Confirmed + out.Repeated + out.NotKnowable, err
}

// rest waits until it is worth looking again. Waits that end one by one are gathered: a quarter of their
// spread at a time keeps the history short without keeping anybody waiting long. What could not be settled
// yet, or is held back by a brake, is looked at less and less often; who lifts a brake says so.
func (d *delivery) rest(ctx workflow.Context, s activities.SurveyOut) error {
	now := workflow.Now(ctx)
	wait := time.Second
	if s.Waiting > 0 {
		wait = max(wait, s.Next.Add(s.Last.Sub(s.Next)/4).Sub(now))
	}
	if s.Unsettled > 0 || s.Braked > 0 {
		if again := look(d.idle); s.Waiting == 0 || again < wait {
			wait = again
		}
		d.idle++
	}
	_, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return d.nudged })
	return err
}
