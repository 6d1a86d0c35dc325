package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// attemptKey names one attempt of one person.
type attemptKey struct {
	addressee breach.Addressee
	channel   breach.Channel
	try       int
}

type eventKey struct {
	attemptKey
	state      breach.AttemptState
	settlement breach.Settlement
}

// personState is what deriving a person's outcome needs.
type personState struct {
	id        int64
	minor     bool
	outcome   breach.Outcome
	outcomeAt time.Time
	reason    string   // of the latest outcome row
	attempts  []*trial // few, so that looking through them beats a map in time and memory
	seen      []eventKey
}

func (p *personState) attempt(k attemptKey) *trial {
	for _, t := range p.attempts {
		if t.Try == k.try && t.Channel == k.channel && t.Addressee == k.addressee {
			return t
		}
	}
	return nil
}

// trial is an attempt with what the evidence says about it.
type trial struct {
	breach.Attempt
	eventful    bool // something moved it on from being intended
	attemptID   string
	under       leaseKey // that it was intended under
	text        string
	providerRef string
	unknown     string            // why its result was not known, now or before
	settled     breach.Settlement // what was decided about that, also when the provider said more later
}

// leaseKey tells the leases of one block and channel apart.
type leaseKey struct {
	owner        string
	round, epoch int
}

func leaseOf(l *breach.Lease) leaseKey { return leaseKey{l.Owner, l.Round, l.Epoch} }

// intended adds an intent.
func (p *personState) intended(in breach.Intent, under leaseKey) {
	t := p.trial(attemptKey{in.Addressee, in.Channel, in.Try})
	t.IntendedAt, t.attemptID, t.text, t.under = in.At, in.AttemptID, in.Text, under
	if t.Provider == "" {
		t.Provider = in.Provider
	}
	if !t.eventful {
		t.At = in.At
	}
}

func (p *personState) trial(k attemptKey) *trial {
	t := p.attempt(k)
	if t == nil {
		t = &trial{Attempt: breach.Attempt{Person: p.id, Addressee: k.addressee, Channel: k.channel, Try: k.try, State: breach.Intended}}
		p.attempts = append(p.attempts, t)
	}
	return t
}

// take folds one event in. moved is false when the event came too late to change the attempt's state.
func (p *personState) take(e breach.AttemptEvent) (from breach.AttemptState, moved bool) {
	k := attemptKey{e.Addressee, e.Channel, e.Try}
	p.seen = append(p.seen, eventKey{k, e.State, e.Settlement})
	t := p.trial(k)
	if t.IntendedAt.IsZero() {
		t.IntendedAt = e.At
	}
	if e.ProviderRef != "" {
		t.providerRef = e.ProviderRef
	}
	from = t.State
	if !breach.AttemptMachine.Allows(string(from), string(e.State)) {
		return from, false
	}
	t.eventful = true
	t.State, t.Settlement, t.Reason, t.At = e.State, e.Settlement, e.Reason, e.At
	if e.Provider != "" {
		t.Provider = e.Provider
	}
	switch e.State {
	case breach.Unknown:
		t.unknown = cmp.Or(e.Reason, string(breach.Unknown))
	case breach.Reconciled:
		t.settled = e.Settlement
	}
	return from, true
}

// list gives all attempts in the order in which they were made.
func (p *personState) list() []breach.Attempt {
	out := make([]breach.Attempt, 0, len(p.attempts))
	for _, t := range p.trials() {
		out = append(out, t.Attempt)
	}
	return out
}

func (p *personState) trials() []*trial {
	out := slices.Clone(p.attempts)
	slices.SortFunc(out, func(a, b *trial) int {
		return cmp.Or(a.IntendedAt.Compare(b.IntendedAt), strings.Compare(string(a.Channel), string(b.Channel)),
			strings.Compare(string(a.Addressee), string(b.Addressee)), cmp.Compare(a.Try, b.Try))
	})
	return out
}

// derive gives the outcome that follows from the attempts at now, laid under what was decided explicitly:
// that stays unless there is proof that the person was reached, and only where the machine allows it. An
// intent alone moves nobody: nothing has left yet.
func (p *personState) derive(rules breach.Sufficiency, now time.Time) breach.Outcome {
	var room [4]breach.Attempt // nobody has more, nearly
	to := breach.OutcomeOf(p.counting(room[:0]), rules, now)
	switch p.outcome {
	case breach.Exempt, breach.Held, breach.Withdrawn, breach.Unreachable, breach.Covered:
		if to != breach.Reached {
			return p.outcome
		}
	}
	if p.acknowledged() {
		return p.outcome
	}
	if to == p.outcome || !breach.PersonMachine.Allows(string(p.outcome), string(to)) {
		return p.outcome
	}
	return to
}

// acknowledged says that the person's own word is the proof: no failure that is reported later takes it away.
func (p *personState) acknowledged() bool {
	return p.outcome == breach.Reached && p.reason == breach.ReasonAcknowledged
}

// counting lists the attempts to the addressee that counts: for a child that is the guardian, also when no
// guardian can be reached. What a child got alone proves nothing (promise M15). They are appended to out.
func (p *personState) counting(out []breach.Attempt) []breach.Attempt {
	want := breach.ToSelf
	if p.minor {
		want = breach.ToGuardian
	}
	for _, t := range p.attempts {
		if t.eventful && t.Addressee == want {
			out = append(out, t.Attempt)
		}
	}
	return out
}

// readStates reads present outcomes and folds the events of these people. The look-ups are LATERAL so that
// PostgreSQL takes them one by one from the index, also while it has no statistics of a list that was just
// loaded; otherwise it reads the whole incident.
func readStates(ctx context.Context, tx pgx.Tx, incident string, ids []int64) (map[int64]*personState, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	states := make(map[int64]*personState, len(ids))
	rows, err := tx.Query(ctx, `SELECT r.id, r.minor FROM unnest($2::bigint[]) k
		JOIN LATERAL (SELECT id, minor FROM recipient WHERE incident = $1 AND id = k LIMIT 1) r ON true`, incident, ids)
	if err != nil {
		return nil, err
	}
	p := personState{outcome: breach.Pending}
	_, err = pgx.ForEachRow(rows, []any{&p.id, &p.minor}, func() error {
		c := p
		states[c.id] = &c
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := readChanges(ctx, tx, incident, ids, states); err != nil {
		return nil, err
	}
	return states, readEvents(ctx, tx, incident, ids, states)
}

// change is one step of a person's outcome.
type change struct {
	person   int64
	from, to breach.Outcome
	reason   string
	by       string
	at       time.Time
}

// lockedPeople are people whose blocks are locked.
type lockedPeople struct {
	incident string
	states   map[int64]*personState
	versions map[int64]int64 // of the blocks
}

// lockPeople locks the blocks of these people in ascending order and reads their states. Whoever is not in
// the ledger is an error: no outcome can be recorded for them.
func lockPeople(ctx context.Context, tx pgx.Tx, incident string, ids []int64) (*lockedPeople, error) {
	l := &lockedPeople{incident: incident, versions: map[int64]int64{}}
	rows, err := tx.Query(ctx, `SELECT no, version FROM block WHERE incident = $1 AND no = ANY($2) ORDER BY no FOR NO KEY UPDATE`,
		incident, blocksOfPeople(ids))
	if err != nil {
		return nil, err
	}
	var no, version int64
	if _, err := pgx.ForEachRow(rows, []any{&no, &version}, func() error { l.versions[no] = version; return nil }); err != nil {
		return nil, err
	}
	if l.states, err = readStates(ctx, tx, incident, ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if l.states[id] == nil {
			return nil, breach.Errorf(breach.ErrInvalid, "person %d is not on a list of incident %s", id, printable(incident))
		}
	}
	return l, nil
}

func sufficiency(ctx context.Context, q querier, incident string) (breach.Sufficiency, error) {
	var raw []byte
	err := q.QueryRow(ctx, `SELECT sufficiency FROM incident WHERE id = $1`, incident).Scan(&raw)
	if err != nil {
		return nil, err
	}
	var rules breach.Sufficiency
	if err := json.Unmarshal(raw, &rules); err != nil {
		return nil, breach.Errorf(breach.ErrTampered, "the sufficiency table of incident %s cannot be read", printable(incident))
	}
	return rules, nil
}

var sumOfTallies, addToTallies = tallySQL()

// tallySQL spells out one column per outcome, in the order of breach.Outcomes.
func tallySQL() (sums, adds string) {
	for i, o := range breach.Outcomes {
		if i > 0 {
			sums, adds = sums+", ", adds+", "
		}
		sums += "coalesce(sum(" + string(o) + "), 0)::bigint"
		adds += string(o) + " = b." + string(o) + " + d." + string(o)
	}
	return sums, adds
}

// move is what one block's people did; with nothing of both only the version of the block rises.
type move struct {
	block   blockKey
	version int64 // before it
	rows    []outcomeRow
	changes []change
}

// moves sorts what happened by block.
func (l *lockedPeople) moves(rows []outcomeRow, changes []change) []move {
	at := map[int64]int{}
	var out []move
	in := func(person int64) *move {
		no := blockOf(person)
		i, ok := at[no]
		if !ok {
			i = len(out)
			at[no] = i
			out = append(out, move{block: blockKey{l.incident, no}, version: l.versions[no]})
		}
		return &out[i]
	}
	for _, r := range rows {
		m := in(r.Person)
		m.rows = append(m.rows, r)
	}
	for _, c := range changes {
		m := in(c.person)
		m.changes = append(m.changes, c)
	}
	return out
}

// write appends what happened and moves tallies and versions of the blocks, which the caller has locked.
func write(out *pgx.Batch, moves []move) {
	if len(moves) == 0 {
		return
	}
	blocks, nos := make([]string, len(moves)), make([]int64, len(moves))
	counts := make([][]int64, len(breach.Outcomes))
	for i, m := range moves {
		appendOutcomes(out, m.block, m.version+1, m.rows)
		appendChanges(out, m.block, m.version+1, m.changes)
		blocks[i], nos[i] = m.block.incident, m.block.no
		d := breach.Tally{}
		for _, c := range m.changes {
			d[c.from]--
			d[c.to]++
		}
		for o, name := range breach.Outcomes {
			counts[o] = append(counts[o], d[name])
		}
	}
	args := []any{blocks, nos}
	for i := range breach.Outcomes {
		args = append(args, counts[i])
	}
	out.Queue(moveBlocks, args...)
}

// moveBlocks adds to the tallies, one column per outcome, and raises the versions.
var moveBlocks = func() string {
	names, from := "incident, no", "$1::text[], $2::bigint[]"
	for i, o := range breach.Outcomes {
		names += ", " + string(o)
		from += fmt.Sprintf(", $%d::bigint[]", i+3)
	}
	return `UPDATE block b SET version = version + 1, ` + addToTallies + ` FROM unnest(` + from + `) d(` + names + `)
		WHERE b.incident = d.incident AND b.no = d.no`
}()
