package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Profiles finds policy profiles by name.
type Profiles interface {
	Profile(name string) (policy.Profile, error)
}

// blocksPerPage bounds the work of one page where few people fit what is asked for: it is short then, and has a
// next one.
const blocksPerPage = 25

// Unreached lists one page of those who are not reached, and why. It holds no contact in clear; a page with masked
// ones is put on record before it is shown. Memory is that of one page, however long the lists are.
func (d *Desk) Unreached(ctx context.Context, incident string, q breach.UnreachedQuery, by breach.Actor) (breach.UnreachedPage, error) {
	page := breach.UnreachedPage{People: []breach.Unreached{}}
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return page, breach.Errorf(breach.ErrForbidden, "only responders and leads may look at people; others see the numbers")
	}
	after, outcomes, err := checkUnreached(q)
	if err != nil {
		return page, err
	}
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return page, err
	}
	if q.After == "" {
		if page.Counts, err = d.Store.CountUnreached(ctx, incident); err != nil {
			return page, err
		}
	}
	blocks, err := d.Store.BlocksFrom(ctx, incident, after, blocksPerPage, outcomes...)
	if err != nil {
		return page, err
	}
	last := after
fill:
	for _, b := range blocks {
		subjects, err := d.Store.Subjects(ctx, incident, b.Block)
		if err != nil {
			return page, err
		}
		for _, s := range subjects {
			if s.ID <= after || !slices.Contains(outcomes, s.Outcome) {
				continue
			}
			u := sc.explain(s, b.Wave, q.Contacts)
			if q.Reason != "" && u.Reason != q.Reason {
				continue
			}
			if len(page.People) == q.Limit {
				page.Next = cursor(last)
				break fill
			}
			page.People, last = append(page.People, u), s.ID
		}
	}
	if n := len(blocks); page.Next == "" && n == blocksPerPage {
		page.Next = cursor(blocks[n-1].Hi)
	}
	if q.Contacts && len(page.People) > 0 {
		err = d.Store.Note(ctx, incident, "", by.ID, "unreached.viewed", map[string]any{
			"people": len(page.People), "outcome": q.Outcome, "reason": q.Reason, "after": after,
		}, d.Now().UTC())
	}
	if err != nil {
		return breach.UnreachedPage{}, err
	}
	return page, nil
}

// cursor names the person behind whom a page begins; it is a number of the ledger and nothing of theirs.
func cursor(person int64) string { return strconv.FormatInt(person, 36) }

func checkUnreached(q breach.UnreachedQuery) (after int64, outcomes []breach.Outcome, err error) {
	wrong := func(where, what string) error {
		return breach.Errorf(breach.ErrInvalid, "the list of those not reached cannot be given").With(breach.FieldError{Where: where, What: what})
	}
	if q.After != "" {
		if after, err = strconv.ParseInt(q.After, 36, 64); err != nil || after < 0 {
			return 0, nil, wrong("after", "must be what the page before gave as next")
		}
	}
	if q.Limit < 1 || q.Limit > breach.MostUnreached {
		return 0, nil, wrong("limit", "must be 1 to "+strconv.Itoa(breach.MostUnreached))
	}
	for _, o := range breach.Outcomes {
		if o != breach.Reached && (q.Outcome == "" || q.Outcome == o) {
			outcomes = append(outcomes, o)
		}
	}
	if len(outcomes) == 0 {
		return 0, nil, wrong("outcome", "must be an outcome of people who are not reached")
	}
	return after, outcomes, nil
}

// peopleScope is what explaining people needs of their incident.
type peopleScope struct {
	profile policy.Profile
	on, now time.Time
}

func (d *Desk) peopleScope(ctx context.Context, incident string) (peopleScope, error) {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return peopleScope{}, err
	}
	p, err := d.Profiles.Profile(inc.Policy)
	return peopleScope{p, inc.AgesOn(), d.Now().UTC()}, err
}

func (sc peopleScope) explain(s breach.Subject, wave int, contacts bool) breach.Unreached {
	why := policy.WhyNotReached(sc.profile, s, sc.on, sc.now)
	u := breach.Unreached{
		Reference: s.Ref, Wave: wave, Outcome: s.Outcome, Reason: why.Reason, Promises: why.Promises, Tried: triedOf(s.Attempts),
	}
	if u.Promises == nil {
		u.Promises = []string{}
	}
	if !why.Until.IsZero() {
		u.Until = &why.Until
	}
	for _, t := range u.Tried {
		if u.LastAttempt == nil || t.At.After(*u.LastAttempt) {
			u.LastAttempt = &t.At
		}
	}
	if contacts {
		u.Masked = maskAll(s.Person)
	}
	u.Why = plainWhy(u)
	return u
}

// triedOf has one line for each channel and addressee, in the order in which they were tried first.
func triedOf(attempts []breach.Attempt) []breach.Tried {
	out := []breach.Tried{}
	last := map[breach.TriedWay]int{}
	for _, a := range attempts {
		way := breach.TriedWay{Addressee: a.Addressee, Channel: a.Channel}
		i, known := last[way]
		if !known {
			i = len(out)
			last[way] = i
			out = append(out, breach.Tried{Channel: a.Channel, Addressee: a.Addressee})
		}
		t := &out[i]
		t.Tries++
		t.State, t.Settlement, t.Reason, t.At = a.State, a.Settlement, a.Reason, a.At
	}
	return out
}

// promiseWords say in plain words what closes a channel.
var promiseWords = map[string]string{
	policy.RefusedAbroad:      "their data may not go to where the provider keeps it",
	policy.RefusedThirdParty:  "the policy shares with nobody outside",
	policy.RefusedObjection:   "they objected to a channel",
	policy.RefusedStopped:     "they answered STOP to a text message",
	policy.RefusedNotOperated: "the organisation has nobody for a channel",
	policy.RefusedGone:        "the push token is gone, as an earlier list learned",
}

// plainWhy says it in one sentence: the reason, the promises behind it, and what the last try of each channel came
// to where that failed.
func plainWhy(u breach.Unreached) string {
	said, known := policy.NotReachedWords[u.Reason]
	if !known {
		said = strings.ReplaceAll(u.Reason, "_", " ")
	}
	var more []string
	for _, r := range u.Promises {
		if w, known := promiseWords[r]; known && u.Reason != policy.UncoveredNoContact {
			more = append(more, w)
		}
	}
	for _, t := range u.Tried {
		r, known := delivery.Reasons[t.Reason]
		if failed := t.State == breach.FailedPermanent || t.State == breach.FailedTemporary; failed && known {
			more = append(more, string(t.Channel)+": "+strings.ToLower(r.Cause[:1])+r.Cause[1:])
		}
	}
	said = strings.ToUpper(said[:1]) + said[1:]
	if len(more) > 0 {
		said += " (" + strings.Join(more, "; ") + ")"
	}
	return said + "."
}

// WouldTryAgain says what a decision to try people again would come to now; it changes nothing.
func (d *Desk) WouldTryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error) {
	out := breach.Retried{Stays: map[string]int64{}}
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return out, breach.Errorf(breach.ErrForbidden, "only responders and leads may try people again")
	}
	if r.Channel != "" && !slices.Contains(breach.Channels, r.Channel) {
		return out, breach.Errorf(breach.ErrInvalid, "nobody was tried again").With(breach.FieldError{Where: "channel", What: "must be a channel such as email"})
	}
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return out, err
	}
	for after := int64(0); ; {
		blocks, err := d.Store.BlocksFrom(ctx, incident, after, blocksPerPage, breach.Unreachable, breach.Covered)
		if err != nil || len(blocks) == 0 {
			return out, err
		}
		for _, b := range blocks {
			subjects, err := d.Store.Subjects(ctx, incident, b.Block)
			if err != nil {
				return out, err
			}
			for _, s := range subjects {
				_, why, ok := policy.TryAgain(sc.profile, s, r, sc.on, sc.now)
				switch {
				case ok:
					out.People++
					if s.Outcome == breach.Covered {
						out.Covered++
					}
				case why != "":
					out.Stays[why]++
				}
			}
			after = b.Hi
		}
	}
}

// TryAgain gives those whom no channel reached a new set of tries. Somebody whom a message may have reached is not
// among them, nor who has no contact or is not allowed: they are counted. A request that is tried again answers
// as it did at first.
func (d *Desk) TryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error) {
	if before, found, err := d.triedBefore(ctx, incident); err != nil || found {
		return before, err
	}
	measured, err := d.WouldTryAgain(ctx, incident, r, by)
	if err != nil {
		return measured, err
	}
	if measured.People == 0 {
		e := breach.Errorf(breach.ErrConflict, "nobody can be tried again")
		for _, why := range sortedKeys(measured.Stays) {
			e = e.With(breach.FieldError{Where: why, What: strconv.FormatInt(measured.Stays[why], 10) + " people stay as they are"})
		}
		return measured, e
	}
	return d.Engine.TryAgain(ctx, incident, r, measured, by)
}

// triedBefore finds what an earlier try of the same request recorded.
func (d *Desk) triedBefore(ctx context.Context, incident string) (out breach.Retried, found bool, err error) {
	deed := breach.DeedOf(ctx)
	if deed == "" {
		return out, false, nil
	}
	e, err := d.Store.LastEntryOf(ctx, incident, "send.again")
	if err != nil || e.Seq == 0 {
		return out, false, err
	}
	if json.Unmarshal(e.Data, &out) != nil || out.Decision != deed { // of another request, or of an older form
		return breach.Retried{}, false, nil //nolint:nilerr // what cannot be read is no earlier try
	}
	return out, true, nil
}

func sortedKeys(m map[string]int64) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
