package engine

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Resync sees to it that every open incident has a story: after a restore of Temporal from an older back-up,
// or its loss, the ledger's incidents are started again. A story that starts in the middle recalls the
// ledger and repeats nothing; one that runs already is left alone. Call it once at the start of a process.
func (e *Engine) Resync(ctx context.Context) error {
	all, err := e.Ledger.Incidents(ctx)
	if err != nil {
		return err
	}
	for _, inc := range all {
		if inc.State == breach.IncidentClosed {
			continue
		}
		if err := e.start(ctx, inc.ID, inc.OpenedAt); err != nil {
			return e.explain(ctx, inc.ID, err)
		}
	}
	return nil
}

// CatchUp starts stories that the ledger holds and Temporal does not, has filings of an earlier release enter the facts,
// passes decisions on that were recorded while the workflow could not take them, settles people whose proof is complete
// and whom no delivery looks after, and tells the stories of people who are to be told again. It returns how many it passed
// on; call it now and then.
func (e *Engine) CatchUp(ctx context.Context) (int, error) {
	late, err := e.Ledger.Unstarted(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, inc := range late {
		if err := e.revive(ctx, inc.ID, inc.OpenedAt); err != nil {
			return n, e.explain(ctx, inc.ID, err)
		}
		if err := e.Ledger.MarkStarted(ctx, inc.ID); err != nil {
			return n, err
		}
		n++
	}
	if _, err := e.Ledger.TellFilings(ctx, e.Now().UTC()); err != nil { // each is a decision that is passed on
		return n, err
	}
	passed, err := e.passOn(ctx, "")
	if n += passed; err != nil {
		return n, err
	}
	if _, err := e.Ledger.SettleDue(ctx, e.Now().UTC()); err != nil {
		return n, err
	}
	told, err := e.tellDue(ctx)
	if n += told; err != nil {
		return n, err
	}
	woken, err := e.wake(ctx)
	return n + woken, err
}

// passOn passes queued decisions of one incident (or of all for "") on, in their order within each incident.
// An incident whose story does not answer, or breaks down over a decision, keeps nobody else waiting.
func (e *Engine) passOn(ctx context.Context, incident string) (int, error) {
	queued, err := e.Ledger.PendingCommands(ctx, incident)
	if err != nil {
		return 0, err
	}
	n := 0
	var silent error
	skip := map[string]bool{}
	for _, q := range queued {
		if skip[q.Incident] {
			continue
		}
		err := e.pass(ctx, q)
		switch breach.CodeOf(err) {
		case breach.ErrUnavailable, breach.ErrInternal:
			if err == nil {
				break
			}
			if e.Ready(ctx) != nil {
				return n, err
			}
			silent, skip[q.Incident] = err, true
			continue
		}
		// Taken now, taken before, or refused for good: the ledger's row stands either way.
		if err := e.Ledger.CommandTaken(ctx, q.ID); err != nil {
			return n, err
		}
		n++
	}
	return n, silent
}

func (e *Engine) pass(ctx context.Context, q breach.QueuedCommand) error {
	if q.Name == protocol.SignalPeopleLoaded {
		return e.signal(ctx, q.Incident, q.Name, q.Payload)
	}
	return e.update(ctx, q.Incident, q.Name, q.ID, q.Payload, nil)
}

func (e *Engine) signal(ctx context.Context, incident, name string, arg any) error {
	return e.explain(ctx, incident, e.signalTo(ctx, protocol.IncidentID(incident), name, arg))
}

func (e *Engine) signalTo(ctx context.Context, workflow, name string, arg any) error {
	if e.Temporal == nil {
		return noEngine()
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return e.Temporal.SignalWorkflow(ctx, workflow, "", name, arg)
}

// settled passes on what the ledger has just recorded. It stands whatever the workflow engine does: one that
// does not answer now takes it later.
func (e *Engine) settled(ctx context.Context, incident string) error {
	_, err := e.passOn(ctx, incident)
	if code := breach.CodeOf(err); err != nil && (code == breach.ErrUnavailable || code == breach.ErrInternal) {
		return nil
	}
	return err
}
