package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
)

// One activity per person is measured with few people and as many under way as do best (more are slower).
const (
	onePeople   = 2000
	oneInFlight = 100
)

// perPerson sends with the product's mail transport from one Temporal activity per person: what the design keeps
// away from.
func (b *Bench) perPerson(ctx context.Context, s Stack) (float64, error) {
	config, err := mailConfig(b.plain.address, b.o.Connections)
	if err != nil {
		return 0, err
	}
	sender, err := email.New(config)
	if err != nil {
		return 0, err
	}
	defer func() { _ = sender.Close() }()
	const queue, name = "bench-one", "bench.one"
	w := sdkworker.New(s.Client, queue, sdkworker.Options{})
	var sent atomic.Int64
	w.RegisterActivityWithOptions(func(ctx context.Context, n int) error {
		m := delivery.Message{
			Channel: breach.Email, To: fmt.Sprintf("p%d@one.test", n), Subject: "Notice", Text: strings.Repeat("A sentence of a notice. ", 120),
			HTML: "<p>" + strings.Repeat("A sentence of a notice. ", 200) + "</p>", DeliveryID: fmt.Sprintf("%032x", n), AttemptID: fmt.Sprintf("%032x-1", n),
		}
		_, err := sender.Send(ctx, m)
		if err == nil {
			sent.Add(1)
		}
		return err
	}, activity.RegisterOptions{Name: name})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, people int) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		under := workflow.NewSemaphore(ctx, oneInFlight)
		wg := workflow.NewWaitGroup(ctx)
		var failed error
		for n := range people {
			if err := under.Acquire(ctx, 1); err != nil {
				return err
			}
			wg.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer wg.Done()
				defer under.Release(1)
				if err := workflow.ExecuteActivity(ctx, name, n).Get(ctx, nil); err != nil {
					failed = err
				}
			})
		}
		wg.Wait(ctx)
		return failed
	}, workflow.RegisterOptions{Name: name})
	if err := w.Start(); err != nil {
		return 0, err
	}
	defer w.Stop()
	begun := time.Now()
	run, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "bench/one", TaskQueue: queue}, name, onePeople)
	if err != nil {
		return 0, err
	}
	if err := run.Get(ctx, nil); err != nil {
		return 0, err
	}
	if sent.Load() != onePeople {
		return 0, errors.New("one activity per person did not send to everybody")
	}
	return round(onePeople/time.Since(begun).Seconds(), 0), nil
}
