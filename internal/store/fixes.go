package store

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fixes are the people of earlier lists who came again corrected.
type fixes struct {
	source   *breach.Source
	approved map[int]bool  // wave -> somebody approved its plan: its people stand as they are
	blocks   map[int64]int // changed block -> wave
	was, now breach.ListFacts
	old      []int64 // people of approved lists who are told anew
	// tokens are the keys under which those of them come again whose push token is the same, by their earlier number.
	tokens map[int64][16]byte
}

// correct puts a corrected person in place of the one who is in an earlier list. What was approved stays as approved:
// somebody on such a list whose contact is another one now is told anew, by this list (again), and their earlier row
// is withdrawn. Who has no other contact is the duplicate of the later list.
func (l *loading) correct(ctx context.Context, p *prepared, h hit) (again bool, err error) {
	if f := &l.fixes; !f.source.Fixes || h.wave == l.report.Wave {
		return false, nil
	} else if f.blocks == nil {
		if _, err := incidentRow(ctx, l.tx, l.incident, "FOR NO KEY UPDATE"); err != nil { // nobody approves meanwhile
			return false, err
		}
		f.approved, f.blocks, f.tokens = map[int]bool{}, map[int64]int{}, map[int64][16]byte{}
		f.was.ChildAge, f.now.ChildAge = int64(l.rules.age), int64(l.rules.age)
	}
	f := &l.fixes
	approved, known := f.approved[h.wave]
	if !known {
		err := l.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM approval WHERE incident = $1 AND wave = $2)`, l.incident, h.wave).Scan(&approved)
		if err != nil {
			return false, err
		}
		f.approved[h.wave] = approved
	}
	old, err := sealedPeople(ctx, l.tx, l.incident, 1, `id = $2`, h.id)
	if err != nil || len(old) != 1 {
		return false, err
	}
	h.sealed = old[0].sealed
	var before, now breach.Person
	if err := l.both(p, h, &now, &before); err != nil {
		return false, err
	}
	if approved {
		if again = newContact(&now, &before); again {
			if now.PushToken != "" && now.PushToken == before.PushToken {
				f.tokens[h.id] = p.key
			}
			err = l.anew(ctx, h, &old[0], before)
		}
		return again, err
	}
	if reflect.DeepEqual(before, now) {
		return false, nil
	}
	sealed, err := l.box.seal(personPlace(h.id), p.plain)
	if err != nil {
		return false, err
	}
	f.was.Count(before, old[0].minor, old[0].channels != 0)
	f.now.Count(p.place, p.minor, p.channels != 0)
	f.blocks[blockOf(h.id)] = h.wave
	l.report.Replaced++
	return false, l.replace(ctx, h.id, p, sealed)
}

// newContact holds when somebody can be told where they were not before.
func newContact(now, before *breach.Person) bool {
	was := told(before)
	for i, c := range told(now) {
		if c != "" && c != was[i] {
			return true
		}
	}
	return false
}

// told is where a person and their guardian are told.
func told(p *breach.Person) (where [6]string) {
	where = [6]string{fold(p.Email), fold(p.Phone), p.PushToken, fold(p.PostalAddress)}
	if g := p.Guardian; g != nil {
		where[4], where[5] = fold(g.Email), fold(g.Phone)
	}
	return where
}

// anew makes room for a person of an approved list among those of this one: the earlier row gives up the key by which the
// person is recognised.
func (l *loading) anew(ctx context.Context, h hit, old *sealedPerson, before breach.Person) error {
	l.fixes.old = append(l.fixes.old, h.id)
	l.fixes.was.Count(before, old.minor, old.channels != 0)
	l.report.Anew++
	aside := l.keys.keyed("withdrawn", personPlace(h.id))
	_, err := l.tx.Exec(ctx, `UPDATE recipient SET person_key = $3 WHERE incident = $1 AND id = $2`, l.incident, h.id, aside)
	return err
}

// supersede withdraws the earlier rows of people who are told anew.
func (l *loading) supersede(ctx context.Context, by breach.Actor, at time.Time) error {
	if len(l.fixes.old) == 0 {
		return nil
	}
	people, err := lockPeople(ctx, l.tx, l.incident, l.fixes.old)
	if err != nil {
		return err
	}
	rules, err := sufficiency(ctx, l.tx, l.incident)
	if err != nil {
		return err
	}
	var changes []change
	for _, id := range l.fixes.old {
		e := breach.PersonEvent{Person: id, Outcome: breach.Withdrawn, Reason: breach.ReasonCorrected, By: by.ID, At: at}
		changes = append(changes, people.states[id].decide(e, rules)...)
	}
	out := &pgx.Batch{}
	write(out, people.moves(nil, changes))
	l.dropTokens(out, people.states, at)
	return l.tx.SendBatch(ctx, out).Close()
}

// dropTokens closes push to those who come again with the token of which an earlier list learned that it is gone.
func (l *loading) dropTokens(out *pgx.Batch, states map[int64]*personState, at time.Time) {
	var keys [][16]byte
	for id, key := range l.fixes.tokens {
		if slices.ContainsFunc(states[id].list(), func(a breach.Attempt) bool { return a.Channel == breach.Push && a.ContactGone() }) {
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		out.Queue(`INSERT INTO refusal (incident, person, channel, provider, reason, at)
			SELECT $1, id, $4, '', $5, $6 FROM recipient WHERE incident = $1 AND wave = $3 AND person_key = ANY($2) ON CONFLICT DO NOTHING`,
			l.incident, keys, l.report.Wave, breach.Push, reasonGone, instant(at))
	}
}

// replace writes the person. Of which kind they are is not known any more: kinds are numbered within a load.
func (l *loading) replace(ctx context.Context, id int64, p *prepared, sealed []byte) error {
	_, err := l.tx.Exec(ctx, `UPDATE recipient SET locale = $3, country = $4, minor = $5, guardian = $6, channels = $7, sealed = $8, kind = 0
		WHERE incident = $1 AND id = $2`, l.incident, id, p.locale, p.country, p.minor, p.guardian, p.channels, sealed)
	if err != nil {
		return err
	}
	if _, err := l.tx.Exec(ctx, `DELETE FROM kind WHERE incident = $1 AND block = $2`, l.incident, blockOf(id)); err != nil {
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
	for _, wave := range slices.Sorted(maps.Keys(waves)) {
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
		if _, err := voidPlans(ctx, l.tx, l.incident, wave, "people of the list were corrected", at); err != nil {
			return err
		}
	}
	if len(waves) > 0 {
		if err := redraft(ctx, l.tx, l.incident, "people of the list were corrected", at); err != nil {
			return err
		}
	}
	if len(waves)+len(l.fixes.old) == 0 {
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
	people, err := sealedPeople(ctx, l.tx, l.incident, breach.BlockSize, `id BETWEEN $2 AND $3`, (no-1)*breach.BlockSize+1, no*breach.BlockSize)
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
