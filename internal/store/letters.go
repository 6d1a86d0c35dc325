package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// KeepLetter takes a letter for the next batch, once per attempt. breach.ErrConflict says that the attempt was asked
// about before it came, and counts as not sent; breach.ErrNotFound that nobody intended it.
func (s *Store) KeepLetter(ctx context.Context, it breach.PostItem, at time.Time) error {
	return s.inTx(ctx, "keep a letter", func(tx pgx.Tx) error {
		incident, in, err := attemptOf(ctx, tx, it.Attempt)
		if err != nil {
			return err
		}
		if incident == "" || in.Channel != breach.Letter {
			return notFound("nobody intended this letter")
		}
		b, err := s.boxOf(ctx, tx, incident)
		if err != nil {
			return err
		}
		sealed, err := b.seal("letter|"+it.Attempt, it.Body)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO letter (attempt, delivery, incident, country, pages, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING`, it.Attempt, it.Delivery, incident, plain(it.Country, codeLimit), it.Pages, sealed, at)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		var void bool
		if err := tx.QueryRow(ctx, `SELECT body IS NULL AND batch IS NULL FROM letter WHERE attempt = $1`, it.Attempt).Scan(&void); err != nil {
			return err
		}
		if void {
			return breach.Errorf(breach.ErrConflict, "the letter came after it had been counted as not sent")
		}
		return nil
	})
}

// FindLetter says whether an attempt's letter was taken. After the answer no it cannot be taken any more.
func (s *Store) FindLetter(ctx context.Context, attempt string, at time.Time) (found bool, err error) {
	err = s.inTx(ctx, "look for a letter", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO letter (attempt, delivery, country, pages, at) VALUES ($1, '', '', 0, $2) ON CONFLICT DO NOTHING`, attempt, at)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT body IS NOT NULL OR batch IS NOT NULL FROM letter WHERE attempt = $1`, attempt).Scan(&found)
	})
	return found, err
}

// LetterStanding counts letters that wait for a batch.
func (s *Store) LetterStanding(ctx context.Context) (st breach.PostStanding, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE i.paused) FROM letter l JOIN incident i ON i.id = l.incident
		WHERE l.batch IS NULL AND l.body IS NOT NULL`).Scan(&st.Waiting, &st.Held)
	return st, clean("count letters", err)
}

// OpenLetterBatch returns the batch that was not handed over yet, or makes one of up to most letters that wait; nil
// when none does. Letters of incidents whose sending is paused or stopped stay behind, and so do those that a hold keeps;
// those of people who need none any more are taken out. All of this is looked at again as long as the printer's door has
// not got the whole batch. Whoever calls it holds the lock of LockLetters.
func (s *Store) OpenLetterBatch(ctx context.Context, most int, atOnce AtOnce, at time.Time) (out *breach.PostBatch, err error) {
	err = s.inTx(ctx, "open a batch of letters", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE letter_batch IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		b := &breach.PostBatch{}
		err := tx.QueryRow(ctx, `SELECT id, made_at, checksum FROM letter_batch WHERE handed_at IS NULL`).Scan(&b.ID, &b.MadeAt, &b.Checksum)
		if isNoRows(err) {
			b, err = newLetterBatch(ctx, tx, at)
		}
		if err != nil {
			return err
		}
		b.MadeAt = b.MadeAt.UTC()
		if b.Checksum == "" {
			if n, err := s.fillLetterBatch(ctx, tx, b.ID, most, atOnce, at); err != nil || n == 0 {
				return err
			}
		}
		if b.Items, err = s.lettersOf(ctx, tx, b.ID); err != nil {
			return err
		}
		out = b
		return nil
	})
	return out, err
}

func newLetterBatch(ctx context.Context, tx pgx.Tx, at time.Time) (*breach.PostBatch, error) {
	var raw [8]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, err
	}
	b := &breach.PostBatch{ID: "letters-" + at.UTC().Format("20060102") + "-" + hex.EncodeToString(raw[:]), MadeAt: instant(at)}
	_, err := tx.Exec(ctx, `INSERT INTO letter_batch (id, made_at) VALUES ($1, $2)`, b.ID, b.MadeAt)
	return b, err
}

// fillLetterBatch puts up to most letters that may go now into a batch, in place of those that were in it, and says how
// many. A batch for which there is none keeps its name until there are some: something of it may lie at the door.
func (s *Store) fillLetterBatch(ctx context.Context, tx pgx.Tx, batch string, most int, atOnce AtOnce, at time.Time) (n int, err error) {
	if _, err := tx.Exec(ctx, `UPDATE letter SET batch = NULL WHERE batch = $1`, batch); err != nil {
		return 0, err
	}
	passed := []string{}
	for n < most {
		rows, err := collect(ctx, tx, func(r pgx.CollectableRow) (a attemptIn, err error) {
			return a, r.Scan(&a.attempt, &a.incident)
		}, `SELECT l.attempt, l.incident FROM letter l JOIN incident i ON i.id = l.incident
			WHERE l.batch IS NULL AND l.body IS NOT NULL AND NOT i.paused AND l.attempt <> ALL($1)
			ORDER BY l.at, l.attempt LIMIT $2 FOR UPDATE OF l SKIP LOCKED`, passed, most-n)
		if err != nil || len(rows) == 0 {
			return n, err
		}
		incidents, attempts := byTheirIncident(rows)
		for _, incident := range incidents {
			may, wait, err := s.sift(ctx, tx, queuedLetters, incident, attempts[incident], atOnce, at)
			if err != nil {
				return n, err
			}
			if _, err := tx.Exec(ctx, `UPDATE letter SET batch = $1 WHERE attempt = ANY($2)`, batch, may); err != nil {
				return n, err
			}
			n, passed = n+len(may), append(passed, wait...)
		}
	}
	return n, nil
}

func (s *Store) lettersOf(ctx context.Context, tx pgx.Tx, batch string) ([]breach.PostItem, error) {
	type row struct {
		breach.PostItem
		incident string
	}
	rows, err := collect(ctx, tx, func(r pgx.CollectableRow) (x row, err error) {
		err = r.Scan(&x.Attempt, &x.Delivery, &x.incident, &x.Country, &x.Pages, &x.Body)
		return x, err
	}, `SELECT attempt, delivery, incident, country, pages, body FROM letter WHERE batch = $1 ORDER BY attempt`, batch)
	if err != nil {
		return nil, err
	}
	out := make([]breach.PostItem, len(rows))
	for i, x := range rows {
		b, err := s.boxOf(ctx, tx, x.incident)
		if err != nil {
			return nil, err
		}
		if x.Body, err = b.open("letter|"+x.Attempt, x.Body); err != nil {
			return nil, breach.Errorf(breach.ErrTampered, "letter %s does not open with the incident's key", x.Attempt)
		}
		out[i] = x.PostItem
	}
	return out, nil
}

// letterLock is the advisory lock of whoever hands letters over.
const letterLock = 0x746f63736c6574

// LockLetters lets one process at a time hand letters over; ok is false while another does. The lock ends with the
// process.
func (s *Store) LockLetters(ctx context.Context) (unlock func(), ok bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, false, clean("lock letters", err)
	}
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, letterLock).Scan(&ok); err != nil || !ok {
		conn.Release()
		return nil, false, clean("lock letters", err)
	}
	return func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(end, `SELECT pg_advisory_unlock($1)`, letterLock); err != nil {
			_ = conn.Hijack().Close(end) // the lock goes with its session
			return
		}
		conn.Release()
	}, true, nil
}

// RejectLetters takes letters out of the open batch that cannot be printed: they failed for good before anybody had them.
func (s *Store) RejectLetters(ctx context.Context, unset []breach.UnsetLetter, reason string, at time.Time) error {
	return s.inTx(ctx, "take letters out of a batch", func(tx pgx.Tx) error {
		byIncident := map[string][]breach.AttemptEvent{}
		attempts := make([]string, len(unset))
		for i, u := range unset {
			incident, in, err := attemptOf(ctx, tx, u.Attempt)
			if err != nil {
				return err
			}
			if attempts[i] = u.Attempt; incident == "" {
				continue
			}
			byIncident[incident] = append(byIncident[incident], tidy(breach.AttemptEvent{
				Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try,
				State: breach.FailedPermanent, Reason: reason, Detail: u.Why, Provider: in.Provider, At: at,
			}))
		}
		for _, incident := range slices.Sorted(maps.Keys(byIncident)) {
			if err := record(ctx, tx, incident, byIncident[incident]); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE letter SET body = NULL, batch = NULL WHERE attempt = ANY($1) AND batch IN (SELECT id FROM letter_batch WHERE handed_at IS NULL)`, attempts)
		return err
	})
}

// PublishLetterBatch notes that all files of a batch lie at the printer's door, before it is opened. It is noted
// once; breach.ErrConflict says that somebody else did.
func (s *Store) PublishLetterBatch(ctx context.Context, id, checksum string) error {
	tag, err := s.pool.Exec(ctx, `UPDATE letter_batch SET checksum = $2 WHERE id = $1 AND checksum = '' AND handed_at IS NULL`, id, checksum)
	if err == nil && tag.RowsAffected() == 0 {
		return breach.Errorf(breach.ErrConflict, "another process hands batch %s over", id)
	}
	return clean("note a batch of letters", err)
}

// CloseLetterBatch notes that a batch was handed over: its letters are with the printer, and their texts are removed
// from the ledger. Closing it again changes nothing.
func (s *Store) CloseLetterBatch(ctx context.Context, id string, at time.Time) error {
	return s.inTx(ctx, "close a batch of letters", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE letter_batch SET handed_at = $2 WHERE id = $1 AND handed_at IS NULL`, id, instant(at))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		byIncident := map[string][]breach.AttemptEvent{}
		attempts, err := collect(ctx, tx, pgx.RowTo[string], `SELECT attempt FROM letter WHERE batch = $1 ORDER BY attempt`, id)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			incident, in, err := attemptOf(ctx, tx, a)
			if err != nil {
				return err
			}
			byIncident[incident] = append(byIncident[incident], breach.AttemptEvent{
				Person: in.Person, Addressee: in.Addressee, Channel: in.Channel, Try: in.Try,
				State: breach.Accepted, Provider: in.Provider, ProviderRef: id, At: at,
			})
		}
		for incident, events := range byIncident {
			if err := record(ctx, tx, incident, events); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE letter SET body = NULL WHERE batch = $1`, id)
		return err
	})
}

// TakeLetterWord records what printer or post office said of a letter; on is the day of which they speak, and counts
// from the hand-over at the earliest. known is false for an id that was never handed over; news is false for a word
// that was taken before, and for a posting of what came back already.
func (s *Store) TakeLetterWord(ctx context.Context, attempt string, r Receipt, on, now time.Time) (known, news bool, err error) {
	var provider string
	var handed time.Time
	err = s.inTx(ctx, "look up a letter", func(tx pgx.Tx) error {
		known, news, handed = false, false, time.Time{}
		err := tx.QueryRow(ctx, `SELECT b.handed_at FROM letter l JOIN letter_batch b ON b.id = l.batch WHERE l.attempt = $1 AND b.handed_at IS NOT NULL`, attempt).Scan(&handed)
		if isNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		incident, in, err := attemptOf(ctx, tx, attempt)
		if err != nil || incident == "" {
			return err
		}
		known, provider = true, in.Provider
		var said bool
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM receipt WHERE provider = $1 AND attempt = $2 AND (state = $3 OR state = 'failed_permanent'))`,
			provider, attempt, r.State).Scan(&said)
		news = !said
		return err
	})
	if err != nil || !known || !news {
		return known, false, err
	}
	if on.Before(handed) {
		on = handed
	}
	if on.After(now) {
		on = now
	}
	_, err = s.RecordReceipt(ctx, provider, attempt, r, on)
	return known, err == nil, err
}
