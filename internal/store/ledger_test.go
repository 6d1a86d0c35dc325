package store

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestAppendOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, table := range []string{"outcome", "person_outcome", "audit", "approval", "obligation", "intent", "try_again", "fresh_start"} {
		for _, sql := range []string{"DELETE FROM " + table, "TRUNCATE " + table, "TRUNCATE " + table + " CASCADE",
			"UPDATE " + table + " SET incident = 'x'", "UPDATE " + table + " SET incident = 'x' WHERE false"} {
			err := b.exec(sql)
			require.Error(t, err, sql)
			require.Equal(t, "23001", sqlState(err), sql)
		}
	}
}

func TestTalliesCannotDisagreeWithThePeople(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	require.Equal(t, "23514", sqlState(b.exec(`UPDATE block SET reached = reached + 1`)))
	require.NoError(t, b.exec(`UPDATE block SET reached = reached + 1, pending = pending - 1`))
	inv, err := b.CheckInvariant(b.ctx, b.id)
	require.NoError(t, err)
	require.False(t, inv.Equal)
	require.Equal(t, []int64{1}, inv.Blocks)
	require.Equal(t, int64(3), inv.Recount[breach.Pending])

	require.NoError(t, b.exec(`UPDATE block SET reached = reached - 1, pending = pending + 1`))
	require.NoError(t, b.exec(`INSERT INTO person_outcome (incident, block, version, part, outcome, reason, by_actor, at, places, later)
		VALUES ($1, 1, 1, 0, 'exempt', '', '', now(), '{1}', '{0}')`, b.id))
	inv, err = b.CheckInvariant(b.ctx, b.id)
	require.NoError(t, err)
	require.False(t, inv.Equal)

	require.NoError(t, b.exec(`DELETE FROM recipient WHERE id = 3`))
	inv, err = b.CheckInvariant(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(2), inv.People)
	require.False(t, inv.Equal)
}

func TestAuditChain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			require.NoError(t, b.Note(b.ctx, b.id, fmt.Sprintf("key-%d", i%10), "tocsin", "test.note", facts{"n": i % 10}, day.Add(time.Duration(i))))
		})
	}
	wg.Wait()
	n, err := b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, int64(11), n, "the opening and ten notes, each once")
	page, err := b.Timeline(b.ctx, b.id, 3, 4)
	require.NoError(t, err)
	require.Len(t, page, 4)
	require.Equal(t, int64(4), page[0].Seq)

	require.NoError(t, b.exec(`ALTER TABLE audit DISABLE TRIGGER append_only`))
	require.NoError(t, b.exec(`UPDATE audit SET data = '{"n":99}' WHERE seq = 5`))
	_, err = b.VerifyAudit(b.ctx, b.id)
	requireCode(t, breach.ErrTampered, err)
	require.Contains(t, err.Error(), "entry 5")
	require.NoError(t, b.exec(`DELETE FROM audit WHERE seq > 4`))
	_, err = b.VerifyAudit(b.ctx, b.id)
	requireCode(t, breach.ErrTampered, err)
	requireCode(t, breach.ErrNotFound, b.Note(b.ctx, "nobody", "", "a", "b", nil, day))
}

func TestThousandDetectionsAtOnceAreOneIncident(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 1000
	incidents, firsts := make([]string, n), make([]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			d := breach.Detection{Source: "//detector/x", Type: "leak", EventID: fmt.Sprint(i), DedupKey: "finding-1", Raw: []byte("raw canary")}
			var err error
			incidents[i], firsts[i], err = b.RecordDetection(b.ctx, d, fmt.Sprintf("det%d", i), rules, day)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	opened := 0
	for i := range n {
		require.Equal(t, incidents[0], incidents[i])
		if firsts[i] {
			opened++
		}
	}
	require.Equal(t, 1, opened)
	var repeats int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM detection_repeat`).Scan(&repeats))
	require.Equal(t, n-1, repeats)
	all, err := b.Incidents(b.ctx)
	require.NoError(t, err)
	require.Len(t, all, 2)
	inc, err := b.Incident(b.ctx, incidents[0])
	require.NoError(t, err)
	require.Equal(t, breach.IncidentDraft, inc.State)
	require.Equal(t, "mooc", inc.Policy)
	total, err := b.Detections(b.ctx, incidents[0])
	require.NoError(t, err)
	require.Equal(t, int64(n), total)

	other, first, err := b.RecordDetection(b.ctx, breach.Detection{Source: "//detector/y", DedupKey: "finding-1"}, "another", rules, day)
	require.NoError(t, err)
	require.True(t, first)
	require.Equal(t, "another", other)
	_, _, err = b.RecordDetection(b.ctx, breach.Detection{Source: "//detector/y"}, "third", rules, day)
	requireCode(t, breach.ErrInvalid, err)
}

func TestAmend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	requireCode(t, breach.ErrConflict, b.OpenIncident(b.ctx, b.id, someFile(), rules, wei, breach.IncidentOpen, day))
	requireCode(t, breach.ErrInvalid, b.OpenIncident(b.ctx, "a b", someFile(), rules, wei, breach.IncidentOpen, day))
	f := someFile().Facts
	changed := "Two tables copied"
	f.Incident.Title = &changed
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = b.Amend(b.ctx, b.id, f, 1, wei, day) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			requireCode(t, breach.ErrConflict, err)
		}
	}
	require.Equal(t, 1, won)
	queued, err := b.PendingCommands(b.ctx, "")
	require.NoError(t, err)
	require.Len(t, queued, 1, "an amendment is judged also when the workflow engine was away")
	require.JSONEq(t, `{"id": "`+breach.AmendmentID(b.id, 2)+`", "actor": "`+wei.ID+`", "role": "`+string(wei.Role)+`", "fact_revision": 2}`, string(queued[0].Payload))
	total := int64(77)
	f.People.Total = &total
	rev, err := b.AmendFile(b.ctx, b.id, breach.IncidentFile{Facts: f, Policy: "another", Narrative: map[string]breach.Narrative{"en": {Summary: "new"}}}, 2, wei, day)
	require.NoError(t, err)
	require.Equal(t, 3, rev)
	file, rev, err := b.File(b.ctx, b.id, 0)
	require.NoError(t, err)
	require.Equal(t, 3, rev)
	require.Equal(t, changed, *file.Facts.Incident.Title)
	require.Equal(t, total, *file.Facts.People.Total)
	require.Equal(t, someFile().Policy, file.Policy, "the policy binds from the opening")
	require.Equal(t, "new", file.Narrative["en"].Summary)
	first, _, err := b.File(b.ctx, b.id, 1)
	require.NoError(t, err)
	require.Equal(t, someFile(), first)
	_, _, err = b.File(b.ctx, b.id, 9)
	requireCode(t, breach.ErrNotFound, err)
	bad := "a\x00b"
	f.Incident.Title = &bad
	_, err = b.Amend(b.ctx, b.id, f, 3, wei, day)
	requireCode(t, breach.ErrInvalid, err)
}

func TestIncidentStates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list, err := b.Unstarted(b.ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, b.MarkStarted(b.ctx, b.id))
	list, err = b.Unstarted(b.ctx)
	require.NoError(t, err)
	require.Empty(t, list)

	requireCode(t, breach.ErrConflict, b.SetState(b.ctx, b.id, breach.IncidentNotifying, "", day))
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentAssessing, "", day))
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentAssessing, "", day))
	require.NoError(t, b.SetState(b.ctx, b.id, breach.IncidentClosed, "", day.Add(time.Hour)))
	inc, err := b.Incident(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, day.Add(time.Hour), *inc.ClosedAt)
	_, _, err = b.LoadPeople(b.ctx, b.id, wei, &breach.Source{}, people(1, 1), 0, day, day)
	requireCode(t, breach.ErrConflict, err)
	_, err = b.Incident(b.ctx, "nobody")
	requireCode(t, breach.ErrNotFound, err)
}

func TestDuties(t *testing.T) {
	t.Parallel()
	b := setup(t)
	due := day.Add(72 * time.Hour)
	pack := []byte("id: eu-gdpr\n")
	j := breach.Judgement{Assessment: breach.Assessment{Level: "high"}, Obligations: []breach.Obligation{
		{ID: "eu-gdpr/authority/initial", Verdict: breach.Applies, DueAt: &due, Rules: breach.RuleRef{SHA256: hexSum(pack)}},
		{ID: "cn-pipl/individuals/notice", Verdict: breach.CannotTell},
	}}
	packs := map[string][]byte{hexSum(pack): pack}
	prev, err := b.SaveJudgement(b.ctx, b.id, 1, j, packs, day)
	require.NoError(t, err)
	require.Nil(t, prev)
	second := j
	second.Obligations = []breach.Obligation{j.Obligations[0], {ID: "cn-pipl/individuals/notice", Verdict: breach.Applies}}
	for range 2 {
		prev, err = b.SaveJudgement(b.ctx, b.id, 2, second, packs, day)
		require.NoError(t, err)
		require.Equal(t, j, *prev)
	}
	_, err = b.SaveJudgement(b.ctx, b.id, 3, j, map[string][]byte{"0": pack}, day)
	requireCode(t, breach.ErrInvalid, err)
	all, err := b.Judgements(b.ctx, b.id)
	require.NoError(t, err)
	require.Len(t, all[1].Changes, 1)
	require.Equal(t, "cn-pipl/individuals/notice: applies, before cannot tell", all[1].Changes[0].Says())

	id := "eu-gdpr/authority/initial"
	requireCode(t, breach.ErrConflict, b.SetObligationState(b.ctx, b.id, id, breach.ObligationAcknowledged, "", day))
	for _, st := range []breach.ObligationState{breach.ObligationDrafting, breach.ObligationAwaitingApproval, breach.ObligationFiled, breach.ObligationAcknowledged,
		breach.ObligationFiled, breach.ObligationAwaitingApproval} { // the last two are repeats of earlier writes
		require.NoError(t, b.SetObligationState(b.ctx, b.id, id, st, "", day))
	}
	duties, err := b.Obligations(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, breach.ObligationAcknowledged, duties[0].State)
	require.Equal(t, breach.ObligationDrafting, duties[1].State)
	requireCode(t, breach.ErrNotFound, b.SetObligationState(b.ctx, b.id, "no/such/duty", breach.ObligationFiled, "", day))
}

func TestFilingsAndAnnouncements(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := breach.Filing{Incident: b.id, Obligation: "eu-gdpr/authority/initial", Route: "portal", SHA256: "s", Status: "filed", FiledAt: day}
	_, err := b.Filing(b.ctx, b.id, f.Obligation)
	requireCode(t, breach.ErrNotFound, err)
	require.NoError(t, b.SaveFiling(b.ctx, f))
	again := f
	again.Route = "email"
	require.NoError(t, b.SaveFiling(b.ctx, again))
	later := day.Add(time.Hour)
	again.Acknowledgement, again.AcknowledgedAt = "CAC-1", &later
	require.NoError(t, b.SaveFiling(b.ctx, again))
	again.Acknowledgement = "CAC-2"
	require.NoError(t, b.SaveFiling(b.ctx, again))
	requireCode(t, breach.ErrConflict, b.Acknowledge(b.ctx, again, noor))
	f.Acknowledgement, f.AcknowledgedAt, f.Status = "CAC-1", &later, "acknowledged"
	got, err := b.Filing(b.ctx, b.id, f.Obligation)
	require.NoError(t, err)
	require.Equal(t, f, got)

	body := []byte("<p>page</p>")
	a := breach.Announcement{Reference: "AAAA-BBBB", Incident: b.id, Reason: "3 people without a contact", Decision: []byte(`{"why": 1}`), PublishedAt: day, KeepUntil: later,
		Texts: []breach.Text{{Ref: breach.NoticeRef{Kind: "announcement", SHA256: hexSum(body)}, Body: body}}}
	require.NoError(t, b.SaveAnnouncement(b.ctx, a))
	changed := a
	changed.Reason = "other"
	require.NoError(t, b.SaveAnnouncement(b.ctx, changed))
	found, err := b.AnnouncementByReference(b.ctx, a.Reference)
	require.NoError(t, err)
	require.Equal(t, a, found)
	_, err = b.AnnouncementByReference(b.ctx, "none")
	requireCode(t, breach.ErrNotFound, err)
	require.NoError(t, b.exec(`UPDATE announcement SET texts = convert_to(replace(convert_from(texts, 'UTF8'), 'PHA', 'PHB'), 'UTF8')`))
	_, err = b.Announcement(b.ctx, b.id)
	requireCode(t, breach.ErrTampered, err)
}

func TestTokensAndAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.PutToken(b.ctx, "a-long-random-token", noor))
	a, err := b.Authenticate(b.ctx, "a-long-random-token")
	require.NoError(t, err)
	require.Equal(t, noor, a)
	for _, wrong := range []string{"", "a-long-random-toke", "A-long-random-token"} {
		_, err = b.Authenticate(b.ctx, wrong)
		requireCode(t, breach.ErrUnauthorized, err)
	}
	requireCode(t, breach.ErrInvalid, b.PutToken(b.ctx, "", noor))
	requireCode(t, breach.ErrInvalid, b.PutToken(b.ctx, "x", breach.Actor{ID: "x", Role: "king"}))
}

func TestFindPerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(listOf(someone(1), someone(2), breach.Person{Name: "A", Email: "family@example.org"}, breach.Person{Name: "B", Email: "family@example.org"}))
	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 2, Channel: breach.SMS, Provider: "twilio", Reason: "processor_abroad", At: day}}))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(2, breach.Email, 1, breach.Accepted, day)}))
	for _, q := range []PersonQuery{{Email: " P2@Example.ORG"}, {Phone: "+8613800000002"}, {ExternalID: "u-2"}, {ID: 2}} {
		f, err := b.FindPerson(b.ctx, b.id, q, noor, "Asked by phone", day)
		require.NoError(t, err)
		require.Equal(t, someone(2), f.Subject.Person)
		require.Equal(t, map[breach.Channel]string{breach.SMS: "processor_abroad"}, f.Subject.Refused)
		var what []string
		for _, h := range f.History {
			what = append(what, h.What+" "+h.State)
		}
		require.Equal(t, []string{"attempt accepted", "outcome attempted", "refusal refused"}, what)
	}
	f, err := b.FindPerson(b.ctx, b.id, PersonQuery{Email: "family@example.org"}, wei, "why", day)
	require.NoError(t, err)
	require.Equal(t, []int64{4}, f.Others)
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: "nobody@example.org"}, wei, "why", day)
	requireCode(t, breach.ErrNotFound, err)
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: "p1@example.org"}, wei, "  ", day)
	requireCode(t, breach.ErrInvalid, err)
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{}, wei, "why", day)
	requireCode(t, breach.ErrInvalid, err)
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{ID: 1}, breach.Actor{ID: "r", Role: breach.RoleReader}, "why", day)
	requireCode(t, breach.ErrForbidden, err)
	entries, err := b.Timeline(b.ctx, b.id, 0, 0)
	require.NoError(t, err)
	looks := 0
	for _, e := range entries {
		if e.Action == "person.viewed" {
			looks++
			require.NotContains(t, string(e.Data), "Asked by phone")
		}
	}
	require.Equal(t, 6, looks, "the look that found nobody is there too")
}

func TestCommandsAreTakenOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 2 {
		require.NoError(t, b.QueueCommand(b.ctx, b.id, "c1", "pause", []byte(`{"id":"c1"}`)))
	}
	require.NoError(t, b.QueueCommand(b.ctx, b.id, "c2", "resume", []byte(`{}`)))
	list, err := b.PendingCommands(b.ctx, "")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "c1", list[0].ID)
	requireCode(t, breach.ErrInvalid, b.QueueCommand(b.ctx, b.id, "c3", "x", []byte(`not json`)))
	requireCode(t, breach.ErrNotFound, b.QueueCommand(b.ctx, "nobody", "c4", "x", []byte(`{}`)))
}

// Whatever a database error quotes, an error of the ledger does not.
func TestErrorsQuoteNoValue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 1))
	for _, sql := range []string{
		`INSERT INTO recipient SELECT * FROM recipient`,
		`SELECT 'canary-value'::int`,
		`INSERT INTO token VALUES ('\x00', 'canary-value', '', 'canary-value')`,
	} {
		err := clean("do something", b.exec(sql))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "canary-value")
		require.NotContains(t, err.Error(), "inc1")
		require.True(t, strings.HasPrefix(err.Error(), "do something failed: SQLSTATE "), err.Error())
	}
}
