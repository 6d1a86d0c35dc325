package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// DuplicateRow is a row that names somebody who is there already. Rows count from 1 in the order of the
// sequence. Of is the row of the same list, or 0 when the person is in the earlier list Wave.
type DuplicateRow struct {
	Row  int64 `json:"row"`
	Of   int64 `json:"of,omitempty"`
	Wave int   `json:"wave"`
}

// Batches grow to their full size, so that PostgreSQL has something to do soon.
const firstBatch, batchSize = 1000, 10_000

// LoadPeople stores one list of people as a new wave, all of it or nothing. source is read after the last
// person, because only then the whole file has been hashed; it holds no file name, since people put names
// into those. Somebody who is in an earlier list, or twice in this one, is a duplicate: nobody is told the
// same notice twice. A list in which everybody is a duplicate makes no wave (report.Wave is 0). childAge is
// the age, counted on the given day, below which a guardian is addressed; 0 means never. breach.ErrConflict
// for a closed incident. An error of the sequence ends the load and is returned as it is.
func (s *Store) LoadPeople(ctx context.Context, incident string, by breach.Actor, source *breach.Source, people iter.Seq2[breach.Person, error], childAge int, on, at time.Time) (breach.LoadReport, []DuplicateRow, error) {
	if source == nil {
		return breach.LoadReport{}, nil, breach.Errorf(breach.ErrInvalid, "the list has no source: its format and checksum are evidence")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &loading{s: s, incident: incident, rules: childhood{childAge, on}, fixes: fixes{source: source}}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := l.begin(ctx, tx); err != nil {
			return err
		}
		if err := l.copyAll(ctx, people); err != nil {
			return err
		}
		return l.end(ctx, by, source, at)
	})
	switch {
	case l.listErr != nil:
		return breach.LoadReport{}, nil, l.listErr
	case err != nil:
		return breach.LoadReport{}, nil, clean("load the list of people", err)
	}
	if l.report.Added >= batchSize {
		s.analyze(ctx, incident)
	}
	return l.report, l.duplicates, nil
}

// analyze gives PostgreSQL statistics of a long list at once instead of in a minute, of what is asked for alone:
// the sealed data and the arrays of hashes take most of the time. Without them answers are the same and some
// are slower, so a failure is no failure of the load.
func (s *Store) analyze(ctx context.Context, incident string) {
	var partition string
	err := s.pool.QueryRow(ctx, `SELECT tableoid::regclass::text FROM recipient WHERE incident = $1 LIMIT 1`, incident).Scan(&partition)
	if err == nil {
		_, _ = s.pool.Exec(ctx, `ANALYZE `+pgx.Identifier{partition}.Sanitize()+` (incident, id, wave, kind), block (incident, no, wave, lo, hi)`)
	}
}

// loading is one load under way.
type loading struct {
	s        *Store
	tx       pgx.Tx
	incident string
	box      *box
	rules    childhood

	keys        *hasher       // of the goroutine that writes
	earlier     *contactSieve // nil when there are no people of earlier lists
	sieve       *sieve
	kinds       kinds
	first, next int64 // ids
	blocks      []blockRow
	digest      *blockDigest
	counted     breach.ListFacts // of this list
	spread      spread
	duplicates  []DuplicateRow
	report      breach.LoadReport
	listErr     error // of the sequence, given back as it is
	fixes       fixes
}

type blockRow struct {
	no, lo, hi     int64
	digest         string
	emails, phones []int32 // look-up hashes, one a person
	kinds          kindsIn
}

func blockOf(person int64) int64 { return (person-1)/breach.BlockSize + 1 }

func (l *loading) begin(ctx context.Context, tx pgx.Tx) (err error) {
	l.tx = tx
	if err := lockLists(ctx, tx, l.incident); err != nil {
		return err
	}
	inc, err := incidentRow(ctx, tx, l.incident, "")
	if err != nil {
		return err
	}
	if inc.State == breach.IncidentClosed {
		return breach.Errorf(breach.ErrConflict, "incident %s is closed; reopen it before loading people", l.incident)
	}
	if l.box, err = l.s.boxOf(ctx, tx, l.incident); err != nil {
		return err
	}
	var last int64
	err = tx.QueryRow(ctx, `SELECT coalesce((SELECT max(no) FROM wave WHERE incident = $1), 0),
		coalesce((SELECT max(hi) FROM block WHERE incident = $1), 0)`, l.incident).Scan(&l.report.Wave, &last)
	l.report.Wave++
	l.first = (last+breach.BlockSize-1)/breach.BlockSize*breach.BlockSize + 1
	l.next, l.keys, l.sieve, l.kinds = l.first, l.box.hasher(), newSieve(), kinds{}
	l.counted.ChildAge = int64(l.rules.age)
	if err == nil && last > 0 {
		l.earlier, err = readContacts(ctx, tx, l.incident)
	}
	return err
}

// copyAll reads and prepares people in one goroutine while another batch is written.
func (l *loading) copyAll(ctx context.Context, people iter.Seq2[breach.Person, error]) error {
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan []prepared, 1)
	var readErr error
	go func() {
		defer close(batches)
		readErr = l.prepareAll(ctx, people, batches)
	}()
	var copyErr error
	for batch := range batches {
		if copyErr == nil {
			if copyErr = l.copyBatch(ctx, batch); copyErr != nil {
				cancel()
			}
		}
	}
	cancel()
	if copyErr != nil {
		return copyErr
	}
	return readErr
}

func (l *loading) prepareAll(ctx context.Context, people iter.Seq2[breach.Person, error], out chan<- []prepared) error {
	var row int64
	keys := l.box.hasher()
	batch := make([]prepared, 0, firstBatch)
	send := func() error {
		select {
		case out <- batch:
			batch = make([]prepared, 0, min(2*cap(batch), batchSize))
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for p, err := range people {
		if err != nil {
			l.listErr = err
			return err
		}
		row++
		ready, err := keys.prepare(&p, l.rules, row)
		if err != nil {
			return err
		}
		if batch = append(batch, ready); len(batch) == cap(batch) {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return send()
}

// copyBatch drops those who are there already and writes the rest. Sealing runs while PostgreSQL takes in
// the rows before.
func (l *loading) copyBatch(ctx context.Context, batch []prepared) error {
	fresh, err := l.dropDuplicates(ctx, batch)
	if err != nil {
		return err
	}
	rows := &peopleCopy{l: l, rest: fresh}
	_, err = l.tx.Conn().PgConn().CopyFrom(ctx, rows, copyPeople)
	return cmp.Or(rows.err, err)
}

// row gives the person their number and place and seals them.
func (l *loading) row(p *prepared) (sealed []byte, err error) {
	p.id, p.wave = l.next, l.report.Wave
	l.next++
	p.ref = l.box.reference(p.id)
	p.kind = l.kinds.of(p.shape)
	l.counted.Count(p.place, p.minor, p.channels != 0)
	l.spread.add(p.domain, p.country)
	if sealed, err = l.box.seal(personPlace(p.id), p.plain); err != nil {
		return nil, err
	}
	if n := len(l.blocks); n == 0 || l.blocks[n-1].no != blockOf(p.id) {
		l.closeBlock()
		l.blocks = append(l.blocks, blockRow{no: blockOf(p.id), lo: p.id})
		l.digest = newBlockDigest()
	}
	b := &l.blocks[len(l.blocks)-1]
	b.hi, b.emails, b.phones = p.id, append(b.emails, p.email), append(b.phones, p.phone)
	b.kinds.add(p.kind, placeOf(p.id))
	l.digest.add(&p.personRow, sealed)
	return sealed, nil
}

func (l *loading) closeBlock() {
	if n := len(l.blocks); n > 0 {
		l.blocks[n-1].digest = l.digest.sum()
	}
}

func (l *loading) end(ctx context.Context, by breach.Actor, source *breach.Source, at time.Time) error {
	l.closeBlock()
	l.report.Added, l.report.Duplicates = l.next-l.first, int64(len(l.duplicates))
	if _, err := incidentRow(ctx, l.tx, l.incident, "FOR NO KEY UPDATE"); err != nil { // before the record's head, as everybody takes them
		return err
	}
	if err := l.supersede(ctx, by, at); err != nil {
		return err
	}
	if err := l.corrected(ctx, by, source, at); err != nil {
		return err
	}
	if l.report.Added+l.report.Duplicates == 0 {
		return breach.Errorf(breach.ErrInvalid, "the list holds nobody; nothing was changed")
	}
	if l.report.Added == 0 {
		l.report.Wave = 0
	} else if err := l.writeWave(ctx, by, source, instant(at)); err != nil {
		return err
	}
	if l.report.Added > 0 { // the story hears of the list for certain, whatever the workflow engine does meanwhile
		id := breach.LoadID(l.incident, l.report.Wave)
		payload, err := json.Marshal(map[string]int{"wave": l.report.Wave})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, l.tx, l.incident, id, "people-loaded", payload); err != nil {
			return err
		}
	}
	err := appendAudit(ctx, l.tx, l.incident, note{"", by.ID, actionLoaded, facts{
		"wave": l.report.Wave, "added": l.report.Added, "duplicates": l.report.Duplicates, "digest": l.report.Digest,
		"file_sha256": source.SHA256, "format": source.Format, "encoding": source.Encoding, "rows": source.Rows,
		"doubts": source.Doubts, "profile": source.Profile, "already": l.report.Already, "corrected_anew": l.report.Anew,
	}, at})
	if err != nil || l.report.Added == 0 {
		return err
	}
	return l.tellFacts(ctx, by, at)
}

// tellFacts writes what the lists count into the facts, as a revision of its own, which has the duties judged anew.
func (l *loading) tellFacts(ctx context.Context, by breach.Actor, at time.Time) error {
	inc, err := incidentRow(ctx, l.tx, l.incident, "")
	if err != nil {
		return err
	}
	file, _, err := fileAt(ctx, l.tx, l.incident, inc.FactRevision)
	if err != nil {
		return err
	}
	if file.Facts.List == nil {
		file.Facts.List = &breach.ListFacts{}
	}
	l.counted.LoadedAt, l.counted.Lists = instant(at).UTC(), 1
	file.Facts.List.Add(l.counted)
	_, err = revise(ctx, l.tx, inc, file, by, note{"", by.ID, "people.counted", nil, at})
	return err
}

func (l *loading) writeWave(ctx context.Context, by breach.Actor, source *breach.Source, at time.Time) error {
	list := make([]breach.Block, len(l.blocks))
	for i, b := range l.blocks {
		list[i] = breach.Block{No: b.no, Lo: b.lo, Hi: b.hi, Digest: b.digest}
	}
	l.report.Digest = breach.DigestOfBlocks(list)
	_, err := l.tx.Exec(ctx, `INSERT INTO wave (incident, no, people, duplicates, digest, format, encoding, sha256, loaded_by, loaded_at, child_age, ages_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, l.incident, l.report.Wave, l.report.Added, l.report.Duplicates,
		l.report.Digest, source.Format, source.Encoding, source.SHA256, by.ID, at, l.rules.age, l.rules.day())
	if err != nil {
		return err
	}
	columns := []string{"incident", "no", "wave", "lo", "hi", "people", "digest", "pending"}
	n, err := l.tx.CopyFrom(ctx, pgx.Identifier{"block"}, columns, pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
		b := list[i]
		size := b.Hi - b.Lo + 1
		return []any{l.incident, b.No, int32(l.report.Wave), b.Lo, b.Hi, size, b.Digest, size}, nil
	}))
	if err == nil && n != int64(len(list)) {
		err = fmt.Errorf("%d of %d blocks were written", n, len(list))
	}
	if err != nil {
		return err
	}
	if err := l.writeKinds(ctx); err != nil {
		return err
	}
	if err := l.spread.write(ctx, l.tx, l.incident, l.report.Wave); err != nil {
		return err
	}
	_, err = l.tx.CopyFrom(ctx, pgx.Identifier{"contact"}, []string{"incident", "block", "emails", "phones"}, pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
		b := &l.blocks[i]
		return []any{l.incident, b.no, b.emails, b.phones}, nil
	}))
	return err
}
