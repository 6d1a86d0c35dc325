package activitiestest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What a test looks at.

// Person is everything that the ledger holds of one affected human.
type Person struct {
	ID       int64
	Wave     int
	Who      breach.Person
	Outcome  breach.Outcome
	Reason   string
	Attempts []breach.Attempt
	Intents  []breach.Intent
	Events   []breach.AttemptEvent
	History  []breach.PersonEvent
	Refused  map[breach.Channel]string
}

// People lists everybody in order.
func (l *Ledger) People() []Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Person
	for _, p := range l.people {
		out = append(out, Person{
			ID: p.id, Wave: p.wave, Who: p.who, Outcome: p.outcome, Reason: p.reason, Attempts: p.marked(p.attempts(false)),
			Intents: slices.Clone(p.intents), Events: slices.Clone(p.events), History: slices.Clone(p.history), Refused: maps.Clone(p.refused),
		})
	}
	return out
}

// Named finds a person by the name that the test gave them.
func (l *Ledger) Named(name string) Person {
	for _, p := range l.People() {
		if p.Who.Name == name {
			return p
		}
	}
	panic("nobody of this name was loaded")
}

// Outcomes counts people by outcome.
func (l *Ledger) Outcomes() breach.Tally {
	t := breach.Tally{}
	for _, p := range l.People() {
		t[p.Outcome]++
	}
	return t
}

// Unexplained lists attempts for which the record gives no reason: each try after the first on a channel must
// follow a failure for now, or a recorded decision to repeat or to try again; a further channel must follow a failure, a
// refusal or a wait. An empty answer means that nobody was told twice without a recorded reason.
func (l *Ledger) Unexplained() []string {
	var out []string
	for _, p := range l.People() {
		for _, a := range p.Attempts {
			if a.Try == 1 {
				continue
			}
			before := slices.IndexFunc(p.Attempts, func(b breach.Attempt) bool {
				return b.Addressee == a.Addressee && b.Channel == a.Channel && b.Try == a.Try-1
			})
			if before < 0 || !permitsAnother(p, p.Attempts[before]) {
				out = append(out, fmt.Sprintf("person %d: try %d on %s to %s follows no recorded reason", p.ID, a.Try, a.Channel, a.Addressee))
			}
		}
	}
	return out
}

// permitsAnother looks through all that happened to the attempt: late facts may have moved it on since.
func permitsAnother(p Person, a breach.Attempt) bool {
	if a.Past && !a.MayHaveArrived() && !a.ContactGone() { // a person decided so
		return true
	}
	return slices.ContainsFunc(p.Events, func(e breach.AttemptEvent) bool {
		return e.Addressee == a.Addressee && e.Channel == a.Channel && e.Try == a.Try &&
			(e.State == breach.FailedTemporary || e.Settlement == breach.Repeated)
	})
}
