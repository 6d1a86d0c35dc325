package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// SaveJudgement stores the judgement of a fact revision with the bytes of the packs behind it (by SHA-256)
// and returns the judgement that was in force before, if any. Saving the same revision again changes
// nothing and returns the same previous one.
func (s *Store) SaveJudgement(ctx context.Context, incident string, revision int, j breach.Judgement, packs map[string][]byte, at time.Time) (previous *breach.Judgement, err error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the judgement cannot be encoded")
	}
	orders, err := json.Marshal(j.Orders())
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the judgement cannot be encoded")
	}
	err = s.inTx(ctx, "store the judgement", func(tx pgx.Tx) error {
		sums := slices.Sorted(maps.Keys(packs))
		tag, err := tx.Exec(ctx, `INSERT INTO assessment (incident, revision, body, packs, at, orders) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, incident, revision, body, sums, instant(at), orders)
		if sqlState(err) == "23503" {
			return notFound("there is no such incident in the ledger")
		}
		if err != nil {
			return err
		}
		before, err := judgementBefore(ctx, tx, incident, revision)
		if err != nil {
			return err
		}
		if previous = nil; len(before) > 0 {
			previous = &before[0]
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		if err := saveVerdicts(ctx, tx, incident, revision, j, packs, at); err != nil {
			return err
		}
		said := facts{"fact_revision": revision, "level": j.Assessment.Level, "obligations": len(j.Obligations), "judgement_sha256": hexSum(body)}
		if previous != nil {
			said["changes"] = saysOf(breach.DiffJudgements(*previous, j))
		}
		return appendAudit(ctx, tx, incident, note{"", engineActor, "duties.judged", said, at})
	})
	return previous, err
}

// saysOf puts changes into lines; of those in reasons alone it gives none.
func saysOf(changes []breach.DutyChange) []string {
	out := []string{}
	for _, c := range changes {
		if c.Weighty() || len(c.ContentsAdded)+len(c.ContentsRemoved) > 0 {
			out = append(out, c.Says())
		}
	}
	return out
}

func saveVerdicts(ctx context.Context, tx pgx.Tx, incident string, revision int, j breach.Judgement, packs map[string][]byte, at time.Time) error {
	for sum, body := range packs {
		if hexSum(body) != sum {
			return breach.Errorf(breach.ErrInvalid, "a rule pack does not have the SHA-256 that it is stored under")
		}
		_, err := tx.Exec(ctx, `INSERT INTO rule_pack (sha256, body, first_used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, sum, body, instant(at))
		if err != nil {
			return err
		}
	}
	columns := []string{"incident", "obligation", "revision", "verdict", "due_at", "rules", "reason", "at"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"obligation"}, columns, pgx.CopyFromSlice(len(j.Obligations), func(i int) ([]any, error) {
		o := j.Obligations[i]
		return []any{incident, o.ID, int32(revision), string(o.Verdict), o.DueAt, o.Rules.SHA256, "", instant(at)}, nil
	}))
	return err
}

// judgementBefore gives the one that was in force before a revision, or none.
func judgementBefore(ctx context.Context, q querier, incident string, revision int) ([]breach.Judgement, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (j breach.Judgement, err error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return j, err
		}
		if json.Unmarshal(body, &j) != nil {
			return j, breach.Errorf(breach.ErrTampered, "a judgement of incident %s cannot be read", incident)
		}
		return j, nil
	}, `SELECT body FROM assessment WHERE incident = $1 AND revision < $2 ORDER BY revision DESC LIMIT 1`, incident, revision)
}

// JudgementRecord is the judgement of one fact revision.
type JudgementRecord struct {
	Revision  int
	At        time.Time
	Judgement breach.Judgement
	Packs     []string // SHA-256 of the rule packs in force
	Changes   []breach.DutyChange
}

// Judgements lists all judgements, the oldest first, each with what it changed.
func (s *Store) Judgements(ctx context.Context, incident string) ([]JudgementRecord, error) {
	list, err := judgements(ctx, s.pool, incident)
	return list, clean("list the judgements", err)
}

func judgements(ctx context.Context, q querier, incident string) ([]JudgementRecord, error) {
	list, err := collect(ctx, q, func(row pgx.CollectableRow) (r JudgementRecord, err error) {
		var body []byte
		if err := row.Scan(&r.Revision, &r.At, &body, &r.Packs); err != nil {
			return r, err
		}
		r.At = r.At.UTC()
		if json.Unmarshal(body, &r.Judgement) != nil {
			return r, breach.Errorf(breach.ErrTampered, "the judgement of fact revision %d cannot be read", r.Revision)
		}
		return r, nil
	}, `SELECT revision, at, body, packs FROM assessment WHERE incident = $1 ORDER BY revision`, incident)
	for i := 1; i < len(list); i++ {
		list[i].Changes = breach.DiffJudgements(list[i-1].Judgement, list[i].Judgement)
	}
	return list, err
}

// Judgement returns the one in force; breach.ErrNotFound before the first.
func (s *Store) Judgement(ctx context.Context, incident string) (breach.Judgement, int, error) {
	j, rev, err := judgement(ctx, s.pool, incident)
	return j, rev, clean("read the judgement", err)
}

func judgement(ctx context.Context, q querier, incident string) (breach.Judgement, int, error) {
	var j breach.Judgement
	var body []byte
	var rev int
	err := q.QueryRow(ctx, `SELECT revision, body FROM assessment WHERE incident = $1 ORDER BY revision DESC LIMIT 1`, incident).Scan(&rev, &body)
	switch {
	case isNoRows(err):
		return j, 0, notFound("incident %s was not judged yet", printable(incident))
	case err != nil:
		return j, 0, err
	case json.Unmarshal(body, &j) != nil:
		return j, 0, breach.Errorf(breach.ErrTampered, "the judgement of fact revision %d cannot be read", rev)
	}
	return j, rev, nil
}

// SetObligationState appends a state for one obligation. A step that the machine does not allow is left alone
// when the obligation went through that state before (a repeated write), and breach.ErrConflict otherwise.
func (s *Store) SetObligationState(ctx context.Context, incident, obligation string, state breach.ObligationState, reason string, at time.Time) error {
	return s.obligation(ctx, incident, obligation, func(tx pgx.Tx, now string, before []string) error {
		switch {
		case now == string(state):
			return nil
		case breach.ObligationMachine.Allows(now, string(state)):
			return moveObligation(ctx, tx, incident, obligation, now, state, reason, at)
		case slices.Contains(before, string(state)):
			return nil
		}
		return breach.Errorf(breach.ErrConflict, "an obligation that is %s cannot become %s", now, state)
	})
}

// ReopenObligation sets one that is closed back to drafting; any other is left alone.
func (s *Store) ReopenObligation(ctx context.Context, incident, obligation, reason string, at time.Time) error {
	return s.obligation(ctx, incident, obligation, func(tx pgx.Tx, now string, _ []string) error {
		if now != string(breach.ObligationClosed) {
			return nil
		}
		return moveObligation(ctx, tx, incident, obligation, now, breach.ObligationDrafting, reason, at)
	})
}

// obligation gives the present state of a duty to do, and all that it had.
func (s *Store) obligation(ctx context.Context, incident, obligation string, do func(tx pgx.Tx, now string, before []string) error) error {
	return s.inTx(ctx, "move the obligation", func(tx pgx.Tx) error {
		if _, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		past, err := collect(ctx, tx, pgx.RowTo[*string], `SELECT state FROM obligation WHERE incident = $1 AND obligation = $2 ORDER BY seq`, incident, obligation)
		if err != nil {
			return err
		}
		if len(past) == 0 {
			return notFound("incident %s has no obligation of this id", printable(incident))
		}
		states := []string{string(breach.ObligationDrafting)}
		for _, p := range past {
			if p != nil {
				states = append(states, *p)
			}
		}
		return do(tx, states[len(states)-1], states[1:])
	})
}

func moveObligation(ctx context.Context, tx pgx.Tx, incident, obligation, from string, to breach.ObligationState, reason string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO obligation (incident, obligation, state, reason, at) VALUES ($1, $2, $3, $4, $5)`,
		incident, obligation, to, reason, instant(at))
	if err != nil {
		return err
	}
	return appendAudit(ctx, tx, incident, note{"", engineActor, "duty.moved", facts{"obligation": obligation, "from": from, "to": to}, at})
}

// ObligationStatus is a duty with where the work on it stands.
type ObligationStatus struct {
	breach.Obligation
	State       breach.ObligationState `json:"state"`
	StateReason string                 `json:"state_reason,omitempty"`
	StateAt     *time.Time             `json:"state_at,omitempty"`
}

// Obligations lists the duties of the judgement in force with their states.
func (s *Store) Obligations(ctx context.Context, incident string) ([]ObligationStatus, error) {
	j, _, err := s.Judgement(ctx, incident)
	if err != nil {
		return nil, err
	}
	type step struct {
		Obligation, State, Reason string
		At                        time.Time
	}
	steps, err := collect(ctx, s.pool, pgx.RowToStructByPos[step], `SELECT DISTINCT ON (obligation) obligation, state, reason, at
		FROM obligation WHERE incident = $1 AND state IS NOT NULL ORDER BY obligation, seq DESC`, incident)
	if err != nil {
		return nil, clean("list the obligations", err)
	}
	last := map[string]step{}
	for _, st := range steps {
		last[st.Obligation] = st
	}
	out := make([]ObligationStatus, len(j.Obligations))
	for i, o := range j.Obligations {
		out[i] = ObligationStatus{Obligation: o, State: breach.ObligationDrafting}
		if st, ok := last[o.ID]; ok {
			out[i].State, out[i].StateReason, out[i].StateAt = breach.ObligationState(st.State), st.Reason, utc(&st.At)
		}
	}
	return out, nil
}
