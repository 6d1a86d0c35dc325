package app

import (
	"context"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice/calllist"
)

// callTime is how long a caller has a call to themselves; taking it again makes it longer.
const callTime = 15 * time.Minute

// mostCallBack is how far off a call back may lie.
const mostCallBack = 30 * 24 * time.Hour

// CallQueue says where the calls that people make stand, and which one by has.
func (d *Desk) CallQueue(ctx context.Context, by breach.Actor) (breach.CallQueue, error) {
	now := d.Now().UTC()
	waiting, err := d.Store.CallsWaiting(ctx, now)
	if err != nil {
		return breach.CallQueue{}, err
	}
	out := breach.CallQueue{Waiting: append([]breach.CallsWaiting{}, waiting...), Codes: calllist.Codes()}
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return out, nil
	}
	h, err := d.Store.CallOf(ctx, by.ID, now)
	out.Mine = queuedCall(h)
	return out, err
}

// TakeCall gives by a call that nobody else is shown for a quarter of an hour, or the one that by has already for
// longer; nil when none waits. Somebody whom the policy's hours keep from being called now is not given.
func (d *Desk) TakeCall(ctx context.Context, w breach.CallWish, by breach.Actor) (*breach.QueuedCall, error) {
	if err := mayCall(by); err != nil {
		return nil, err
	}
	now := d.Now().UTC()
	h, err := d.Store.TakeCall(ctx, w, by.ID, now, now.Add(callTime), func(incident string, who breach.Person) (time.Time, error) {
		sc, err := d.peopleScope(ctx, incident)
		return sc.profile.OpensAt(who, breach.Voice, now), err
	}, atOnce(d.Profiles))
	return queuedCall(h), err
}

// CallNumber is the whole number of the call that by has; the look is on record.
func (d *Desk) CallNumber(ctx context.Context, call string, by breach.Actor) (string, error) {
	if err := mayCall(by); err != nil {
		return "", err
	}
	return d.Store.CallNumber(ctx, call, by.ID, d.Now().UTC())
}

// EndCall takes what by wrote down of a call.
func (d *Desk) EndCall(ctx context.Context, call string, r breach.CallResult, by breach.Actor) error {
	if err := mayCall(by); err != nil {
		return err
	}
	now := d.Now().UTC()
	word, known := calllist.WordOf(r.Outcome)
	switch {
	case !known:
		return breach.Errorf(breach.ErrInvalid, "the outcome of the call was not recorded").
			With(breach.FieldError{Where: "outcome", What: "must be one of " + strings.Join(calllist.Codes(), ", ")})
	case word.Ended:
		r.Back = time.Time{}
	case !r.Back.IsZero() && (!r.Back.After(now) || r.Back.After(now.Add(mostCallBack))):
		return breach.Errorf(breach.ErrInvalid, "the outcome of the call was not recorded").
			With(breach.FieldError{Where: "call_back_at", What: "must lie in the next thirty days"})
	}
	return d.Store.EndCall(ctx, call, by.ID, r, word, now)
}

// LeaveCall gives a call back to the list. Doing it again changes nothing.
func (d *Desk) LeaveCall(ctx context.Context, call string, by breach.Actor) error {
	if err := mayCall(by); err != nil {
		return err
	}
	return d.Store.LeaveCall(ctx, call, by.ID, time.Time{}, d.Now().UTC())
}

func mayCall(by breach.Actor) error {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return breach.Errorf(breach.ErrForbidden, "only responders and leads call people; others see the numbers")
	}
	return nil
}

func queuedCall(h *breach.HeldCall) *breach.QueuedCall {
	if h == nil {
		return nil
	}
	zone, _ := h.Who.Zone()
	return &breach.QueuedCall{
		Call: h.Attempt, Incident: h.Incident, Since: h.At, Until: h.Until, Number: maskPhone(h.To), Addressee: h.Addressee, Locale: h.Locale,
		Zone: zone, Script: h.Text, Machine: h.Machine,
	}
}
