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
}

// Deliver tells everybody of one wave: survey who is due by what channel, send, settle what is unknown,
// wait for what only time can tell, and begin again until the ledger says that nothing is left to do.
func Deliver(ctx workflow.Context, in DeliverInput) (DeliverResult, error) {
	d := &delivery{in: in}
	workflow.Go(ctx, d.listen)
	round := 1
	for ; !d.stopped; round++ {
		if err := d.awaitResume(ctx); err != nil {
			return DeliverResult{}, err
		}
		s, err := survey(ctx, activities.SurveyIn{Incident: in.Incident, Wave: in.Wave, Round: round})
		if err != nil {
			return DeliverResult{}, err
		}
		if s.Sum() > 0 {
			if err := d.send(ctx, round, s); err != nil {
				return DeliverResult{}, err
			}
		}
		left, err := d.reconcile(ctx, s)
		if err != nil {
			return DeliverResult{}, err
		}
		if s.Sum() == 0 && s.Waiting == 0 && s.Unsettled == 0 {
			break
		}
		if s.Sum() == 0 {
			if err := d.rest(ctx, s, left); err != nil {
				return DeliverResult{}, err
			}
		}
	}
	out, err := settle(ctx, activities.SettleIn{Incident: in.Incident, Wave: in.Wave})
	return DeliverResult{Tally: out.Tally, Rounds: round, Stopped: d.stopped}, err
}

// listen takes pause, resume and stop.
func (d *delivery) listen(ctx workflow.Context) {
	ch := workflow.GetSignalChannel(ctx, protocol.SignalDeliverControl)
	for {
		var c protocol.Control
		ch.Receive(ctx, &c)
		switch c.Do {
		case "pause":
			d.paused = true
		case "resume":
			d.paused = false
		case "stop":
			d.stopped = true
		}
		d.nudged = true
	}
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
	for !d.stopped {
		if err := d.awaitResume(ctx); err != nil || d.stopped {
			return err
		}
		out, err := sendLane(ctx, c, activities.LaneIn{
			Incident: d.in.Incident, Wave: d.in.Wave, Round: round, Channel: c, PlanHash: d.in.PlanHash, Slice: laneSlice,
		})
		if err != nil {
			return err
		}
		switch {
		case out.Paused:
			// The gate is closed before the signal arrives: wait for either answer.
			if err := d.pauseSeen(ctx); err != nil {
				return err
			}
		case out.Open == 0:
			return nil
		default: // the rest is leased by others; one of them may have died
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *delivery) pauseSeen(ctx workflow.Context) error {
	d.nudged = false
	_, err := workflow.AwaitWithTimeout(ctx, 5*time.Second, func() bool { return d.paused || d.stopped || d.nudged })
	return err
}

// reconcile settles what is unknown; left is how many could not be asked about yet.
func (d *delivery) reconcile(ctx workflow.Context, s activities.SurveyOut) (left int, err error) {
	if s.Unsettled == 0 && s.Sum() == 0 {
		return 0, nil
	}
	out, err := reconcile(ctx, activities.ReconcileIn{Incident: d.in.Incident, Wave: d.in.Wave})
	return out.Later, err
}

// rest waits until it is worth looking again. Waits that end one by one are gathered: a quarter of their
// spread at a time keeps the history short without keeping anybody waiting long.
func (d *delivery) rest(ctx workflow.Context, s activities.SurveyOut, unasked int) error {
	now := workflow.Now(ctx)
	until := now.Add(time.Second)
	if s.Waiting > 0 {
		at := s.Next.Add(s.Last.Sub(s.Next) / 4)
		if at.After(until) {
			until = at
		}
	}
	if unasked > 0 && until.Sub(now) > 5*time.Second {
		until = now.Add(5 * time.Second)
	}
	d.nudged = false
	_, err := workflow.AwaitWithTimeout(ctx, until.Sub(now), func() bool { return d.nudged })
	return err
}
