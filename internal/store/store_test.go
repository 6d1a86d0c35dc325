package store

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

var (
	day   = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	wei   = breach.Actor{ID: "wei.lin", Name: "Wei Lin", Role: breach.RoleResponder}
	noor  = breach.Actor{ID: "noor.haddad", Name: "Noor Haddad", Role: breach.RoleLead}
	lead2 = breach.Actor{ID: "ana.sousa", Name: "Ana Sousa", Role: breach.RoleLead}

	rules = breach.Sufficiency{
		breach.Email: {Proof: breach.Accepted, Quiet: 48 * time.Hour, Wait: time.Hour},
		breach.SMS:   {Proof: breach.Delivered, Wait: time.Hour},
		breach.Push:  {},
	}
)

func migrateForTest(dsn string) error { return Migrate(context.Background(), dsn) }

// bench is one ledger of a test's own.
type bench struct {
	*Store
	t    testing.TB
	ctx  context.Context
	dsn  string
	keys string
	id   string
}

func setup(t testing.TB) *bench { return setupWith(t, nil) }

func setupWith(t testing.TB, tracer pgx.QueryTracer) *bench {
	t.Helper()
	b := &bench{t: t, ctx: context.Background(), dsn: pgtest.New(t, migrateForTest), keys: t.TempDir(), id: "inc1"}
	s, err := Open(b.ctx, Config{DatabaseURL: b.dsn, KeyDir: b.keys, DefaultPolicy: "mooc", tracer: tracer})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	b.Store = s
	require.NoError(t, s.OpenIncident(b.ctx, b.id, someFile(), rules, wei, breach.IncidentOpen, day))
	return b
}

func someFile() breach.IncidentFile {
	title, aware := "Credentials table copied", day
	return breach.IncidentFile{
		Facts:     breach.Facts{Incident: breach.IncidentFacts{Title: &title, AwareAt: &aware}},
		Policy:    "mooc",
		Narrative: map[string]breach.Narrative{"en": {Summary: "A table was copied."}},
		Contact:   breach.Contact{Email: "privacy@example.org"},
	}
}

func someone(n int) breach.Person {
	return breach.Person{
		ExternalID: fmt.Sprintf("u-%d", n), Name: fmt.Sprintf("Person %d", n), Email: fmt.Sprintf("p%d@example.org", n),
		Phone: fmt.Sprintf("+86138%08d", n), Locale: "zh-Hans", Country: "CN",
	}
}

func people(from, to int) iter.Seq2[breach.Person, error] {
	return func(yield func(breach.Person, error) bool) {
		for n := from; n <= to; n++ {
			if !yield(someone(n), nil) {
				return
			}
		}
	}
}

func listOf(ps ...breach.Person) iter.Seq2[breach.Person, error] {
	return func(yield func(breach.Person, error) bool) {
		for _, p := range ps {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (b *bench) load(people iter.Seq2[breach.Person, error]) (breach.LoadReport, []DuplicateRow) {
	b.t.Helper()
	r, dup, err := b.LoadPeople(b.ctx, b.id, wei, &breach.Source{Format: "csv", Encoding: "utf-8", SHA256: strings.Repeat("0", 64)}, people, 14, day, day)
	require.NoError(b.t, err)
	return r, dup
}

// sound checks the ledger's invariant and returns the tally.
func (b *bench) sound(people int64) breach.Tally {
	b.t.Helper()
	inv, err := b.CheckInvariant(b.ctx, b.id)
	require.NoError(b.t, err)
	require.True(b.t, inv.Equal, "tally %v, recount %v, blocks %v", inv.Tally, inv.Recount, inv.Blocks)
	require.Equal(b.t, people, inv.People)
	require.Equal(b.t, people, inv.Tally.Sum())
	return inv.Tally
}

func requireCode(t testing.TB, code breach.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, breach.CodeOf(err), err.Error())
}

func (b *bench) lease(c breach.Channel, round int, d time.Duration) *breach.Lease {
	b.t.Helper()
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(b.t, err)
	nos := make([]int64, len(blocks))
	for i := range blocks {
		nos[i] = blocks[i].No
	}
	require.NoError(b.t, b.OpenChunks(b.ctx, b.id, 1, round, c, nos))
	l, _, err := b.Lease(b.ctx, b.id, 1, round, c, "lane-1", d)
	require.NoError(b.t, err)
	require.NotNil(b.t, l)
	return l
}

func intent(person int64, c breach.Channel, try int) breach.Intent {
	return breach.Intent{Person: person, Addressee: breach.ToSelf, Channel: c, Try: try, AttemptID: fmt.Sprintf("a-%d-%s-%d", person, c, try),
		Provider: "own", Text: strings.Repeat("a", 64), At: day}
}

func event(person int64, c breach.Channel, try int, st breach.AttemptState, at time.Time) breach.AttemptEvent {
	e := breach.AttemptEvent{Person: person, Addressee: breach.ToSelf, Channel: c, Try: try, State: st, Provider: "own", At: at}
	if st == breach.Reconciled {
		e.Settlement = breach.Confirmed
	}
	return e
}

// Intend and Finish are writes of one lane alone.
func (b *bench) Intend(ctx context.Context, l *breach.Lease, list []breach.Intent) error {
	return b.Commit(ctx, []breach.Write{{Incident: l.Incident, Lease: l, Intents: list}})[0]
}

func (b *bench) Finish(ctx context.Context, l *breach.Lease) error {
	return b.Commit(ctx, []breach.Write{{Incident: l.Incident, Lease: l, Finish: true}})[0]
}
