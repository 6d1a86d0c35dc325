package breach

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// longestHold bounds what nobody's law bounds: a hold ends by itself, and a person may place another one.
const longestHold = 366 * 24 * time.Hour

// CheckHold completes a hold that somebody asks for now and says what is wrong with it: ErrInvalid for fields,
// ErrNoDelay where the law knows no such delay. before are the holds of the incident so far.
func (j Judgement) CheckHold(h Hold, before Holds, now time.Time) (Hold, error) {
	h.AskedBy, h.Reference, h.Reason = strings.TrimSpace(h.AskedBy), strings.TrimSpace(h.Reference), strings.TrimSpace(h.Reason)
	h.Until = h.Until.UTC().Truncate(time.Second)
	wrong := h.wrong(now)
	switch h.Kind {
	case HoldLawEnforcement:
		if len(h.Obligations) == 0 {
			wrong = append(wrong, FieldError{"obligations", "name the duties that wait, by their ids"})
		}
		if len(h.Channels) > 0 {
			wrong = append(wrong, FieldError{"channels", "leave it out: nobody is told by any channel while such a delay lasts"})
		}
		if h.Form != "written" && h.Form != "oral" {
			wrong = append(wrong, FieldError{"form", "is written or oral: how the office asked"})
		}
	case HoldChannel:
		if len(h.Obligations) > 0 || h.Form != "" {
			wrong = append(wrong, FieldError{"obligations", "leave it and form out: a hold of channels stops no clock"})
		}
		if len(h.Channels) == 0 {
			wrong = append(wrong, FieldError{"channels", "name the channels that are not used"})
		}
	default:
		wrong = append(wrong, FieldError{"kind", "is law_enforcement or channel"})
	}
	if len(wrong) > 0 {
		return h, Errorf(ErrInvalid, "the hold cannot be placed as it is").With(wrong...)
	}
	return j.lawful(h, before, now)
}

// wrong checks what every hold must say.
func (h Hold) wrong(now time.Time) (out []FieldError) {
	for _, f := range []struct {
		where, text string
		from, to    int
		what        string
	}{
		{"asked_by", h.AskedBy, 2, 200, "names the office that asked, in 2 to 200 characters on one line; name no person"},
		{"reference", h.Reference, 1, 200, "is the office's file number or the house's own, 1 to 200 characters on one line"},
		{"reason", h.Reason, 10, 2000, "says why, in 10 to 2,000 characters; name no person"},
	} {
		n := utf8.RuneCountInString(f.text)
		if n < f.from || n > f.to || strings.ContainsFunc(f.text, func(r rune) bool { return unicode.IsControl(r) && (f.to < 2000 || r != '\n') }) || !utf8.ValidString(f.text) {
			out = append(out, FieldError{f.where, f.what})
		}
	}
	if !h.Until.After(now) || h.Until.Sub(now) > longestHold {
		out = append(out, FieldError{"until", "lies ahead, at most 366 days"})
	}
	for _, c := range h.Channels {
		if !slices.Contains(Channels, c) {
			out = append(out, FieldError{"channels", "are among email, sms, push, voice, letter"})
			break
		}
	}
	return out
}

// lawful asks the law of each duty whether it knows the delay, and takes over whose people wait.
func (j Judgement) lawful(h Hold, before Holds, now time.Time) (Hold, error) {
	slices.Sort(h.Obligations)
	h.Obligations, h.Jurisdictions = slices.Compact(h.Obligations), nil
	for _, id := range h.Obligations {
		i := slices.IndexFunc(j.Obligations, func(o Obligation) bool { return o.ID == id })
		if i < 0 {
			return h, Errorf(ErrInvalid, "the hold cannot be placed as it is").With(FieldError{"obligations", "hold an id that no duty of this incident has"})
		}
		o := j.Obligations[i]
		switch {
		case o.Verdict == DoesNotApply:
			return h, Errorf(ErrConflict, "%s does not apply, so nothing of it can be held", id)
		case o.Hold == nil || !o.Hold.LawEnforcement:
			return h, Errorf(ErrNoDelay, "the law behind %s knows no delay at the request of law enforcement: do the duty in time, and tell the office that asked that this law leaves no choice. Leave it out of the hold", id)
		}
		if err := o.Hold.allows(id, h, before, now); err != nil {
			return h, err
		}
		// Telling an authority tells no people: its duty waits, everybody else's does not.
		if o.Duty != "notify_authority" && !slices.Contains(h.Jurisdictions, o.Jurisdiction) {
			h.Jurisdictions = append(h.Jurisdictions, o.Jurisdiction)
		}
	}
	slices.Sort(h.Jurisdictions)
	return h, nil
}

// allows says whether a law lets a request of this form last so long.
func (r HoldRule) allows(id string, h Hold, before Holds, now time.Time) error {
	if len(r.Limits) == 0 {
		return nil
	}
	i := slices.IndexFunc(r.Limits, func(l HoldLimit) bool { return l.Form == h.Form })
	if i < 0 {
		return Errorf(ErrNoDelay, "the law behind %s knows no delay that is asked for in this form: ask the office for a %s request", id, r.Limits[0].Form)
	}
	limit, from, nth := r.Limits[i], now, 0
	for _, b := range before {
		if b.Kind != HoldLawEnforcement || b.Form != h.Form || !slices.Contains(b.Obligations, id) {
			continue
		}
		if nth++; b.End().After(from) {
			from = b.End()
		}
	}
	days := limit.Days
	if nth > 0 && days > 0 {
		if nth > len(limit.Extensions) {
			return Errorf(ErrNoDelay, "the law behind %s knows no further delay of this form: it was asked for before", id)
		}
		days = limit.Extensions[nth-1]
	}
	if days > 0 && h.Until.After(from.AddDate(0, 0, days)) {
		return Errorf(ErrInvalid, "the hold cannot be placed as it is").
			With(FieldError{"until", "is later than the law behind " + id + " lets such a request last"})
	}
	return nil
}

// Delay is why a duty was met late, or is overdue, in the words of the person who put it on record.
type Delay struct {
	Obligation string    `json:"obligation"`
	Reason     string    `json:"reason"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}
