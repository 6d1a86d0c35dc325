package bench

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Result is the answer. Rates are per second, sizes in bytes, times as their names say.
type Result struct {
	People                int     `json:"people"`
	Seconds               float64 `json:"seconds"` // from when the approval stands to the last hand-over
	PerSecond             float64 `json:"per_second"`
	BaselinePerSecond     float64 `json:"baseline_per_second"`
	Ratio                 float64 `json:"ratio"`
	WorkerPeakRSSBytes    int64   `json:"worker_peak_rss_bytes"`
	TemporalHistoryEvents int64   `json:"temporal_history_events"` // longest history of one run
	CPUMicrosPerMessage   float64 `json:"cpu_us_per_message"`      // of the worker, in this start

	Resumed  bool  `json:"resumed"`
	Unknown  int64 `json:"unknown"`  // attempts of which nobody knew for a while whether they were taken
	Repeated int64 `json:"repeated"` // those of them that were sent again with the same Message-ID
	Lost     int64 `json:"lost"`     // people without a message, by the mail server's record where it is ours, or by the ledger

	Reached      int64              `json:"reached"` // by the ledger
	Balanced     bool               `json:"balanced"`
	Sink         *SinkResult        `json:"sink,omitempty"`         // where the mail server is ours
	WorkerStart  int64              `json:"worker_start_rss_bytes"` // before it began to work, with what the Temporal server's packages touch at the start of the program
	MessageBytes int                `json:"message_bytes"`
	Connections  int                `json:"connections"`
	ImportPerSec float64            `json:"import_per_second,omitempty"`
	ImportJudged float64            `json:"import_judged_seconds,omitempty"` // until the duties were judged anew by the list, too
	PlanSeconds  float64            `json:"plan_seconds,omitempty"`          // from submitting to the plan
	ApproveSecs  float64            `json:"approve_seconds,omitempty"`       // of the approver's call, which checks everybody against the plan
	FirstSeconds float64            `json:"first_handover_seconds"`          // from when the approval stands
	PostgresCPU  float64            `json:"cpu_us_per_message_postgres"`     // in this start
	RestCPU      float64            `json:"cpu_us_per_message_rest"`         // API, Temporal and the benchmark itself
	Activities   map[string]float64 `json:"activity_seconds"`                // summed, of all runs of the incident
}

// SinkResult is what our mail server's record says.
type SinkResult struct {
	Messages int `json:"messages"`
	People   int `json:"people"`
	Copies   int `json:"copies"`    // beyond the first of a person
	OtherIDs int `json:"other_ids"` // copies with another Message-ID than the first; must be 0
}

func (b *Bench) result(ctx context.Context, s Stack, wave int, sent sending) (Result, error) {
	r := Result{
		People: b.o.People, BaselinePerSecond: round(b.plain.perSecond(), 0), WorkerPeakRSSBytes: sent.rss, Resumed: b.resumed,
		WorkerStart: b.began, MessageBytes: len(b.plain.letter.raw), Connections: b.o.Connections, PlanSeconds: round(b.planned.Seconds(), 3),
	}
	if b.imported > 0 {
		r.ImportPerSec = round(float64(b.o.People)/b.imported.Seconds(), 0)
		r.ImportJudged = round(b.judged.Seconds(), 3)
	}
	each := func(d time.Duration) float64 { return round(float64(d.Microseconds())/float64(max(1, sent.people)), 1) }
	r.CPUMicrosPerMessage, r.PostgresCPU, r.RestCPU = each(sent.usage.worker), each(sent.usage.postgres), each(sent.usage.rest)
	for _, part := range []func(context.Context, Stack, int, *Result) error{b.timings, b.ledger, b.taken, b.stories} {
		if err := part(ctx, s, wave, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (b *Bench) timings(ctx context.Context, s Stack, _ int, r *Result) error {
	t, err := s.Desk.Store.Timings(ctx, b.memory.Incident)
	if err != nil {
		return err
	}
	if t.ApprovedAt == nil || t.FirstHandover == nil || t.LastHandover == nil {
		return breach.Errorf(breach.ErrInternal, "nobody was told; the logs in the data directory say why")
	}
	stands := *t.ApprovedAt // of a run that goes on
	if !b.stands.IsZero() {
		stands = b.stands
	}
	spent := t.LastHandover.Sub(stands).Seconds()
	r.Seconds, r.FirstSeconds, r.ApproveSecs = round(spent, 3), round(t.FirstHandover.Sub(stands).Seconds(), 3), round(b.approved.Seconds(), 3)
	rate := float64(b.o.People) / spent
	r.PerSecond, r.Ratio = round(rate, 0), round(rate/b.plain.perSecond(), 3)
	return nil
}

func (b *Bench) ledger(ctx context.Context, s Stack, _ int, r *Result) error {
	inv, err := s.Desk.Store.CheckInvariant(ctx, b.memory.Incident)
	if err != nil {
		return err
	}
	counts, err := s.Desk.Store.ChannelCounts(ctx, b.memory.Incident)
	if err != nil {
		return err
	}
	mail := counts[breach.Email]
	r.Reached, r.Balanced = inv.Tally[breach.Reached], inv.Equal
	r.Unknown = mail[string(breach.Unknown)] + mail[string(breach.Reconciled)]
	r.Repeated = mail["repeated"]
	r.Lost = int64(b.o.People) - inv.Tally.Sum() + inv.Tally[breach.Pending]
	return nil
}

// taken holds the ledger against the record of the mail server where that is ours.
func (b *Bench) taken(_ context.Context, _ Stack, _ int, r *Result) error {
	if b.sink == nil {
		return nil
	}
	f, err := os.Open(b.recordFile())
	if err != nil {
		return fmt.Errorf("read the mail server's record: %w", err)
	}
	defer f.Close()
	rec, err := readRecord(f, b.o.People)
	if err != nil {
		return fmt.Errorf("read the mail server's record: %w", err)
	}
	r.Sink = &SinkResult{Messages: rec.Messages, People: rec.People, Copies: rec.Copies, OtherIDs: rec.OtherIDs}
	r.Lost = max(r.Lost, int64(b.o.People-rec.People))
	return nil
}

func (b *Bench) stories(ctx context.Context, s Stack, wave int, r *Result) error {
	longest, took, err := stories(ctx, s.Client, s.Namespace, b.memory.Incident, wave)
	if err != nil {
		return fmt.Errorf("read Temporal's histories: %w", err)
	}
	r.TemporalHistoryEvents, r.Activities = longest, map[string]float64{}
	for name, d := range took {
		r.Activities[name] = round(d.Seconds(), 3)
	}
	return nil
}

func round(f float64, digits int) float64 {
	by := math.Pow10(digits)
	return math.Round(f*by) / by
}

// Text is the result for people, at most 80 columns.
func (r Result) Text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-24s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("people", "%d, lost %d, unknown %d, repeated %d", r.People, r.Lost, r.Unknown, r.Repeated)
	line("approval to last one", "%.2f s (the first after %.2f s)", r.Seconds, r.FirstSeconds)
	line("rate", "%.0f messages/s over %d connections", r.PerSecond, r.Connections)
	line("bare client", "%.0f messages/s, the same %d bytes", r.BaselinePerSecond, r.MessageBytes)
	line("ratio", "%.3f", r.Ratio)
	line("worker, most memory", "%.1f MB", float64(r.WorkerPeakRSSBytes)/(1<<20))
	line("CPU per message", "worker %.1f, PostgreSQL %.1f, rest %.1f us", r.CPUMicrosPerMessage, r.PostgresCPU, r.RestCPU)
	line("longest history", "%d events", r.TemporalHistoryEvents)
	if r.ImportPerSec > 0 {
		line("import", "%.0f rows/s", r.ImportPerSec)
	}
	if r.PlanSeconds > 0 {
		line("plan", "%.2f s, and %.2f s to check everybody at the approval", r.PlanSeconds, r.ApproveSecs)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Activities)) {
		if s := r.Activities[name]; s >= 0.1 {
			line("  "+name, "%.2f s", s)
		}
	}
	return b.String()
}
