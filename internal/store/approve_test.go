package store

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (b *bench) exec(sql string, args ...any) error {
	_, err := b.pool.Exec(b.ctx, sql, args...)
	return err
}

// submit stores one text and a plan over the list of a wave, and returns the plan's hash.
func (b *bench) submit(wave, revision int, author string) (breach.Plan, string) {
	b.t.Helper()
	body := []byte(`{"kind":"notice","parts":{"text":"A table was copied."}}`)
	text := breach.Text{Ref: breach.NoticeRef{Kind: "notice", Channel: "email", Locale: "en", Variant: "self", SHA256: hexSum(body)}, Body: body}
	require.NoError(b.t, b.SaveTexts(b.ctx, b.id, []breach.Text{text}))
	people, err := b.Snapshot(b.ctx, b.id, wave)
	require.NoError(b.t, err)
	p := breach.Plan{Incident: b.id, Wave: wave, Revision: revision, Notices: []breach.NoticeRef{text.Ref}, People: people}
	require.NoError(b.t, b.SavePlan(b.ctx, p, author, day))
	return p, p.Hash()
}

func (b *bench) approve(hash string, by breach.Actor) error {
	_, err := b.ApprovePlan(b.ctx, b.id, 1, breach.Consent{PlanHash: hash, Unreviewed: true}, by, day)
	return err
}

func TestApproval(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 5))
	plan, hash := b.submit(1, 1, noor.ID)

	_, _, err := b.Approval(b.ctx, b.id, 1, hash)
	requireCode(t, breach.ErrNoApproval, err)
	requireCode(t, breach.ErrForbidden, b.approve(hash, wei))
	requireCode(t, breach.ErrSelfApproval, b.approve(hash, noor))
	requireCode(t, breach.ErrSelfApproval, b.approve(hash, breach.Actor{ID: "Noor.Haddad", Role: breach.RoleLead}))
	requireCode(t, breach.ErrOldHash, b.approve(hash[1:]+"0", lead2))
	require.NoError(t, b.approve(hash, lead2))
	requireCode(t, breach.ErrAlreadyDecided, b.approve(hash, lead2))

	a, got, err := b.Approval(b.ctx, b.id, 1, hash)
	require.NoError(t, err)
	require.Equal(t, lead2.ID, a.Approver)
	require.Equal(t, plan.Hash(), got.Hash())
	_, _, err = b.Approval(b.ctx, b.id, 2, hash)
	requireCode(t, breach.ErrNoApproval, err)

	queued, err := b.PendingCommands(b.ctx, "")
	require.NoError(t, err)
	require.Len(t, queued, 3, "the list, its numbers and the approval")
	require.Equal(t, "people-loaded", queued[0].Name)
	require.JSONEq(t, `{"wave": 1}`, string(queued[0].Payload))
	require.NoError(t, b.CommandTaken(b.ctx, queued[0].ID))
	require.Equal(t, "amend", queued[1].Name)
	require.NoError(t, b.CommandTaken(b.ctx, queued[1].ID))
	queued = queued[2:]
	require.Equal(t, "approve", queued[0].Name)
	var payload map[string]any
	require.NoError(t, json.Unmarshal(queued[0].Payload, &payload))
	require.Equal(t, map[string]any{"id": queued[0].ID, "actor": lead2.ID, "role": "lead", "wave": 1.0, "plan_hash": hash}, payload)
	require.NoError(t, b.CommandTaken(b.ctx, queued[0].ID))
	queued, err = b.PendingCommands(b.ctx, "")
	require.NoError(t, err)
	require.Empty(t, queued)
}

// Texts that nobody signed off go out only when the approver accepts them by name, and the acceptance is signed.
func TestUnreviewedTextsAreAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	_, hash := b.submit(1, 1, wei.ID)
	_, err := b.ApprovePlan(b.ctx, b.id, 1, breach.Consent{PlanHash: hash}, noor, day)
	requireCode(t, breach.ErrUnreviewed, err)
	require.ErrorContains(t, err, "notice/en")
	_, _, err = b.Approval(b.ctx, b.id, 1, hash)
	requireCode(t, breach.ErrNoApproval, err)

	require.NoError(t, b.approve(hash, noor))
	a, _, err := b.Approval(b.ctx, b.id, 1, hash)
	require.NoError(t, err)
	require.Equal(t, []string{"notice/en"}, a.Accepted)
	require.Contains(t, string(ApprovalBytes(a)), `"accepted_unreviewed":["notice/en"]`)
	rec, err := b.Plan(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, a.Accepted, rec.Accepted)
	last, err := b.LastEntryOf(b.ctx, b.id, "plan.approved")
	require.NoError(t, err)
	require.Contains(t, string(last.Data), `"accepted_unreviewed"`)

	require.NoError(t, b.exec(`ALTER TABLE approval DISABLE TRIGGER append_only`))
	require.NoError(t, b.exec(`UPDATE approval SET accepted = '{}'`))
	_, _, err = b.Approval(b.ctx, b.id, 1, hash)
	requireCode(t, breach.ErrTampered, err)
}

// What was approved before acceptances were asked keeps its signature.
func TestApprovalsWithoutAcceptanceAreSignedAsBefore(t *testing.T) {
	t.Parallel()
	a := breach.Approval{Incident: "i", Wave: 1, PlanHash: "h", Author: "a", Approver: "b", At: day, Accepted: []string{}}
	require.NotContains(t, string(ApprovalBytes(a)), "accepted")
}

func TestNewerPlanVoidsTheOneThatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	plan, first := b.submit(1, 1, wei.ID)
	require.NoError(t, b.SavePlan(b.ctx, plan, wei.ID, day), "the same plan again changes nothing")
	_, second := b.submit(1, 2, wei.ID)
	requireCode(t, breach.ErrOldHash, b.approve(first, noor))
	rec, err := b.ReturnPlan(b.ctx, b.id, 1, second, "say more on passwords", noor, day)
	require.NoError(t, err)
	require.Equal(t, breach.PlanReturned, rec.State)
	_, third := b.submit(1, 3, wei.ID)
	n, err := b.VoidPlans(b.ctx, b.id, "facts were amended", day)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	requireCode(t, breach.ErrAlreadyDecided, b.approve(third, noor))
	all, err := b.Plans(b.ctx, b.id)
	require.NoError(t, err)
	var states []breach.PlanState
	for _, p := range all {
		states = append(states, p.State)
	}
	require.Equal(t, []breach.PlanState{breach.PlanVoid, breach.PlanReturned, breach.PlanVoid}, states)
	other := plan
	other.Channels.Policy = "another"
	requireCode(t, breach.ErrConflict, b.SavePlan(b.ctx, other, wei.ID, day))
}

func TestTwoApproversAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	_, hash := b.submit(1, 1, wei.ID)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = b.approve(hash, []breach.Actor{noor, lead2}[i%2]) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		requireCode(t, breach.ErrAlreadyDecided, err)
	}
	require.Equal(t, 1, won)
}

// One byte anywhere in what is approved is found, before the approval and after it.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	flip := func(column string) string {
		return column + ` = set_byte(` + column + `, 7, get_byte(` + column + `, 7) # 1)`
	}
	for name, c := range map[string]struct {
		sql      string
		deciding breach.Code // what approving gives; empty: the people's rows are as in the plan
		reading  bool        // found by whoever reads the block, the approval alone does not see rows
	}{
		"sealed":          {`UPDATE recipient SET ` + flip("sealed") + ` WHERE id = 3`, breach.ErrTampered, true},
		"locale":          {`UPDATE recipient SET locale = 'en' WHERE id = 3`, breach.ErrTampered, true},
		"people swapped":  {`UPDATE recipient r SET sealed = o.sealed FROM recipient o WHERE r.id = 2 AND o.id = 3`, breach.ErrTampered, true},
		"person removed":  {`DELETE FROM recipient WHERE id = 5`, breach.ErrTampered, true},
		"digest of block": {`UPDATE block SET digest = repeat('0', 64)`, "", false},
		"text":            {`UPDATE notice SET ` + flip("body"), breach.ErrTampered, false},
		"text removed":    {`DELETE FROM notice`, breach.ErrTampered, false},
		"plan":            {`UPDATE plan SET ` + flip("body"), breach.ErrTampered, false},
		"plan with hash":  {`UPDATE plan SET body = b, hash = encode(sha256(b), 'hex') FROM (SELECT convert_to(replace(convert_from(body, 'UTF8'), '"none":0', '"none":1'), 'UTF8') b FROM plan) x`, breach.ErrOldHash, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.load(people(1, 5))
			_, hash := b.submit(1, 1, wei.ID)
			require.NoError(t, b.exec(c.sql))
			if c.deciding != "" {
				requireCode(t, c.deciding, b.approve(hash, noor))
			}

			b = setup(t)
			b.load(people(1, 5))
			blocks, err := b.Blocks(b.ctx, b.id, 1)
			require.NoError(t, err)
			_, hash = b.submit(1, 1, wei.ID)
			require.NoError(t, b.approve(hash, noor))
			require.NoError(t, b.exec(c.sql))
			_, _, err = b.Approval(b.ctx, b.id, 1, hash)
			if c.reading {
				require.NoError(t, err)
				_, err = b.Subjects(b.ctx, b.id, blocks[0])
			}
			requireCode(t, breach.ErrTampered, err)
		})
	}
}

func TestForgedApprovalIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	_, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.exec(`INSERT INTO approval SELECT incident, wave, revision, hash, author, 'noor.haddad', now(), '\x00' FROM plan`))
	_, _, err := b.Approval(b.ctx, b.id, 1, hash)
	requireCode(t, breach.ErrTampered, err)
}
