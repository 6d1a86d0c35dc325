package engine

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// openedAs is the id of an incident that is opened now. A request that may be tried again has the same id
// with every try: when it is taken, an earlier try got as far as the ledger.
func openedAs(ctx context.Context) (id string, again bool) {
	if id = breach.DeedOf(ctx); id != "" {
		return id, true
	}
	return newID(), false
}

// decidedBefore gives the decision that an earlier try of the same request recorded: exactly this plan, decided
// so, by the same person.
func (e *Engine) decidedBefore(ctx context.Context, incident string, wave int, hash string, by breach.Actor, want breach.PlanState) (breach.PlanRecord, bool) {
	if breach.DeedOf(ctx) == "" {
		return breach.PlanRecord{}, false
	}
	rec, err := e.Ledger.Plan(ctx, incident, wave)
	return rec, err == nil && rec.Hash == hash && rec.State == want && rec.DecidedBy == by.ID
}

// closedBefore says that an earlier try of the same request closed the incident.
func (e *Engine) closedBefore(ctx context.Context, incident string, by breach.Actor) bool {
	if breach.DeedOf(ctx) == "" {
		return false
	}
	inc, err := e.Ledger.Incident(ctx, incident)
	if err != nil || inc.State != breach.IncidentClosed {
		return false
	}
	last, err := e.Ledger.LastEntryOf(ctx, incident, "incident.moved")
	return err == nil && last.Actor == by.ID
}

// tellMoreEvery bounds what a noisy detector adds to a workflow's history.
const tellMoreEvery = 10 * time.Minute

// Told remembers which stories heard of further detections a moment ago. The zero value is ready.
type Told struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (t *Told) due(incident string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, at := range t.at {
		if now.Sub(at) >= tellMoreEvery {
			delete(t.at, id)
		}
	}
	if _, lately := t.at[incident]; lately {
		return false
	}
	if t.at == nil {
		t.at = map[string]time.Time{}
	}
	t.at[incident] = now
	return true
}

// TellMore tells the story of an incident that further detections of it arrived, at most once in ten minutes
// per process and incident. The ledger has them: a story that misses it misses nothing that counts.
func (e *Engine) TellMore(ctx context.Context, told *Told, incident string) {
	if e.Temporal == nil || !told.due(incident, e.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_ = e.Temporal.SignalWorkflow(ctx, protocol.IncidentID(incident), "", protocol.SignalMoreDetections, nil)
}
