package store

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
)

// What is gathered into rows is told again by them: everything once, at its instant, and what is said of one person in
// its order.
func TestRowsHoldWhatWasGathered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type fact struct {
			person int64
			same   string
			at     time.Time
			n      int
		}
		var g gather[string, int]
		given, told := map[int64][]fact{}, map[int64][]fact{}
		const block = 7
		for n := range rapid.IntRange(0, 60).Draw(t, "facts") {
			f := fact{
				person: personAt(block, int16(rapid.IntRange(0, 5).Draw(t, "place"))), same: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "same"),
				at: day.Add(time.Duration(rapid.Int64Range(-int64(90*time.Minute), int64(90*time.Minute)).Draw(t, "at"))).Truncate(time.Microsecond), n: n,
			}
			given[f.person] = append(given[f.person], f)
			g.add(f.same, f.person, f.at, f.n)
		}
		for _, r := range g.settled() {
			seen := map[int16]bool{}
			require.EqualValues(t, 0, slices.Min(r.later))
			require.Equal(t, when(r.at, slices.Max(r.later)), r.until())
			for i, place := range r.places {
				require.False(t, seen[place], "a person stands in a row once")
				seen[place] = true
				f := fact{personAt(block, place), r.same, when(r.at, r.later[i]), r.each[i]}
				told[f.person] = append(told[f.person], f)
			}
		}
		require.Equal(t, given, told)
	})
}

// Who appends to a block has seen all that was appended before: the same version cannot be written twice, whatever
// a writer believes.
func TestTwoWritersCannotAppendToTheSameState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 10))
	require.NoError(t, b.Record(b.ctx, b.id, []breach.AttemptEvent{event(1, breach.Email, 1, breach.Accepted, day)}))
	for _, table := range []string{"outcome", "person_outcome"} {
		columns := `incident, block, version, part, reason, at, places, later, `
		values := ` incident, block, version, part, reason, at, '{4}', '{0}', `
		if table == "outcome" {
			columns, values = columns+`until, addressee, channel, try, state, settlement, provider, epoch`, values+`until, addressee, channel, try, state, settlement, provider, epoch`
		} else {
			columns, values = columns+`outcome, by_actor`, values+`outcome, by_actor`
		}
		err := b.exec(`INSERT INTO ` + table + ` (` + columns + `) SELECT ` + values + ` FROM ` + table)
		require.Equal(t, "23505", sqlState(err), table)
	}
}

// A ledger of an earlier release says the same after it was brought up.
func TestAnEarlierLedgerIsCarriedOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := pgtest.DSN(t)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer db.Close()
	p, err := migrator(db)
	require.NoError(t, err)
	_, err = p.UpTo(ctx, 12)
	require.NoError(t, err)
	const past = `
		INSERT INTO outcome (incident, person, addressee, channel, try, state, settlement, moved_from, reason, detail, provider, provider_ref, epoch, at) VALUES
			('i', 1001, 'self', 'email', 1, 'unknown', '', 'intended', 'interrupted', '', 'smtp', '', 1, '2026-03-14 09:00:00Z'),
			('i', 1001, 'self', 'email', 1, 'reconciled', 'repeated', 'unknown', '', '', 'smtp', '', 1, '2026-03-14 09:01:00Z'),
			('i', 1001, 'self', 'email', 2, 'accepted', '', 'intended', '', '250 ok', 'smtp', 'q-17', 2, '2026-03-14 09:02:00.123456Z'),
			('i', 1001, 'self', 'email', 2, 'handed_over', '', NULL, '', '', 'smtp', '', 2, '2026-03-14 09:03:00Z'),
			('i', 3, 'guardian', 'sms', 1, 'delivered', '', 'intended', '', '', 'twilio', 'SM1', 1, '2026-03-14 09:00:00Z');
		INSERT INTO intent (incident, wave, channel, round, block, owner, epoch, addressee, provider, text_hash, persons, tries, attempts, ats) VALUES
			('i', 1, 'sms', 1, 1, 'o', 1, 'self', 'twilio', 'h', '{3,2,1}', '{1,2,1}', '{c,b,a}', '{2026-03-14 09:00:00Z,2026-03-14 09:00:00Z,2026-03-14 09:00:00Z}'),
			('i', 1, 'sms', 1, 1, 'o', 1, 'self', 'twilio', 'h', '{1}', '{2}', '{d}', '{2026-03-14 09:05:00Z}');
		INSERT INTO attempt_ref SELECT unnest(attempts), seq FROM intent;
		INSERT INTO person_outcome (incident, person, outcome, reason, by_actor, at) VALUES
			('i', 1001, 'attempted', 'email/unknown', 'tocsin', '2026-03-14 09:00:00Z'),
			('i', 3, 'held', 'asked', 'wei.lin', '2026-03-14 09:00:00Z'),
			('i', 1001, 'reached', 'email/accepted', 'tocsin', '2026-03-14 09:02:00Z');
		INSERT INTO block (incident, no, wave, lo, hi, people, digest, pending) VALUES ('i', 1, 1, 1, 3, 3, '', 3);
		INSERT INTO recipient (incident, id, wave, ref, locale, country, minor, guardian, channels, person_key, email_hash, phone_hash, sealed)
			SELECT 'i', id, 1, '', '', '', false, false, 1, gen_random_uuid(), (CASE id WHEN 2 THEN 7 WHEN 3 THEN -5::bigint << 32 ELSE id << 32 END), NULL, ''
			FROM generate_series(1, 3) id;`
	_, err = db.ExecContext(ctx, `BEGIN; SET LOCAL session_replication_role = replica;`+past+`; COMMIT`) // without their incident
	require.NoError(t, err)
	read := func(table, columns string) (out []string) {
		rows, err := db.QueryContext(ctx, `SELECT (`+columns+`)::text FROM `+table+` WHERE incident = 'i' ORDER BY person, seq`)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			out = append(out, line)
		}
		require.NoError(t, rows.Err())
		return out
	}
	const ofOutcome = `person, addressee, channel, try, state, settlement, moved_from, reason, detail, provider, provider_ref, epoch, at, recorded_at`
	const ofPerson = `person, outcome, reason, by_actor, at`
	outcomes, persons := read("outcome", ofOutcome), read("person_outcome", ofPerson)
	require.Len(t, outcomes, 5)
	_, err = p.Up(ctx)
	require.NoError(t, err)
	require.Equal(t, outcomes, read("outcome_each", ofOutcome))
	require.Equal(t, persons, read("person_outcome_each", ofPerson))
	rows, err := db.QueryContext(ctx, `SELECT r.id || ': ' || i.try || i.places::text || i.attempts::text || (i.at - '2026-03-14 09:00:00Z') FROM attempt_ref r JOIN intent i ON i.seq = r.intent ORDER BY r.id`)
	require.NoError(t, err)
	defer rows.Close()
	var refs []string
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		refs = append(refs, line)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"a: 1{2,0}{c,a}00:00:00", "b: 2{1}{b}00:00:00", "c: 1{2,0}{c,a}00:00:00", "d: 2{0}{d}00:05:00"}, refs)
	var numbers string
	require.NoError(t, db.QueryRowContext(ctx, `SELECT emails::text || phones::text FROM contact WHERE incident = 'i' AND block = 1`).Scan(&numbers))
	require.Equal(t, "{1,1,-5}{0,0,0}", numbers)
}

// Instants of an earlier release that were counted from any of a row's people count from the first, and stay what they were.
func TestInstantsOfAnEarlierLedgerStay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := sql.Open("pgx", pgtest.DSN(t))
	require.NoError(t, err)
	defer db.Close()
	p, err := migrator(db)
	require.NoError(t, err)
	_, err = p.UpTo(ctx, 20)
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, `INSERT INTO outcome (incident, block, version, part, addressee, channel, try, state, settlement, reason, provider, epoch, at, places, later)
		VALUES ('i', 1, 1, 0, 'self', 'email', 1, 'accepted', '', '', 'smtp', 1, '2026-03-14 09:00:00Z', '{4,2,9}', '{0,-1500000,2000000}')`)
	require.NoError(t, err)
	each := func() (line string) {
		require.NoError(t, db.QueryRowContext(ctx, `SELECT string_agg(person || ' ' || at, ', ' ORDER BY seq) FROM outcome_each`).Scan(&line))
		return line
	}
	before := each()
	_, err = p.Up(ctx)
	require.NoError(t, err)
	require.Equal(t, before, each())
	var row string
	require.NoError(t, db.QueryRowContext(ctx, `SELECT (until - at)::text || places::text || later::text FROM outcome`).Scan(&row))
	require.Equal(t, "00:00:03.5{4,2,9}{1500000,0,3500000}", row)
	_, err = db.ExecContext(ctx, `UPDATE outcome SET reason = 'changed'`)
	require.ErrorContains(t, err, "append-only")
}
