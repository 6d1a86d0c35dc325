package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Approve composes what a second person approves and checks what was approved.
type Approve struct {
	Cases    Cases
	Duties   Duties
	Plans    Plans
	Sending  Sending
	Holds    Holds
	Judge    Judge
	Profiles Profiles
	Words    Words
	LetterPt float64 // in which letters are printed, points
	Now      func() time.Time
}

// ComposeIn asks for the plan of a wave.
type ComposeIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	Author   string `json:"author"`
	// Again lets a new plan follow one that was approved and could not be carried out.
	Again bool `json:"again,omitempty"`
}

// ComposeOut is the plan's hash, or what keeps it from being approvable.
type ComposeOut struct {
	PlanHash string   `json:"plan_hash,omitempty"`
	Reports  []string `json:"reports,omitempty"`
	People   int64    `json:"people"` // 0 for a plan of reports alone
	Problems []string `json:"problems,omitempty"`
	// Gaps are what regimes ask of the texts and nobody let go.
	Gaps []breach.ContentGap `json:"gaps,omitempty"`
}

// composed is a plan as it would be submitted now, with its texts and what is wrong with it.
type composed struct {
	plan      breach.Plan
	texts     []breach.Text
	judgement breach.Judgement
	profile   policy.Profile
	reports   []string
	problems  []string
}

func (c composed) gaps() []breach.ContentGap {
	if c.plan.Contents == nil {
		return nil
	}
	return c.plan.Contents.Blocking()
}

// Compose renders every text that the wave needs, takes the snapshot of its people, compares the texts with what
// the regimes ask of them, and puts the plan up for approval. The same state gives the same plan again.
func (a *Approve) Compose(ctx context.Context, in ComposeIn) (ComposeOut, error) {
	c, err := a.compose(ctx, in.Incident, in.Wave)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	if gaps := c.gaps(); len(c.problems)+len(gaps) > 0 {
		return ComposeOut{Problems: c.problems, Gaps: gaps}, nil
	}
	// What counts as reached is what is approved with the policy, also when it changed since the opening.
	if err := a.Cases.SetSufficiency(ctx, in.Incident, c.profile.Sufficiency()); err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	if err := a.Plans.SaveTexts(ctx, in.Incident, c.texts); err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	out, err := a.submit(ctx, c.plan, in)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	if err := a.register(ctx, in.Incident, c.profile); err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	out.People, out.Reports = c.plan.People.Total, c.reports
	return out, fail(ctx, a.await(ctx, in.Incident, c.judgement, out.People > 0, out.Reports))
}

// Check says what would keep the plan of a list from being approved if it were submitted now. It changes nothing.
func (a *Approve) Check(ctx context.Context, incident string, wave int) (breach.PlanCheck, error) {
	c, err := a.compose(ctx, incident, wave)
	if err != nil {
		return breach.PlanCheck{}, err
	}
	out := breach.PlanCheck{Wave: wave, Problems: append([]string{}, c.problems...), Numbers: c.plan.Numbers}
	if c.plan.Contents != nil {
		out.Contents = *c.plan.Contents
	}
	return out, nil
}

// compose puts together what would be submitted, and changes nothing.
func (a *Approve) compose(ctx context.Context, incident string, wave int) (c composed, err error) {
	// Facts are taken at the revision that was judged: a newer one that nobody judged yet has no duties.
	j, judged, err := a.Duties.Judgement(ctx, incident)
	if err != nil {
		return c, err
	}
	file, rev, err := a.Cases.File(ctx, incident, judged)
	if err != nil {
		return c, err
	}
	c.plan.Numbers = policy.Numbers(file.Facts)
	file.Facts = policy.Effective(file.Facts) // texts give the numbers that drive the duties
	if c.profile, err = a.Profiles.Profile(file.Policy); err != nil {
		return c, err
	}
	people, err := a.Plans.Snapshot(ctx, incident, wave)
	if err != nil {
		return c, err
	}
	reports, err := a.owed(ctx, incident, j)
	if err != nil {
		return c, err
	}
	late, err := lately(ctx, a.Duties, a.Holds, incident, j)
	if err != nil {
		return c, err
	}
	unexplained := a.explain(late, j, people.Total > 0, reports)
	if people.Total == 0 && len(reports) == 0 {
		c.problems = []string{fmt.Sprintf("people: list %d holds nobody, and no report is owed; load the list of affected people first", wave)}
		return c, nil
	}
	for _, o := range reports {
		c.reports = append(c.reports, o.ID)
	}
	c.judgement = j
	c.plan = breach.Plan{
		Incident: incident, Wave: wave, Revision: 1, People: people, Numbers: c.plan.Numbers,
		Channels: breach.ChannelPlan{Policy: c.profile.Name, SHA256: c.profile.SHA256(), Order: c.profile.Order(), AtOnce: c.profile.Strategy == policy.Blast},
		Rules:    breach.RulesSnapshot{FactRevision: rev, SHA256: packsDigest(a.Judge.Packs())},
	}
	err = a.write(ctx, &c, file, reports)
	c.problems = append(c.problems, unexplained...)
	return c, err
}

// write composes the texts and checks what they hold.
func (a *Approve) write(ctx context.Context, c *composed, file breach.IncidentFile, reports []breach.Obligation) (err error) {
	duties := slices.Clone(reports)
	for _, o := range c.judgement.Obligations {
		if o.Duty == "notify_individuals" {
			duties = append(duties, o)
		}
	}
	locales := slices.Sorted(maps.Keys(c.plan.People.ByLocale))
	if c.texts, c.problems, err = a.Words.Texts(file, c.profile, duties, locales, publicReference(c.plan.Incident)); err != nil {
		return err
	}
	waivers, err := a.Plans.Waivers(ctx, c.plan.Incident)
	if err != nil {
		return err
	}
	ask := policy.Contents{Judgement: c.judgement, Reports: c.reports, KeepDays: c.profile.Announcement.KeepDays, Contact: file.Contact, Waivers: waivers, LetterPt: a.LetterPt,
		Wave: c.plan.Wave, Doubts: c.plan.People.Doubts}
	for _, t := range c.texts {
		body, err := t.Open()
		if err != nil {
			return err
		}
		ask.Texts = append(ask.Texts, body)
		switch t.Ref.Kind {
		case breach.KindAnnouncement:
			c.plan.Announcement = append(c.plan.Announcement, t.Ref)
		case breach.KindReport:
			c.plan.Reports = append(c.plan.Reports, t.Ref)
		default:
			c.plan.Notices = append(c.plan.Notices, t.Ref)
		}
	}
	check := ask.Check()
	c.plan.Contents = &check
	return nil
}

// explain puts into the reports that are late why they are, with the fields that a late one must carry. It returns the
// duties of the plan whose deadline has passed and of which nobody has said why.
func (a *Approve) explain(late lateness, j breach.Judgement, people bool, reports []breach.Obligation) (problems []string) {
	now := a.Now().UTC()
	ask := func(o breach.Obligation) {
		if late.unexplained(o.ID, now) {
			problems = append(problems, o.ID+": its deadline has passed; put on record why it is late first, with tocsin report delay or on the incident's page")
		}
	}
	for i := range reports {
		o := &reports[i]
		if ask(*o); late.late(o.ID, now) {
			o.DelayReason = late.reason[o.ID]
			o.Contents = slices.Clone(o.Contents)
			for _, c := range o.Late {
				if !slices.Contains(o.Contents, c) {
					o.Contents = append(o.Contents, c)
				}
			}
		}
	}
	for _, o := range j.Obligations {
		if people && o.Duty == dutyToPeople && o.Verdict == breach.Applies {
			ask(o)
		}
	}
	return problems
}

// dutyToPeople is the duty that telling everybody fulfils.
const dutyToPeople = "notify_individuals"

// dutyToPublic is the duty that the public page fulfils.
const dutyToPublic = "public_notice"

// owed picks the first reports that nobody has filed or approved: a later list repeats the notice, not the
// reports, unless a duty appeared meanwhile.
func (a *Approve) owed(ctx context.Context, incident string, j breach.Judgement) ([]breach.Obligation, error) {
	ids, err := a.Duties.OwedReports(ctx, incident)
	if err != nil {
		return nil, err
	}
	var out []breach.Obligation
	for _, o := range j.Obligations {
		if slices.Contains(ids, o.ID) {
			out = append(out, o)
		}
	}
	return out, nil
}

// await says of every duty that the plan would carry out that it waits for approval. Duties that went past
// that with an earlier list stay where they are.
func (a *Approve) await(ctx context.Context, incident string, j breach.Judgement, people bool, reports []string) error {
	for _, o := range j.Obligations {
		if toPeople := people && o.Duty == "notify_individuals" && o.Verdict == breach.Applies; !toPeople && !slices.Contains(reports, o.ID) {
			continue
		}
		err := a.Duties.SetObligationState(ctx, incident, o.ID, breach.ObligationAwaitingApproval, "", a.Now().UTC())
		if err != nil && breach.CodeOf(err) != breach.ErrConflict { // one that is past that stays where it is
			return err
		}
	}
	return nil
}

// submit gives the plan its revision: the one before stays when nothing changed.
func (a *Approve) submit(ctx context.Context, plan breach.Plan, in ComposeIn) (ComposeOut, error) {
	prev, err := a.Plans.Plan(ctx, plan.Incident, plan.Wave)
	switch {
	case err == nil:
		plan.Revision = prev.Plan.Revision
		if plan.Hash() == prev.Hash && prev.State == breach.PlanAwaiting {
			return ComposeOut{PlanHash: prev.Hash}, nil
		}
		if prev.State == breach.PlanApproved && !in.Again {
			return ComposeOut{}, breach.Errorf(breach.ErrAlreadyDecided, "the plan of list %d is approved already; load a further list for people who were missing", plan.Wave)
		}
		plan.Revision++
	case breach.CodeOf(err) != breach.ErrNotFound:
		return ComposeOut{}, err
	}
	if err := a.Plans.SavePlan(ctx, plan, in.Author, a.Now().UTC()); err != nil {
		return ComposeOut{}, err
	}
	return ComposeOut{PlanHash: plan.Hash()}, nil
}

// register puts on record who carries messages under the policy that a plan is bound to, and where data may go: once for
// each wording of the policy.
func (a *Approve) register(ctx context.Context, incident string, p policy.Profile) error {
	r := p.Register()
	return a.Cases.Note(ctx, incident, "processors.register/"+r.SHA256, "tocsin", "processors.register", r, a.Now().UTC())
}

// VerifyIn names a plan.
type VerifyIn struct {
	Incident string `json:"incident"`
	Wave     int    `json:"wave"`
	PlanHash string `json:"plan_hash"`
}

// VerifyOut says who approved it and which reports it covers.
type VerifyOut struct {
	Approver string    `json:"approver"`
	At       time.Time `json:"at"`
	Reports  []string  `json:"reports"`
	People   int64     `json:"people"` // 0 for a plan of reports alone
	Rounds   int       `json:"rounds"` // of delivery so far
}

// Verify reads the approval row behind a plan; without one the story does not go on, whoever asked.
func (a *Approve) Verify(ctx context.Context, in VerifyIn) (VerifyOut, error) {
	ap, plan, err := a.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return VerifyOut{}, fail(ctx, err)
	}
	out := VerifyOut{Approver: ap.Approver, At: ap.At, People: plan.People.Total}
	if out.Rounds, err = a.Sending.Rounds(ctx, in.Incident, in.Wave); err != nil {
		return VerifyOut{}, fail(ctx, err)
	}
	for _, r := range plan.Reports {
		if n := len(out.Reports); n == 0 || out.Reports[n-1] != r.Channel {
			out.Reports = append(out.Reports, r.Channel)
		}
	}
	return out, nil
}

func packsDigest(packs map[string][]byte) string {
	sums := make([]string, 0, len(packs))
	for s := range packs {
		sums = append(sums, s)
	}
	sort.Strings(sums)
	h := sha256.New()
	for _, s := range sums {
		h.Write([]byte(s + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func itoa(n int) string { return strconv.Itoa(n) }
