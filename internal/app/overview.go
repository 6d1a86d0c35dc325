package app

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Overview gathers what a page or a command shows of one incident. It reads the ledger; what is awaited
// comes from the story, and where that does not answer the rest is shown all the same.
func (d *Desk) Overview(ctx context.Context, incident string) (breach.Overview, error) {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return breach.Overview{}, err
	}
	v := breach.Overview{Incident: inc, At: d.Now().UTC()}
	for _, part := range []func(context.Context, string, *breach.Overview) error{
		d.seeRecord, d.seeFacts, d.seePeople, d.seeDuties, d.seeWaves, d.seeAnnouncement, // the record first: its revision is never newer than the rest
	} {
		if err := part(ctx, incident, &v); err != nil {
			return v, err
		}
	}
	if err := d.seeAhead(ctx, incident, &v); err != nil {
		return v, err
	}
	if err := d.seeSenders(ctx, &v); err != nil {
		return v, err
	}
	v.Awaited, err = d.Awaited(ctx, incident)
	if err == nil {
		v.EngineAnswers = true
	} else if inc.State == breach.IncidentClosed {
		v.EngineAnswers = breach.CodeOf(err) != breach.ErrUnavailable
	}
	v.Awaited = append(v.Awaited, lifts(v)...)
	return v, nil
}

// lifts says which brakes hold somebody back until a person lets go.
func lifts(v breach.Overview) (out []breach.Awaited) {
	for _, b := range v.Brakes {
		if b.Kind != breach.BrakeWarn && !v.Stopped && v.Incident.State != breach.IncidentClosed {
			out = append(out, breach.Awaited{What: "lift", Role: breach.RoleResponder, Ref: strconv.FormatInt(b.ID, 10), Since: b.At})
		}
	}
	return out
}

func (d *Desk) seeFacts(ctx context.Context, incident string, v *breach.Overview) error {
	file, _, err := d.Store.File(ctx, incident, 0)
	if err != nil {
		return err
	}
	if file.Facts.Organisation.Name != nil {
		v.Organisation = *file.Facts.Organisation.Name
	}
	v.Timings.DetectedAt = file.Facts.Incident.DetectedAt
	v.Missing, v.Numbers = file.Missing(), numbersOf(file)
	return nil
}

func (d *Desk) seeDuties(ctx context.Context, incident string, v *breach.Overview) error {
	j, revision, err := d.Store.Judgement(ctx, incident)
	switch {
	case err == nil:
	case breach.CodeOf(err) == breach.ErrNotFound:
		return nil // not assessed yet
	default:
		return err
	}
	if slices.ContainsFunc(j.Assessment.Cells, func(c breach.SeverityCell) bool { return c.Derived != nil }) {
		file, _, err := d.Store.File(ctx, incident, revision)
		if err != nil {
			return err
		}
		j.Assessment = j.Assessment.WithOverrides(file.Facts)
	}
	v.Assessment = &j.Assessment
	states, err := d.Store.Obligations(ctx, incident)
	if err != nil {
		return err
	}
	at := map[string]breach.ObligationState{}
	for _, o := range states {
		at[o.ID] = o.State
	}
	if v.Filings, err = d.Store.Filings(ctx, incident); err != nil {
		return err
	}
	if err := d.seeReturned(ctx, v.Filings); err != nil {
		return err
	}
	filed := map[string]bool{}
	for _, f := range v.Filings {
		filed[f.Obligation] = true
	}
	if err := d.seeRunning(ctx, incident, v); err != nil {
		return err
	}
	for _, o := range j.Obligations {
		o.DueAt = v.Holds.DueAt(o)
		on := v.Holds.On(o.ID, v.At)
		if on != nil && o.Hold != nil && o.Hold.ClockRuns {
			on = nil
		}
		o.Overdue = o.Verdict != breach.DoesNotApply && o.DueAt != nil && !o.NotBegun() && !filed[o.ID] && v.At.After(*o.DueAt) && !told(o, at[o.ID], v)
		duty := breach.Duty{Obligation: o, State: at[o.ID]}
		if on != nil {
			end := on.End()
			duty.HeldBy, duty.HeldUntil = on.ID, &end
		}
		v.Duties = append(v.Duties, duty)
	}
	return nil
}

// seeRunning reads what must wait, why something is late, and what the newest amendment changed.
func (d *Desk) seeRunning(ctx context.Context, incident string, v *breach.Overview) (err error) {
	if v.Holds, err = d.Store.Holds(ctx, incident); err != nil {
		return err
	}
	if v.Waits, err = d.Store.Waits(ctx, incident, v.At); err != nil {
		return err
	}
	if v.Delays, err = d.Store.Delays(ctx, incident); err != nil {
		return err
	}
	if v.Incident.FactRevision < 2 {
		return nil
	}
	newest, err := d.Store.Revisions(ctx, incident, 1)
	if len(newest) > 0 {
		v.Amended = &newest[len(newest)-1]
	}
	return err
}

// Revisions lists every state of the facts with what it changed.
func (d *Desk) Revisions(ctx context.Context, incident string) ([]breach.Revision, error) {
	return d.Store.Revisions(ctx, incident, 0)
}

// told reports whether a duty to tell people is done: it was closed, or a message is on its way to everybody whom
// one can reach, so that only proof is waited for.
func told(o breach.Obligation, at breach.ObligationState, v *breach.Overview) bool {
	if o.Duty != "notify_individuals" || at == breach.ObligationClosed {
		return o.Duty == "notify_individuals"
	}
	return v.Total > 0 && v.People.Unaccounted() == 0
}

// seeAhead looks ahead while people are being told, with the same measures that decide about an announcement.
func (d *Desk) seeAhead(ctx context.Context, incident string, v *breach.Overview) error {
	if v.Incident.State != breach.IncidentNotifying || v.Paused || v.Stopped || v.People[breach.Pending] == 0 {
		return nil
	}
	n, err := d.counts.get(ctx, incident, v.Revision, func(ctx context.Context) (counts, error) { return d.count(ctx, incident) })
	if err != nil {
		return err
	}
	p, err := d.Profiles.Profile(v.Incident.Policy)
	if err != nil {
		return err
	}
	where, err := d.Store.Spread(ctx, incident)
	v.Estimate = estimate(*v, policy.SentBy(p, n.pace, where, v.People[breach.Pending]))
	return err
}

func estimate(v breach.Overview, s policy.Sent) *breach.Estimate {
	if !policy.AtFullPace(v.Stages, v.Brakes, 0) {
		return nil
	}
	e := policy.EstimateHandover(s, v.Duties, v.At)
	if e != nil && v.Announcement != nil {
		e.Advice = slices.DeleteFunc(e.Advice, func(a string) bool { return a == policy.AdviceAnnounce })
	}
	return e
}

func (d *Desk) seePeople(ctx context.Context, incident string, v *breach.Overview) error {
	n, err := d.counts.get(ctx, incident, v.Revision, func(ctx context.Context) (counts, error) { return d.count(ctx, incident) })
	if err != nil {
		return err
	}
	v.People, v.Total, v.Channels, v.Failures, v.InApp = n.people, n.people.Sum(), n.channels, n.failures, n.inApp
	v.Timings.OpenedAt, v.Timings.ApprovedAt = &v.Incident.OpenedAt, n.times.ApprovedAt
	v.Timings.FirstHandover, v.Timings.LastHandover = n.times.FirstHandover, n.times.LastHandover
	w, err := d.walks.glance(ctx, incident, v.Revision, func(ctx context.Context) (walked, error) { return d.walk(ctx, incident) })
	v.Balanced, v.RecountedAt, v.Countries = w.balanced, w.at, w.countries
	return err
}

// count sums up what the ledger keeps summed up, or keeps in rows of many attempts.
func (d *Desk) count(ctx context.Context, incident string) (n counts, err error) {
	if n.people, err = d.Store.Tally(ctx, incident, 0); err != nil {
		return n, err
	}
	if n.channels, err = d.Store.ChannelCounts(ctx, incident); err != nil {
		return n, err
	}
	if n.times, err = d.Store.Timings(ctx, incident); err != nil {
		return n, err
	}
	if n.pace, err = d.Store.Pace(ctx, incident); err != nil {
		return n, err
	}
	if n.inApp, err = d.Store.AcknowledgedInApp(ctx, incident); err != nil {
		return n, err
	}
	failures, err := d.Store.Failures(ctx, incident)
	if err != nil {
		return n, err
	}
	for _, c := range breach.Channels {
		for _, r := range slices.Sorted(maps.Keys(failures[c])) {
			n.failures = append(n.failures, breach.FailureCount{Channel: c, Reason: r, Count: failures[c][r]})
		}
	}
	return n, nil
}

// walk looks at each person of an incident.
func (d *Desk) walk(ctx context.Context, incident string) (w walked, err error) {
	w.at = d.Now().UTC()
	n, err := d.Store.Standing(ctx, incident)
	if err != nil {
		return w, err
	}
	w.balanced = n.Equal
	for _, c := range slices.Sorted(maps.Keys(n.Countries)) {
		w.countries = append(w.countries, breach.CountryTally{Country: c, People: n.Countries[c]})
	}
	slices.SortStableFunc(w.countries, func(a, b breach.CountryTally) int { return cmp.Compare(b.People.Sum(), a.People.Sum()) })
	return w, nil
}

func (d *Desk) seeWaves(ctx context.Context, incident string, v *breach.Overview) error {
	waves, err := d.Store.Waves(ctx, incident)
	if err != nil {
		return err
	}
	for _, w := range waves {
		out := breach.Wave{Wave: w.Wave, Total: w.People, LoadedBy: w.LoadedBy, LoadedAt: w.LoadedAt}
		switch p, err := d.Store.Plan(ctx, incident, w.Wave); {
		case err == nil:
			out.Plan = &p
		case breach.CodeOf(err) != breach.ErrNotFound:
			return err
		}
		v.Waves = append(v.Waves, out)
	}
	if v.Paused, v.Stopped, err = d.Store.Gate(ctx, incident); err != nil {
		return err
	}
	if v.Stages, err = d.Store.Stages(ctx, incident); err != nil {
		return err
	}
	if v.Brakes, err = d.Store.Brakes(ctx, incident); err != nil {
		return err
	}
	return nil
}

func (d *Desk) seeAnnouncement(ctx context.Context, incident string, v *breach.Overview) error {
	a, err := d.Store.Announcement(ctx, incident)
	if err != nil {
		if breach.CodeOf(err) == breach.ErrNotFound {
			return nil
		}
		return err
	}
	v.Announcement = &breach.Notice{Reference: a.Reference, URL: d.Notices(a.Reference), Reason: a.Reason, PublishedAt: a.PublishedAt, KeepUntil: a.KeepUntil}
	var behind policy.Decision
	if json.Unmarshal(a.Decision, &behind) == nil { // an older one may have another form
		v.Announcement.Because = behind.Because
	}
	return nil
}

// seeRecord finds the newest evidence pack and how far the record has grown.
func (d *Desk) seeRecord(ctx context.Context, incident string, v *breach.Overview) error {
	last, err := d.Store.LastEntry(ctx, incident)
	if err != nil {
		return err
	}
	v.Revision = last.Seq
	if v.Notes, _, err = d.notes(ctx, incident); err != nil {
		return err
	}
	sealed, err := d.Store.LastEntryOf(ctx, incident, "evidence.sealed")
	if err != nil || sealed.Seq == 0 {
		return err
	}
	var data struct{ File, Manifest string }
	if err := json.Unmarshal(sealed.Data, &data); err != nil {
		return breach.Errorf(breach.ErrInternal, "the record of an evidence pack cannot be read: %w", err)
	}
	v.Evidence = &breach.Sealed{File: data.File, SHA256: data.Manifest, At: sealed.At}
	return nil
}
