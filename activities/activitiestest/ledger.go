// Package activitiestest is what stands behind the ports of the activities in tests: a small ledger in
// memory that keeps the store's promises (append-only, idempotent, leases, one outcome per person), and
// providers, words, a judge and a vault that do as a test tells them. It knows no test framework.
//
// Imports of ours: activities, breach, delivery, evidence, policy.
package activitiestest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Fault is asked before each call of the ledger (wrote is false) and after each write (wrote is true). What
// it returns becomes the call's answer: before, nothing is written; after, it was written and nobody knows.
type Fault func(op string, wrote bool) error

// Ledger is one incident in memory. It is safe for many goroutines.
type Ledger struct {
	// BlockSize is how many people share a block; set it before people are loaded.
	BlockSize int64
	// Now is the database's clock.
	Now func() time.Time

	mu    sync.Mutex
	fault Fault
	calls map[string]int

	id       string
	head     breach.Incident
	files    []breach.IncidentFile
	rules    breach.Sufficiency
	childAge int
	notes    []Note
	moves    []breach.IncidentState

	judgements map[int]breach.Judgement
	duties     map[string][]breach.ObligationState
	filings    map[string]breach.Filing
	published  []breach.Announcement
	toldAt     time.Time

	texts     map[string]breach.Text
	plans     []breach.PlanRecord
	approvals []breach.Approval
	waivers   []breach.Waiver

	holds   breach.Holds
	delays  []breach.Delay
	retries []retry
	asked   *breach.AnnounceNow
	people  []*person
	blocks  []*block
	chunks  []*chunk
	stages  []breach.Stage
	health  []breach.Health
	brakes  breach.Brakes
	lifted  breach.Brakes
	paused  bool
	stopped bool
}

// Note is one entry of the audit chain.
type Note struct {
	Key, Actor, Action string
	Data               json.RawMessage
	At                 time.Time
}

// New opens an incident under a sufficiency table.
func New(id string, file breach.IncidentFile, rules breach.Sufficiency, childAge int, at time.Time) *Ledger {
	return &Ledger{
		BlockSize: 4, Now: time.Now, calls: map[string]int{}, id: id, rules: rules, childAge: childAge,
		head: breach.Incident{
			ID: id, Policy: file.Policy, State: breach.IncidentOpen, OpenedBy: "wei.lin", OpenedAt: at.UTC(),
			AwareAt: file.Facts.Incident.AwareAt, FactRevision: 1,
		},
		files: []breach.IncidentFile{file}, judgements: map[int]breach.Judgement{}, duties: map[string][]breach.ObligationState{},
		filings: map[string]breach.Filing{}, texts: map[string]breach.Text{},
	}
}

// Break sets the fault that calls meet from now on; nil heals.
func (l *Ledger) Break(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

// Calls is how often a port was called by its name.
func (l *Ledger) Calls(op string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[op]
}

// do runs one call of a port. The fault is asked outside the lock, so that it may use the ledger.
func (l *Ledger) do(ctx context.Context, op string, write bool, work func() error) error {
	l.mu.Lock()
	l.calls[op]++
	fault := l.fault
	l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if fault != nil {
		if err := fault(op, false); err != nil {
			return err
		}
	}
	l.mu.Lock()
	err := work()
	l.mu.Unlock()
	if err != nil || fault == nil || !write {
		return err
	}
	return fault(op, true)
}

func (l *Ledger) known(incident string) error {
	if incident != l.id {
		return breach.Errorf(breach.ErrNotFound, "incident %s is not in the ledger", incident)
	}
	return nil
}

// Incident answers activities.Cases.
func (l *Ledger) Incident(ctx context.Context, incident string) (out breach.Incident, err error) {
	err = l.do(ctx, "Incident", false, func() error {
		out = l.head
		return l.known(incident)
	})
	return out, err
}

// File answers activities.Cases.
func (l *Ledger) File(ctx context.Context, incident string, revision int) (file breach.IncidentFile, rev int, err error) {
	err = l.do(ctx, "File", false, func() error {
		if rev = revision; rev == 0 {
			rev = len(l.files)
		}
		if incident != l.id || rev > len(l.files) {
			return breach.Errorf(breach.ErrNotFound, "there is no fact revision %d", revision)
		}
		file = l.files[rev-1]
		return nil
	})
	return file, rev, err
}

// SetState answers activities.Cases.
func (l *Ledger) SetState(ctx context.Context, incident string, to breach.IncidentState, _ string, at time.Time) error {
	return l.do(ctx, "SetState", true, func() error { return l.move(incident, to, at) })
}

func (l *Ledger) move(incident string, to breach.IncidentState, at time.Time) error {
	if err := l.known(incident); err != nil || l.head.State == to {
		return err
	}
	if !breach.IncidentMachine.Allows(string(l.head.State), string(to)) {
		return breach.Errorf(breach.ErrConflict, "an incident that is %s cannot become %s", l.head.State, to)
	}
	l.head.State, l.head.ClosedAt = to, nil
	if to == breach.IncidentClosed {
		l.head.ClosedAt = &at
	}
	l.moves = append(l.moves, to)
	return nil
}

// CloseIncident answers activities.Cases.
func (l *Ledger) CloseIncident(ctx context.Context, incident, by string, left breach.Left, at time.Time) error {
	return l.do(ctx, "CloseIncident", true, func() error {
		if n := l.tally(0).Unaccounted(); n > 0 {
			return breach.Errorf(breach.ErrConflict, "%d people are not accounted for", n)
		}
		raw, err := json.Marshal(map[string]any{"open_duties": left.Undone, "untold_duties": left.Untold})
		l.notes = append(l.notes, Note{"", by, "incident.moved", raw, at})
		if err != nil {
			return err
		}
		return l.move(incident, breach.IncidentClosed, at)
	})
}

// SetSufficiency answers activities.Cases.
func (l *Ledger) SetSufficiency(ctx context.Context, incident string, rules breach.Sufficiency) error {
	return l.do(ctx, "SetSufficiency", true, func() error {
		l.rules = rules
		return l.known(incident)
	})
}

// Note answers activities.Cases.
func (l *Ledger) Note(ctx context.Context, incident, key, actor, action string, data any, at time.Time) error {
	return l.do(ctx, "Note", true, func() error {
		if err := l.known(incident); err != nil {
			return err
		}
		if key != "" && slices.ContainsFunc(l.notes, func(n Note) bool { return n.Key == key }) {
			return nil
		}
		raw, err := json.Marshal(data)
		l.notes = append(l.notes, Note{key, actor, action, raw, at})
		return err
	})
}

// Notes lists the audit entries with an action, or all for an empty one.
func (l *Ledger) Notes(action string) []Note {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Note
	for _, n := range l.notes {
		if action == "" || n.Action == action {
			out = append(out, n)
		}
	}
	return out
}

// Moves lists the states that the incident went through after it was opened.
func (l *Ledger) Moves() []breach.IncidentState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.moves)
}

// Head is the incident as it stands.
func (l *Ledger) Head() breach.Incident {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Amend stores a changed file as a new revision, as the engine does before it tells the story.
func (l *Ledger) Amend(change func(*breach.IncidentFile)) (revision int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file := l.files[len(l.files)-1]
	change(&file)
	l.files = append(l.files, file)
	l.head.FactRevision, l.head.AwareAt = len(l.files), file.Facts.Incident.AwareAt
	return len(l.files)
}

// Put sets the state of the incident without asking the machine.
func (l *Ledger) Put(s breach.IncidentState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head.State = s
}

// SetGate pauses, resumes or stops sending, as the engine does before it tells the story.
func (l *Ledger) SetGate(paused, stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused, l.stopped = paused, stopped
}

// Gate answers activities.Sending.
func (l *Ledger) Gate(ctx context.Context, incident string) (paused, stopped bool, err error) {
	err = l.do(ctx, "Gate", false, func() error {
		paused, stopped = l.paused, l.stopped
		return l.known(incident)
	})
	return paused, stopped, err
}

// SetClock puts another clock behind the ledger.
func (l *Ledger) SetClock(now func() time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Now = now
}
