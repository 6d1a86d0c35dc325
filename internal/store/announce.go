package store

import (
	"context"
	"encoding/json"
	"time"

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

// AskAnnouncement records a lead's decision that the public is told now, with the page of the newest approved
// plan that holds one, and queues the command for the workflow in the same transaction. breach.ErrConflict for an
// incident that is closed, when no approved plan holds an announcement, and when it is published or asked for
// already. The same id again changes nothing.
func (s *Store) AskAnnouncement(ctx context.Context, incident, id, why string, by breach.Actor, at time.Time) (now breach.AnnounceNow, err error) {
	err = s.inTx(ctx, "record the decision to announce", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE") // of two at once the second is told
		if err != nil {
			return err
		}
		all, err := plans(ctx, tx, incident)
		if err != nil {
			return err
		}
		now = breach.AnnounceNow{By: by.ID}
		for _, p := range all {
			if p.State == breach.PlanApproved && len(p.Plan.Announcement) > 0 && p.Plan.Wave > now.Wave {
				now.Wave, now.PlanHash = p.Plan.Wave, p.Hash
			}
		}
		var same, published bool
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM command WHERE id = $2 AND incident = $1 AND name = $3),
			EXISTS (SELECT FROM announcement WHERE incident = $1)`, incident, id, commandAnnounce).Scan(&same, &published)
		if err != nil || same {
			return err
		}
		_, asked, err := askedAnnouncement(ctx, tx, incident)
		switch {
		case err != nil:
			return err
		case inc.State == breach.IncidentClosed:
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		case published:
			return breach.Errorf(breach.ErrConflict, "it is announced already")
		case asked:
			return breach.Errorf(breach.ErrConflict, "somebody decided already that it is announced now; it is being published")
		case now.Wave == 0:
			return breach.Errorf(breach.ErrConflict, "no approved plan holds an announcement: what the public is told must be approved first")
		}
		payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role, "wave": now.Wave, "plan_hash": now.PlanHash})
		if err != nil {
			return err
		}
		if err := queueCommand(ctx, tx, incident, id, commandAnnounce, payload); err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, askedAction, facts{
			"by_role": by.Role, "by": by.ID, "why": why, "wave": now.Wave, "plan_hash": now.PlanHash,
		}, at})
	})
	return now, err
}

const (
	commandAnnounce = "announce" // as the protocol names the update
	askedAction     = "announce.asked"
)

// AskedAnnouncement is the newest decision of a lead to announce now, while nothing is published yet; nil when
// there is none.
func (s *Store) AskedAnnouncement(ctx context.Context, incident string) (*breach.AnnounceNow, error) {
	a, found, err := askedAnnouncement(ctx, s.pool, incident)
	if !found {
		return nil, clean("look for a decision to announce", err)
	}
	return &a, nil
}

func askedAnnouncement(ctx context.Context, q querier, incident string) (a breach.AnnounceNow, found bool, err error) {
	var data string
	err = q.QueryRow(ctx, `SELECT data FROM audit WHERE incident = $1 AND action = $2
		AND NOT EXISTS (SELECT FROM announcement WHERE incident = $1) ORDER BY seq DESC LIMIT 1`, incident, askedAction).Scan(&data)
	if isNoRows(err) {
		return a, false, nil
	}
	if err == nil && json.Unmarshal([]byte(data), &a) != nil {
		err = breach.Errorf(breach.ErrTampered, "a decision to announce cannot be read from the record")
	}
	return a, err == nil, err
}
