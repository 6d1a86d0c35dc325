package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	toRegulator = "eu-gdpr/authority/initial"
	toPeople    = "eu-gdpr/individuals/notice"
)

// judged has one report and one notice to people due.
func judged(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	pack := []byte("id: eu-gdpr\n")
	rules := breach.RuleRef{SHA256: hexSum(pack)}
	_, err := b.SaveJudgement(b.ctx, b.id, 1, breach.Judgement{Obligations: []breach.Obligation{
		{ID: toRegulator, Duty: "notify_authority", Verdict: breach.Applies, Clock: &breach.Clock{From: "aware_at"}, Rules: rules},
		{ID: "eu-gdpr/authority/final", Duty: "notify_authority", Verdict: breach.Applies, Clock: &breach.Clock{From: "filed_at"}, Rules: rules},
		{ID: toPeople, Duty: "notify_individuals", Verdict: breach.Applies, Clock: &breach.Clock{From: "aware_at"}, Rules: rules},
	}}, map[string][]byte{rules.SHA256: pack}, day)
	require.NoError(t, err)
	return b
}

// reports puts up a plan that holds the report.
func (b *bench) reports(wave, revision int) string {
	b.t.Helper()
	body := []byte(`{"kind":"report","parts":{"text":"Initial report."}}`)
	text := breach.Text{Ref: breach.NoticeRef{Kind: "report", Channel: toRegulator, Locale: "en", SHA256: hexSum(body)}, Body: body}
	require.NoError(b.t, b.SaveTexts(b.ctx, b.id, []breach.Text{text}))
	people, err := b.Snapshot(b.ctx, b.id, wave)
	require.NoError(b.t, err)
	p := breach.Plan{Incident: b.id, Wave: wave, Revision: revision, Reports: []breach.NoticeRef{text.Ref}, People: people}
	require.NoError(b.t, b.SavePlan(b.ctx, p, wei.ID, day))
	return p.Hash()
}

func (b *bench) owed() []string {
	b.t.Helper()
	list, err := b.OwedReports(b.ctx, b.id)
	require.NoError(b.t, err)
	return list
}

func (b *bench) duty(id string) breach.ObligationState {
	b.t.Helper()
	list, err := b.Obligations(b.ctx, b.id)
	require.NoError(b.t, err)
	for _, o := range list {
		if o.ID == id {
			return o.State
		}
	}
	b.t.Fatalf("no duty %s", id)
	return ""
}

func TestReportsWithoutPeople(t *testing.T) {
	t.Parallel()
	b := judged(t)
	require.Equal(t, []string{toRegulator}, b.owed())
	wave, err := b.EmptyList(b.ctx, b.id, wei, day)
	require.NoError(t, err)
	require.Equal(t, 1, wave)
	again, err := b.EmptyList(b.ctx, b.id, wei, day)
	require.NoError(t, err)
	require.Equal(t, wave, again, "asked twice, it is the same list")
	hash := b.reports(wave, 1)
	require.Equal(t, []string{toRegulator}, b.owed(), "what waits may be returned")
	require.NoError(t, b.approve(hash, noor))
	_, _, err = b.Approval(b.ctx, b.id, wave, hash)
	require.NoError(t, err)
	require.Empty(t, b.owed())
	report, _ := b.load(people(1, 5))
	require.Equal(t, 2, report.Wave)
	third, err := b.EmptyList(b.ctx, b.id, wei, day)
	require.NoError(t, err)
	require.Equal(t, 3, third)
	b.sound(5)
}

func TestFiledReportsAreNotOwed(t *testing.T) {
	t.Parallel()
	b := judged(t)
	require.NoError(t, b.SaveFiling(b.ctx, breach.Filing{Incident: b.id, Obligation: toRegulator, Route: "email", Status: "filed", FiledAt: day}))
	require.Empty(t, b.owed())
}

func TestWhatIsReturnedOrVoidIsDraftedAgain(t *testing.T) {
	t.Parallel()
	b := judged(t)
	wave, err := b.EmptyList(b.ctx, b.id, wei, day)
	require.NoError(t, err)
	await := func() {
		for _, o := range []string{toRegulator, toPeople} {
			require.NoError(t, b.SetObligationState(b.ctx, b.id, o, breach.ObligationAwaitingApproval, "", day))
			require.Equal(t, breach.ObligationAwaitingApproval, b.duty(o))
		}
	}
	hash := b.reports(wave, 1)
	await()
	_, err = b.ReturnPlan(b.ctx, b.id, wave, hash, "say more", noor, day)
	require.NoError(t, err)
	require.Equal(t, breach.ObligationDrafting, b.duty(toRegulator))
	require.Equal(t, breach.ObligationDrafting, b.duty(toPeople))

	b.reports(wave, 2)
	await()
	_, err = b.VoidPlans(b.ctx, b.id, "facts were amended", day)
	require.NoError(t, err)
	require.Equal(t, breach.ObligationDrafting, b.duty(toRegulator))

	hash = b.reports(wave, 3)
	await()
	require.NoError(t, b.approve(hash, noor))
	b.load(people(1, 5))
	b.submit(2, 1, wei.ID)
	_, err = b.VoidPlans(b.ctx, b.id, "facts were amended", day)
	require.NoError(t, err)
	require.Equal(t, breach.ObligationAwaitingApproval, b.duty(toRegulator), "an approved plan carries it out")
	require.Equal(t, breach.ObligationDrafting, b.duty(toPeople))
	require.NoError(t, b.SetObligationState(b.ctx, b.id, toRegulator, breach.ObligationFiled, "", day))
	require.NoError(t, b.SetObligationState(b.ctx, b.id, toRegulator, breach.ObligationAwaitingApproval, "", day), "a late repeat changes nothing")
	require.Equal(t, breach.ObligationFiled, b.duty(toRegulator))
}

func TestClosingAsksForEverybody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	requireCode(t, breach.ErrConflict, b.CloseIncident(b.ctx, b.id, noor.ID, breach.Left{}, day))
	for p := range int64(2) {
		require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: p + 1, Outcome: breach.Exempt, Reason: "x", By: noor.ID, At: day}}))
	}
	require.NoError(t, b.CloseIncident(b.ctx, b.id, noor.ID, breach.Left{Undone: []string{toRegulator}, Untold: []string{"x/media/notice"}}, day.Add(time.Hour)))
	list, err := b.Timeline(b.ctx, b.id, 0, 0)
	require.NoError(t, err)
	last := list[len(list)-1]
	require.Equal(t, noor.ID, last.Actor)
	require.JSONEq(t, `{"from": "open", "to": "closed", "open_duties": ["`+toRegulator+`"], "untold_duties": ["x/media/notice"]}`, string(last.Data))
	_, err = b.EmptyList(b.ctx, b.id, wei, day)
	requireCode(t, breach.ErrConflict, err)
}

// A list and a closing that come at the same instant: either nobody is on the list, or the incident is open.
func TestNobodySlipsInWhileClosing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done := make(chan error, 1)
	go func() { done <- b.CloseIncident(b.ctx, b.id, noor.ID, breach.Left{}, day) }()
	_, _, loading := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{}, people(1, 50), 0, day, day)
	closing := <-done
	if (loading == nil) == (closing == nil) {
		t.Fatalf("loading %v, closing %v", loading, closing)
	}
}

func TestLateFailuresMakeAListDueAgain(t *testing.T) {
	t.Parallel()
	b := sending(t)
	due := func() int {
		list, err := b.DueLists(b.ctx)
		require.NoError(t, err)
		n := 0
		for _, d := range list {
			if d.Incident == b.id && d.Wave == 1 {
				n++
			}
		}
		return n
	}
	require.Zero(t, due(), "it is being delivered, or about to be")
	for _, st := range []breach.IncidentState{breach.IncidentAssessing, breach.IncidentNotifying, breach.IncidentMonitoring} {
		require.NoError(t, b.SetState(b.ctx, b.id, st, "", day))
	}
	require.Equal(t, 1, due())
	rests := func() int {
		list, err := b.WaitingLists(b.ctx)
		require.NoError(t, err)
		return len(list)
	}
	require.Zero(t, rests(), "it is not being delivered")
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentNotifying, "", day))
	require.Equal(t, 1, rests())
	stopped := func() int64 {
		list, err := b.WaitingLists(b.ctx)
		require.NoError(t, err)
		return list[0].Stopped
	}
	require.Zero(t, stopped())
	_, err := b.StopTexts(b.ctx, someone(1).Phone, day)
	require.NoError(t, err)
	require.Equal(t, int64(1), stopped())
	_, err = b.StartTexts(b.ctx, someone(1).Phone, day)
	require.NoError(t, err)
	require.Zero(t, stopped())
	require.NoError(t, b.OpenChunks(b.ctx, b.id, 1, 9, breach.Email, []int64{1}))
	require.Zero(t, rests(), "something is under way")
	require.NoError(t, b.MoveGate(b.ctx, b.id, "s", breach.GateStop, wei, day))
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentMonitoring, "", day))
	require.Zero(t, due(), "a stop is for good")
}
