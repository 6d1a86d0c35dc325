package store

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var incidentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// OpenIncident records an incident: its keys, fact revision 1, the sufficiency table that later receipts
// are judged by, and the first audit entry. The row is the clock; the workflow is started from it.
// breach.ErrConflict when the id is taken.
func (s *Store) OpenIncident(ctx context.Context, id string, file breach.IncidentFile, suff breach.Sufficiency, by breach.Actor, state breach.IncidentState, at time.Time) error {
	return s.inTx(ctx, "open the incident", func(tx pgx.Tx) error {
		_, err := s.openIncident(ctx, tx, opening{id, file, suff, by.ID, state, instant(at), "incident.opened"})
		return err
	})
}

type opening struct {
	id     string
	file   breach.IncidentFile
	suff   breach.Sufficiency
	by     string
	state  breach.IncidentState
	at     time.Time
	action string
}

func (s *Store) openIncident(ctx context.Context, tx pgx.Tx, o opening) (*box, error) {
	if !incidentID.MatchString(o.id) {
		return nil, breach.Errorf(breach.ErrInvalid, "an incident's id has 1 to 64 letters, digits, - or _")
	}
	body, err := json.Marshal(o.file)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the incident file cannot be encoded")
	}
	rules, err := json.Marshal(o.suff)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the sufficiency table cannot be encoded")
	}
	tag, err := tx.Exec(ctx, `INSERT INTO incident (id, title, policy, state, opened_by, opened_at, aware_at, fact_revision, sufficiency)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) ON CONFLICT DO NOTHING`,
		o.id, title(o.file), o.file.Policy, o.state, o.by, o.at, o.file.Facts.Incident.AwareAt, rules)
	if err != nil {
		return nil, err
	}
	if tag.RowsAffected() == 0 {
		return nil, breach.Errorf(breach.ErrConflict, "incident %s is open already", o.id)
	}
	b, err := s.newBox(ctx, tx, o.id)
	if err != nil {
		return nil, err
	}
	if err := insertRevision(ctx, tx, o.id, 1, body, o.by, o.at); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO audit_head (incident, seq, hash) VALUES ($1, 0, '')`, o.id); err != nil {
		return nil, err
	}
	return b, appendAudit(ctx, tx, o.id, note{"", o.by, o.action, facts{
		"policy": o.file.Policy, "state": o.state, "fact_revision": 1, "file_sha256": hexSum(body),
	}, o.at})
}

func title(f breach.IncidentFile) string {
	if t := f.Facts.Incident.Title; t != nil {
		return *t
	}
	return ""
}

func insertRevision(ctx context.Context, tx pgx.Tx, incident string, rev int, body []byte, by string, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO fact_revision (incident, revision, body, by_actor, at) VALUES ($1, $2, $3, $4, $5)`,
		incident, rev, body, by, at)
	return err
}

// SetSufficiency replaces the table that receipts are judged by from now on.
func (s *Store) SetSufficiency(ctx context.Context, incident string, suff breach.Sufficiency) error {
	rules, err := json.Marshal(suff)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the sufficiency table cannot be encoded")
	}
	return s.inTx(ctx, "store the sufficiency table", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE incident SET sufficiency = $2 WHERE id = $1 AND sufficiency <> $2`, inc.ID, rules)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, incident, note{"", engineActor, "sufficiency.set", facts{"sufficiency_sha256": hexSum(rules)}, time.Now()})
	})
}

// Amend stores facts that were merged already as a new revision. breach.ErrConflict when baseRevision is
// not the latest: somebody else amended in between.
func (s *Store) Amend(ctx context.Context, incident string, f breach.Facts, baseRevision int, by breach.Actor, at time.Time) (int, error) {
	return s.amend(ctx, incident, baseRevision, by, at, func(file *breach.IncidentFile) { file.Facts = f })
}

// AmendFile stores a changed file as a new revision; the policy stays as it is.
// breach.ErrConflict as with Amend.
func (s *Store) AmendFile(ctx context.Context, incident string, changed breach.IncidentFile, baseRevision int, by breach.Actor, at time.Time) (int, error) {
	return s.amend(ctx, incident, baseRevision, by, at, func(file *breach.IncidentFile) {
		policy := file.Policy
		*file = changed
		file.Policy = policy
	})
}

// amend also queues the command that has the new revision judged: an amendment that was answered is judged,
// whatever the workflow engine does in the meantime.
func (s *Store) amend(ctx context.Context, incident string, base int, by breach.Actor, at time.Time, change func(*breach.IncidentFile)) (rev int, err error) {
	err = s.inTx(ctx, "amend the incident", func(tx pgx.Tx) error {
		inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		if base != inc.FactRevision {
			return breach.Errorf(breach.ErrConflict, "you amended revision %d, and revision %d is the latest: read it and amend again", base, inc.FactRevision)
		}
		if inc.State == breach.IncidentClosed {
			return breach.Errorf(breach.ErrConflict, "incident %s is closed; reopen it first", incident)
		}
		file, _, err := fileAt(ctx, tx, incident, base)
		if err != nil {
			return err
		}
		before := file.Facts
		change(&file)
		action := "words.amended"
		if !reflect.DeepEqual(before, file.Facts) {
			action = "facts.amended"
		}
		rev, err = revise(ctx, tx, inc, file, by, note{"", by.ID, action, nil, at})
		return err
	})
	return rev, err
}

// revise stores a new revision of an incident whose row is locked, and queues the command that has it judged.
func revise(ctx context.Context, tx pgx.Tx, inc breach.Incident, file breach.IncidentFile, by breach.Actor, n note) (int, error) {
	body, err := json.Marshal(file)
	if err != nil {
		return 0, breach.Errorf(breach.ErrInvalid, "the incident file cannot be encoded")
	}
	rev := inc.FactRevision + 1
	if err := insertRevision(ctx, tx, inc.ID, rev, body, by.ID, instant(n.at)); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE incident SET fact_revision = $2, title = $3, aware_at = $4, policy = $5 WHERE id = $1`,
		inc.ID, rev, title(file), file.Facts.Incident.AwareAt, file.Policy)
	if err != nil {
		return 0, err
	}
	id := breach.AmendmentID(inc.ID, rev)
	payload, err := json.Marshal(map[string]any{"id": id, "actor": by.ID, "role": by.Role, "fact_revision": rev})
	if err != nil {
		return 0, breach.Errorf(breach.ErrInvalid, "the amendment cannot be encoded")
	}
	if err := queueCommand(ctx, tx, inc.ID, id, "amend", payload); err != nil {
		return 0, err
	}
	said := facts{"fact_revision": rev, "file_sha256": hexSum(body)}
	if more, ok := n.data.(facts); ok {
		maps.Copy(said, more)
	}
	n.data = said
	return rev, appendAudit(ctx, tx, inc.ID, n)
}

// File returns facts, narrative and contact at a fact revision; 0 means the latest.
func (s *Store) File(ctx context.Context, incident string, revision int) (breach.IncidentFile, int, error) {
	file, rev, err := fileAt(ctx, s.pool, incident, revision)
	return file, rev, clean("read the incident's facts", err)
}

func fileAt(ctx context.Context, q querier, incident string, revision int) (breach.IncidentFile, int, error) {
	var file breach.IncidentFile
	var body []byte
	var rev int
	err := q.QueryRow(ctx, `SELECT revision, body FROM fact_revision
		WHERE incident = $1 AND ($2 = 0 OR revision = $2) ORDER BY revision DESC LIMIT 1`, incident, revision).Scan(&rev, &body)
	if isNoRows(err) {
		return file, 0, notFound("incident %s has no fact revision %d", printable(incident), revision)
	}
	if err != nil {
		return file, 0, err
	}
	if err := json.Unmarshal(body, &file); err != nil {
		return file, 0, breach.Errorf(breach.ErrTampered, "fact revision %d of incident %s cannot be read", rev, incident)
	}
	return file, rev, nil
}

const incidentColumns = `id, title, policy, state, opened_by, opened_at, aware_at, fact_revision, closed_at`

func scanIncident(row pgx.CollectableRow) (i breach.Incident, err error) {
	err = row.Scan(&i.ID, &i.Title, &i.Policy, &i.State, &i.OpenedBy, &i.OpenedAt, &i.AwareAt, &i.FactRevision, &i.ClosedAt)
	i.OpenedAt, i.AwareAt, i.ClosedAt = i.OpenedAt.UTC(), utc(i.AwareAt), utc(i.ClosedAt)
	return i, err
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func incidentRow(ctx context.Context, q querier, incident, lock string) (breach.Incident, error) {
	list, err := collect(ctx, q, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE id = $1 `+lock, incident)
	if err == nil && len(list) == 0 {
		return breach.Incident{}, notFound("there is no such incident in the ledger")
	}
	if err != nil {
		return breach.Incident{}, err
	}
	return list[0], nil
}

// Incident returns the head of a case; breach.ErrNotFound.
func (s *Store) Incident(ctx context.Context, incident string) (breach.Incident, error) {
	i, err := incidentRow(ctx, s.pool, incident, "")
	return i, clean("read the incident", err)
}

// Incidents lists all cases, the newest first.
func (s *Store) Incidents(ctx context.Context) ([]breach.Incident, error) {
	list, err := collect(ctx, s.pool, scanIncident, `SELECT `+incidentColumns+` FROM incident ORDER BY opened_at DESC, id`)
	return list, clean("list the incidents", err)
}

// Unstarted lists cases whose workflow was not started yet, the oldest first.
func (s *Store) Unstarted(ctx context.Context) ([]breach.Incident, error) {
	list, err := collect(ctx, s.pool, scanIncident, `SELECT `+incidentColumns+` FROM incident WHERE started_at IS NULL ORDER BY opened_at, id`)
	return list, clean("list the incidents to start", err)
}

// MarkStarted records that the workflow of a case runs. Again changes nothing.
func (s *Store) MarkStarted(ctx context.Context, incident string) error {
	_, err := s.pool.Exec(ctx, `UPDATE incident SET started_at = now() WHERE id = $1 AND started_at IS NULL`, incident)
	return clean("mark the incident as started", err)
}

// SetState moves the incident machine; moving to the present state does nothing, a transition that the
// machine does not allow is breach.ErrConflict. by is the person who asked, or "" for the product itself.
func (s *Store) SetState(ctx context.Context, incident string, to breach.IncidentState, by string, at time.Time) error {
	return s.inTx(ctx, "move the incident", func(tx pgx.Tx) error {
		return moveIncident(ctx, tx, incident, to, by, facts{}, at)
	})
}

func moveIncident(ctx context.Context, tx pgx.Tx, incident string, to breach.IncidentState, by string, more facts, at time.Time) error {
	inc, err := incidentRow(ctx, tx, incident, "FOR NO KEY UPDATE")
	if err != nil || inc.State == to {
		return err
	}
	if !breach.IncidentMachine.Allows(string(inc.State), string(to)) {
		return breach.Errorf(breach.ErrConflict, "an incident that is %s cannot become %s", inc.State, to)
	}
	var closed *time.Time
	if to == breach.IncidentClosed {
		t := instant(at)
		closed = &t
	}
	// Its story has ended, or is about to: one that is reopened needs a new one.
	_, err = tx.Exec(ctx, `UPDATE incident SET state = $2, closed_at = $3, started_at = CASE WHEN state = 'closed' THEN NULL ELSE started_at END
		WHERE id = $1`, incident, to, closed)
	if err != nil {
		return err
	}
	more["from"], more["to"] = inc.State, to
	return appendAudit(ctx, tx, incident, note{"", cmp.Or(by, engineActor), "incident.moved", more, at})
}

// CloseIncident closes an incident while nobody can load a further list: everybody must be accounted for,
// else it is breach.ErrConflict with the numbers. left are duties that are left behind; they go on record.
func (s *Store) CloseIncident(ctx context.Context, incident, by string, left breach.Left, at time.Time) error {
	return s.inTx(ctx, "close the incident", func(tx pgx.Tx) error {
		if err := lockLists(ctx, tx, incident); err != nil {
			return err
		}
		t, err := tally(ctx, tx, incident, 0)
		if err != nil {
			return err
		}
		if n := t.Unaccounted(); n > 0 {
			return breach.Errorf(breach.ErrConflict,
				"%d people are not accounted for: %d to do, %d not reachable and not covered, %d held; tell them, publish the announcement, or set them exempt or withdrawn with a reason",
				n, t[breach.Pending], t[breach.Unreachable], t[breach.Held])
		}
		more := facts{}
		if len(left.Undone) > 0 {
			more["open_duties"] = left.Undone
		}
		if len(left.Untold) > 0 {
			more["untold_duties"] = left.Untold
		}
		return moveIncident(ctx, tx, incident, breach.IncidentClosed, by, more, at)
	})
}
