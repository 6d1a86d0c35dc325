package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// failedFor has people tried by email, in vain, so that no channel reached them.
func (b *bench) failedFor(from, to int64) {
	b.t.Helper()
	var events []breach.AttemptEvent
	var outcomes []breach.PersonEvent
	for id := from; id <= to; id++ {
		events = append(events, event(id, breach.Email, 1, breach.FailedTemporary, day.Add(time.Hour)), event(id, breach.Email, 2, breach.FailedPermanent, day.Add(2*time.Hour)))
		outcomes = append(outcomes, breach.PersonEvent{Person: id, Outcome: breach.Unreachable, Reason: "failed_everywhere", By: "tocsin", At: day.Add(3 * time.Hour)})
	}
	require.NoError(b.t, b.Record(b.ctx, b.id, events))
	require.NoError(b.t, b.SetOutcomes(b.ctx, b.id, outcomes))
}

func afresh(people ...int64) (out []breach.FreshStart) {
	for _, id := range people {
		out = append(out, breach.FreshStart{Person: id, Ways: []breach.TriedWay{{Addressee: breach.ToSelf, Channel: breach.Email, Try: 2}}})
	}
	return out
}

func (b *bench) subject(id int64) breach.Subject {
	b.t.Helper()
	blocks, err := b.Blocks(b.ctx, b.id, 0)
	require.NoError(b.t, err)
	for _, k := range blocks {
		if id < k.Lo || id > k.Hi {
			continue
		}
		subjects, err := b.Subjects(b.ctx, b.id, k)
		require.NoError(b.t, err)
		return subjects[id-k.Lo]
	}
	b.t.Fatalf("nobody has the number %d", id)
	return breach.Subject{}
}

func TestADecisionToTryAgainIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	b.failedFor(1, 3)
	d := breach.Retry{ID: "d1", Reason: "failed_everywhere", Channel: breach.Email, Why: "the relay was down"}
	measured := breach.Retried{People: 3, Covered: 0, Stays: map[string]int64{"no_contact": 2}}
	for range 3 {
		require.NoError(t, b.DecideAgain(b.ctx, b.id, d, measured, noor, day))
	}
	open, err := b.OpenRetries(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []string{"d1"}, open)
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	n := 0
	for _, q := range queued {
		if q.Name == "again" {
			n++
			require.JSONEq(t, `{"id":"d1","actor":"`+noor.ID+`","role":"`+string(noor.Role)+`"}`, string(q.Payload))
		}
	}
	require.Equal(t, 1, n)
	last, err := b.LastEntryOf(b.ctx, b.id, "send.again")
	require.NoError(t, err)
	require.Equal(t, noor.ID, last.Actor)
	require.Contains(t, string(last.Data), "the relay was down")
	require.Contains(t, string(last.Data), `"people":3`)

	got, by, err := b.Retry(b.ctx, b.id, "d1")
	require.NoError(t, err)
	require.Equal(t, noor.ID, by)
	require.Equal(t, breach.Retry{ID: "d1", Reason: "failed_everywhere", Channel: breach.Email}, got)
	_, _, err = b.Retry(b.ctx, b.id, "other")
	requireCode(t, breach.ErrNotFound, err)

	requireCode(t, breach.ErrConflict, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d2"}, measured, noor, day))
	require.NoError(t, b.Note(b.ctx, b.id, "again/d1", "tocsin", "people.tried_again", nil, day))
	open, err = b.OpenRetries(b.ctx, b.id)
	require.NoError(t, err)
	require.Empty(t, open)
	require.NoError(t, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d2"}, measured, noor, day), "the first one is over")
	_, err = b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}

func TestNobodyIsTriedAgainAfterAStopOrAClosing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	b.failedFor(1, 2)
	require.NoError(t, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d1"}, breach.Retried{}, noor, day))
	require.NoError(t, b.exec(`UPDATE incident SET stopped = true`))
	requireCode(t, breach.ErrConflict, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d2"}, breach.Retried{}, noor, day))
	require.NoError(t, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d1"}, breach.Retried{}, noor, day), "that one was taken")
	requireCode(t, breach.ErrConflict, b.StartAfresh(b.ctx, b.id, "d1", noor.ID, afresh(1, 2), day))
	require.NoError(t, b.exec(`UPDATE incident SET stopped = false, state = 'closed'`))
	requireCode(t, breach.ErrConflict, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d2"}, breach.Retried{}, noor, day))
	requireCode(t, breach.ErrConflict, b.StartAfresh(b.ctx, b.id, "d1", noor.ID, afresh(1, 2), day))
	requireCode(t, breach.ErrNotFound, b.DecideAgain(b.ctx, "nowhere", breach.Retry{ID: "d3"}, breach.Retried{}, noor, day))
	require.Equal(t, breach.Tally{breach.Unreachable: 2}, compact(b.sound(2)))
}

// Setting people back is carried out once per decision, whoever does it at the same time, and whatever became of
// the people since; the tallies add up throughout.
func TestPeopleAreSetBackOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 1200))
	b.failedFor(1, 1200)
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{
		{Person: 2, Outcome: breach.Covered, Reason: "failed_everywhere", By: "tocsin", At: day.Add(4 * time.Hour)},
		{Person: 1200, Outcome: breach.Exempt, Reason: "decided_by_a_lead", By: "mei", At: day.Add(4 * time.Hour)},
	}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(3, breach.Email, 2, breach.Delivered, day.Add(4*time.Hour))}))
	require.NoError(t, b.DecideAgain(b.ctx, b.id, breach.Retry{ID: "d1"}, breach.Retried{}, noor, day.Add(5*time.Hour)))
	list := append(afresh(1, 2, 3, 1100, 1200), breach.FreshStart{Person: 4})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = b.StartAfresh(b.ctx, b.id, "d1", noor.ID, list, day.Add(5*time.Hour)) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, breach.Tally{breach.Unreachable: 1194, breach.Attempted: 1, breach.Pending: 4, breach.Exempt: 1}, compact(b.sound(1200)))
	n, covered, waves, err := b.Restarted(b.ctx, b.id, "d1")
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
	require.EqualValues(t, 1, covered)
	require.Equal(t, []int{1}, waves)

	one := b.subject(1)
	require.Equal(t, breach.Pending, one.Outcome)
	require.Equal(t, breach.TriedAgain, one.Reason)
	require.Len(t, one.Attempts, 2)
	require.True(t, one.Attempts[0].Past && one.Attempts[1].Past)
	require.Equal(t, breach.Attempted, b.subject(3).Outcome, "their message arrived meanwhile: they wait for proof")
	require.False(t, b.subject(5).Attempts[0].Past, "nobody decided about them")

	// It fails once more: carried out again after a crash, the same decision does not start a third set.
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 3, breach.FailedPermanent, day.Add(6*time.Hour))}))
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: 1, Outcome: breach.Unreachable, Reason: "failed_everywhere", By: "tocsin", At: day.Add(7 * time.Hour)}}))
	require.NoError(t, b.StartAfresh(b.ctx, b.id, "d1", noor.ID, list, day.Add(8*time.Hour)))
	one = b.subject(1)
	require.Equal(t, breach.Unreachable, one.Outcome)
	require.False(t, one.Attempts[2].Past)
	b.sound(1200)
}

func TestUnreachedInPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2500))
	b.load(people(2501, 2600))
	b.failedFor(1, 10)
	b.failedFor(3001, 3005) // the second list begins with a block of its own
	var events []breach.AttemptEvent
	for id := int64(1001); id <= 2000; id++ {
		events = append(events, event(id, breach.Email, 1, breach.Delivered, day))
	}
	require.NoError(t, b.Record(b.ctx, b.id, events))
	var seen []string
	for after := int64(0); ; {
		page, err := b.BlocksFrom(b.ctx, b.id, after, 2, breach.Unreachable, breach.Pending)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, k := range page {
			seen = append(seen, fmt.Sprintf("%d:%d", k.Wave, k.No))
			after = k.Hi
		}
	}
	require.Equal(t, []string{"1:1", "1:3", "2:4"}, seen, "a block in which all are reached is left out")
	some, err := b.BlocksFrom(b.ctx, b.id, 500, 1, breach.Unreachable)
	require.NoError(t, err)
	require.EqualValues(t, 1, some[0].No, "somebody behind the number may be in it")

	counts, err := b.CountUnreached(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []breach.UnreachedCount{{Outcome: breach.Pending, People: 1585}, {Outcome: breach.Attempted, People: 1000}, {Outcome: breach.Unreachable, Reason: "failed_everywhere", People: 15}}, counts)
	none, err := b.CountUnreached(context.Background(), "nowhere")
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestPaceForgetsAPauseBeforeIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 50))
	none, err := b.Pace(b.ctx, b.id)
	require.NoError(t, err)
	require.Zero(t, none)
	at := func(id int64, minute int, st breach.AttemptState) breach.AttemptEvent {
		return event(id, breach.Email, 1, st, day.Add(time.Duration(minute)*time.Minute))
	}
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{at(1, 0, breach.Accepted), at(2, 300, breach.Accepted), at(3, 305, breach.FailedTemporary),
		at(4, 308, breach.FailedPermanent), at(5, 310, breach.HandedOver), at(6, 311, breach.FailedTemporary)}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{at(5, 320, breach.Delivered)}))
	p, err := b.Pace(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, breach.Pace{Messages: 3, First: day.Add(300 * time.Minute), Last: day.Add(310 * time.Minute), Began: day}, p)
}

// A watch, a gate, a brake and a pause are no slowness: the pace is measured from where they end.
func TestPaceBeginsAnewWhereAHoldEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 50))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	minute := func(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }
	var sent int64
	send := func(n int) {
		sent++
		require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(sent, breach.Email, 1, breach.Accepted, minute(n))}))
	}
	pace := func(messages int64, first, last int) {
		t.Helper()
		p, err := b.Pace(b.ctx, b.id)
		require.NoError(t, err)
		want := breach.Pace{Messages: messages}
		if messages > 0 {
			want.First, want.Last, want.Began = minute(first), minute(last), minute(1)
		}
		require.Equal(t, want, p)
	}
	stage := func(name string, n int) {
		require.NoError(t, b.SetStage(b.ctx, b.id, breach.Stage{Wave: 1, Name: name, Since: minute(n)}))
	}
	stage("ramp", 0)
	send(1)
	send(2)
	pace(2, 1, 2)
	stage("full", 7)
	pace(0, 0, 0)
	send(8)
	pace(1, 8, 8)

	require.NoError(t, b.SetBrake(b.ctx, b.id, breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, Stage: "full", At: minute(9)}))
	pace(1, 8, 8)
	require.NoError(t, b.LiftBrakes(b.ctx, b.id, "lift", 0, wei, minute(600)))
	pace(0, 0, 0)
	send(601)
	send(602)
	pace(2, 601, 602)

	require.NoError(t, b.SetBrake(b.ctx, b.id, breach.Brake{Kind: breach.BrakeWarn, Channel: breach.Email, At: minute(603)}))
	require.NoError(t, b.LiftBrakes(b.ctx, b.id, "warning", 0, wei, minute(604)))
	pace(2, 601, 602)

	require.NoError(t, b.MoveGate(b.ctx, b.id, "pause", breach.GatePause, wei, minute(605)))
	require.NoError(t, b.MoveGate(b.ctx, b.id, "resume", breach.GateResume, wei, minute(1200)))
	pace(0, 0, 0)
	send(1201)
	pace(1, 1201, 1201)
}

func TestALeadsDecisionToAnnounceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	ask := func(id string) (breach.AnnounceNow, error) {
		return b.AskAnnouncement(b.ctx, b.id, id, "the relay is too slow", noor, day)
	}
	_, err := ask("a1")
	requireCode(t, breach.ErrConflict, err)
	require.Contains(t, err.Error(), "must be approved first")

	body := []byte(`{"kind":"announcement","parts":{"html":"<p>It was copied.</p>"}}`)
	page := breach.NoticeRef{Kind: breach.KindAnnouncement, Channel: "page", Locale: "en", SHA256: hexSum(body)}
	require.NoError(t, b.SaveTexts(b.ctx, b.id, []breach.Text{{Ref: page, Body: body}}))
	snap, err := b.Snapshot(b.ctx, b.id, 1)
	require.NoError(t, err)
	p := breach.Plan{Incident: b.id, Wave: 1, Revision: 1, People: snap, Announcement: []breach.NoticeRef{page}}
	require.NoError(t, b.SavePlan(b.ctx, p, wei.ID, day))
	_, err = ask("a1")
	requireCode(t, breach.ErrConflict, err)
	require.NoError(t, b.approve(p.Hash(), noor))

	none, err := b.AskedAnnouncement(b.ctx, b.id)
	require.NoError(t, err)
	require.Nil(t, none)
	want := breach.AnnounceNow{Wave: 1, PlanHash: p.Hash(), By: noor.ID}
	for range 2 {
		now, err := ask("a1")
		require.NoError(t, err)
		require.Equal(t, want, now)
	}
	_, err = ask("a2")
	requireCode(t, breach.ErrConflict, err)
	asked, err := b.AskedAnnouncement(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, &want, asked)
	n := 0
	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	for _, q := range queued {
		if q.Name == "announce" {
			n++
		}
	}
	require.Equal(t, 1, n)

	require.NoError(t, b.SaveAnnouncement(b.ctx, breach.Announcement{Reference: "AAAA-BBBB", Incident: b.id, PublishedAt: day, KeepUntil: day}))
	asked, err = b.AskedAnnouncement(b.ctx, b.id)
	require.NoError(t, err)
	require.Nil(t, asked, "it is published")
	_, err = ask("a3")
	requireCode(t, breach.ErrConflict, err)
}
