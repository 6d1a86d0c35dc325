// Package worker runs workflows and activities. worker.go starts them, one Temporal worker per task queue;
// wire.go builds the adapters from configuration and hands them to the activities that asked for them.
//
// It is a composition root: it sees both sides.
package worker

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/workflows"
)

// Ports is everything that activities ask for. One ledger usually answers for most of them.
type Ports struct {
	Ledger    Ledger
	Judge     activities.Judge
	Profiles  activities.Profiles
	Words     activities.Words
	Senders   activities.Senders
	Publisher activities.Publisher
	Filer     activities.Filer
	Vault     activities.Vault
	Limits    activities.Limits
	Owner     string
	Now       func() time.Time
}

// Ledger is what the store answers for.
type Ledger interface {
	activities.Cases
	activities.Duties
	activities.Plans
	activities.People
	activities.Sending
	activities.Shares
	activities.Brakes
	activities.Holds
	activities.Waves
	activities.Announcements
	activities.Retries
	activities.Paces
	activities.Costs
	activities.Filings
	activities.Exporter
}

// stopTime is how long a worker that ends in order waits for messages that are under way: what is not answered
// by then is unknown, and may be sent once more.
const stopTime = 9 * time.Second

// Run works until ctx ends.
func Run(ctx context.Context, c client.Client, p Ports) error {
	stop, err := Start(c, p)
	if err != nil {
		return err
	}
	defer stop()
	<-ctx.Done()
	return nil
}

// gcPercent lets a worker's memory grow by so much before garbage is looked for, which keeps it below its bound of
// 150 MB (docs/PERFORMANCE.md) and costs no more computing than can be measured. An operator's GOGC wins.
const gcPercent = 85

// Start starts one worker per task queue and returns the function that stops them in order.
func Start(c client.Client, p Ports) (stop func(), err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var running []worker.Worker
	stop = func() {
		for _, w := range running {
			w.Stop()
		}
	}
	add := func(queue string, o worker.Options, register func(worker.Worker)) error {
		o.WorkerStopTimeout = stopTime
		o.Interceptors = []interceptor.WorkerInterceptor{&activities.Calm{}}
		w := worker.New(c, queue, o)
		register(w)
		if err := w.Start(); err != nil {
			return err
		}
		running = append(running, w)
		return nil
	}
	deliver := &activities.Deliver{
		Cases: p.Ledger, Plans: p.Ledger, People: p.Ledger, Sending: p.Ledger, Brakes: p.Ledger, Holds: p.Ledger, Profiles: p.Profiles,
		Words: p.Words, Senders: p.Senders, Shares: p.Ledger, Now: p.Now, Limits: p.Limits, Owner: p.Owner,
	}
	err = add(protocol.QueueIncident, worker.Options{MaxConcurrentActivityExecutionSize: 16}, func(w worker.Worker) {
		workflows.Register(w)
		registerCase(w, p, deliver)
	})
	for _, q := range []string{protocol.QueueEmail, protocol.QueueSMS, protocol.QueuePush, protocol.QueueVoice, protocol.QueueLetter} {
		if err == nil {
			err = add(q, worker.Options{MaxConcurrentActivityExecutionSize: max(8, p.Limits.Lanes), DisableWorkflowWorker: true}, func(w worker.Worker) {
				w.RegisterActivityWithOptions(deliver.Lane, name(activities.NameLane))
			})
		}
	}
	if err == nil {
		err = add(protocol.QueueReport, worker.Options{MaxConcurrentActivityExecutionSize: 4, DisableWorkflowWorker: true}, func(w worker.Worker) {
			report := &activities.Report{Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, Filings: p.Ledger, Holds: p.Ledger, Filer: p.Filer, Now: p.Now}
			w.RegisterActivityWithOptions(report.File, name(activities.NameFile))
		})
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// registerCase registers what runs on the incident queue.
func registerCase(w worker.ActivityRegistry, p Ports, deliver *activities.Deliver) {
	cases := &activities.Case{Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, People: p.Ledger, Filings: p.Ledger, Waves: p.Ledger, Sending: p.Ledger, Retries: p.Ledger, Public: p.Ledger, Holds: p.Ledger, Paces: p.Ledger, Now: p.Now}
	w.RegisterActivityWithOptions(cases.Recall, name(activities.NameRecall))
	w.RegisterActivityWithOptions(cases.Move, name(activities.NameMove))
	w.RegisterActivityWithOptions(cases.Remind, name(activities.NameRemind))
	w.RegisterActivityWithOptions(cases.Fulfil, name(activities.NameFulfil))
	w.RegisterActivityWithOptions(cases.Owe, name(activities.NameOwe))
	w.RegisterActivityWithOptions(cases.Close, name(activities.NameClose))
	w.RegisterActivityWithOptions(cases.Trouble, name(activities.NameTrouble))

	assess := &activities.Assess{Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, Waves: p.Ledger, Holds: p.Ledger, Judge: p.Judge, Profiles: p.Profiles, Now: p.Now}
	w.RegisterActivityWithOptions(assess.Facts, name(activities.NameJudge))

	approve := &activities.Approve{Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, Sending: p.Ledger, Holds: p.Ledger, Judge: p.Judge, Profiles: p.Profiles, Words: p.Words, LetterPt: paper.TextPt, Now: p.Now}
	w.RegisterActivityWithOptions(approve.Compose, name(activities.NameCompose))
	w.RegisterActivityWithOptions(approve.Verify, name(activities.NameVerify))

	resolve := &activities.Resolve{Cases: p.Ledger, People: p.Ledger, Sending: p.Ledger, Brakes: p.Ledger, Holds: p.Ledger, Profiles: p.Profiles,
		Plans: p.Ledger, Words: p.Words, Costs: p.Ledger, Now: p.Now}
	w.RegisterActivityWithOptions(resolve.Survey, name(activities.NameSurvey))
	w.RegisterActivityWithOptions(resolve.Gate, name(activities.NameGate))

	w.RegisterActivityWithOptions(deliver.Reconcile, name(activities.NameReconcile))
	w.RegisterActivityWithOptions(deliver.Settle, name(activities.NameSettle))

	again := &activities.Again{Cases: p.Ledger, People: p.Ledger, Waves: p.Ledger, Profiles: p.Profiles, Retries: p.Ledger, Now: p.Now}
	w.RegisterActivityWithOptions(again.Start, name(activities.NameAgain))

	announce := &activities.Announce{
		Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, People: p.Ledger, Sending: p.Ledger, Paces: p.Ledger, Brakes: p.Ledger, Holds: p.Ledger, Profiles: p.Profiles,
		Announcements: p.Ledger, Publisher: p.Publisher, Now: p.Now,
	}
	w.RegisterActivityWithOptions(announce.Foresee, name(activities.NameForesee))
	w.RegisterActivityWithOptions(announce.Early, name(activities.NameEarly))
	w.RegisterActivityWithOptions(announce.Decide, name(activities.NameDecide))
	w.RegisterActivityWithOptions(announce.Show, name(activities.NameShow))
	w.RegisterActivityWithOptions(announce.Publish, name(activities.NamePublish))

	report := &activities.Report{Cases: p.Ledger, Duties: p.Ledger, Plans: p.Ledger, Filings: p.Ledger, Holds: p.Ledger, Filer: p.Filer, Now: p.Now}
	w.RegisterActivityWithOptions(report.Accept, name(activities.NameAccept))

	hold := &activities.Hold{Cases: p.Ledger, Duties: p.Ledger, People: p.Ledger, Waves: p.Ledger, Holds: p.Ledger, Now: p.Now}
	w.RegisterActivityWithOptions(hold.Stand, name(activities.NameStand))
	w.RegisterActivityWithOptions(hold.LetGo, name(activities.NameLetGo))

	evidence := &activities.Evidence{Cases: p.Ledger, Exporter: p.Ledger, Vault: p.Vault, Now: p.Now}
	w.RegisterActivityWithOptions(evidence.Seal, name(activities.NameSeal))
}

func name(n string) activity.RegisterOptions { return activity.RegisterOptions{Name: n} }
