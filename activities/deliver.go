package activities

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Deliver hands messages to providers by the send protocol: lease a chunk, commit the intent, send, append
// what happened. It checks the approval itself: whoever reaches the workflow engine and claims that a plan
// was approved still cannot make anything go out.
type Deliver struct {
	Cases    Cases
	Plans    Plans
	People   People
	Sending  Sending
	Brakes   Brakes
	Holds    Holds
	Profiles Profiles
	Words    Words
	Senders  Senders
	Shares   Shares // nil: no other process sends
	Now      func() time.Time
	Limits   Limits
	// Owner names this process in leases; it is new with every start.
	Owner string

	writes committer
	flying inFlight
	guard  guard
	ways   ways
	turns  turns
}

// Limits bound how a lane works. InFlight bounds how many messages of a process can be intended without an
// outcome, and so how many are unknown after a crash.
type Limits struct {
	Batch    int           // messages committed as intended at once, at most; a slow provider gets fewer
	Parallel int           // messages of a batch that are under way at once: requests to a provider
	Mail     int           // the same for email, whose transport bounds its connections itself; 0 is Parallel
	Patience time.Duration // how long what is known is offered to a ledger that does not answer
	InFlight int           // messages of this process that are intended without an outcome; at least three batches
	Lease    time.Duration // a lost lane's chunk is free after this
	Margin   time.Duration // a batch is begun only while this much of the lease is left
	Settling time.Duration // an unknown attempt is asked about after this, so that it had time to arrive
	Reserve  time.Duration // a batch is begun only while the activity has this much time left to finish it
	Lanes    int           // lanes of a channel that run at once; when all do, each gives way after Turn
	Turn     time.Duration
}

// DefaultLimits are safe for any provider.
var DefaultLimits = Limits{
	Batch: 166, Parallel: 8, Mail: 80, InFlight: 1000, Patience: 90 * time.Second, Lease: 20 * time.Second, Margin: 8 * time.Second, Settling: 3 * time.Second, Reserve: 2 * time.Minute,
	Lanes: 12, Turn: 4 * time.Second,
}

// LaneIn names the work of one lane for one slice of time.
type LaneIn struct {
	Incident string         `json:"incident"`
	Wave     int            `json:"wave"`
	Round    int            `json:"round"`
	Stage    int            `json:"stage,omitempty"`
	Channel  breach.Channel `json:"channel"`
	PlanHash string         `json:"plan_hash"`
	Slice    time.Duration  `json:"slice"`
}

// LaneOut counts what the lane did. Open is how many chunks of the round are not done. Paused says that the
// gate is closed, Stopped that it is closed for good. Rest is how long it is not worth going on, because providers are
// down or at their limits, or because the lane gave way to others; Open may be 0 then although not all is done.
type LaneOut struct {
	Sent    int           `json:"sent"`
	Open    int           `json:"open"`
	Paused  bool          `json:"paused"`
	Stopped bool          `json:"stopped,omitempty"`
	Rest    time.Duration `json:"rest,omitempty"`
}

// Lane works on chunks of one round of one channel until its slice is over, none is left, or sending is
// paused or stopped.
func (d *Deliver) Lane(ctx context.Context, in LaneIn) (out LaneOut, err error) {
	l, err := d.open(ctx, in)
	if err != nil {
		return LaneOut{}, fail(ctx, err)
	}
	var leave func()
	l.id, leave = d.turns.enter(in.Channel)
	defer leave()
	unattended := d.attend(ctx, in.Incident, l.scope.profile.Guard())
	defer unattended()
	var parked time.Time // the earliest instant at which a chunk that was put by may go on
	for !l.over() {
		if err := d.look(ctx, in.Incident, &out); err != nil || out.Paused {
			return out, fail(ctx, err)
		}
		if until, blocked := l.blocked(time.Now()); blocked && time.Until(until) > longWait {
			out.Rest = time.Until(until)
			return out, nil
		}
		asked := time.Now()
		lease, open, err := d.Sending.Lease(ctx, in.Incident, in.Wave, in.Round, in.Channel, d.Owner, d.Limits.Lease)
		if err != nil {
			return out, fail(ctx, err)
		}
		out.Open = open
		if lease == nil {
			out.rest(parked)
			return out, nil
		}
		c, err := l.chunk(ctx, lease, asked, open-1)
		out.Sent += c.sent
		if err != nil || stopping(ctx) {
			return out, fail(ctx, err)
		}
		if !c.done && !c.parked { // sending is paused, the lease was lost, or the time is over: the story looks why
			out.rest(c.again)
			return out, fail(ctx, d.look(ctx, in.Incident, &out))
		}
		if c.parked && (parked.IsZero() || c.again.Before(parked)) {
			parked = c.again
		}
		beat(ctx)
	}
	out.rest(time.Now())
	return out, nil
}

// rest says until when it is not worth going on, if that is known.
func (o *LaneOut) rest(until time.Time) {
	if !until.IsZero() {
		o.Rest = max(time.Until(until), time.Millisecond)
	}
}

// look notes where the gate stands.
func (d *Deliver) look(ctx context.Context, incident string, out *LaneOut) error {
	paused, stopped, err := d.Sending.Gate(ctx, incident)
	out.Paused, out.Stopped = paused || stopped, stopped
	return err
}

// lane is one lane's knowledge of what was approved.
type lane struct {
	*Deliver
	in      LaneIn
	scope   scope
	stage   stage
	digests map[int64]string // of the approved people, by block
	texts   map[textKey]*breach.Text
	locales []string
	places  []string // whose people have texts of their own; seldom any
	size    int      // of the next batch

	id         int64            // of this lane in this process
	exits      map[string]*exit // the channel's providers, by their names in the policy
	began, end time.Time        // the lane's time
}

// open checks the approval against the stored plan, the policy in force and the people, and loads the
// approved texts.
func (d *Deliver) open(ctx context.Context, in LaneIn) (*lane, error) {
	_, plan, err := d.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return nil, err
	}
	sc, err := loadScope(ctx, d.Cases, d.Profiles, in.Incident)
	if err != nil {
		return nil, err
	}
	if sc.profile.SHA256() != plan.Channels.SHA256 {
		return nil, breach.Errorf(breach.ErrTampered, "the policy, or which channels are configured, differs from what was approved: submit a new plan")
	}
	blocks, err := d.People.Blocks(ctx, in.Incident, in.Wave)
	if err != nil {
		return nil, err
	}
	if breach.DigestOfBlocks(blocks) != plan.People.Digest {
		return nil, breach.Errorf(breach.ErrTampered, "the list of people differs from the one that was approved")
	}
	l := &lane{Deliver: d, in: in, scope: sc, digests: map[int64]string{}, texts: map[textKey]*breach.Text{}, size: min(firstBatch, d.Limits.Batch)}
	l.exits, l.began = d.exits(sc.profile, in.Channel), d.Now()
	l.end = l.began.Add(in.Slice)
	for _, b := range blocks {
		l.digests[b.No] = b.Digest
	}
	if l.stage, err = stageOf(ctx, d.Brakes, sc.profile, in.Incident, in.Wave, in.Stage, peopleIn(blocks)); err != nil {
		return nil, err
	}
	for _, ref := range plan.Notices {
		if ref.Channel != string(in.Channel) {
			continue
		}
		t, err := d.Plans.Text(ctx, in.Incident, ref.SHA256)
		if err != nil {
			return nil, err
		}
		to, place := breach.ReadVariant(ref.Variant)
		l.texts[textKey{to, ref.Locale, place}] = &t
		switch {
		case place != "" && !slices.Contains(l.places, place):
			l.places = append(l.places, place)
		case place == "" && to == breach.ToSelf:
			l.locales = append(l.locales, ref.Locale)
		}
	}
	if len(l.texts) == 0 {
		return nil, breach.Errorf(breach.ErrTampered, "the approved plan holds no text for channel %s", in.Channel)
	}
	return l, nil
}

// due picks the people of a block who are to be told by this lane's channel now.
func (l *lane) due(subjects []breach.Subject) []job {
	now, waits := l.Now().UTC(), l.guard.waits(l.in.Incident)
	jobs := make([]job, 0, len(subjects))
	alike := map[breach.Shape][]policy.Step{}
	for i := range subjects {
		if !l.stage.has(subjects[i].ID) {
			continue
		}
		for _, st := range l.scope.steps(&subjects[i], now, alike) {
			if _, wait := waits.On(subjects[i].Person, st.Channel, now); !wait && st.Kind == policy.StepSend && st.Channel == l.in.Channel {
				jobs = append(jobs, l.job(&subjects[i], st))
			}
		}
	}
	return jobs
}

// stopping says that this worker is about to end in order: what is under way has a few seconds to be
// answered, and nothing more is begun, so that nothing is left unknown.
func stopping(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return false
	}
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// alive beats until the returned function is called, for steps that take long in one call of the ledger.
func alive(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				beat(ctx)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// beat tells Temporal that the activity is alive; outside an activity it does nothing.
func beat(ctx context.Context) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx)
	}
}
