package store

import (
	"context"
	"encoding/binary"
	"maps"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// hit is somebody who is in the ledger.
type hit struct {
	id     int64
	wave   int
	sealed []byte
}

// dropDuplicates keeps those of a batch who are not in the ledger yet: by their key, or, against earlier lists, by name
// and contact as the rows of one list are held against each other.
func (l *loading) dropDuplicates(ctx context.Context, batch []prepared) ([]prepared, error) {
	known, err := l.knownOf(ctx, batch)
	if err != nil {
		return nil, err
	}
	if err := l.withoutReusedIDs(ctx, batch, known); err != nil {
		return nil, err
	}
	alike, err := l.alike(ctx, batch, known)
	if err != nil {
		return nil, err
	}
	inBatch := make(map[[16]byte]int64, len(batch))
	fresh := batch[:0]
	for i, p := range batch {
		h, there := known[p.key]
		if !there {
			h, there = alike[i]
		}
		if there {
			again, err := l.correct(ctx, &p, h)
			if err != nil {
				return nil, err
			}
			if !again {
				l.duplicate(p.row, h.id, h.wave)
				continue
			}
		}
		if of, ok := inBatch[p.key]; ok {
			l.duplicates = append(l.duplicates, DuplicateRow{p.row, of, l.report.Wave})
			continue
		}
		inBatch[p.key] = p.row
		fresh = append(fresh, p)
	}
	return fresh, nil
}

// withoutReusedIDs takes the id of those away whose id is that of another person on an earlier list, and looks for them
// without it.
func (l *loading) withoutReusedIDs(ctx context.Context, batch []prepared, known map[[16]byte]hit) error {
	if l.earlier == nil {
		return nil
	}
	var ask [][16]byte
	var whom []breach.Person
	for i := range batch {
		h, there := known[batch[i].key]
		if !there || h.wave == l.report.Wave {
			continue
		}
		var now, was breach.Person
		if err := l.both(&batch[i], h, &now, &was); err != nil {
			return err
		}
		if now.ExternalID == "" || couldBeOne(&now, &was) {
			l.recognised(&now)
			continue
		}
		now.ExternalID = ""
		var err error
		if batch[i], err = l.keys.prepare(&now, l.rules, batch[i].row); err != nil {
			return err
		}
		l.sieve.add(batch[i].key)
		ask, whom = append(ask, batch[i].key), append(whom, now)
		l.report.Already.IDReused++
	}
	more, err := l.known(ctx, ask)
	for i, key := range ask {
		if _, there := more[key]; there {
			l.recognised(&whom[i])
		}
	}
	maps.Copy(known, more)
	return err
}

// recognised counts by what somebody was found by their key.
func (l *loading) recognised(p *breach.Person) {
	email, phone := contacts(p)
	switch {
	case strings.TrimSpace(p.ExternalID) != "":
		l.report.Already.ID++
	case email != "":
		l.report.Already.NameAndEmail++
	case phone != "":
		l.report.Already.NameAndPhone++
	}
}

// both opens a row and the one that it is held against.
func (l *loading) both(p *prepared, h hit, now, was *breach.Person) error {
	if err := decodePerson(p.plain, now); err != nil {
		return err
	}
	plain, err := l.box.open(personPlace(h.id), h.sealed)
	if err != nil {
		return breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open: it was changed, moved, or sealed under another key", h.id)
	}
	if err := decodePerson(plain, was); err != nil {
		return breach.Errorf(breach.ErrTampered, "the sealed data of person %d cannot be read", h.id)
	}
	return nil
}

// couldBeOne reports whether two rows with one id can be one person: something agrees, or there is nothing to compare.
func couldBeOne(a, b *breach.Person) bool {
	compared := false
	for _, pair := range [][2]string{{breach.NameKey(a.Name), breach.NameKey(b.Name)}, {breach.EmailKey(a.Email), breach.EmailKey(b.Email)}, {a.Phone, b.Phone}} {
		if pair[0] == "" || pair[1] == "" {
			continue
		}
		if pair[0] == pair[1] {
			return true
		}
		compared = true
	}
	return !compared
}

// knownOf looks for the keys of a batch where a sieve does not say that they are new.
func (l *loading) knownOf(ctx context.Context, batch []prepared) (map[[16]byte]hit, error) {
	var ask [][16]byte
	for i := range batch {
		if l.sieve.add(batch[i].key) || l.earlier != nil {
			ask = append(ask, batch[i].key)
		}
	}
	return l.known(ctx, ask)
}

func (l *loading) known(ctx context.Context, keys [][16]byte) (map[[16]byte]hit, error) {
	out := map[[16]byte]hit{}
	if len(keys) == 0 {
		return out, nil
	}
	rows, err := l.tx.Query(ctx, `SELECT k, r.id, r.wave, r.sealed FROM unnest($2::uuid[]) k
		JOIN LATERAL (SELECT id, wave, sealed FROM recipient WHERE incident = $1 AND person_key = k LIMIT 1) r ON true`, l.incident, keys)
	if err != nil {
		return nil, err
	}
	var key [16]byte
	var h hit
	_, err = pgx.ForEachRow(rows, []any{&key, &h.id, &h.wave, &h.sealed}, func() error {
		out[key], h.sealed = h, nil
		return nil
	})
	return out, err
}

// alike finds for rows of a batch the same human under another id on an earlier list, by name and contact.
func (l *loading) alike(ctx context.Context, batch []prepared, known map[[16]byte]hit) (map[int]hit, error) {
	out := map[int]hit{}
	if l.earlier == nil {
		return out, nil
	}
	var emails, phones []int32
	var ask []int
	for i := range batch {
		p := &batch[i]
		if _, there := known[p.key]; there {
			continue
		}
		email, phone := l.earlier.emails.has(p.email), l.earlier.phones.has(p.phone)
		if email {
			emails = append(emails, p.email)
		}
		if phone {
			phones = append(phones, p.phone)
		}
		if email || phone {
			ask = append(ask, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	found, err := l.candidates(ctx, emails, phones)
	if err != nil {
		return nil, err
	}
	for _, i := range ask {
		var now breach.Person
		if err := decodePerson(batch[i].plain, &now); err != nil {
			return nil, err
		}
		if h, ok := l.oneOf(&now, found[contactHash{'e', batch[i].email}], &l.report.Already.NameAndEmail, sameByEmail); ok {
			out[i] = h
		} else if h, ok := l.oneOf(&now, found[contactHash{'p', batch[i].phone}], &l.report.Already.NameAndPhone, sameByPhone); ok {
			out[i] = h
		}
	}
	return out, nil
}

func (l *loading) oneOf(now *breach.Person, list []candidate, count *int64, same func(a, b *breach.Person) bool) (hit, bool) {
	for i := range list {
		if was := &list[i].person; sameHuman(now, was) && same(now, was) {
			*count++
			return list[i].hit, true
		}
	}
	return hit{}, false
}

// sameHuman holds for one name, in whatever spelling, and not two days of birth: a father and a son of one name share an
// address.
func sameHuman(a, b *breach.Person) bool {
	name := breach.NameKey(a.Name)
	return name != "" && name == breach.NameKey(b.Name) && (a.BirthDate == "" || b.BirthDate == "" || a.BirthDate == b.BirthDate)
}

func sameByEmail(a, b *breach.Person) bool {
	return a.Email != "" && breach.EmailKey(a.Email) == breach.EmailKey(b.Email)
}

func sameByPhone(a, b *breach.Person) bool {
	return a.Phone != "" && a.Phone == b.Phone && (a.Email == "" || b.Email == "")
}

type contactHash struct {
	kind byte // e, p
	hash int32
}

// candidate is somebody of an earlier list who may be the same human as a row.
type candidate struct {
	hit
	person breach.Person
}

// candidates reads those of earlier lists who have one of the look-up hashes.
func (l *loading) candidates(ctx context.Context, emails, phones []int32) (map[contactHash][]candidate, error) {
	rows, err := l.tx.Query(ctx, `WITH c AS (
			SELECT 'e' AS kind, h AS hash, (c.block - 1) * 1000 + at AS id FROM contact c, unnest(c.emails) WITH ORDINALITY u(h, at)
				WHERE c.incident = $1 AND c.emails && $2 AND h = ANY($2)
			UNION ALL
			SELECT 'p', h, (c.block - 1) * 1000 + at FROM contact c, unnest(c.phones) WITH ORDINALITY u(h, at)
				WHERE c.incident = $1 AND c.phones && $3 AND h = ANY($3))
		SELECT c.kind, c.hash, r.id, r.wave, r.sealed FROM c JOIN recipient r ON r.incident = $1 AND r.id = c.id ORDER BY r.id`, l.incident, emails, phones)
	if err != nil {
		return nil, err
	}
	out := map[contactHash][]candidate{}
	var kind string
	var key contactHash
	var h hit
	_, err = pgx.ForEachRow(rows, []any{&kind, &key.hash, &h.id, &h.wave, &h.sealed}, func() error {
		c := candidate{hit: h}
		h.sealed = nil
		plain, err := l.box.open(personPlace(c.id), c.sealed)
		if err != nil {
			return breach.Errorf(breach.ErrTampered, "the sealed data of person %d does not open: it was changed, moved, or sealed under another key", c.id)
		}
		if err := decodePerson(plain, &c.person); err != nil {
			return breach.Errorf(breach.ErrTampered, "the sealed data of person %d cannot be read", c.id)
		}
		key.kind = kind[0]
		out[key] = append(out[key], c)
		return nil
	})
	return out, err
}

// contactSieve says of a look-up hash that nobody of the earlier lists has it, or that perhaps somebody has.
type contactSieve struct{ emails, phones *sieve }

// has never holds for 0, which stands for no contact.
func (s *sieve) has(hash int32) bool { return hash != 0 && s.look(hashKey(hash), false) }

func hashKey(hash int32) (key [16]byte) {
	x := uint64(uint32(hash)) * 0x9e3779b97f4a7c15
	binary.BigEndian.PutUint64(key[:8], x)
	binary.BigEndian.PutUint64(key[8:], (x^x>>29)*0xbf58476d1ce4e5b9)
	return key
}

func readContacts(ctx context.Context, tx pgx.Tx, incident string) (*contactSieve, error) {
	rows, err := tx.Query(ctx, `SELECT emails, phones FROM contact WHERE incident = $1`, incident)
	if err != nil {
		return nil, err
	}
	s := &contactSieve{newSieve(), newSieve()}
	var emails, phones []int32
	_, err = pgx.ForEachRow(rows, []any{&emails, &phones}, func() error {
		for _, h := range emails {
			s.emails.look(hashKey(h), true)
		}
		for _, h := range phones {
			s.phones.look(hashKey(h), true)
		}
		return nil
	})
	return s, err
}

func (l *loading) duplicate(row, id int64, wave int) {
	d := DuplicateRow{Row: row, Wave: wave}
	if wave == l.report.Wave {
		d.Of = l.rowOf(id)
	}
	l.duplicates = append(l.duplicates, d)
}

// rowOf finds the row of a person of this list: the k-th person added stands k-1 rows after the first, and
// one further for each duplicate before them. So nothing has to be kept per person.
func (l *loading) rowOf(id int64) int64 {
	k := id - l.first + 1
	before := sort.Search(len(l.duplicates), func(i int) bool { return l.duplicates[i].Row-int64(i) > k })
	return k + int64(before)
}
