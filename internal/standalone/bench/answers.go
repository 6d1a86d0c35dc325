package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Answers says how soon the product answers people and machines. Times are milliseconds.
type Answers struct {
	People int `json:"people"`

	DetectP50 float64 `json:"detect_p50_ms"` // from a detector's call to the answer, with the clock in the ledger and the workflow started
	DetectP95 float64 `json:"detect_p95_ms"`
	Detected  int     `json:"detected"`

	StopMillis    float64 `json:"stop_ms"` // from the stop button to the last message that the mail server took
	SentAfterStop int64   `json:"sent_after_stop"`

	PageFirst float64 `json:"page_first_ms"` // the first look, which counts everybody
	PageP50   float64 `json:"page_p50_ms"`
	PageP95   float64 `json:"page_p95_ms"`
	Looks     int     `json:"looks"`

	PerActivity float64 `json:"per_activity_per_second"` // messages, one Temporal activity per person
}

// Answers measures on an incident with so many people: detector calls, the stop button in the middle of a send, the
// incident's page after it, and what one Temporal activity per person would reach.
func (b *Bench) Answers(ctx context.Context, s Stack) (Answers, error) {
	return watched(ctx, b, s, b.answers)
}

func (b *Bench) answers(ctx context.Context, s Stack) (a Answers, err error) {
	a.People = b.o.People
	if err := b.open(ctx, s); err != nil {
		return a, err
	}
	plan, err := b.plan(ctx, s)
	if err != nil {
		return a, err
	}
	visit, err := newVisitor(ctx, s)
	if err != nil {
		return a, err
	}
	b.o.Screen.Say("Calling as a detector")
	if err := b.detect(ctx, s, visit, &a); err != nil {
		return a, err
	}
	if err := b.stop(ctx, s, plan, &a); err != nil {
		return a, err
	}
	b.o.Screen.Say("Looking at the incident's page")
	if err := b.look(ctx, visit, &a); err != nil {
		return a, err
	}
	b.o.Screen.Say("Sending with one activity per person")
	if a.PerActivity, err = b.perPerson(ctx, s); err != nil {
		return a, err
	}
	return a, os.Remove(b.memoryFile())
}

// calls are few enough to be over soon, and enough for a 95th percentile.
const calls = 200

func (b *Bench) detect(ctx context.Context, s Stack, v *visitor, a *Answers) error {
	var took []float64
	for i := range calls {
		begun := time.Now()
		incident, err := v.detect(ctx, i)
		if err != nil {
			return err
		}
		took = append(took, millis(time.Since(begun)))
		if _, err := s.Client.DescribeWorkflow(ctx, protocol.IncidentID(incident), ""); err != nil {
			return fmt.Errorf("the workflow of a detected incident was not started before the answer: %w", err)
		}
	}
	a.Detected, a.DetectP50, a.DetectP95 = len(took), percentile(took, 50), percentile(took, 95)
	return nil
}

// quietFor is how long no message must come before the send counts as stopped.
const quietFor = 6 * time.Second

// stop approves, waits until a part is out, presses stop and watches the mail server's record.
func (b *Bench) stop(ctx context.Context, s Stack, plan breach.PlanRecord, a *Answers) error {
	if b.sink == nil {
		return breach.Errorf(breach.ErrInvalid, "the stop button is measured with the benchmark's own mail server")
	}
	if plan.State != breach.PlanApproved {
		if _, err := s.Desk.Approve(ctx, b.memory.Incident, breach.Consent{PlanHash: plan.Hash, Unreviewed: true}, approver); err != nil {
			return err
		}
	}
	bar := b.o.Screen.meter("Sending", int64(b.o.People), 0)
	for told := int64(0); told < int64(b.o.People)/4; {
		var err error
		if told, err = b.told(ctx, s); err != nil {
			return err
		}
		bar.show(told)
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	b.o.Screen.Say("Pressing stop")
	pressed := time.Now()
	before := b.recordSize()
	if err := s.Desk.Stop(ctx, b.memory.Incident, author); err != nil {
		return err
	}
	last, n := pressed, before
	for time.Since(last) < quietFor {
		if now := b.recordSize(); now > n {
			last, n = time.Now(), now
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	a.StopMillis = millis(last.Sub(pressed))
	tally, err := s.Desk.Store.Tally(ctx, b.memory.Incident, 0)
	if err != nil {
		return err
	}
	if tally[breach.Pending] == 0 {
		return breach.Errorf(breach.ErrInternal, "everybody was told before the stop took effect: measure with more people")
	}
	if a.SentAfterStop, err = b.linesSince(before); err != nil {
		return err
	}
	return awaitDelivery(ctx, s, b.memory.Incident, plan.Plan.Wave)
}

// recordSize is how far the mail server's record has grown, in bytes: it appends a line before it says 250.
func (b *Bench) recordSize() int64 {
	info, err := os.Stat(b.recordFile())
	if err != nil {
		return 0
	}
	return info.Size()
}

func (b *Bench) linesSince(offset int64) (int64, error) {
	text, err := os.ReadFile(b.recordFile())
	if err != nil {
		return 0, err
	}
	return int64(strings.Count(string(text[min(offset, int64(len(text))):]), "\n")), nil
}

// looks at the page: each more than a second after the one before, so that none is answered from what was just
// counted for another.
const looks = 40

func (b *Bench) look(ctx context.Context, v *visitor, a *Answers) error {
	var took []float64
	bar := b.o.Screen.meter("Looking", looks, 0)
	for i := range looks + 1 {
		begun := time.Now()
		if err := v.page(ctx, b.memory.Incident); err != nil {
			return err
		}
		if d := millis(time.Since(begun)); i == 0 {
			a.PageFirst = d
		} else {
			took = append(took, d)
		}
		bar.show(int64(i))
		if err := pause(ctx, 1100*time.Millisecond); err != nil {
			return err
		}
	}
	a.Looks, a.PageP50, a.PageP95 = len(took), percentile(took, 50), percentile(took, 95)
	return nil
}

func millis(d time.Duration) float64 { return round(float64(d.Microseconds())/1000, 1) }

// percentile of values, by the nearest rank.
func percentile(values []float64, p int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(float64(p)/100*float64(len(sorted))))-1)]
}

// Text is the answer for people.
func (a Answers) Text() string {
	var t strings.Builder
	fmt.Fprintf(&t, "People            %d\n", a.People)
	fmt.Fprintf(&t, "Detector call     %.0f ms, 95th percentile %.0f ms (of %d)\n", a.DetectP50, a.DetectP95, a.Detected)
	fmt.Fprintf(&t, "Stop button       %.0f ms to the last message, %d messages\n", a.StopMillis, a.SentAfterStop)
	fmt.Fprintf(&t, "Incident's page   %.0f ms, 95th percentile %.0f ms (of %d); the first look %.0f ms\n", a.PageP50, a.PageP95, a.Looks, a.PageFirst)
	fmt.Fprintf(&t, "One activity each %.0f messages/s\n", a.PerActivity)
	return t.String()
}
