package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/obs"
	"github.com/tocsin-engine/tocsin/internal/payload"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// workerSettings is what the worker's process needs to know: where everything is. Keys stay in their files.
type workerSettings struct {
	Database      string `json:"database"`
	Keys          string `json:"keys"`
	PayloadKeys   string `json:"payload_keys"`
	Temporal      string `json:"temporal"`
	Namespace     string `json:"namespace"`
	Owner         string `json:"owner"`
	PublicBaseURL string `json:"public_base_url"`
	Announcements string `json:"announcements"`
	Evidence      string `json:"evidence"`
	SMTP          string `json:"smtp"`
	Connections   int    `json:"connections"`
}

// runWorker is the product's worker in its process, as `tocsin worker` is elsewhere.
func runWorker(settings []byte, commands *bufio.Reader, out io.Writer) error {
	var s workerSettings
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log, err := obs.NewLogger(os.Stderr, obs.LogOptions{Format: "json", Level: "warn"})
	if err != nil {
		return err
	}
	keys, err := payload.LoadOrCreateKeys(s.PayloadKeys)
	if err != nil {
		return err
	}
	o := client.Options{HostPort: s.Temporal, Namespace: s.Namespace, Identity: s.Owner, Logger: log}
	if o.DataConverter, o.FailureConverter, err = payload.Converters(keys); err != nil {
		return err
	}
	t, err := client.Dial(o)
	if err != nil {
		return fmt.Errorf("connect to the Temporal server: %w", err)
	}
	defer t.Close()
	mail, err := mailConfig(s.SMTP, s.Connections)
	if err != nil {
		return err
	}
	policies, err := policies()
	if err != nil {
		return err
	}
	p, err := app.Build(ctx, app.Settings{
		Store: store.Config{DatabaseURL: s.Database, KeyDir: s.Keys, DefaultPolicy: policyName}, Providers: config.Providers{Email: &mail},
		PublicBaseURL: s.PublicBaseURL, Announcements: s.Announcements, Evidence: s.Evidence, Policies: policies,
		DefaultPolicy: policyName, Limits: activities.DefaultLimits, Owner: s.Owner, Log: log, Metrics: obs.NewMetrics(), Now: time.Now,
	}, t)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	stop, err := worker.Start(t, p.Ports)
	if err != nil {
		return err
	}
	began := peakMemory(os.Getpid())
	if err := shedProgram(); err != nil {
		log.Warn("the most memory counts from the start of the program")
	}
	fmt.Fprintln(out, began)
	if err := obey(commands, out); err != nil {
		return err // nothing is finished in order: the benchmark was killed, and its ledger goes too
	}
	stop()
	return nil
}

const policyName = "bench"

// policies knows the benchmark's policy besides the shipped ones.
func policies() (*worker.Policies, error) {
	p, err := Policy()
	if err != nil {
		return nil, err
	}
	all := &worker.Policies{}
	all.Add(p)
	return all, nil
}

// mailConfig is the product's adapter without TLS: what is measured is the engine, and the bare client
// speaks plain text too.
func mailConfig(address string, connections int) (email.Config, error) {
	local, err := reachable(address)
	return email.Config{
		Addr: address, Encryption: email.Plain, AllowPlaintext: !local, Connections: connections,
		From: "notice@bench-learning.example", FromName: "Bench Learning", EnvelopeDomain: "bounce.bench-learning.example",
	}, err
}
