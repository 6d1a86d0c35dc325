package store

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fixes are the people of earlier lists who came again corrected.
type fixes struct {
	source   *breach.Source
	approved map[int]bool  // wave -> somebody approved its plan: its people stand as they are
	blocks   map[int64]int // changed block -> wave
	was, now breach.ListFacts
}

// correct puts a corrected person in place of the one who is in an earlier list. Whoever is on a list that was
// approved stays as approved, and is the duplicate of a later list.
func (l *loading) correct(ctx context.Context, p *prepared, h hit) error {
	if f := &l.fixes; !f.source.Fixes || h.wave == l.report.Wave {
		return nil
	} else if f.blocks == nil {
		if _, err := incidentRow(ctx, l.tx, l.incident, "FOR NO KEY UPDATE"); err != nil { // nobody approves meanwhile
			return err
		}
		f.approved, f.blocks = map[int]bool{}, map[int64]int{}
		f.was.ChildAge, f.now.ChildAge = int64(l.rules.age), int64(l.rules.age)
	}
	f := &l.fixes
	approved, known := f.approved[h.wave]
	if !known {
		err := l.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM approval WHERE incident = $1 AND wave = $2)`, l.incident, h.wave).Scan(&approved)
		if err != nil {
			return err
		}
		f.approved[h.wave] = approved
	}
	if approved {
		return nil
	}
	old, err := sealedPeople(ctx, l.tx, l.incident, `id = $2`, h.id)
	if err != nil || len(old) != 1 {
		return err
	}
	plain, err := l.box.open(personPlace(h.id), old[0].sealed)
	if err != nil {
		return breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open: it was changed, moved, or sealed under another key", h.id)
	}
	if bytes.Equal(plain, p.plain) {
		return nil
	}
	var before breach.Person
	if err := json.Unmarshal(plain, &before); err != nil {
		return breach.Errorf(breach.ErrTampered, "the sealed data of person %d cannot be read", h.id)
	}
	sealed, err := l.box.seal(personPlace(h.id), p.plain)
	if err != nil {
		return err
	}
	f.was.Count(before, old[0].minor, old[0].channels != 0)
	f.now.Count(p.place, p.minor, p.channels != 0)
	f.blocks[blockOf(h.id)] = h.wave
	l.report.Replaced++
	return l.replace(ctx, h.id, p, sealed)
}

// replace writes the person. Of which kind they are is not known any more: kinds are numbered within a load.
func (l *loading) replace(ctx context.Context, id int64, p *prepared, sealed []byte) error {
	_, err := l.tx.Exec(ctx, `UPDATE recipient SET locale = $3, country = $4, minor = $5, guardian = $6, channels = $7, sealed = $8, kind = 0
		WHERE incident = $1 AND id = $2`, l.incident, id, p.locale, p.country, p.minor, p.guardian, p.channels, sealed)
	if err != nil {
		return err
	}
	_, err = l.tx.Exec(ctx, `UPDATE contact SET emails[$3] = $4, phones[$3] = $5 WHERE incident = $1 AND block = $2`,
		l.incident, blockOf(id), int32((id-1)%breach.BlockSize+1), p.email, p.phone)
	return err
}

// corrected writes the digests of the changed lists anew, which lets no plan be approved that names
// people as they were, and puts it on the record.
func (l *loading) corrected(ctx context.Context, by breach.Actor, source *breach.Source, at time.Time) error {
	waves := map[int]bool{}
	for no, wave := range l.fixes.blocks {
		waves[wave] = true
		if err := l.digestAnew(ctx, no); err != nil {
			return err
		}
	}
	for wave := range waves {
		list, err := blocksOf(ctx, l.tx, l.incident, wave)
		if err != nil {
			return err
		}
		digest := breach.DigestOfBlocks(list)
		if _, err := l.tx.Exec(ctx, `UPDATE wave SET digest = $3 WHERE incident = $1 AND no = $2`, l.incident, wave, digest); err != nil {
			return err
		}
		data := facts{"wave": wave, "people": l.report.Replaced, "digest": digest, "file_sha256": source.SHA256}
		if err := appendAudit(ctx, l.tx, l.incident, note{"", by.ID, "people.corrected", data, at}); err != nil {
			return err
		}
	}
	if len(waves) == 0 {
		return nil
	}
	inc, err := incidentRow(ctx, l.tx, l.incident, "")
	if err != nil {
		return err
	}
	file, _, err := fileAt(ctx, l.tx, l.incident, inc.FactRevision)
	if err != nil || file.Facts.List == nil {
		return err
	}
	file.Facts.List.Less(l.fixes.was)
	l.fixes.now.LoadedAt = instant(at).UTC()
	file.Facts.List.Add(l.fixes.now)
	_, err = revise(ctx, l.tx, inc, file, by, note{"", by.ID, "people.counted", nil, at})
	return err
}

func (l *loading) digestAnew(ctx context.Context, no int64) error {
	people, err := sealedPeople(ctx, l.tx, l.incident, `id BETWEEN $2 AND $3`, (no-1)*breach.BlockSize+1, no*breach.BlockSize)
	if err != nil {
		return err
	}
	digest := newBlockDigest()
	for i := range people {
		digest.add(&people[i].personRow, people[i].sealed)
	}
	_, err = l.tx.Exec(ctx, `UPDATE block SET digest = $3 WHERE incident = $1 AND no = $2`, l.incident, no, digest.sum())
	return err
}
