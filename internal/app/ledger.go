package app

import (
	"context"
	"iter"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// ledger is the store as the engine sees it: the same ledger, in the vocabulary's own types.
type ledger struct{ *store.Store }

func (l ledger) PendingCommands(ctx context.Context, incident string) ([]breach.QueuedCommand, error) {
	list, err := l.Store.PendingCommands(ctx, incident)
	out := make([]breach.QueuedCommand, len(list))
	for i, c := range list {
		out[i] = breach.QueuedCommand{ID: c.ID, Incident: c.Incident, Name: c.Name, Payload: c.Payload, At: c.QueuedAt}
	}
	return out, err
}

func (l ledger) LoadPeople(ctx context.Context, incident string, by breach.Actor, source *breach.Source, childAge int, on time.Time, people iter.Seq2[breach.Person, error], at time.Time) (breach.LoadReport, error) {
	report, _, err := l.Store.LoadPeople(ctx, incident, by, source, people, childAge, on, at)
	return report, err
}
