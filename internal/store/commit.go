package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Commit carries out the writes of many lanes in one transaction: intents before anything is sent, what became
// of those that were sent, and finished chunks. errs has one answer a write, nil when it was carried out.
//
// Intents and Finish need the lease: breach.ErrConflict when it is lost, over, or when a newer round of the
// same block was opened. The same intents again under the same lease change nothing; what another lease
// intended is breach.ErrConflict, because it may have been sent. Finish is refused while an intent of the chunk
// has no outcome, and does nothing for who lost the chunk. Events are facts and are never refused for a lease: the same one again changes nothing.
func (s *Store) Commit(ctx context.Context, writes []breach.Write) (errs []error) {
	errs = make([]error, len(writes))
	malformed := make([]bool, len(writes))
	for i := range writes {
		errs[i] = checkWrite(&writes[i])
		malformed[i] = errs[i] != nil
	}
	var c *commit
	err := s.inTx(ctx, "commit what was sent", func(tx pgx.Tx) error {
		c = &commit{s: s, tx: tx, writes: writes, errs: slices.Clone(errs), ours: make([]bool, len(writes)), malformed: malformed, blocks: map[blockKey]*heldBlock{}}
		return c.run(ctx)
	})
	switch {
	case err == nil:
		c.keep()
		return c.errs
	case len(writes) == 1 || ctx.Err() != nil || breach.CodeOf(err) == breach.ErrUnavailable:
		for i := range errs {
			errs[i] = cmp.Or(errs[i], err)
		}
		return errs
	}
	for i := range writes { // one of them cannot be written: the others are
		errs[i] = s.Commit(ctx, writes[i:i+1])[0]
	}
	return errs
}

func checkWrite(w *breach.Write) error {
	l := w.Lease
	if l == nil && (len(w.Intents) > 0 || w.Finish) {
		return breach.Errorf(breach.ErrInvalid, "intents need a lease")
	}
	for _, in := range w.Intents {
		if in.Person < l.Block.Lo || in.Person > l.Block.Hi || in.Channel != l.Channel || in.AttemptID == "" || in.Try < 1 {
			return breach.Errorf(breach.ErrInvalid, "an intent lies outside its lease, or has no attempt id or try")
		}
	}
	for _, e := range w.Events {
		if err := checkEvent(e); err != nil {
			return err
		}
	}
	return nil
}

// commit is one transaction of many writes.
type commit struct {
	s      *Store
	tx     pgx.Tx
	writes []breach.Write
	errs   []error
	ours   []bool // the chunk is still the writer's
	blocks map[blockKey]*heldBlock

	malformed []bool
}

// heldBlock is a block that is locked.
type heldBlock struct {
	key     blockKey
	version int64
	rules   breach.Sufficiency
	people  map[int64]*personState
	touched bool
	events  int // about its people
	rec     recording
}

// run takes two round trips: one that locks, and one that writes.
func (c *commit) run(ctx context.Context) error {
	if err := c.lock(ctx); err != nil || len(c.blocks) == 0 {
		return err
	}
	if err := c.readPeople(ctx); err != nil {
		return err
	}
	out := &pgx.Batch{}
	c.intend(out)
	if err := c.record(out); err != nil {
		return err
	}
	c.finish(out)
	return c.tx.SendBatch(ctx, out).Close()
}

// fenced says that a write needs its lease.
func fenced(w *breach.Write) bool { return len(w.Intents) > 0 || w.Finish }

// lock locks chunks and then blocks, each in one order for all processes, and notes who lost their lease.
func (c *commit) lock(ctx context.Context) error {
	for i := range c.writes {
		w := &c.writes[i]
		if c.errs[i] == nil && fenced(w) {
			c.hold(blockKey{w.Lease.Incident, w.Lease.Block.No})
		}
		for _, e := range c.events(i) {
			c.hold(blockKey{w.Incident, blockOf(e.Person)}).events++
		}
	}
	if len(c.blocks) == 0 {
		return nil
	}
	locks := &pgx.Batch{}
	c.lockChunks(locks)
	c.lockBlocks(locks)
	return c.tx.SendBatch(ctx, locks).Close()
}

// events gives those of a write; of one that is not well formed, none.
func (c *commit) events(i int) []breach.AttemptEvent {
	if c.malformed[i] {
		return nil
	}
	return c.writes[i].Events
}

func (c *commit) hold(k blockKey) *heldBlock {
	b := c.blocks[k]
	if b == nil {
		b = &heldBlock{key: k, version: -1}
		c.blocks[k] = b
	}
	return b
}

// lockChunks locks the chunks that are still leased by their writers. Nothing is intended under a closed gate.
func (c *commit) lockChunks(locks *pgx.Batch) {
	var at []int32
	var incidents, channels, owners []string
	var waves, rounds, epochs []int32
	var nos []int64
	for i := range c.writes {
		w := &c.writes[i]
		if c.errs[i] != nil || !fenced(w) {
			continue
		}
		l := w.Lease
		at, incidents, channels, owners = append(at, int32(i)), append(incidents, l.Incident), append(channels, string(l.Channel)), append(owners, l.Owner)
		waves, rounds, epochs, nos = append(waves, int32(l.Wave)), append(rounds, int32(l.Round)), append(epochs, int32(l.Epoch)), append(nos, l.Block.No)
	}
	if len(at) == 0 {
		return
	}
	locks.Queue(`SELECT k.i, coalesce(c.lease_until > clock_timestamp(), false) AND NOT EXISTS (SELECT FROM chunk n
			WHERE n.incident = c.incident AND n.wave = c.wave AND n.channel = c.channel AND n.block = c.block AND n.round > c.round),
			g.paused OR g.stopped
		FROM unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::int[])
			k(i, incident, wave, channel, round, block, owner, epoch)
		JOIN chunk c ON c.incident = k.incident AND c.wave = k.wave AND c.channel = k.channel AND c.round = k.round AND c.block = k.block
			AND c.owner = k.owner AND c.epoch = k.epoch AND NOT c.done
		JOIN incident g ON g.id = k.incident
		ORDER BY c.incident, c.wave, c.channel, c.round, c.block FOR NO KEY UPDATE OF c`,
		at, incidents, waves, channels, rounds, nos, owners, epochs).Query(func(rows pgx.Rows) error {
		type answer struct{ live, gated bool }
		held := map[int32]answer{}
		var i int32
		var a answer
		if _, err := pgx.ForEachRow(rows, []any{&i, &a.live, &a.gated}, func() error { held[i] = a; return nil }); err != nil {
			return err
		}
		for _, i := range at {
			w := &c.writes[i]
			a, ours := held[i]
			c.ours[i] = ours
			switch {
			case len(w.Intents) == 0:
			case !ours || !a.live:
				c.errs[i] = breach.Errorf(breach.ErrConflict, "the lease on block %d is lost: nothing may be sent under it", w.Lease.Block.No)
			case a.gated:
				c.errs[i] = breach.Errorf(breach.ErrConflict, "sending is paused or stopped: nothing more may be sent")
			}
		}
		return nil
	})
}

// may says that the fenced part of a write is to be carried out. Who lost the chunk finishes nothing.
func (c *commit) may(i int) bool { return c.errs[i] == nil && c.ours[i] }

func (c *commit) lockBlocks(locks *pgx.Batch) {
	var incidents []string
	var nos []int64
	for k := range c.blocks {
		incidents, nos = append(incidents, k.incident), append(nos, k.no)
	}
	locks.Queue(`SELECT b.incident, b.no, b.version, i.sufficiency FROM unnest($1::text[], $2::bigint[]) k(incident, no)
		JOIN block b ON b.incident = k.incident AND b.no = k.no JOIN incident i ON i.id = k.incident
		ORDER BY b.incident, b.no FOR NO KEY UPDATE OF b`, incidents, nos).Query(func(rows pgx.Rows) error {
		var k blockKey
		var version int64
		var raw []byte
		_, err := pgx.ForEachRow(rows, []any{&k.incident, &k.no, &version, &raw}, func() error {
			b := c.blocks[k]
			b.version = version
			b.rules = nil
			if json.Unmarshal(raw, &b.rules) != nil {
				return breach.Errorf(breach.ErrTampered, "the sufficiency table of incident %s cannot be read", printable(k.incident))
			}
			return nil
		})
		return err
	})
}

// readPeople takes what this process remembers, and reads whole blocks where it remembers nothing.
func (c *commit) readPeople(ctx context.Context) error {
	for k, b := range c.blocks {
		if b.version < 0 {
			return breach.Errorf(breach.ErrInvalid, "somebody is not on a list of incident %s", printable(k.incident))
		}
		if b.people = c.s.hot.take(k, b.version); b.people == nil {
			ids := make([]int64, 0, breach.BlockSize)
			for id := (k.no-1)*breach.BlockSize + 1; id <= k.no*breach.BlockSize; id++ {
				ids = append(ids, id)
			}
			var err error
			if b.people, err = readStates(ctx, c.tx, k.incident, ids); err != nil {
				return err
			}
			if err := addIntents(ctx, c.tx, k.incident, b.people); err != nil {
				return err
			}
		}
		b.rec = newRecording(b.people, b.events)
	}
	return nil
}

// intend records what is about to be sent.
func (c *commit) intend(out *pgx.Batch) {
	for i := range c.writes {
		w := &c.writes[i]
		if !c.may(i) || len(w.Intents) == 0 {
			continue
		}
		b := c.blocks[blockKey{w.Lease.Incident, w.Lease.Block.No}]
		fresh, err := b.freshIntents(w)
		if err != nil {
			c.errs[i] = err
			continue
		}
		for _, g := range groupIntents(fresh) {
			g.insert(out, w.Lease)
		}
		b.touched = b.touched || len(fresh) > 0
	}
}

// freshIntents leaves out what this lease intended before, refuses what another one did, and remembers the rest.
func (b *heldBlock) freshIntents(w *breach.Write) ([]breach.Intent, error) {
	under := leaseOf(w.Lease)
	fresh := make([]breach.Intent, 0, len(w.Intents))
	for _, in := range w.Intents {
		p := b.people[in.Person]
		if p == nil {
			return nil, breach.Errorf(breach.ErrInvalid, "person %d is not on a list", in.Person)
		}
		switch t := p.attempt(attemptKey{in.Addressee, in.Channel, in.Try}); {
		case t == nil || t.attemptID == "" && !t.eventful:
			fresh = append(fresh, in)
		case t.under != under:
			return nil, breach.Errorf(breach.ErrConflict, "an attempt of block %d was intended before under another lease: it may have been sent", w.Lease.Block.No)
		}
	}
	for _, in := range fresh {
		b.people[in.Person].intended(in, under)
	}
	return fresh, nil
}

// record appends what happened and moves people and tallies.
func (c *commit) record(out *pgx.Batch) error {
	for i := range c.writes {
		w := &c.writes[i]
		for _, e := range c.events(i) {
			b := c.blocks[blockKey{w.Incident, blockOf(e.Person)}]
			if b.people[e.Person] == nil {
				return breach.Errorf(breach.ErrInvalid, "person %d is not on a list of incident %s", e.Person, printable(w.Incident))
			}
			b.rec.take(tidy(e))
		}
	}
	var moves []move
	for _, k := range c.order() {
		b := c.blocks[k]
		changes := b.rec.changes(b.rules)
		if b.touched = b.touched || len(b.rec.rows) > 0; b.touched {
			moves = append(moves, move{k, b.version, b.rec.rows, changes})
		}
	}
	write(out, moves)
	return nil
}

func (c *commit) order() []blockKey {
	keys := make([]blockKey, 0, len(c.blocks))
	for k := range c.blocks {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b blockKey) int { return cmp.Or(cmp.Compare(a.incident, b.incident), cmp.Compare(a.no, b.no)) })
	return keys
}

// finish marks chunks as done in which nothing is left open.
func (c *commit) finish(out *pgx.Batch) {
	for i := range c.writes {
		w := &c.writes[i]
		if !c.may(i) || !w.Finish {
			continue
		}
		l := w.Lease
		if open := c.blocks[blockKey{l.Incident, l.Block.No}].open(l); open > 0 {
			c.errs[i] = breach.Errorf(breach.ErrConflict, "%d attempts of block %d were intended and have no outcome: record them first", open, l.Block.No)
			continue
		}
		out.Queue(`UPDATE chunk SET done = true, lease_until = NULL WHERE `+ownChunk, own(l)...)
	}
}

// open counts what was intended under a chunk and has no outcome.
func (b *heldBlock) open(l *breach.Lease) (n int) {
	for _, p := range b.people {
		for _, t := range p.attempts {
			if t.attemptID != "" && !t.eventful && t.Channel == l.Channel && t.under.round == l.Round {
				n++
			}
		}
	}
	return n
}

// keep remembers what is committed now.
func (c *commit) keep() {
	for k, b := range c.blocks {
		if b.touched {
			b.version++
		}
		c.s.hot.put(k, b.version, b.people)
	}
	for i := range c.writes {
		if w := &c.writes[i]; w.Finish && c.errs[i] == nil {
			c.s.hot.forget(blockKey{w.Lease.Incident, w.Lease.Block.No})
		}
	}
}
