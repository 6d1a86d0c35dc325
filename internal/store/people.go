package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Blocks lists the blocks of a wave in order; wave 0 means all waves.
func (s *Store) Blocks(ctx context.Context, incident string, wave int) ([]breach.Block, error) {
	list, err := blocksOf(ctx, s.pool, incident, wave)
	return list, clean("list the blocks", err)
}

func blocksOf(ctx context.Context, q querier, incident string, wave int) ([]breach.Block, error) {
	return collect(ctx, q, pgx.RowToStructByPos[breach.Block],
		`SELECT no, lo, hi, digest FROM block WHERE incident = $1 AND ($2 = 0 OR wave = $2) ORDER BY no`, incident, wave)
}

// BlocksWith lists the blocks of a wave in which somebody has one of these outcomes, and, if asked for, those in
// which a guardian is addressed for a child.
func (s *Store) BlocksWith(ctx context.Context, incident string, wave int, guardians bool, outcomes ...breach.Outcome) ([]breach.Block, error) {
	sum := "0"
	for _, o := range breach.Outcomes { // these names are columns
		if slices.Contains(outcomes, o) {
			sum += " + " + string(o)
		}
	}
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.Block], `SELECT no, lo, hi, digest FROM block b WHERE incident = $1 AND wave = $2
		AND (`+sum+` > 0 OR ($3 AND EXISTS (SELECT FROM recipient r WHERE r.incident = b.incident AND r.id BETWEEN b.lo AND b.hi AND r.guardian)))
		ORDER BY no`, incident, wave, guardians)
	return list, clean("list the blocks", err)
}

// WaveNumbers lists the waves from 1.
func (s *Store) WaveNumbers(ctx context.Context, incident string) ([]int, error) {
	list, err := collect(ctx, s.pool, pgx.RowTo[int], `SELECT no FROM wave WHERE incident = $1 ORDER BY no`, incident)
	return list, clean("list the waves", err)
}

// Snapshot describes the people of a wave, recomputed from the rows.
func (s *Store) Snapshot(ctx context.Context, incident string, wave int) (breach.PeopleSnapshot, error) {
	var out breach.PeopleSnapshot
	err := s.inSnapshot(ctx, "take the snapshot of the people", func(tx pgx.Tx) (err error) {
		out, err = s.snapshot(ctx, tx, incident, wave)
		return err
	})
	return out, err
}

func (s *Store) snapshot(ctx context.Context, tx pgx.Tx, incident string, wave int) (breach.PeopleSnapshot, error) {
	c := census{snap: breach.PeopleSnapshot{Reachable: map[breach.Channel]int64{}, ByLocale: map[string]int64{}}}
	rows, err := tx.Query(ctx, `SELECT r.id, r.wave, r.ref, r.locale, r.country, r.minor, r.guardian, r.channels, r.kind, sha256(r.sealed)
		FROM recipient r, (SELECT min(lo) lo, max(hi) hi FROM block WHERE incident = $1 AND wave = $2) b
		WHERE r.incident = $1 AND r.id BETWEEN b.lo AND b.hi ORDER BY r.id`, incident, wave)
	if err != nil {
		return c.snap, err
	}
	var p personRow
	var sum []byte
	_, err = pgx.ForEachRow(rows, []any{&p.id, &p.wave, &p.ref, &p.locale, &p.country, &p.minor, &p.guardian, &p.channels, &p.kind, &sum}, func() error {
		c.count(&p, sum)
		return nil
	})
	c.closeBlock()
	if err != nil {
		return c.snap, err
	}
	c.snap.Blocks, c.snap.Digest = len(c.blocks), breach.DigestOfBlocks(c.blocks)
	lists, err := loadedLists(ctx, tx, incident)
	for _, l := range lists {
		if l.Wave == wave {
			c.snap.Doubts = l.Doubts
		}
	}
	return c.snap, err
}

// census counts the people of a wave and recomputes the digests of its blocks.
type census struct {
	snap   breach.PeopleSnapshot
	blocks []breach.Block
	digest *blockDigest
}

func (c *census) count(p *personRow, sealedSum []byte) {
	if n := len(c.blocks); n == 0 || c.blocks[n-1].No != blockOf(p.id) {
		c.closeBlock()
		c.blocks = append(c.blocks, breach.Block{No: blockOf(p.id)})
		c.digest = newBlockDigest()
	}
	c.digest.addSum(p, sealedSum)
	c.snap.Total++
	for ch, bit := range channelBits {
		if p.channels&bit != 0 {
			c.snap.Reachable[ch]++
		}
	}
	if p.channels == 0 {
		c.snap.None++
	}
	if p.guardian {
		c.snap.Guardian++
	}
	c.snap.ByLocale[p.locale]++
}

func (c *census) closeBlock() {
	if n := len(c.blocks); n > 0 {
		c.blocks[n-1].Digest = c.digest.sum()
	}
}

// Subjects reads and decrypts a block's people with their attempts, after checking the block's digest;
// breach.ErrTampered.
func (s *Store) Subjects(ctx context.Context, incident string, b breach.Block) ([]breach.Subject, error) {
	var out []breach.Subject
	err := s.inSnapshot(ctx, "read the people of a block", func(tx pgx.Tx) error {
		var stored string
		var version int64
		if err := tx.QueryRow(ctx, `SELECT digest, version FROM block WHERE incident = $1 AND no = $2`, incident, b.No).Scan(&stored, &version); err != nil {
			return err
		}
		people, err := sealedPeople(ctx, tx, incident, int(b.Hi-b.Lo+1), `id BETWEEN $2 AND $3`, b.Lo, b.Hi)
		if err != nil {
			return err
		}
		digest := newBlockDigest()
		for i := range people {
			digest.add(&people[i].personRow, people[i].sealed)
		}
		if sum := digest.sum(); sum != stored || (b.Digest != "" && b.Digest != sum) {
			return breach.Errorf(breach.ErrTampered, "the people of block %d were changed after they were loaded", b.No)
		}
		states, err := s.statesOf(ctx, tx, incident, people, version)
		if err != nil {
			return err
		}
		if out, err = s.subjects(ctx, tx, incident, people, states); err == nil {
			s.hot.put(blockKey{incident, b.No}, version, states)
		}
		return err
	})
	return out, err
}

// statesOf reads what was tried. Of a block that nobody ever wrote to, nothing was.
func (s *Store) statesOf(ctx context.Context, tx pgx.Tx, incident string, people []sealedPerson, version int64) (map[int64]*personState, error) {
	if version == 0 {
		states := make(map[int64]*personState, len(people))
		all := make([]personState, len(people))
		for i, p := range people {
			all[i] = personState{id: p.id, minor: p.minor, outcome: breach.Pending}
			states[p.id] = &all[i]
		}
		return states, nil
	}
	ids := make([]int64, len(people))
	for i := range people {
		ids[i] = people[i].id
	}
	states, err := readStates(ctx, tx, incident, ids)
	if err != nil {
		return nil, err
	}
	return states, addIntents(ctx, tx, incident, states)
}

type sealedPerson struct {
	personRow
	sealed []byte
}

// sealedBytes is room for what is sealed of most people.
const sealedBytes = 320

// sealedPeople reads people in the order of their numbers, about as many as expected. What is sealed of them shares
// one piece of memory, and so do equal locales and countries: a block is read for every thousand messages.
func sealedPeople(ctx context.Context, tx pgx.Tx, incident string, expected int, where string, args ...any) ([]sealedPerson, error) {
	rows, err := tx.Query(ctx, `SELECT id, wave, ref, locale, country, minor, guardian, channels, kind, sealed FROM recipient
		WHERE incident = $1 AND `+where+` ORDER BY id`, append([]any{incident}, args...)...)
	if err != nil {
		return nil, err
	}
	var p sealedPerson
	var sealed pgtype.DriverBytes
	locale, country := repeated{}, repeated{}
	list, all, ends := make([]sealedPerson, 0, expected), make([]byte, 0, expected*sealedBytes), make([]int, 0, expected)
	_, err = pgx.ForEachRow(rows, []any{&p.id, &p.wave, &p.ref, &locale, &country, &p.minor, &p.guardian, &p.channels, &p.kind, &sealed}, func() error {
		p.locale, p.country = locale.last, country.last
		list, all = append(list, p), append(all, sealed...)
		ends = append(ends, len(all))
		return nil
	})
	for i, begin := 0, 0; i < len(list); i++ {
		list[i].sealed = all[begin:ends[i]:ends[i]]
		begin = ends[i]
	}
	return list, err
}

// repeated scans a column of few values, of each of which it keeps one copy.
type repeated struct {
	known map[string]string
	last  string
}

// ScanBytes takes the value of a row; pgx calls it.
func (r *repeated) ScanBytes(v []byte) error {
	last, known := r.known[string(v)]
	if !known {
		if r.known == nil {
			r.known = map[string]string{}
		}
		last = string(v)
		r.known[last] = last
	}
	r.last = last
	return nil
}

// anyVersion asks for what was tried whatever the block's version is.
const anyVersion = -1

// subjects decrypts people and adds what was tried and refused.
func (s *Store) subjects(ctx context.Context, tx pgx.Tx, incident string, people []sealedPerson, states map[int64]*personState) ([]breach.Subject, error) {
	b, err := s.boxOf(ctx, tx, incident)
	if err != nil {
		return nil, err
	}
	closed, err := refusals(ctx, tx, incident, people)
	if err != nil {
		return nil, err
	}
	out := make([]breach.Subject, len(people))
	var place []byte
	for i := range people {
		p := &people[i]
		place = b.appendPersonPlace(place[:0], p.id)
		plain, err := b.sealing.Decrypt(p.sealed, place)
		if err != nil {
			return nil, breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open: it was changed, moved, or sealed under another key", p.id)
		}
		st := states[p.id]
		out[i] = breach.Subject{ID: p.id, Ref: p.ref, Outcome: st.outcome, Reason: st.reason, Attempts: st.list(),
			Refused: closed[p.id].channels, Stopped: closed[p.id].stopped}
		if err := decodePerson(plain, &out[i].Person); err != nil {
			return nil, breach.Errorf(breach.ErrTampered, "the sealed data of person %d cannot be read", p.id)
		}
	}
	return out, markPast(ctx, tx, incident, out)
}

// refused is what closes channels to a person, or text messages to an addressee alone.
type refused struct {
	channels map[breach.Channel]string
	stopped  []breach.Addressee
}

func refusals(ctx context.Context, q querier, incident string, people []sealedPerson) (map[int64]refused, error) {
	out := map[int64]refused{}
	if len(people) == 0 {
		return out, nil
	}
	rows, err := q.Query(ctx, `SELECT person, channel, reason, addressee FROM refusal
		WHERE incident = $1 AND person BETWEEN $2 AND $3 AND ended_at IS NULL ORDER BY person, reason = $4, at`,
		incident, people[0].id, people[len(people)-1].id, reasonStopped)
	if err != nil {
		return nil, err
	}
	var r breach.Refusal
	var to breach.Addressee
	_, err = pgx.ForEachRow(rows, []any{&r.Person, &r.Channel, &r.Reason, &to}, func() error {
		of := out[r.Person]
		if to != "" {
			of.stopped = append(of.stopped, to)
		} else {
			if of.channels == nil {
				of.channels = map[breach.Channel]string{}
			}
			of.channels[r.Channel] = r.Reason
		}
		out[r.Person] = of
		return nil
	})
	return out, err
}

// Refuse records refusals, once per person, channel and provider.
func (s *Store) Refuse(ctx context.Context, incident string, rs []breach.Refusal) error {
	if len(rs) == 0 {
		return nil
	}
	persons, ats := make([]int64, len(rs)), make([]time.Time, len(rs))
	channels, providers, reasons := make([]string, len(rs)), make([]string, len(rs)), make([]string, len(rs))
	for i, r := range rs {
		persons[i], ats[i] = r.Person, instant(r.At)
		channels[i], providers[i], reasons[i] = string(r.Channel), r.Provider, plain(r.Reason, 64)
	}
	return s.inTx(ctx, "record the refusals", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO refusal (incident, person, channel, provider, reason, at)
			SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) ORDER BY 2, 3, 4
			ON CONFLICT (incident, person, channel, provider, addressee) DO UPDATE SET reason = excluded.reason, at = excluded.at, ended_at = NULL
				WHERE refusal.ended_at IS NOT NULL`, incident, persons, channels, providers, reasons, ats)
		return err
	})
}

// Tally counts people by outcome; wave 0 means all waves.
func (s *Store) Tally(ctx context.Context, incident string, wave int) (breach.Tally, error) {
	t, err := tally(ctx, s.pool, incident, wave)
	return t, clean("read the tally", err)
}

func tally(ctx context.Context, q querier, incident string, wave int) (breach.Tally, error) {
	n := make([]int64, len(breach.Outcomes))
	into := make([]any, len(n))
	for i := range n {
		into[i] = &n[i]
	}
	err := q.QueryRow(ctx, `SELECT `+sumOfTallies+` FROM block WHERE incident = $1 AND ($2 = 0 OR wave = $2)`, incident, wave).Scan(into...)
	out := breach.Tally{}
	for i, o := range breach.Outcomes {
		out[o] = n[i]
	}
	return out, err
}
