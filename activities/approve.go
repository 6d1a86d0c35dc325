package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
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
}

// Compose renders every text that the wave needs, takes the snapshot of its people, and puts the plan up
// for approval. The same state gives the same plan again.
func (a *Approve) Compose(ctx context.Context, in ComposeIn) (ComposeOut, error) {
	// Facts are taken at the revision that was judged: a newer one that nobody judged yet has no duties.
	j, judged, err := a.Duties.Judgement(ctx, in.Incident)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	file, rev, err := a.Cases.File(ctx, in.Incident, judged)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	profile, err := a.Profiles.Profile(file.Policy)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	people, err := a.Plans.Snapshot(ctx, in.Incident, in.Wave)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	reports, err := a.owed(ctx, in.Incident, j)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	late, err := lately(ctx, a.Duties, a.Holds, in.Incident, j)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	unexplained := a.explain(late, j, people.Total > 0, reports)
	if people.Total == 0 && len(reports) == 0 {
		return ComposeOut{Problems: []string{fmt.Sprintf("people: list %d holds nobody, and no report is owed; load the list of affected people first", in.Wave)}}, nil
	}
	// What counts as reached is what is approved with the policy, also when it changed since the opening.
	if err := a.Cases.SetSufficiency(ctx, in.Incident, profile.Sufficiency()); err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	locales := make([]string, 0, len(people.ByLocale))
	for l := range people.ByLocale {
		locales = append(locales, l)
	}
	sort.Strings(locales)
	texts, problems, err := a.Words.Texts(file, profile, reports, locales, publicReference(in.Incident))
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	if problems = append(problems, unexplained...); len(problems) > 0 {
		return ComposeOut{Problems: problems}, nil
	}
	if err := a.Plans.SaveTexts(ctx, in.Incident, texts); err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	plan := breach.Plan{
		Incident: in.Incident, Wave: in.Wave, Revision: 1, People: people,
		Channels: breach.ChannelPlan{Policy: profile.Name, SHA256: profile.SHA256(), Order: profile.Order()},
		Rules:    breach.RulesSnapshot{FactRevision: rev, SHA256: packsDigest(a.Judge.Packs())},
	}
	for _, t := range texts {
		switch t.Ref.Kind {
		case "announcement":
			plan.Announcement = append(plan.Announcement, t.Ref)
		case "report":
			plan.Reports = append(plan.Reports, t.Ref)
		default:
			plan.Notices = append(plan.Notices, t.Ref)
		}
	}
	out, err := a.submit(ctx, plan, in)
	if err != nil {
		return ComposeOut{}, fail(ctx, err)
	}
	out.People = people.Total
	for _, o := range reports {
		out.Reports = append(out.Reports, o.ID)
	}
	return out, fail(ctx, a.await(ctx, in.Incident, j, people.Total > 0, out.Reports))
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
