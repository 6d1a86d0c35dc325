package store

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var app = breach.Actor{ID: "reader.app", Role: breach.RoleApplication}

// toldInApp is a ledger whose first list is told: everybody has an email that failed for now.
func toldInApp(t *testing.T, counts bool, list ...breach.Person) *bench {
	t.Helper()
	b := setup(t)
	rules := breach.Sufficiency{breach.Email: {Proof: breach.Accepted}}
	if counts {
		rules[breach.InApp] = breach.Rule{Proof: breach.Acknowledged}
	}
	require.NoError(t, b.SetSufficiency(b.ctx, b.id, rules))
	b.load(listOf(list...))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	return b
}

func (b *bench) tried(people ...int64) {
	b.t.Helper()
	l := b.lease(breach.Email, 1, time.Hour)
	for _, p := range people {
		require.NoError(b.t, b.Intend(b.ctx, l, []breach.Intent{intent(p, breach.Email, 1)}))
	}
}

func (b *bench) inApp(ids ...string) (out []string) {
	b.t.Helper()
	list, err := b.InApp(b.ctx, b.id, ids, day.Add(time.Hour))
	require.NoError(b.t, err)
	for _, p := range list {
		out = append(out, p.ExternalID)
	}
	return out
}

func (b *bench) saw(want int, ids ...string) {
	b.t.Helper()
	n, err := b.AcknowledgeInApp(b.ctx, b.id, 1, ids, app, day.Add(time.Hour))
	require.NoError(b.t, err)
	require.Equal(b.t, want, n)
}

func TestWhoIsShownANoticeInAnApplication(t *testing.T) {
	t.Parallel()
	child := someone(3)
	child.BirthDate, child.Guardian = "2018-01-01", &breach.Guardian{Name: "G", Email: "g@example.org"}
	b := toldInApp(t, true, someone(1), someone(2), child, someone(4), someone(5))
	require.NoError(t, b.PutToken(b.ctx, "a-token-of-the-app", app))
	everybody := []string{"u-1", "u-2", "u-3", "u-4", "u-5", "u-6", "", " ", "'; --"}
	require.Empty(t, b.inApp(everybody...), "delivery has not begun")
	b.saw(0, everybody...)
	b.tried(1, 2, 3, 4)
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: 4, Outcome: breach.Withdrawn, Reason: "x", By: noor.ID, At: day}}))
	require.Equal(t, []string{"u-1", "u-2"}, b.inApp(everybody...), "not the child, the withdrawn, whose turn has not come, the unknown")
	lists, err := b.ToldLists(b.ctx)
	require.NoError(t, err)
	require.Equal(t, []ToldList{{b.id, "mooc", 1}}, lists)
	b.saw(2, everybody...)
	require.Empty(t, b.inApp(everybody...))
	for id, want := range map[int64]breach.Outcome{1: breach.Reached, 2: breach.Reached, 3: breach.Pending, 4: breach.Withdrawn, 5: breach.Pending} {
		require.Equal(t, want, b.subject(id).Outcome, id)
	}
	require.Equal(t, int64(2), b.sound(5)[breach.Reached])
	_, err = b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}

func TestAnAcknowledgementIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := toldInApp(t, true, someone(1), someone(2))
	b.tried(1, 2)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := b.AcknowledgeInApp(b.ctx, b.id, 1, []string{"u-1", "u-2", "u-1"}, app, day.Add(time.Hour)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n, err := b.AcknowledgedInApp(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	said := 0
	entries, err := b.Timeline(b.ctx, b.id, 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Action == "in_app.acknowledged" {
			said++
			require.Contains(t, string(e.Data), `"people":2`)
			require.NotContains(t, string(e.Data), "u-1")
		}
	}
	require.Equal(t, 1, said)
	_, err = b.pool.Exec(b.ctx, `UPDATE acknowledgement SET counts = false`)
	require.Error(t, err, "it is append-only")

	other, err := b.AcknowledgeInApp(b.ctx, b.id, 2, []string{"u-1"}, app, day)
	require.NoError(t, err)
	require.Zero(t, other, "the notice of another list")
	other, err = b.AcknowledgeInApp(b.ctx, "inc2", 1, []string{"u-1"}, app, day)
	require.NoError(t, err)
	require.Zero(t, other, "another incident")
}

// What counts stays, whatever is reported of messages later; what does not count moves nobody.
func TestAnAcknowledgementCountsAsThePolicySays(t *testing.T) {
	t.Parallel()
	for _, counts := range []bool{true, false} {
		b := toldInApp(t, counts, someone(1))
		b.tried(1)
		b.saw(1, "u-1")
		b.saw(1, "u-1")
		want := map[bool]breach.Outcome{true: breach.Reached, false: breach.Pending}[counts]
		require.Equal(t, want, b.subject(1).Outcome)
		require.Empty(t, b.inApp("u-1"))
		_, err := b.RecordReceipt(b.ctx, "own", "a-1-email-1", Receipt{State: breach.FailedPermanent, Reason: "bounced"}, day.Add(2*time.Hour))
		require.NoError(t, err)
		require.NoError(t, b.Settle(b.ctx, b.id, 1, day.Add(3*time.Hour)))
		require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: 1, Outcome: breach.Unreachable, Reason: "x", By: "tocsin", At: day.Add(4 * time.Hour)}}))
		if !counts {
			want = breach.Unreachable
		}
		require.Equal(t, want, b.subject(1).Outcome)
		b.sound(1)
	}
}

func TestNothingIsShownWhileItMustNotBe(t *testing.T) {
	t.Parallel()
	b := toldInApp(t, true, someone(1))
	b.tried(1)
	require.Equal(t, []string{"u-1"}, b.inApp("u-1"))
	h := breach.Hold{ID: "h1", Kind: breach.HoldLawEnforcement, Jurisdictions: []string{"CN"}, By: noor.ID, At: day, Until: day.Add(48 * time.Hour)}
	tx, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	require.NoError(t, insertHold(b.ctx, tx, b.id, h))
	require.NoError(t, tx.Commit(b.ctx))
	require.Empty(t, b.inApp("u-1"), "a hold keeps them from being told")
	_, err = b.pool.Exec(b.ctx, `UPDATE hold SET released_at = at, released_by = 'x', release_reason = 'x'`)
	require.NoError(t, err)
	require.Equal(t, []string{"u-1"}, b.inApp("u-1"))
	for _, column := range []string{`paused = true`, `paused = false, stopped = true`, `stopped = false, state = 'closed'`} {
		_, err = b.pool.Exec(b.ctx, `UPDATE incident SET `+column)
		require.NoError(t, err)
		lists, err := b.ToldLists(b.ctx)
		require.NoError(t, err)
		require.Empty(t, lists, column)
		if strings.Contains(column, "closed") {
			require.Empty(t, b.inApp("u-1"))
			b.saw(0, "u-1")
		}
	}
}
