package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (b *bench) brakes() breach.Brakes {
	b.t.Helper()
	list, err := b.Brakes(b.ctx, b.id)
	require.NoError(b.t, err)
	return list
}

func (b *bench) notes(action string) (n int) {
	b.t.Helper()
	require.NoError(b.t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM audit WHERE incident = $1 AND action = $2`, b.id, action).Scan(&n))
	return n
}

func TestHealthAddsUpOverProcesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	add := func(owner string, hs ...breach.Health) []breach.Health {
		sums, err := b.AddHealth(b.ctx, b.id, owner, hs, 5000)
		require.NoError(t, err)
		return sums
	}
	mail := func(domain string, out int64, failed map[string]int64) breach.Health {
		return breach.Health{Channel: breach.Email, Provider: "smtp", Domain: domain, Out: out, Failed: failed}
	}
	require.Empty(t, add("one"))
	add("one", mail("", 10, map[string]int64{"rejected": 2}), mail("a.example", 100, nil))
	sums := add("two", mail("", 5, map[string]int64{"rejected": 1, "no_answer": 1}), mail("a.example", 50, map[string]int64{"mailbox_full": 7}))
	require.Equal(t, []breach.Health{
		mail("", 15, map[string]int64{"rejected": 3, "no_answer": 1}),
		mail("a.example", 150, map[string]int64{"mailbox_full": 7}),
	}, sums)
	for range 20 {
		sums = add("one", mail("", 1000, nil))
	}
	require.Less(t, sums[0].Out+sums[1].Out, int64(7000), "what lies long ago hides nothing")
	_, err := b.AddHealth(b.ctx, "nobody", "one", []breach.Health{mail("", 1, nil)}, 5000)
	require.Error(t, err)
}

func TestLateFailureReachesTheGuard(t *testing.T) {
	t.Parallel()
	b := sending(t)
	l := b.lease(breach.SMS, 1, time.Hour)
	in := breach.Intent{Person: 1, Addressee: breach.ToSelf, Channel: breach.SMS, Try: 1, AttemptID: "a-1", Provider: "twilio", Text: "t", At: day}
	require.NoError(t, b.Intend(b.ctx, l, []breach.Intent{in}))
	for range 2 { // the same word again counts once
		known, err := b.RecordReceipt(b.ctx, "twilio", "a-1", Receipt{State: breach.FailedPermanent, Reason: "filtered_by_carrier"}, day)
		require.NoError(t, err)
		require.True(t, known)
	}
	sums, err := b.AddHealth(b.ctx, b.id, "one", nil, 5000)
	require.NoError(t, err)
	require.Equal(t, []breach.Health{{Channel: breach.SMS, Provider: "twilio", Failed: map[string]int64{"filtered_by_carrier": 1}}}, sums)
}

func TestBrakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	set := func(k breach.Brake) { require.NoError(t, b.SetBrake(b.ctx, b.id, k)) }
	warn := breach.Brake{Kind: breach.BrakeWarn, Channel: breach.Email, Provider: "smtp", Domain: "a.example", Out: 1000, Failed: 60, Reason: "rejected", At: day}
	set(warn)
	set(warn)
	require.Len(t, b.brakes(), 1, "once a place")
	stop := warn
	stop.Kind, stop.Failed = breach.BrakeStop, 200
	set(stop)
	held := b.brakes()
	require.Len(t, held, 1, "a stop takes the place of the warning")
	require.True(t, held.Hold(1, breach.Email, "smtp", "a.example"))
	require.False(t, held.Hold(1, breach.Email, "smtp", "b.example"))
	require.False(t, held.Hold(1, breach.SMS, "twilio", ""))
	gate := breach.Brake{Kind: breach.BrakeGate, Wave: 2, Stage: "canary", At: day}
	set(gate)
	require.True(t, b.brakes().Hold(2, breach.SMS, "twilio", ""))
	require.False(t, b.brakes().Hold(1, breach.SMS, "twilio", ""))
	require.Equal(t, 3, b.notes("brake.set"))
	requireCode(t, breach.ErrNotFound, b.SetBrake(b.ctx, "nobody", gate))
}

func TestLiftBrakes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stop := breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, Provider: "smtp", Domain: "a.example", Out: 1000, Failed: 200, Reason: "rejected", At: day}
	staged := breach.Brake{Kind: breach.BrakeStop, Stage: "canary", Channel: breach.SMS, Provider: "twilio", Out: 5, Failed: 5, Reason: "rejected", At: day}
	require.NoError(t, b.SetBrake(b.ctx, b.id, stop))
	require.NoError(t, b.SetBrake(b.ctx, b.id, staged))
	_, err := b.AddHealth(b.ctx, b.id, "one", []breach.Health{
		{Channel: breach.Email, Provider: "smtp", Domain: "a.example", Out: 1000, Failed: map[string]int64{"rejected": 200}},
		{Channel: breach.Email, Provider: "smtp", Out: 10},
		{Channel: breach.SMS, Provider: "twilio", Out: 10},
	}, 5000)
	require.NoError(t, err)
	lift := func(id string, brake int64) error { return b.LiftBrakes(b.ctx, b.id, id, brake, wei, day) }
	requireCode(t, breach.ErrNotFound, lift("x", 999))
	first := b.brakes()[0].ID
	require.NoError(t, lift("c1", first))
	require.NoError(t, lift("c1", first), "the same command again changes nothing")
	require.Len(t, b.brakes(), 1)
	sums, err := b.AddHealth(b.ctx, b.id, "one", nil, 5000)
	require.NoError(t, err)
	require.Len(t, sums, 1, "what failed there before counts no more; the rest does")
	require.Equal(t, breach.SMS, sums[0].Channel)

	require.NoError(t, lift("c2", 0))
	require.Empty(t, b.brakes())
	requireCode(t, breach.ErrNotFound, lift("c3", 0))
	require.NoError(t, b.SetBrake(b.ctx, b.id, staged))
	require.Empty(t, b.brakes(), "a person looked at this stage")
	require.NoError(t, b.SetBrake(b.ctx, b.id, stop))
	require.Len(t, b.brakes(), 1, "the full send may become sick again")
	require.Equal(t, 2, b.notes("brake.lifted"))

	queued, err := b.PendingCommands(b.ctx, b.id)
	require.NoError(t, err)
	require.Len(t, queued, 2)
	require.Equal(t, "lift", queued[0].Name)
	requireCode(t, breach.ErrNotFound, b.LiftBrakes(b.ctx, "nobody", "c9", 0, wei, day))
}

func TestStopKeepsBrakesFromBeingLifted(t *testing.T) {
	t.Parallel()
	b := sending(t)
	require.NoError(t, b.SetBrake(b.ctx, b.id, breach.Brake{Kind: breach.BrakeStop, Channel: breach.Email, At: day}))
	require.NoError(t, b.MoveGate(b.ctx, b.id, "g", breach.GateStop, wei, day))
	requireCode(t, breach.ErrConflict, b.LiftBrakes(b.ctx, b.id, "c", 0, wei, day))
}

func TestStagesAreOnRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"canary", "canary", "ramp", "full"} {
		require.NoError(t, b.SetStage(b.ctx, b.id, breach.Stage{Wave: 1, Name: name, People: int64(len(name)), Since: day}))
	}
	got, err := b.Stages(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, []breach.Stage{{Wave: 1, Name: "full", People: 4, Since: day}}, got)
	require.Equal(t, 3, b.notes("send.stage"))
	requireCode(t, breach.ErrNotFound, b.SetStage(b.ctx, "nobody", breach.Stage{Wave: 1, Name: "full"}))
}

func TestCrowdsOfAList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 30))
	got, err := b.Crowds(b.ctx, b.id, 1)
	require.NoError(t, err)
	var n int64
	for i, c := range got {
		n += c.People
		require.LessOrEqual(t, c.First, c.Last)
		require.True(t, i == 0 || got[i-1].People >= c.People)
	}
	require.Equal(t, int64(30), n)
}
