package store

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// canary is a person each of whose fields is recognisable.
var canary = breach.Person{
	ExternalID: "canary-id", Name: "canary-name", Email: "canary-mail@example.org", Phone: "+8613712345678", Locale: "zh-Hans", Country: "CN",
	Region: "canary-region", BirthDate: "2015-11-05", PostalAddress: "canary-street", PushToken: "canary-token", DataClasses: []string{"canary-class"},
	Guardian: &breach.Guardian{Name: "canary-guardian", Email: "canary-parent@example.org", Phone: "+8613787654321"},
}

func requireNoCanary(t *testing.T, where string, b []byte) {
	t.Helper()
	low := strings.ToLower(string(b))
	for _, word := range []string{"canary", "13712345678", "13787654321", "2015-11-05"} {
		require.NotContains(t, low, word, where)
	}
}

// lived carries an incident through everything that the ledger records.
func lived(t *testing.T) *bench {
	b := setup(t)
	b.load(listOf(someone(1), canary, someone(3)))
	pack := []byte("id: x\n")
	j := breach.Judgement{Obligations: []breach.Obligation{{ID: "x/authority/initial", Verdict: breach.Applies}}}
	_, err := b.SaveJudgement(b.ctx, b.id, 1, j, map[string][]byte{hexSum(pack): pack}, day)
	require.NoError(t, err)
	plan, hash := b.submit(1, 1, wei.ID)
	require.NoError(t, b.approve(hash, noor))
	l := b.lease(breach.Email, 1, time.Minute)
	send := []breach.Intent{intent(1, breach.Email, 1), intent(2, breach.Email, 1)}
	for i := range send {
		send[i].Text = plan.Notices[0].SHA256
	}
	send[1].Addressee = breach.ToGuardian
	require.NoError(t, b.Intend(b.ctx, l, send))
	delivered := event(2, breach.Email, 1, breach.Delivered, day)
	delivered.Addressee = breach.ToGuardian
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day), delivered}))
	_, err = b.RecordReceipt(b.ctx, "own", "a-1-email-1", Receipt{State: breach.Delivered, ProviderRef: "r1"}, day)
	require.NoError(t, err)
	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 3, Channel: breach.SMS, Provider: "twilio", Reason: "processor_abroad", At: day}}))
	require.NoError(t, b.SetOutcomes(b.ctx, b.id, []breach.PersonEvent{{Person: 3, Outcome: breach.Unreachable, Reason: "channels_exhausted", By: "tocsin", At: day}}))
	require.NoError(t, b.SaveFiling(b.ctx, breach.Filing{Incident: b.id, Obligation: "x/authority/initial", Route: "portal", SHA256: "s", Status: "filed", FiledAt: day}))
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: canary.Email}, noor, "canary-reason", day)
	require.NoError(t, err)
	asked := breach.KeyedRequest{Actor: "wei", Key: "k", RequestHash: "h", Owner: "o"}
	_, err = b.ReserveKey(b.ctx, asked, time.Minute)
	require.NoError(t, err)
	require.NoError(t, b.SaveAnswer(b.ctx, asked, []byte("canary-answer"), 200))
	_, _, err = b.RecordDetection(b.ctx, breach.Detection{Source: "//d", Type: "leak", EventID: "canary-event", DedupKey: "canary-key", Subject: "canary-subject", Raw: []byte("canary-raw")}, "det", rules, day)
	require.NoError(t, err)
	return b
}

func TestExportVerifies(t *testing.T) {
	t.Parallel()
	b := lived(t)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	export := func() []byte {
		var pack bytes.Buffer
		w, err := evidence.NewWriter(&pack, key, evidence.Meta{CreatedAt: day})
		require.NoError(t, err)
		require.NoError(t, b.Export(b.ctx, b.id, w))
		_, err = w.Close()
		require.NoError(t, err)
		return pack.Bytes()
	}
	pack := export()
	require.Equal(t, pack, export(), "the order is stable")
	report, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), key.Public().(ed25519.PublicKey))
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.Equal(t, int64(3), report.People["total"])

	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		requireNoCanary(t, f.Name, content)
		require.NotContains(t, string(content), "p1@example.org")
	}
	for _, want := range []string{"incident.json", "facts/1.json", "judgements/1.json", "plans/1-1.json", "approvals.jsonl", "people.jsonl",
		"attempts.jsonl", "refusals.jsonl", "receipts.jsonl", "announcements.json", "filings.json", "holds.jsonl", "delays.jsonl", "audit.jsonl", "counts.json"} {
		require.Contains(t, names, want)
	}
}

// Nothing about a person can be read in the database without the key file.
func TestNothingPersonalIsReadableAtRest(t *testing.T) {
	t.Parallel()
	b := lived(t)
	tables, err := collect(b.ctx, b.pool, pgx.RowTo[string], `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`)
	require.NoError(t, err)
	require.Greater(t, len(tables), 25)
	for _, table := range tables {
		rows, err := collect(b.ctx, b.pool, pgx.RowTo[string], fmt.Sprintf(`SELECT t::text FROM %s t`, table))
		require.NoError(t, err)
		requireNoCanary(t, table, []byte(strings.Join(rows, "\n")))
		// bytea is printed in hex
		require.NotContains(t, strings.Join(rows, "\n"), fmt.Sprintf("%x", "canary"), table)
	}
	require.Equal(t, breach.Tally{breach.Attempted: 2, breach.Unreachable: 1}, compact(b.sound(3)))
}
