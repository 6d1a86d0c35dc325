package activities

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Announce decides from measured facts whether the public is told, publishes the approved page, and covers
// those who could not be reached one by one.
type Announce struct {
	Cases         Cases
	Duties        Duties
	Plans         Plans
	People        People
	Sending       Sending
	Paces         Paces
	Brakes        Brakes
	Holds         Holds
	Profiles      Profiles
	Announcements Announcements
	Publisher     Publisher
	Now           func() time.Time
}

// AnnounceIn names a wave and its approved plan.
type AnnounceIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	PlanHash string `json:"plan_hash"`
}

// DecideOut is the decision with its reason in plain words.
type DecideOut struct {
	Announce bool   `json:"announce"`
	Reason   string `json:"reason"`
	Covers   int64  `json:"covers"`
	// Postponed says that the public may not be told now: somebody would read it who must not be told yet.
	Postponed bool `json:"postponed,omitempty"`
}

// Decide measures and decides. The decision and every figure behind it go on record.
func (a *Announce) Decide(ctx context.Context, in AnnounceIn) (DecideOut, error) {
	if wait, err := a.mustWait(ctx, in.Incident); err != nil || wait {
		return DecideOut{Postponed: wait, Reason: "the public is told, if at all, when nobody must be kept from knowing any more"}, fail(ctx, err)
	}
	d, err := a.decide(ctx, in)
	if err != nil {
		return DecideOut{}, fail(ctx, err)
	}
	key := fmt.Sprintf("announce/decided/%d/%s/%d", in.Wave, d.Reason, d.Covers) // people who are tried again are decided about again
	err = a.Cases.Note(ctx, in.Incident, key, "tocsin", "announce.decided", d, a.Now().UTC())
	return DecideOut{Announce: d.Announce, Reason: d.Reason, Covers: d.Covers}, fail(ctx, err)
}

// mustWait says that the public may not be told now. A page that is up already is no secret.
func (a *Announce) mustWait(ctx context.Context, incident string) (bool, error) {
	if _, err := a.Announcements.Announcement(ctx, incident); err == nil || breach.CodeOf(err) != breach.ErrNotFound {
		return false, err
	}
	now := a.Now().UTC()
	waits, err := a.Holds.Waits(ctx, incident, now)
	_, wait := waits.Public(now)
	return wait, err
}

func (a *Announce) decide(ctx context.Context, in AnnounceIn) (policy.Decision, error) {
	p, m, err := a.measure(ctx, in)
	if err != nil {
		return policy.Decision{}, err
	}
	err = a.unreachable(ctx, in, func(_ int64, reason string) { m.Count(reason) })
	return policy.DecideAnnouncement(p, m, a.Now().UTC()), err
}

// unreachable visits everybody of the wave whom no channel reached.
func (a *Announce) unreachable(ctx context.Context, in AnnounceIn, visit func(person int64, reason string)) error {
	blocks, err := a.People.BlocksWith(ctx, in.Incident, in.Wave, false, breach.Unreachable)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		beat(ctx)
		subjects, err := a.People.Subjects(ctx, in.Incident, b)
		if err != nil {
			return err
		}
		for _, s := range subjects {
			if s.Outcome == breach.Unreachable {
				visit(s.ID, s.Reason)
			}
		}
	}
	return nil
}

// Show makes the approved notice readable for those to whom SMS or push gives its address: the message itself
// is too short for what a notice must say. The page is in no list or feed; whether the public is told is
// decided later from what was measured. Nothing is shown when every channel carries the whole notice.
func (a *Announce) Show(ctx context.Context, in AnnounceIn) (PublishOut, error) {
	approval, plan, err := a.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	points := false
	for _, n := range plan.Notices {
		points = points || n.Channel != string(breach.Email)
	}
	if !points || len(plan.Announcement) == 0 {
		return PublishOut{}, nil
	}
	page := breach.Announcement{Reference: publicReference(in.Incident), Incident: in.Incident, PublishedAt: approval.At, Unlisted: true}
	if page.Texts, err = a.texts(ctx, in, plan); err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	if _, err := a.Publisher.Publish(ctx, page); err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	err = a.Cases.Note(ctx, in.Incident, "announce/shown/"+itoa(in.Wave), "tocsin", "announce.shown", map[string]any{
		"reference": page.Reference, "wave": in.Wave,
	}, a.Now().UTC())
	return PublishOut{Reference: page.Reference}, fail(ctx, err)
}

// PublishOut is the public page's reference.
type PublishOut struct {
	Reference string `json:"reference"`
	Covered   int64  `json:"covered"`
	Postponed bool   `json:"postponed,omitempty"` // the public may not be told now; nothing was published
}

// Publish puts the approved announcement up and covers the people whom it counts as notice for. A later
// wave of the same incident is covered by the page that is up already.
func (a *Announce) Publish(ctx context.Context, in AnnounceIn) (PublishOut, error) {
	if wait, err := a.mustWait(ctx, in.Incident); err != nil || wait {
		return PublishOut{Postponed: wait}, fail(ctx, err)
	}
	_, plan, err := a.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	p, err := a.profile(ctx, in.Incident)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	decision, err := a.decide(ctx, in)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	ann, err := a.Announcements.Announcement(ctx, in.Incident)
	if breach.CodeOf(err) == breach.ErrNotFound {
		ann, err = a.compose(ctx, in, plan, p, decision)
	}
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	if _, err := a.Publisher.Publish(ctx, ann); err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	if err := a.Announcements.SaveAnnouncement(ctx, ann); err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	covered, err := a.cover(ctx, in, p)
	if err != nil {
		return PublishOut{}, fail(ctx, err)
	}
	err = a.Cases.Note(ctx, in.Incident, fmt.Sprintf("announce/published/%d/%d", in.Wave, covered), "tocsin", "announce.published", map[string]any{
		"reference": ann.Reference, "keep_until": ann.KeepUntil, "covered": covered, "wave": in.Wave,
	}, a.Now().UTC())
	return PublishOut{Reference: ann.Reference, Covered: covered}, fail(ctx, err)
}

func (a *Announce) profile(ctx context.Context, incident string) (policy.Profile, error) {
	inc, err := a.Cases.Incident(ctx, incident)
	if err != nil {
		return policy.Profile{}, err
	}
	return a.Profiles.Profile(inc.Policy)
}

func (a *Announce) compose(ctx context.Context, in AnnounceIn, plan breach.Plan, p policy.Profile, d policy.Decision) (breach.Announcement, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return breach.Announcement{}, err
	}
	now := a.Now().UTC()
	ann := breach.Announcement{
		Reference: publicReference(in.Incident), Incident: in.Incident, Reason: d.Reason, Decision: raw,
		PublishedAt: now, KeepUntil: now.AddDate(0, 0, p.Announcement.KeepDays),
	}
	ann.Texts, err = a.texts(ctx, in, plan)
	return ann, err
}

func (a *Announce) texts(ctx context.Context, in AnnounceIn, plan breach.Plan) ([]breach.Text, error) {
	var out []breach.Text
	for _, ref := range plan.Announcement {
		t, err := a.Plans.Text(ctx, in.Incident, ref.SHA256)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// cover marks everybody of the wave whom no channel reached and for whom the policy lets an announcement
// count as notice.
func (a *Announce) cover(ctx context.Context, in AnnounceIn, p policy.Profile) (int64, error) {
	var events []breach.PersonEvent
	now := a.Now().UTC()
	err := a.unreachable(ctx, in, func(person int64, reason string) {
		if reason == "" {
			reason = policy.UncoveredUnreachable
		}
		if p.AnnouncementCovers(reason) {
			events = append(events, breach.PersonEvent{Person: person, Outcome: breach.Covered, Reason: reason, By: "tocsin", At: now})
		}
	})
	if err != nil {
		return 0, err
	}
	if err := a.People.SetOutcomes(ctx, in.Incident, events); err != nil {
		return 0, err
	}
	t, err := a.People.Tally(ctx, in.Incident, in.Wave)
	return t[breach.Covered], err
}

// publicReference is public, short and not guessable from outside; it does not reveal the incident's id.
func publicReference(incident string) string {
	sum := sha256.Sum256([]byte("announcement|" + incident))
	s := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding).EncodeToString(sum[:5])
	return s[:4] + "-" + s[4:]
}
