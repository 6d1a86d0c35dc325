package evidence_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// An insider holds the signing key, so hashes and signature are right; the story must still hold.
func TestAStoryThatDoesNotHoldIsFoundInASignedPack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit   func(*sample)
		file   string
		record int64
		what   string
	}{
		"own approval":            {func(s *sample) { s.approvals[0].Approver = s.approvals[0].Author }, evidence.ApprovalsFile, 1, "by the plan's author"},
		"nobody approved":         {func(s *sample) { s.approvals[0].Approver = "" }, evidence.ApprovalsFile, 1, "by the plan's author"},
		"plan changed afterwards": {func(s *sample) { s.plan.Channels.Policy = "other" }, evidence.ApprovalsFile, 1, "changed after the approval"},
		"approval of other wave":  {func(s *sample) { s.approvals[0].Wave = 2 }, evidence.ApprovalsFile, 1, "not in plans/"},
		"approved text left out":  {func(s *sample) { s.texts = s.texts[:1] }, evidence.ApprovalsFile, 1, "not in texts/"},
		"text left out":           {func(s *sample) { s.texts = s.texts[:1] }, evidence.AttemptsFile, 1, "not in texts/"},
		"text nobody approved": {func(s *sample) {
			s.texts = append(s.texts, []byte(`{"subject":"Buy now"}`))
			s.attempts[3].Text = hashOf(s.texts[2])
		}, evidence.AttemptsFile, 4, "no approved plan names"},
		"no approval at all":     {func(s *sample) { s.approvals = nil }, evidence.AttemptsFile, 1, "no approved plan names"},
		"a count made nicer":     {func(s *sample) { s.counts.People["reached"]++ }, evidence.CountsFile, 0, "says 16 for reached"},
		"a total made nicer":     {func(s *sample) { s.counts.People["total"]-- }, evidence.CountsFile, 0, "says 19 for total"},
		"a person left out":      {func(s *sample) { s.people = append(s.people[:3:3], s.people[4:]...) }, evidence.CountsFile, 0, "says 20 for total"},
		"a person twice":         {func(s *sample) { s.people[5] = s.people[4] }, evidence.PeopleFile, 6, "there twice"},
		"an invented outcome":    {func(s *sample) { s.people[5].Outcome = "happy" }, evidence.PeopleFile, 6, "does not exist"},
		"told without a try":     {func(s *sample) { s.attempts = s.attempts[1:] }, evidence.PeopleFile, 1, "no attempt shows it"},
		"a try for nobody":       {func(s *sample) { s.attempts[2].Person = 999 }, evidence.AttemptsFile, 3, "not in people.jsonl"},
		"audit entry rewritten":  {func(s *sample) { s.audit[2].Actor = "somebody.else" }, evidence.AuditFile, 3, "breaks the audit chain"},
		"audit entry left out":   {func(s *sample) { s.audit = append(s.audit[:2:2], s.audit[3:]...) }, evidence.AuditFile, 3, "breaks the audit chain"},
		"audit beginning cut":    {func(s *sample) { s.audit = s.audit[1:] }, evidence.AuditFile, 1, "breaks the audit chain"},
		"audit data rewritten":   {func(s *sample) { s.audit[4].Data = []byte(`{"n":9}`) }, evidence.AuditFile, 5, "breaks the audit chain"},
		"audit entry moved":      {func(s *sample) { s.audit[1], s.audit[2] = s.audit[2], s.audit[1] }, evidence.AuditFile, 2, "breaks the audit chain"},
		"audit instant changed":  {func(s *sample) { s.audit[0].At = s.audit[0].At.Add(-time.Hour) }, evidence.AuditFile, 1, "breaks the audit chain"},
		"counts of another kind": {func(s *sample) { s.counts.People = nil }, evidence.CountsFile, 0, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSample(20)
			c.edit(s)
			r := verify(t, s.pack(t), public(goodKey))
			require.False(t, r.Verified)
			p := firstIn(r, c.file)
			require.Equal(t, c.record, p.Record, "%v", r.Problems)
			require.Contains(t, p.What, c.what)
		})
	}
}

func TestVerifyChainNamesTheFirstBadEntry(t *testing.T) {
	t.Parallel()
	good := newSample(1).audit
	bad, err := evidence.VerifyChain(good)
	require.NoError(t, err)
	require.Zero(t, bad)
	for i := range good {
		for _, edit := range []func(e *breach.AuditEntry){
			func(e *breach.AuditEntry) { e.Seq++ },
			func(e *breach.AuditEntry) { e.At = e.At.Add(time.Microsecond) },
			func(e *breach.AuditEntry) { e.Actor += "x" },
			func(e *breach.AuditEntry) { e.Actor, e.Action = e.Actor+"s", e.Action[1:] },
			func(e *breach.AuditEntry) { e.Data = nil },
			func(e *breach.AuditEntry) { e.Prev = e.Hash },
			func(e *breach.AuditEntry) { e.Hash = "" },
		} {
			chain := append([]breach.AuditEntry{}, good...)
			edit(&chain[i])
			at, err := evidence.VerifyChain(chain)
			require.Equal(t, breach.ErrTampered, breach.CodeOf(err))
			require.EqualValues(t, i+1, at)
		}
	}
}

func TestChainHashSurvivesTheDatabase(t *testing.T) {
	t.Parallel()
	hash := func(at time.Time, data string) string {
		return evidence.ChainHash("p", 1, at, "a", "b", []byte(data))
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)
	want := hash(at, `{"b":[1,2.50,"<"],"a":null}`)
	require.Equal(t, want, hash(at.Truncate(time.Microsecond).In(time.FixedZone("", 3600)), ` {"a": null, "b": [1, 2.50, "\u003c"]} `))
	for _, other := range []string{`{"b":[1,2.5,"<"],"a":null}`, `{"b":[2.50,1,"<"],"a":null}`, `{"b":[1,2.50,"<"]}`, `{"a":null,"b":[1,2.50,"<"],"a":null}`, ``, `{`} {
		require.NotEqual(t, want, hash(at, other))
	}
	require.NotEqual(t, hash(at, `{"a":1,"a":2}`), hash(at, `{"a":2}`), "a repeated key is not one meaning")
}

func TestCommitmentsCannotBeLinkedWithoutTheSalt(t *testing.T) {
	t.Parallel()
	salt := bytes.Repeat([]byte{1}, 16)
	a := evidence.Commitment("REF1", salt)
	require.Len(t, a, 64)
	require.Equal(t, a, evidence.Commitment("REF1", salt))
	require.NotEqual(t, a, evidence.Commitment("REF2", salt))
	require.NotEqual(t, a, evidence.Commitment("REF1", bytes.Repeat([]byte{2}, 16)))
}

func FuzzChainHash(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"\ud800"}`), "actor")
	f.Add([]byte(`{"a":1,"a":2}`), "")
	f.Fuzz(func(t *testing.T, data []byte, actor string) {
		one := evidence.ChainHash("", 1, madeAt, actor, "x", data)
		if one != evidence.ChainHash("", 1, madeAt, actor, "x", bytes.Clone(data)) || one == evidence.ChainHash("", 2, madeAt, actor, "x", data) {
			t.Fatal("not a function of its input")
		}
	})
}
