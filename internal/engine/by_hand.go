package engine

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Done takes a person's word that a duty was carried out outside the product: a follow-up report, a notice to the
// media or to somebody else. said is what was done and how (10 to 2,000 characters); done is when, zero for now. The
// facts get the instant, so that what follows it counts from there. breach.ErrConflict when it was done already, and
// for the duty to tell people.
func (e *Engine) Done(ctx context.Context, incident, obligation, said string, done time.Time, by breach.Actor) (breach.Filing, error) {
	if err := may(by, "state that a duty was carried out", breach.RoleLead); err != nil {
		return breach.Filing{}, err
	}
	said, err := reasoned(said)
	if err != nil || strings.ContainsFunc(said, unicode.IsControl) {
		return breach.Filing{}, breach.Errorf(breach.ErrInvalid, "what was done cannot be used").
			With(breach.FieldError{Where: "said", What: "says what was done and how, in 10 to 2,000 characters on one line; name no person"})
	}
	now := e.Now().UTC()
	if done.IsZero() {
		done = now
	}
	if done.After(now.Add(time.Minute)) {
		return breach.Filing{}, breach.Errorf(breach.ErrInvalid, "it cannot have been done yet").
			With(breach.FieldError{Where: "done_at", What: "is not in the future"})
	}
	f, err := e.Ledger.SaveDone(ctx, incident, obligation, said, done, by, now)
	if err != nil {
		return f, err
	}
	// A report that was refused before needs nobody any more; any other one has nothing to be told.
	c := command(ctx, by)
	_ = e.update(ctx, incident, protocol.UpdateFile, c.ID, protocol.File{Command: c, Obligation: obligation}, nil)
	return f, e.settled(ctx, incident)
}

// Answer settles a question that no fact can answer, with a reason: an amendment of the facts that says nothing of the
// others. breach.ErrNotFound for a question that no duty of the incident asks and that nobody has answered.
func (e *Engine) Answer(ctx context.Context, incident, question string, answer bool, why string, by breach.Actor) (breach.Amended, error) {
	if err := may(by, "answer questions", breach.RoleResponder, breach.RoleLead); err != nil {
		return breach.Amended{}, err
	}
	why, err := reasoned(why)
	if err != nil {
		return breach.Amended{}, err
	}
	j, _, err := e.Ledger.Judgement(ctx, incident)
	if err != nil {
		return breach.Amended{}, err
	}
	open := slices.Contains(j.OpenQuestions(), question)
	return e.amend(ctx, incident, by, func(file breach.IncidentFile) (breach.IncidentFile, error) {
		asked := func(d breach.Determination) bool { return d.Question == question }
		if !open && !slices.ContainsFunc(file.Facts.Determinations, asked) {
			return file, breach.Errorf(breach.ErrNotFound, "no duty of the incident asks this question").
				With(breach.FieldError{Where: "question", What: "is one that the incident's status names"})
		}
		at := e.Now().UTC()
		rest := slices.DeleteFunc(slices.Clone(file.Facts.Determinations), asked)
		file.Facts.Determinations = append(rest, breach.Determination{Question: question, Answer: answer, Reason: why, By: by.ID, At: &at})
		return file, nil
	})
}
