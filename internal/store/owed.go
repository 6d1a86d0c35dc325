package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// OwedReports lists the first reports to authorities that apply by the judgement in force, that were not
// filed, and that no approved plan holds: somebody has to submit a plan with them.
func (s *Store) OwedReports(ctx context.Context, incident string) ([]string, error) {
	var out []string
	err := s.inSnapshot(ctx, "list the reports that are owed", func(tx pgx.Tx) error {
		j, _, err := judgement(ctx, tx, incident)
		if breach.CodeOf(err) == breach.ErrNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		done, err := filings(ctx, tx, incident, "")
		if err != nil {
			return err
		}
		all, err := plans(ctx, tx, incident)
		if err != nil {
			return err
		}
		carried := carriedReports(all)
		for _, f := range done {
			carried = append(carried, f.Obligation)
		}
		for _, o := range j.Obligations {
			if o.FirstReport() && !slices.Contains(carried, o.ID) {
				out = append(out, o.ID)
			}
		}
		return nil
	})
	return out, err
}

// carriedReports lists the obligations whose report is in an approved plan.
func carriedReports(all []breach.PlanRecord) []string {
	var out []string
	for _, p := range all {
		if p.State != breach.PlanApproved {
			continue
		}
		for _, r := range p.Plan.Reports {
			out = append(out, r.Channel)
		}
	}
	return out
}

// EmptyList makes a list that holds nobody, for a plan of reports alone: an authority does not wait until the
// people are known, and a duty may appear after they were told. An empty list whose plan was not approved yet
// is used again. breach.ErrConflict for a closed incident.
func (s *Store) EmptyList(ctx context.Context, incident string, by breach.Actor, at time.Time) (wave int, err error) {
	err = s.inTx(ctx, "make an empty list", func(tx pgx.Tx) error {
		if err := lockLists(ctx, tx, incident); err != nil {
			return err
		}
		inc, err := incidentRow(ctx, tx, incident, "")
		if err != nil {
			return err
		}
		if inc.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		}
		err = tx.QueryRow(ctx, `SELECT no FROM wave w WHERE incident = $1 AND people = 0 AND NOT EXISTS (
			SELECT FROM plan p WHERE p.incident = $1 AND p.wave = w.no AND p.state = 'approved') ORDER BY no LIMIT 1`, incident).Scan(&wave)
		if !isNoRows(err) {
			return err
		}
		err = tx.QueryRow(ctx, `INSERT INTO wave (incident, no, people, duplicates, digest, format, encoding, sha256, loaded_by, loaded_at)
			SELECT $1, coalesce(max(no), 0) + 1, 0, 0, $2, '', '', '', $3, $4 FROM wave WHERE incident = $1 RETURNING no`,
			incident, breach.DigestOfBlocks(nil), by.ID, instant(at)).Scan(&wave)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", by.ID, "reports.begun", facts{"wave": wave}, at})
	})
	return wave, err
}

// lockLists keeps every other list of the incident out until the transaction ends: two loaders would not see
// each other's people, and an incident must not close over a list that is just being loaded.
func lockLists(ctx context.Context, tx pgx.Tx, incident string) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('tocsin people ' || $1, 0))`, incident)
	return err
}

// DueLists finds lists whose delivery is over and in which somebody is pending nevertheless: a provider said
// late that their message failed.
func (s *Store) DueLists(ctx context.Context) ([]breach.DueList, error) {
	list, err := collect(ctx, s.pool, pgx.RowToStructByPos[breach.DueList], `SELECT i.id, b.wave FROM incident i JOIN block b ON b.incident = i.id
		WHERE i.state = 'monitoring' AND NOT i.stopped AND b.pending > 0
		AND EXISTS (SELECT FROM plan p WHERE p.incident = i.id AND p.wave = b.wave AND p.state = 'approved')
		GROUP BY i.id, b.wave ORDER BY i.id, b.wave`)
	return list, clean("list who is to be told again", err)
}

// WaitingLists finds lists whose delivery rests although somebody is pending: a provider, a mail server or the post
// may have said that a message failed, or somebody answered STOP, which nobody told the delivery.
func (s *Store) WaitingLists(ctx context.Context) ([]breach.WaitingList, error) {
	list, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (w breach.WaitingList, err error) {
		return w, row.Scan(&w.Incident, &w.Wave, &w.Pending, &w.Stopped)
	}, `SELECT incident, wave, pending, (SELECT count(*) FROM refusal r WHERE r.incident = l.incident AND r.reason = 'stopped' AND r.ended_at IS NULL) FROM (
			SELECT w.incident, w.no AS wave, (SELECT sum(b.pending) FROM block b WHERE b.incident = w.incident AND b.wave = w.no)::bigint AS pending
			FROM incident i JOIN wave w ON w.incident = i.id WHERE i.state = 'notifying' AND NOT i.stopped AND NOT i.paused
				AND EXISTS (SELECT FROM plan p WHERE p.incident = w.incident AND p.wave = w.no AND p.state = 'approved')
				AND NOT EXISTS (SELECT FROM chunk c WHERE c.incident = w.incident AND c.wave = w.no AND NOT c.done)) l
		WHERE pending > 0 ORDER BY incident, wave`)
	return list, clean("list whose delivery rests", err)
}

// redraft sets what waits for approval back to drafting once no plan waits any more: somebody has to submit
// again. What an approved plan carries out stays.
func redraft(ctx context.Context, tx pgx.Tx, incident, reason string, at time.Time) error {
	all, err := plans(ctx, tx, incident)
	if err != nil {
		return err
	}
	telling := false
	for _, p := range all {
		if p.State == breach.PlanAwaiting {
			return nil
		}
		telling = telling || (p.State == breach.PlanApproved && p.Plan.People.Total > 0)
	}
	carried := carriedReports(all)
	waiting, err := collect(ctx, tx, pgx.RowTo[string], `SELECT obligation FROM (SELECT DISTINCT ON (obligation) obligation, state
		FROM obligation WHERE incident = $1 AND state IS NOT NULL ORDER BY obligation, seq DESC) o
		WHERE state = 'awaiting_approval' ORDER BY obligation`, incident)
	if err != nil {
		return err
	}
	for _, o := range waiting {
		if toPeople := !strings.Contains(o, "/authority/"); slices.Contains(carried, o) || (toPeople && telling) {
			continue
		}
		if err := moveObligation(ctx, tx, incident, o, string(breach.ObligationAwaitingApproval), breach.ObligationDrafting, reason, at); err != nil {
			return err
		}
	}
	return nil
}
