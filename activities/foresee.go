package activities

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// ForeseeOut is what is foreseen while people are told. Published says that the public was told now, or before;
// Never that nothing is to be foreseen for this list at all; Idle that nobody of it waits for a first message.
type ForeseeOut struct {
	Published bool     `json:"published,omitempty"`
	Never     bool     `json:"never,omitempty"`
	Idle      bool     `json:"idle,omitempty"`
	Reference string   `json:"reference,omitempty"`
	Because   []string `json:"because,omitempty"`
}

// Foresee looks, while people are being told, whether the rest can be told before the deadline at the measured
// rate. When not, and the policy covers that, the approved page is published now: nobody's own message is taken
// away, and nobody is covered by it yet. Nothing is decided while sending is paused or stopped, while a stage is
// watched, or while a gate or a brake holds people: that is no slowness, and a person is asked already.
func (a *Announce) Foresee(ctx context.Context, in AnnounceIn) (ForeseeOut, error) {
	ann, err := a.Announcements.Announcement(ctx, in.Incident)
	if err == nil {
		return ForeseeOut{Published: true, Reference: ann.Reference}, nil
	}
	if breach.CodeOf(err) != breach.ErrNotFound {
		return ForeseeOut{}, fail(ctx, err)
	}
	paused, stopped, err := a.Sending.Gate(ctx, in.Incident)
	if err != nil || paused || stopped {
		return ForeseeOut{}, fail(ctx, err)
	}
	if flows, err := a.flows(ctx, in); err != nil || !flows {
		return ForeseeOut{}, fail(ctx, err)
	}
	_, plan, err := a.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return ForeseeOut{}, fail(ctx, err)
	}
	p, m, err := a.measure(ctx, in)
	if err != nil {
		return ForeseeOut{}, fail(ctx, err)
	}
	d := policy.ForeseeLate(p, m, a.Now().UTC())
	switch {
	case len(plan.Announcement) == 0 || d.Reason == policy.AnnouncementNotCounted:
		return ForeseeOut{Never: true, Because: d.Because}, nil
	case !d.Announce:
		return ForeseeOut{Idle: m.Remaining == 0}, nil
	}
	reference, err := a.early(ctx, in, plan, p, d, "tocsin")
	return ForeseeOut{Published: err == nil, Reference: reference, Because: d.Because}, fail(ctx, err)
}

// flows says that nothing holds the list back on purpose.
func (a *Announce) flows(ctx context.Context, in AnnounceIn) (bool, error) {
	if waits, err := a.Holds.Waits(ctx, in.Incident, a.Now().UTC()); err != nil || len(waits) > 0 {
		return false, err
	}
	stages, err := a.Brakes.Stages(ctx, in.Incident)
	if err != nil {
		return false, err
	}
	brakes, err := a.Brakes.Brakes(ctx, in.Incident)
	return policy.AtFullPace(stages, brakes, in.Wave), err
}

// EarlyIn names a list whose plan holds the page, and the lead who decided that it is published now.
type EarlyIn struct {
	Incident string `json:"incident"`
	breach.AnnounceNow
}

// Early publishes the approved page because a lead decided so. It covers nobody.
func (a *Announce) Early(ctx context.Context, in EarlyIn) (PublishOut, error) {
	at := AnnounceIn{Incident: in.Incident, Wave: in.Wave, PlanHash: in.PlanHash}
	if wait, err := a.mustWait(ctx, in.Incident); err != nil {
		return PublishOut{}, fail(ctx, err)
	} else if wait {
		return PublishOut{}, fail(ctx, breach.Errorf(breach.ErrConflict, "the public may not be told now: somebody would read it who must not be told yet; see what holds people back"))
	}
	_, plan, err := a.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	if len(plan.Announcement) == 0 {
		return PublishOut{}, fail(ctx, breach.Errorf(breach.ErrConflict, "the approved plan of list %d holds no announcement", in.Wave))
	}
	p, m, err := a.measure(ctx, at)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	reference, err := a.early(ctx, at, plan, p, policy.AnnounceDecided(in.By, m), in.By)
	return PublishOut{Reference: reference}, fail(ctx, err)
}

// early puts the page up with the decision behind it, once per incident. Again it changes nothing.
func (a *Announce) early(ctx context.Context, in AnnounceIn, plan breach.Plan, p policy.Profile, d policy.Decision, by string) (reference string, err error) {
	ann, err := a.Announcements.Announcement(ctx, in.Incident)
	fresh := breach.CodeOf(err) == breach.ErrNotFound
	if fresh {
		ann, err = a.compose(ctx, in, plan, p, d)
	}
	if err != nil {
		return "", err
	}
	if _, err := a.Publisher.Publish(ctx, ann); err != nil {
		return "", err
	}
	if err := a.Announcements.SaveAnnouncement(ctx, ann); err != nil {
		return "", err
	}
	return ann.Reference, a.Cases.Note(ctx, in.Incident, "announce/early", by, "announce.early", map[string]any{
		"reference": ann.Reference, "keep_until": ann.KeepUntil, "wave": in.Wave, "reason": ann.Reason, "because": d.Because,
	}, a.Now().UTC())
}

// measure gathers the facts that an announcement is decided from, but for why people cannot be reached.
func (a *Announce) measure(ctx context.Context, in AnnounceIn) (p policy.Profile, m policy.Measured, err error) {
	if p, err = a.profile(ctx, in.Incident); err != nil {
		return p, m, err
	}
	if m.Tally, err = a.People.Tally(ctx, in.Incident, in.Wave); err != nil {
		return p, m, err
	}
	m.Remaining = m.Tally[breach.Pending]
	if m.Remaining == 0 {
		return p, m, nil
	}
	if m.PerSecond, err = a.rate(ctx, in, p, m.Remaining); err != nil {
		return p, m, err
	}
	j, _, err := a.Duties.Judgement(ctx, in.Incident)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound { // facts that cannot be judged have no deadline
		return p, m, err
	}
	m.Deadline, m.HouseTerm = policy.DeadlineToTell(j.Obligations)
	m.Cost, err = a.cost(ctx, in, p)
	return p, m, err
}

// rate is how many messages a second go out to those who are left; 0 while that is not known.
func (a *Announce) rate(ctx context.Context, in AnnounceIn, p policy.Profile, left int64) (float64, error) {
	if flows, err := a.flows(ctx, in); err != nil || !flows {
		return 0, err
	}
	pace, err := a.Paces.Pace(ctx, in.Incident)
	if err != nil {
		return 0, err
	}
	where, err := a.Paces.Spread(ctx, in.Incident)
	perSecond, _ := policy.SentBy(p, pace, where, left).Rate(a.Now().UTC())
	return perSecond, err
}

// cost is what it takes to tell those who are left; nil where policy or facts name no price, so that nobody has to
// be looked at.
func (a *Announce) cost(ctx context.Context, in AnnounceIn, p policy.Profile) (*policy.Money, error) {
	file, _, err := a.Cases.File(ctx, in.Incident, 0)
	if err != nil || p.Announcement.CostLimit == nil || len(file.Facts.Contacts.CostPerPerson) == 0 {
		return nil, err
	}
	sc, err := loadScope(ctx, a.Cases, a.Profiles, in.Incident)
	if err != nil {
		return nil, err
	}
	blocks, err := a.People.BlocksWith(ctx, in.Incident, in.Wave, false, breach.Pending)
	if err != nil {
		return nil, err
	}
	next, now := map[breach.Channel]int64{}, a.Now().UTC()
	for _, b := range blocks {
		beat(ctx)
		subjects, err := a.People.Subjects(ctx, in.Incident, b)
		if err != nil {
			return nil, err
		}
		for _, s := range subjects {
			if s.Outcome != breach.Pending {
				continue
			}
			for _, st := range policy.Steps(sc.profile, s, sc.on, now) {
				if st.Kind == policy.StepSend {
					next[st.Channel]++
				}
			}
		}
	}
	return policy.CostOf(p, next, file.Facts.Contacts.CostPerPerson), nil
}
