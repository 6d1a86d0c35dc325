package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// crasher drops the connection when the armed number of statements has begun.
type crasher struct {
	left  int
	fired bool
}

func (c *crasher) step(conn *pgx.Conn) {
	if c.left == 0 {
		return
	}
	if c.left--; c.left == 0 {
		c.fired = true
		_ = conn.PgConn().Conn().Close()
	}
}

func (c *crasher) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.step(conn)
	return ctx
}
func (c *crasher) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *crasher) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	c.step(conn)
	return ctx
}
func (c *crasher) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// Rules without waits, so that an outcome follows from the attempts alone, at any instant.
var quickRules = breach.Sufficiency{breach.Email: {Proof: breach.Accepted}, breach.SMS: {Proof: breach.Delivered}, breach.Push: {}}

// world is what the property test knows of one incident.
type world struct {
	*bench
	crash    *crasher
	people   map[int64]bool // id -> guardian is addressed
	ids      []int64
	loaded   int // distinct humans
	attempts []breach.Intent
	leases   []*breach.Lease
	now      time.Time
}

// TestEverybodyIsCountedOnceAlways throws random work at the ledger, in any order, twice, from lost leases
// and with connections that break in the middle, and recounts after every step.
func TestEverybodyIsCountedOnceAlways(t *testing.T) {
	t.Parallel()
	crash := &crasher{}
	b := setupWith(t, crash)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := &world{bench: &bench{Store: b.Store, t: b.t, ctx: b.ctx, id: fmt.Sprintf("prop%d", n)}, crash: crash, people: map[int64]bool{}, now: day}
		require.NoError(rt, b.OpenIncident(b.ctx, w.id, someFile(), quickRules, wei, breach.IncidentOpen, day))
		w.load(rt)
		for i := range rapid.IntRange(3, 14).Draw(rt, "steps") {
			w.step(rt)
			w.check(rt, i%3 == 2)
		}
		w.check(rt, true)
	})
}

func (w *world) step(rt *rapid.T) {
	w.now = w.now.Add(time.Minute)
	w.crash.fired = false
	if rapid.IntRange(0, 5).Draw(rt, "crash") == 0 {
		w.crash.left = rapid.IntRange(1, 9).Draw(rt, "statement")
	}
	defer func() { w.crash.left = 0 }()
	switch rapid.IntRange(0, 9).Draw(rt, "what") {
	case 0:
		w.load(rt)
	case 1, 2:
		w.intend(rt)
	case 3, 4, 5:
		w.record(rt)
	case 6, 7:
		w.receipt(rt)
	case 8:
		w.set(rt)
	case 9:
		w.fine(rt, w.Settle(w.ctx, w.id, 1, w.now))
	}
}

// fine accepts an error only from a step that crashed, or of the code that is named.
func (w *world) fine(rt *rapid.T, err error, codes ...breach.Code) {
	if err != nil && !w.crash.fired && !slices.Contains(codes, breach.CodeOf(err)) {
		require.NoError(rt, err)
	}
}

// load adds a list whose people overlap with the ones before.
func (w *world) load(rt *rapid.T) {
	from := max(1, w.loaded-rapid.IntRange(0, 3).Draw(rt, "overlap"))
	to := w.loaded + rapid.IntRange(1-min(1, w.loaded), 4).Draw(rt, "new")
	r, dup, err := w.LoadPeople(w.ctx, w.id, wei, &breach.Source{Format: "csv", Encoding: "utf-8"}, func(yield func(breach.Person, error) bool) {
		for n := from; n <= to; n++ {
			p := someone(n)
			if n%3 == 0 {
				p.BirthDate, p.Guardian = "2016-01-01", &breach.Guardian{Email: fmt.Sprintf("g%d@example.org", n)}
			}
			if !yield(p, nil) {
				return
			}
		}
	}, 14, day, day)
	w.fine(rt, err, breach.ErrInvalid)
	if err != nil || r.Added == 0 {
		return
	}
	w.crash.left = 0
	require.Len(rt, dup, max(0, w.loaded-from+1))
	blocks, err := w.Blocks(w.ctx, w.id, r.Wave)
	require.NoError(rt, err)
	require.Len(rt, blocks, 1)
	require.Equal(rt, int64(to-w.loaded), r.Added)
	for i := range r.Added {
		id := blocks[0].Lo + i
		w.ids = append(w.ids, id)
		w.people[id] = (w.loaded+1+int(i))%3 == 0
	}
	w.loaded = to
	for _, c := range []breach.Channel{breach.Email, breach.SMS, breach.Push} {
		require.NoError(rt, w.OpenChunks(w.ctx, w.id, r.Wave, 1, c, []int64{blocks[0].No}))
	}
}

func (w *world) person(rt *rapid.T) int64 { return rapid.SampledFrom(w.ids).Draw(rt, "person") }

func (w *world) intent(rt *rapid.T, person int64, c breach.Channel) breach.Intent {
	in := intent(person, c, rapid.IntRange(1, 2).Draw(rt, "try"))
	if rapid.Bool().Draw(rt, "to guardian") {
		in.Addressee = breach.ToGuardian
	}
	in.AttemptID = fmt.Sprintf("%s-%d-%s-%s-%d", w.id, person, c, in.Addressee, in.Try)
	return in
}

// intend leases for so short that the next step takes the chunk over, sometimes with a lease that is lost.
func (w *world) intend(rt *rapid.T) {
	c := rapid.SampledFrom([]breach.Channel{breach.Email, breach.SMS, breach.Push}).Draw(rt, "channel")
	wave := int(w.person(rt)-1)/breach.BlockSize + 1
	d := rapid.SampledFrom([]time.Duration{time.Microsecond, 300 * time.Microsecond, time.Minute}).Draw(rt, "lease")
	l, _, err := w.Lease(w.ctx, w.id, wave, 1, c, rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "owner"), d)
	if w.fine(rt, err); l != nil {
		w.leases = append(w.leases, l)
	}
	if len(w.leases) == 0 {
		return
	}
	l = rapid.SampledFrom(w.leases).Draw(rt, "held")
	var list []breach.Intent
	for id := l.Block.Lo; id <= l.Block.Hi; id++ {
		if rapid.Bool().Draw(rt, "intended") {
			list = append(list, w.intent(rt, id, l.Channel))
		}
	}
	err = w.Intend(w.ctx, l, list)
	if w.fine(rt, err, breach.ErrConflict); err == nil {
		w.attempts = append(w.attempts, list...)
	}
	if rapid.Bool().Draw(rt, "finish") {
		w.fine(rt, w.Finish(w.ctx, l), breach.ErrConflict)
	}
}

func (w *world) record(rt *rapid.T) {
	var events []breach.AttemptEvent
	for range rapid.IntRange(1, 8).Draw(rt, "events") {
		c := rapid.SampledFrom([]breach.Channel{breach.Email, breach.SMS, breach.Push}).Draw(rt, "channel")
		in := w.intent(rt, w.person(rt), c)
		if len(w.attempts) > 0 && rapid.Bool().Draw(rt, "of an intent") {
			in = rapid.SampledFrom(w.attempts).Draw(rt, "attempt")
		}
		e := event(in.Person, in.Channel, in.Try, rapid.SampledFrom(breach.AttemptStates[1:]).Draw(rt, "state"), w.now)
		e.Addressee, e.At = in.Addressee, e.At.Add(-time.Duration(rapid.IntRange(0, 600).Draw(rt, "late"))*time.Second)
		events = append(events, e)
	}
	times := rapid.IntRange(1, 2).Draw(rt, "times")
	for range times {
		w.fine(rt, w.Record(w.ctx, w.id, events))
	}
}

func (w *world) receipt(rt *rapid.T) {
	id := "nobody-knows-this"
	if len(w.attempts) > 0 {
		id = rapid.SampledFrom(w.attempts).Draw(rt, "attempt").AttemptID
	}
	st := rapid.SampledFrom([]breach.AttemptState{breach.HandedOver, breach.Accepted, breach.Delivered, breach.FailedTemporary, breach.FailedPermanent}).Draw(rt, "state")
	known, err := w.RecordReceipt(w.ctx, "own", id, Receipt{State: st}, w.now)
	if w.fine(rt, err); err == nil {
		require.Equal(rt, len(w.attempts) > 0, known)
	}
}

func (w *world) set(rt *rapid.T) {
	var events []breach.PersonEvent
	for range rapid.IntRange(1, 4).Draw(rt, "events") {
		events = append(events, breach.PersonEvent{Person: w.person(rt), Outcome: rapid.SampledFrom(breach.Outcomes).Draw(rt, "outcome"), Reason: "r", By: "wei.lin", At: w.now})
	}
	w.fine(rt, w.SetOutcomes(w.ctx, w.id, events))
}

// check recounts, and derives everybody's outcome anew from what Subjects shows.
func (w *world) check(rt *rapid.T, everybody bool) {
	w.crash.left = 0
	inv, err := w.CheckInvariant(w.ctx, w.id)
	require.NoError(rt, err)
	require.True(rt, inv.Equal, "tally %v, recount %v", inv.Tally, inv.Recount)
	require.Equal(rt, int64(w.loaded), inv.People)
	require.Equal(rt, inv.Recount, inv.Tally)
	if !everybody {
		return
	}
	blocks, err := w.Blocks(w.ctx, w.id, 0)
	require.NoError(rt, err)
	seen := breach.Tally{}
	for _, b := range blocks {
		subjects, err := w.Subjects(w.ctx, w.id, b)
		require.NoError(rt, err)
		for _, s := range subjects {
			seen[s.Outcome]++
			w.checkPerson(rt, s)
		}
	}
	for _, o := range breach.Outcomes {
		require.Equal(rt, inv.Tally[o], seen[o], o)
	}
}

func (w *world) checkPerson(rt *rapid.T, s breach.Subject) {
	want := breach.ToSelf
	if w.people[s.ID] {
		want = breach.ToGuardian
	}
	var counting []breach.Attempt
	for _, a := range s.Attempts {
		if a.State != breach.Intended && a.Addressee == want {
			counting = append(counting, a)
		}
	}
	derived := breach.OutcomeOf(counting, quickRules, w.now)
	switch s.Outcome {
	case breach.Pending, breach.Attempted, breach.Reached:
		if s.Outcome != derived {
			w.checkOverride(rt, s, derived)
		}
	case breach.Unreachable, breach.Covered:
		require.NotEqual(rt, breach.Reached, derived, "person %d has proof and counts as %s", s.ID, s.Outcome)
	}
}

// checkOverride lets through only what somebody set by hand since the last event.
func (w *world) checkOverride(rt *rapid.T, s breach.Subject, derived breach.Outcome) {
	var by string
	err := w.pool.QueryRow(w.ctx, `SELECT by_actor FROM person_outcome_each WHERE incident = $1 AND person = $2 ORDER BY seq DESC LIMIT 1`, w.id, s.ID).Scan(&by)
	require.NoError(rt, err, "person %d counts as %s without a row, attempts give %s", s.ID, s.Outcome, derived)
	require.Equal(rt, "wei.lin", by, "person %d counts as %s, attempts give %s: %v", s.ID, s.Outcome, derived, s.Attempts)
}
