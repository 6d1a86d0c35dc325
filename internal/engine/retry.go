package engine

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// TryAgain records a decision to try those again whom no channel reached, with what it was measured to come to,
// and lets the story carry it out. Once recorded it stands; its id is the command's. breach.ErrConflict after a
// stop, for a closed incident, and while an earlier decision is being carried out.
func (e *Engine) TryAgain(ctx context.Context, incident string, d breach.Retry, measured breach.Retried, by breach.Actor) (breach.Retried, error) {
	if err := may(by, "try people again", breach.RoleResponder, breach.RoleLead); err != nil {
		return measured, err
	}
	why, err := reasoned(d.Why)
	if err != nil {
		return measured, err
	}
	d.ID, d.Why = commandID(ctx), why
	if err := e.Ledger.DecideAgain(ctx, incident, d, measured, by, e.Now().UTC()); err != nil {
		return measured, err
	}
	measured.Decision = d.ID
	return measured, e.settled(ctx, incident)
}

// AnnounceNow records a lead's decision that the page of the newest approved plan is published now, while people
// are still being told one by one, and lets the story carry it out. breach.ErrConflict when no approved plan
// holds an announcement, and when it is published or asked for already.
func (e *Engine) AnnounceNow(ctx context.Context, incident, why string, by breach.Actor) (breach.AnnounceNow, error) {
	if err := may(by, "announce to the public", breach.RoleLead); err != nil {
		return breach.AnnounceNow{}, err
	}
	why, err := reasoned(why)
	if err != nil {
		return breach.AnnounceNow{}, err
	}
	waits, err := e.Ledger.Waits(ctx, incident, e.Now().UTC())
	if err != nil {
		return breach.AnnounceNow{}, err
	}
	if w, must := waits.Public(e.Now()); must {
		return breach.AnnounceNow{}, breach.Errorf(breach.ErrConflict, "the public may not be told now (%s %s): somebody would read it who must not be told yet. Wait until that is over", w.Kind, w.Ref)
	}
	now, err := e.Ledger.AskAnnouncement(ctx, incident, commandID(ctx), why, by, e.Now().UTC())
	if err != nil {
		return now, err
	}
	return now, e.settled(ctx, incident)
}

// reasoned takes a reason that goes on record as the person wrote it.
func reasoned(why string) (string, error) {
	why = strings.TrimSpace(why)
	if n := utf8.RuneCountInString(why); n < 10 || n > 2000 {
		return "", breach.Errorf(breach.ErrInvalid, "the reason cannot be used").
			With(breach.FieldError{Where: "why", What: "says why, in 10 to 2,000 characters; name no person"})
	}
	return why, nil
}
