package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SaveAnnouncement stores a published announcement; the same reference again changes nothing.
func (s *Store) SaveAnnouncement(ctx context.Context, a breach.Announcement) error {
	texts, err := json.Marshal(a.Texts)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the announcement cannot be encoded")
	}
	decision := a.Decision
	if len(decision) == 0 {
		decision = json.RawMessage(`{}`)
	}
	return s.inTx(ctx, "store the announcement", func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO announcement (reference, incident, reason, decision, published_at, keep_until, texts)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (reference) DO NOTHING`,
			a.Reference, a.Incident, a.Reason, decision, instant(a.PublishedAt), instant(a.KeepUntil), texts)
		if sqlState(err) == "23503" {
			return notFound("there is no such incident in the ledger")
		}
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, a.Incident, note{"", engineActor, "announcement.stored", facts{
			"reference": a.Reference, "texts_sha256": hexSum(texts),
		}, a.PublishedAt})
	})
}

func announcements(ctx context.Context, q querier, where string, args ...any) ([]breach.Announcement, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (a breach.Announcement, err error) {
		var texts []byte
		if err := row.Scan(&a.Reference, &a.Incident, &a.Reason, &a.Decision, &a.PublishedAt, &a.KeepUntil, &texts); err != nil {
			return a, err
		}
		a.PublishedAt, a.KeepUntil = a.PublishedAt.UTC(), a.KeepUntil.UTC()
		if json.Unmarshal(texts, &a.Texts) != nil {
			return a, breach.Errorf(breach.ErrTampered, "the texts of an announcement cannot be read")
		}
		for _, t := range a.Texts {
			if err := intactText(t); err != nil {
				return a, err
			}
		}
		return a, nil
	}, `SELECT reference, incident, reason, decision, published_at, keep_until, texts FROM announcement WHERE `+where+`
		ORDER BY published_at DESC, reference`, args...)
}

func oneAnnouncement(list []breach.Announcement, err error) (breach.Announcement, error) {
	if err == nil && len(list) == 0 {
		return breach.Announcement{}, notFound("there is no such announcement")
	}
	if err != nil {
		return breach.Announcement{}, clean("read the announcement", err)
	}
	return list[0], nil
}

// Announcement returns the incident's newest one; breach.ErrNotFound.
func (s *Store) Announcement(ctx context.Context, incident string) (breach.Announcement, error) {
	return oneAnnouncement(announcements(ctx, s.pool, `incident = $1`, incident))
}

// AnnouncementByReference finds the announcement behind a public page; breach.ErrNotFound.
func (s *Store) AnnouncementByReference(ctx context.Context, reference string) (breach.Announcement, error) {
	return oneAnnouncement(announcements(ctx, s.pool, `reference = $1`, reference))
}

// Announcements lists all that were published, the newest first.
func (s *Store) Announcements(ctx context.Context) ([]breach.Announcement, error) {
	list, err := announcements(ctx, s.pool, `true`)
	return list, clean("list the announcements", err)
}
