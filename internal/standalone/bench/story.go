package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// open opens the incident, or finds the one that is under way.
func (b *Bench) open(ctx context.Context, s Stack) error {
	if b.resumed {
		_, err := s.Desk.Store.Incident(ctx, b.memory.Incident)
		if err == nil {
			b.o.Screen.Say("Going on with incident " + b.memory.Incident)
		}
		return err
	}
	file, err := incident(b.o.People, time.Now())
	if err != nil {
		return err
	}
	out, err := s.Desk.Open(ctx, file, author)
	if err != nil {
		return err
	}
	b.o.Screen.Say("Opened incident " + out.Incident)
	return b.remember(out.Incident)
}

// plan loads the list and submits the plan, as far as that is not done, and returns the plan that is approved
// or waits for it.
func (b *Bench) plan(ctx context.Context, s Stack) (breach.PlanRecord, error) {
	waves, err := s.Desk.Store.WaveNumbers(ctx, b.memory.Incident)
	if err != nil {
		return breach.PlanRecord{}, err
	}
	if len(waves) == 0 {
		if err := b.load(ctx, s); err != nil {
			return breach.PlanRecord{}, err
		}
	}
	for {
		plan, err := s.Desk.Store.Plan(ctx, b.memory.Incident, 1)
		switch {
		case err == nil && (plan.State == breach.PlanApproved || plan.State == breach.PlanAwaiting):
			return plan, nil
		case err != nil && breach.CodeOf(err) != breach.ErrNotFound:
			return plan, err
		}
		if err := b.submit(ctx, s); err != nil {
			return plan, err
		}
	}
}

func (b *Bench) load(ctx context.Context, s Stack) error {
	people := list(b.o.People)
	defer people.Close()
	bar := b.o.Screen.meter("Import", int64(b.o.People), 0)
	begin := time.Now()
	stored := b.stored(ctx, s)
	_, report, err := s.Desk.LoadList(ctx, b.memory.Incident, author, &rows{in: people, saw: bar.show}, breach.Reading{Country: "NZ"})
	b.judged = time.Since(begin)
	b.imported = stored().Sub(begin)
	if err != nil {
		return err
	}
	b.o.Screen.Say(fmt.Sprintf("Imported %d people, %.0f rows/s", report.Added, float64(report.Added)/b.imported.Seconds()))
	if report.Added != int64(b.o.People) {
		return breach.Errorf(breach.ErrInternal, "%d of %d people were loaded", report.Added, b.o.People)
	}
	return nil
}

// stored looks when the list is in the ledger: the caller's answer comes a moment later, when the duties were judged
// anew by it. The returned function gives that instant, or now when nothing was stored.
func (b *Bench) stored(ctx context.Context, s Stack) func() time.Time {
	ctx, cancel := context.WithCancel(ctx)
	found := make(chan time.Time, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if waves, err := s.Desk.Store.WaveNumbers(ctx, b.memory.Incident); err == nil && len(waves) > 0 {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		found <- time.Now()
	}()
	return func() time.Time { cancel(); return <-found }
}

// rows counts the rows of a list that is read through it.
type rows struct {
	in  io.Reader
	n   int64
	saw func(int64)
}

func (r *rows) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	for _, c := range p[:n] {
		if c == '\n' {
			r.n++
		}
	}
	r.saw(max(0, r.n-1)) // the first line is the header
	return n, err
}

// submitPatience is how long a plan that is being built is waited for before it is asked for again.
const submitPatience = 5 * time.Minute

// submit asks for the plan and waits until it stands: for many people that takes longer than a caller waits.
func (b *Bench) submit(ctx context.Context, s Stack) error {
	begin := time.Now()
	out, err := s.Desk.Submit(ctx, b.memory.Incident, 1, author)
	switch breach.CodeOf(err) {
	case breach.ErrUnavailable, breach.ErrConflict:
	default:
		if err != nil {
			return err
		}
	}
	if len(out.Problems) > 0 {
		return breach.Errorf(breach.ErrInternal, "the benchmark's own plan is refused: %s", out.Problems[0])
	}
	if len(out.Gaps) > 0 {
		names := make([]breach.Waiver, len(out.Gaps))
		for i, g := range out.Gaps {
			names[i] = breach.Waiver{Obligation: g.Obligation, Field: g.Field}
		}
		if _, err := s.Desk.WaiveContents(ctx, b.memory.Incident, 1, names, "Generated people of a benchmark; nobody is told anything.", author); err != nil {
			return err
		}
		return b.submit(ctx, s)
	}
	for time.Since(begin) < submitPatience {
		if _, err := s.Desk.Store.Plan(ctx, b.memory.Incident, 1); breach.CodeOf(err) != breach.ErrNotFound || err == nil {
			b.planned = time.Since(begin)
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// sending is what was measured around the send of this start.
type sending struct {
	usage  usage
	people int64 // told in this start
	rss    int64
}

// deliver approves, as the second person, and follows the send to its end.
func (b *Bench) deliver(ctx context.Context, s Stack, plan breach.PlanRecord) (out sending, err error) {
	before, err := b.told(ctx, s)
	if err != nil {
		return out, err
	}
	if err := b.profiles("begin"); err != nil {
		return out, err
	}
	used := b.used(s)
	if plan.State != breach.PlanApproved {
		begin := time.Now()
		if _, err := s.Desk.Approve(ctx, b.memory.Incident, breach.Consent{PlanHash: plan.Hash, Unreviewed: true}, approver); err != nil {
			return out, err
		}
		b.stands = time.Now()
		b.approved = b.stands.Sub(begin)
		b.o.Screen.Say("Approved by a second person; sending")
	}
	done := make(chan error, 1)
	go func() { done <- awaitDelivery(ctx, s, b.memory.Incident, plan.Plan.Wave) }()
	bar := b.o.Screen.meter("Sending", int64(b.o.People), before)
	for over := false; !over; {
		select {
		case err := <-done:
			if err != nil {
				return out, err
			}
			over = true
		case <-time.After(300 * time.Millisecond):
		}
		told, err := b.told(ctx, s)
		if err != nil {
			return out, err
		}
		bar.show(told)
		out.people = told - before
	}
	out.usage = b.used(s).since(used)
	if err := b.profiles(""); err != nil {
		return out, err
	}
	out.rss = peakMemory(b.worker.cmd.Process.Pid)
	b.o.Screen.Say(fmt.Sprintf("Sent to %d people in this run", out.people))
	return out, nil
}

// told is how many people are not pending any more.
func (b *Bench) told(ctx context.Context, s Stack) (int64, error) {
	t, err := s.Desk.Store.Tally(ctx, b.memory.Incident, 0)
	return t.Sum() - t[breach.Pending], err
}

func (b *Bench) used(s Stack) usage {
	return usage{worker: cpuOf(b.worker.cmd.Process.Pid), postgres: cpuOfPostgres(s.Postgres), rest: cpuOf(os.Getpid())}
}

// profiles begins or ends CPU profiles of the worker and of this process.
func (b *Bench) profiles(begin string) error {
	if b.o.Profile == "" {
		return nil
	}
	theirs, ours := "", ""
	if begin != "" {
		dir, err := filepath.Abs(b.o.Profile)
		if err != nil {
			return err
		}
		theirs, ours = filepath.Join(dir, "worker.pprof"), filepath.Join(dir, "rest.pprof")
	}
	if answer, err := b.worker.tell(commandProfile + " " + theirs); err != nil || answer != "ok" {
		return errors.Join(err, fmt.Errorf("profile of the worker: %s", answer))
	}
	return profile(ours)
}

// awaitDelivery returns when nobody is due and nobody waits.
func awaitDelivery(ctx context.Context, s Stack, incident string, wave int) error {
	for {
		err := s.Client.GetWorkflow(ctx, protocol.DeliverID(incident, wave), "").Get(ctx, nil)
		var missing *serviceerror.NotFound
		if !errors.As(err, &missing) {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil { // the approval is on its way to it
			return err
		}
	}
}
