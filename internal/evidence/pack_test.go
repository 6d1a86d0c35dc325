package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

var (
	madeAt  = time.Date(2026, 11, 22, 9, 30, 17, 0, time.UTC)
	goodKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	evilKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
)

// sample is everything that goes into a small, complete pack; tests change it before it is written.
type sample struct {
	key       ed25519.PrivateKey
	audit     []breach.AuditEntry
	people    []evidence.PersonRecord
	attempts  []evidence.AttemptRecord
	seen      []evidence.AcknowledgementRecord // in an application
	approvals []evidence.ApprovalRecord
	counts    evidence.Counts
	plan      breach.Plan
	texts     [][]byte
}

func newSample(people int) *sample {
	s := &sample{key: goodKey, texts: [][]byte{[]byte(`{"subject":"Your account"}`), []byte(`{"subject":"您的账号"}`)}}
	for i := range 5 {
		s.appendAudit("stage.step", fmt.Sprintf(`{"n": %d, "what":"<ok> & fine"}`, i))
	}
	tally := breach.Tally{}
	for i := 1; i <= people; i++ {
		p := evidence.PersonRecord{Person: int64(i), Commitment: evidence.Commitment(fmt.Sprint("ref", i), []byte("0123456789abcdef")), Wave: 1, Outcome: breach.Reached}
		if i%4 == 0 {
			p.Outcome = breach.Covered
		} else {
			s.attempts = append(s.attempts, evidence.AttemptRecord{Person: int64(i), Addressee: breach.ToSelf, Channel: breach.Email, Try: 1,
				State: breach.Accepted, Provider: "own-smtp", Text: hashOf(s.texts[i%2]), IntendedAt: madeAt, At: madeAt})
		}
		tally[p.Outcome]++
		s.people = append(s.people, p)
	}
	s.counts = evidence.CountsOf(tally)
	s.plan = breach.Plan{Incident: "inc1", Wave: 1, Revision: 2, People: breach.PeopleSnapshot{Total: int64(people), ByLocale: map[string]int64{}}}
	for _, t := range s.texts {
		s.plan.Notices = append(s.plan.Notices, breach.NoticeRef{Kind: "notice", Channel: "email", Locale: "en", Variant: "self", SHA256: hashOf(t)})
	}
	s.approvals = []evidence.ApprovalRecord{{Wave: 1, Revision: 2, PlanHash: s.plan.Hash(), Author: "wei.lin", Approver: "ana.souza", At: madeAt}}
	return s
}

func (s *sample) appendAudit(action, data string) {
	e := breach.AuditEntry{Seq: int64(len(s.audit) + 1), At: madeAt.Add(time.Duration(len(s.audit)) * time.Second), Actor: "wei.lin", Action: action, Data: json.RawMessage(data)}
	if len(s.audit) > 0 {
		e.Prev = s.audit[len(s.audit)-1].Hash
	}
	e.Hash = evidence.ChainHash(e.Prev, e.Seq, e.At, e.Actor, e.Action, e.Data)
	s.audit = append(s.audit, e)
}

func (s *sample) pack(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, s.key, evidence.Meta{Product: "tocsin test", Incident: "inc1", CreatedAt: madeAt})
	require.NoError(t, err)
	lines(t, w, evidence.AuditFile, s.audit)
	lines(t, w, evidence.PeopleFile, s.people)
	lines(t, w, evidence.AttemptsFile, s.attempts)
	if len(s.seen) > 0 {
		lines(t, w, evidence.AcknowledgementsFile, s.seen)
	}
	lines(t, w, evidence.ApprovalsFile, s.approvals)
	require.NoError(t, w.JSON(evidence.CountsFile, s.counts))
	require.NoError(t, w.JSON(evidence.PlanFile(s.plan.Wave, s.plan.Revision), s.plan))
	for _, b := range s.texts {
		require.NoError(t, w.File(evidence.TextFile(hashOf(b)), b))
	}
	sum, err := w.Close()
	require.NoError(t, err)
	require.Len(t, sum, 64)
	return out.Bytes()
}

func lines[T any](t testing.TB, w *evidence.Writer, name string, records []T) {
	t.Helper()
	l, err := w.Lines(name)
	require.NoError(t, err)
	for _, r := range records {
		require.NoError(t, l.Add(r))
	}
	require.NoError(t, l.Close())
}

func verify(t testing.TB, pack []byte, trusted ...ed25519.PublicKey) evidence.Report {
	t.Helper()
	r, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), trusted...)
	require.NoError(t, err)
	require.Equal(t, r.Verified, len(r.Problems) == 0)
	return r
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestAnHonestPackVerifies(t *testing.T) {
	t.Parallel()
	pack := newSample(20).pack(t)
	r := verify(t, pack, public(goodKey))
	require.Empty(t, r.Problems)
	require.True(t, r.Verified && r.KeyTrusted)
	require.Equal(t, evidence.KeyID(public(goodKey)), r.KeyID)
	require.Equal(t, map[string]int64{"total": 20, "reached": 15, "covered_by_announcement": 5}, r.People)
	require.EqualValues(t, 5+20+15+1, r.Records)
	require.Equal(t, 8, r.Files)
	require.Equal(t, "inc1", r.Meta.Incident)

	require.Equal(t, pack, newSample(20).pack(t), "the same content gives the same bytes")
	anyKey := verify(t, pack)
	require.True(t, anyKey.Verified)
	require.False(t, anyKey.KeyTrusted, "without a trusted key the reader must compare the key id")
}
