package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// SaveTexts stores texts by their hash; a text that is there already is left as it is.
func (s *Store) SaveTexts(ctx context.Context, incident string, texts []breach.Text) error {
	return s.inTx(ctx, "store the texts", func(tx pgx.Tx) error {
		for _, t := range texts {
			if hexSum(t.Body) != t.Ref.SHA256 {
				return breach.Errorf(breach.ErrInvalid, "a text does not have the SHA-256 that it is named by")
			}
			r := t.Ref
			_, err := tx.Exec(ctx, `INSERT INTO notice (incident, sha256, kind, channel, locale, variant, reviewed, body)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
				incident, r.SHA256, r.Kind, r.Channel, r.Locale, r.Variant, r.Reviewed, t.Body)
			if sqlState(err) == "23503" {
				return notFound("there is no such incident in the ledger")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func scanText(row pgx.CollectableRow) (t breach.Text, err error) {
	r := &t.Ref
	return t, row.Scan(&r.SHA256, &r.Kind, &r.Channel, &r.Locale, &r.Variant, &r.Reviewed, &t.Body)
}

const textColumns = `sha256, kind, channel, locale, variant, reviewed, body`

// Text returns a stored text after checking its bytes against the hash; breach.ErrTampered.
func (s *Store) Text(ctx context.Context, incident, sha256 string) (breach.Text, error) {
	list, err := collect(ctx, s.pool, scanText, `SELECT `+textColumns+` FROM notice WHERE incident = $1 AND sha256 = $2`, incident, sha256)
	switch {
	case err != nil:
		return breach.Text{}, clean("read a text", err)
	case len(list) == 0:
		return breach.Text{}, notFound("incident %s has no text with this SHA-256", printable(incident))
	}
	return list[0], intactText(list[0])
}

func intactText(t breach.Text) error {
	if hexSum(t.Body) != t.Ref.SHA256 {
		return breach.Errorf(breach.ErrTampered, "the %s text for %s (%s) was changed after it was stored", t.Ref.Kind, t.Ref.Channel, t.Ref.Locale)
	}
	return nil
}

// SavePlan puts a plan up for approval; an earlier one of the wave that still waits becomes void. The same
// hash again changes nothing.
func (s *Store) SavePlan(ctx context.Context, p breach.Plan, author string, at time.Time) error {
	body, err := json.Marshal(p)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the plan cannot be encoded")
	}
	return s.inTx(ctx, "put the plan up for approval", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, p.Incident, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		var there bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM plan WHERE incident = $1 AND hash = $2)`, p.Incident, p.Hash()).Scan(&there)
		if err != nil || there {
			return err
		}
		if _, err := voidPlans(ctx, tx, p.Incident, p.Wave, "a newer plan was submitted", at); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO plan (incident, wave, revision, hash, body, state, author, created_at)
			VALUES ($1, $2, $3, $4, $5, 'awaiting_approval', $6, $7)`, p.Incident, p.Wave, p.Revision, p.Hash(), body, author, instant(at))
		switch sqlState(err) {
		case "23505":
			return breach.Errorf(breach.ErrConflict, "revision %d of the plan of list %d is there already with another content", p.Revision, p.Wave)
		case "23503":
			return notFound("incident %s has no list %d", printable(p.Incident), p.Wave)
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, p.Incident, note{"", author, "plan.submitted", facts{
			"wave": p.Wave, "revision": p.Revision, "plan_hash": p.Hash(), "people": p.People.Total,
		}, at})
	})
}

// VoidPlans voids every plan of the incident that still waits, for a reason; returns how many.
func (s *Store) VoidPlans(ctx context.Context, incident, reason string, at time.Time) (n int, err error) {
	err = s.inTx(ctx, "void the waiting plans", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		if n, err = voidPlans(ctx, tx, incident, 0, reason, at); err != nil || n == 0 {
			return err
		}
		return redraft(ctx, tx, incident, reason, at)
	})
	return n, err
}

func voidPlans(ctx context.Context, tx pgx.Tx, incident string, wave int, reason string, at time.Time) (int, error) {
	type gone struct {
		Wave, Revision int
		Hash           string
	}
	list, err := collect(ctx, tx, pgx.RowToStructByPos[gone], `WITH waiting AS (
			SELECT wave, revision FROM plan WHERE incident = $1 AND ($2 = 0 OR wave = $2) AND state = 'awaiting_approval'
			ORDER BY wave, revision FOR NO KEY UPDATE)
		UPDATE plan p SET state = 'void', comment = $3, decided_at = $4 FROM waiting w
		WHERE p.incident = $1 AND p.wave = w.wave AND p.revision = w.revision
		RETURNING p.wave, p.revision, p.hash`, incident, wave, reason, instant(at))
	if err != nil {
		return 0, err
	}
	for _, g := range list {
		err := appendAudit(ctx, tx, incident, note{"", engineActor, "plan.voided", facts{
			"wave": g.Wave, "revision": g.Revision, "plan_hash": g.Hash, "reason": reason,
		}, at})
		if err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

const planColumns = `hash, body, state, author, created_at, coalesce(decided_by, ''), decided_at, comment,
	coalesce((SELECT a.accepted FROM approval a WHERE a.incident = plan.incident AND a.wave = plan.wave AND a.plan_hash = plan.hash), '{}')`

// scanPlan checks the stored bytes against the hash.
func scanPlan(row pgx.CollectableRow) (r breach.PlanRecord, err error) {
	var body []byte
	if err := row.Scan(&r.Hash, &body, &r.State, &r.Author, &r.CreatedAt, &r.DecidedBy, &r.DecidedAt, &r.Comment, &r.Accepted); err != nil {
		return r, err
	}
	if len(r.Accepted) == 0 {
		r.Accepted = nil
	}
	r.CreatedAt, r.DecidedAt = r.CreatedAt.UTC(), utc(r.DecidedAt)
	if hexSum(body) != r.Hash || json.Unmarshal(body, &r.Plan) != nil || r.Plan.Hash() != r.Hash {
		return r, breach.Errorf(breach.ErrTampered, "a plan was changed after it was submitted: its bytes no longer have its hash")
	}
	return r, nil
}

// Plan returns the newest plan of a wave; breach.ErrNotFound.
func (s *Store) Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, error) {
	r, err := newestPlan(ctx, s.pool, incident, wave, "")
	return r, clean("read the plan", err)
}

func newestPlan(ctx context.Context, q querier, incident string, wave int, lock string) (breach.PlanRecord, error) {
	list, err := collect(ctx, q, scanPlan, `SELECT `+planColumns+` FROM plan
		WHERE incident = $1 AND wave = $2 ORDER BY revision DESC LIMIT 1 `+lock, incident, wave)
	if err == nil && len(list) == 0 {
		return breach.PlanRecord{}, notFound("incident %s has no plan for list %d", printable(incident), wave)
	}
	if err != nil {
		return breach.PlanRecord{}, err
	}
	return list[0], samePlan(list[0].Plan, incident, wave)
}

// samePlan refuses a plan that was moved to another incident or wave together with its hash.
func samePlan(p breach.Plan, incident string, wave int) error {
	if p.Incident != incident || p.Wave != wave {
		return breach.Errorf(breach.ErrTampered, "the stored plan belongs to another incident or list")
	}
	return nil
}

// Plans lists all plans of an incident by wave and revision.
func (s *Store) Plans(ctx context.Context, incident string) ([]breach.PlanRecord, error) {
	list, err := plans(ctx, s.pool, incident)
	return list, clean("list the plans", err)
}

func plans(ctx context.Context, q querier, incident string) ([]breach.PlanRecord, error) {
	return collect(ctx, q, scanPlan, `SELECT `+planColumns+` FROM plan WHERE incident = $1 ORDER BY wave, revision`, incident)
}

// checkPlan compares what a plan covers with what is stored now: every text by its bytes and place, and the
// list of people. deep recomputes the list from the people's rows; otherwise the digests of the blocks are
// taken as stored, and whoever reads a block checks its rows.
func (s *Store) checkPlan(ctx context.Context, tx pgx.Tx, p breach.Plan, deep bool) error {
	texts, err := collect(ctx, tx, scanText, `SELECT `+textColumns+` FROM notice WHERE incident = $1`, p.Incident)
	if err != nil {
		return err
	}
	stored := map[string]breach.Text{}
	for _, t := range texts {
		stored[t.Ref.SHA256] = t
	}
	for _, refs := range [][]breach.NoticeRef{p.Notices, p.Announcement, p.Reports} {
		for _, ref := range refs {
			t, ok := stored[ref.SHA256]
			if !ok {
				return breach.Errorf(breach.ErrTampered, "the %s text for %s (%s) of the plan is not in the ledger", ref.Kind, ref.Channel, ref.Locale)
			}
			if err := intactText(t); err != nil {
				return err
			}
		}
	}
	if deep {
		have, err := s.snapshot(ctx, tx, p.Incident, p.Wave)
		if err != nil {
			return err
		}
		if !sameSnapshot(have, p.People) {
			return breach.Errorf(breach.ErrTampered, "the list of people differs from the one in the plan")
		}
		return nil
	}
	blocks, err := blocksOf(ctx, tx, p.Incident, p.Wave)
	if err != nil {
		return err
	}
	if breach.DigestOfBlocks(blocks) != p.People.Digest {
		return breach.Errorf(breach.ErrTampered, "the list of people differs from the one in the plan")
	}
	return nil
}

func sameSnapshot(a, b breach.PeopleSnapshot) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
