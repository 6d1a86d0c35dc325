package e2e

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/workflows"
)

// Amended facts recompute duties and deadlines, show what changed, and void the plan that waits.
func TestMainJob04AmendedFactsRecomputeDuties(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	k.load(t, listOf(t, newCrowd().some(3)), "")
	old := k.submit(t)
	before := k.overview(t)
	require.Equal(t, breach.Applies, verdict(before, "eu-gdpr/authority/initial"))

	var out breach.Amended
	k.author.do(t, http.MethodPatch, k.path(""), onlyChina(), &out)
	require.True(t, out.Voided, "the plan that waited is void")
	i := slices.IndexFunc(out.Changes, func(c breach.DutyChange) bool { return c.Obligation == "eu-gdpr/authority/initial" })
	require.GreaterOrEqual(t, i, 0, "%+v", out.Changes)
	require.Equal(t, breach.Applies, out.Changes[i].From)
	require.Equal(t, breach.DoesNotApply, out.Changes[i].To)

	later := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"incident": map[string]any{"detected_at": later, "aware_at": later}}, &out)
	i = slices.IndexFunc(out.Changes, func(c breach.DutyChange) bool {
		return c.DueTo != nil && c.DueFrom != nil && !c.DueTo.Equal(*c.DueFrom)
	})
	require.GreaterOrEqual(t, i, 0, "a deadline moved: %+v", out.Changes)

	p := k.lead.try(t, http.MethodPost, k.path("/plan/approve"), map[string]string{"plan_hash": old}, nil)
	require.Contains(t, []breach.Code{breach.ErrOldHash, breach.ErrAlreadyDecided}, p.code())
	v := k.until(t, "another plan to be asked for", func(v breach.Overview) bool { return awaits(v, "submit") })
	require.Equal(t, breach.PlanVoid, v.Waves[0].Plan.State)
	require.Equal(t, breach.DoesNotApply, verdict(v, "eu-gdpr/authority/initial"))

	fresh := k.submit(t)
	require.NotEqual(t, old, fresh)
	p = k.lead.try(t, http.MethodPost, k.path("/plan/approve"), map[string]string{"plan_hash": old}, nil)
	require.Equal(t, breach.ErrOldHash, p.code())
	require.Zero(t, k.overview(t).Channels[breach.Email]["accepted"], "nothing went out so far")
}

// Who approves is another person than the author, approves exactly what lies there now, and once.
func TestMainJob04OnlyASecondPersonApproves(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := newCrowd().some(3)
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	approve := func(who caller, hash string) breach.Code {
		return who.try(t, http.MethodPost, k.path("/plan/approve"), map[string]any{"plan_hash": hash, "accept_unreviewed": true}, nil).code()
	}
	require.Nil(t, k.eventually(t, k.lead, http.MethodPost, k.path("/plan"), map[string]any{}, nil))
	v := k.overview(t)
	hash := v.Waves[0].Plan.Hash
	require.Equal(t, "wei.lin", v.Waves[0].Plan.Author)
	require.Equal(t, breach.ErrForbidden, approve(k.author, hash), "a responder approves nothing")
	require.Equal(t, breach.ErrSelfApproval, approve(k.lead, hash), "nobody approves their own plan")
	require.Equal(t, breach.ErrOldHash, approve(k.lead, "00"+hash[2:]))

	back := map[string]string{"plan_hash": hash, "comment": "say more about passwords"}
	k.lead.do(t, http.MethodPost, k.path("/plan/return"), back, nil)
	require.Equal(t, breach.ErrAlreadyDecided, approve(k.lead, hash), "what was returned is not approved")
	k.until(t, "the author's turn", func(v breach.Overview) bool { return awaits(v, "submit") })

	hash = k.submit(t)
	codes := make([]breach.Code, 6)
	var wg sync.WaitGroup
	for i := range codes {
		wg.Go(func() { codes[i] = approve(k.lead, hash) })
	}
	wg.Wait()
	slices.Sort(codes)
	require.Equal(t, []breach.Code{""}, codes[:1], "one of them counts")
	for _, c := range codes[1:] {
		require.Equal(t, breach.ErrAlreadyDecided, c)
	}
	k.told(t)
	for _, h := range people {
		require.Equal(t, 1, w.taken(h.Email))
	}
	approvals := 0
	for _, e := range k.timeline(t) {
		if e.Action == "plan.approved" {
			approvals++
		}
	}
	require.Equal(t, 1, approvals)
}

// tampered approves a plan with the gate closed in the database, changes a byte there, and opens the gate.
func tampered(t *testing.T, change string) {
	t.Helper()
	w := theWorld(t)
	people := newCrowd().some(5)
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	hash := k.submit(t)
	db := w.sql(t)
	write(t, db, `UPDATE incident SET paused = true WHERE id = $1`, k.id)
	k.approve(t, hash)
	k.until(t, "sending to begin", func(v breach.Overview) bool { return v.Incident.State == breach.IncidentNotifying })
	require.Positive(t, write(t, db, change, k.id))
	write(t, db, `UPDATE incident SET paused = false WHERE id = $1`, k.id)

	v := k.until(t, "somebody to be asked to mend it", func(v breach.Overview) bool { return awaits(v, "mend") })
	require.EqualValues(t, len(people), v.People[breach.Pending])
	require.True(t, v.Balanced)
	for _, h := range people {
		require.Empty(t, w.sentTo(t, h.Email), "nothing goes out that is not what was approved")
	}
	k.until(t, "the record to say why", func(breach.Overview) bool { return k.recorded(t, "case.trouble") })
}

func TestMainJob04AChangedTextIsNotSent(t *testing.T) {
	t.Parallel()
	tampered(t, `UPDATE notice SET body = overlay(body placing '\x21'::bytea from length(body) - 20 for 1)
		WHERE incident = $1 AND kind = 'notice' AND channel = 'email'`)
}

func TestMainJob04AChangedPersonIsNotTold(t *testing.T) {
	t.Parallel()
	tampered(t, `UPDATE recipient SET sealed = set_byte(sealed, length(sealed) - 1, (get_byte(sealed, length(sealed) - 1) + 1) % 256)
		WHERE incident = $1 AND id = 2`)
}

func TestMainJob04APersonSlippedInIsNotTold(t *testing.T) {
	t.Parallel()
	tampered(t, `UPDATE recipient a SET sealed = b.sealed FROM recipient b WHERE a.incident = $1 AND b.incident = $1 AND a.id = 1 AND b.id = 2`)
}

// Whoever reaches Temporal's port and sends the Updates, or starts the workflows, without an approval in
// the ledger cannot make anything go out.
func TestMainJob04ATemporalUpdateAloneSendsNothing(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := newCrowd().some(5)
	k := w.open(t, example(t))
	k.load(t, listOf(t, people), "")
	hash := k.submit(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	h, err := w.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: protocol.IncidentID(k.id), UpdateName: protocol.UpdateApprove, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{protocol.Decide{Command: protocol.Command{ID: "forged", Actor: "wei.lin", Role: breach.RoleLead}, PlanHash: hash}},
	})
	if err == nil {
		err = h.Get(ctx, nil)
	}
	require.ErrorContains(t, err, "approved")

	in := workflows.DeliverInput{Incident: k.id, Wave: 1, PlanHash: hash}
	run, err := w.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "forged/" + k.id, TaskQueue: protocol.QueueIncident}, protocol.WorkflowDeliver, in)
	require.NoError(t, err)
	require.Error(t, run.Get(ctx, nil), "a delivery without an approval ends at its first lane")
	for _, o := range []string{"cn-pipl-57/authority/notice", "eu-gdpr/authority/initial"} {
		run, err = w.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "forged/" + k.id + o, TaskQueue: protocol.QueueIncident}, protocol.WorkflowReport,
			workflows.ReportInput{Incident: k.id, Wave: 1, PlanHash: hash, Obligation: o})
		require.NoError(t, err)
		require.Error(t, run.Get(ctx, nil))
	}
	run, err = w.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "forged-page/" + k.id, TaskQueue: protocol.QueueIncident}, protocol.WorkflowAnnounce, in)
	require.NoError(t, err)
	_ = run.Get(ctx, nil) // whether it decides for or against: nothing may be published

	v := k.overview(t)
	require.EqualValues(t, len(people), v.People[breach.Pending])
	require.Empty(t, v.Filings)
	require.Nil(t, v.Announcement)
	require.True(t, awaits(v, "approve"))
	for _, h := range people {
		require.Empty(t, w.sentTo(t, h.Email))
	}
	k.approve(t, hash) // the real one still counts
	k.told(t)
	for _, h := range people {
		require.Equal(t, 1, w.taken(h.Email))
	}
}
