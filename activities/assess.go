package activities

import (
	"context"
	"reflect"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Assess judges fact revisions: what happened, to whom, which duties, by when.
type Assess struct {
	Cases    Cases
	Duties   Duties
	Plans    Plans
	Waves    Waves
	Holds    Holds
	Judge    Judge
	Profiles Profiles
	Now      func() time.Time
}

// JudgeIn names a fact revision; 0 is the latest.
type JudgeIn struct {
	Incident string `json:"incident"`
	Revision int    `json:"revision"`
}

// JudgeOut is what the story needs of a judgement.
type JudgeOut struct {
	Revision int                 `json:"revision"`
	Level    string              `json:"level"`
	Clocks   []DutyClock         `json:"clocks"`
	Reports  []string            `json:"reports"` // obligations whose report is filed once it is approved
	Changes  []breach.DutyChange `json:"changes"`
	Void     []int               `json:"void,omitempty"` // lists whose newest plan is void
}

// DutyClock is one running deadline.
type DutyClock struct {
	Obligation string    `json:"obligation"`
	Duty       string    `json:"duty"`
	Applies    bool      `json:"applies,omitempty"` // else nobody can tell yet
	StartedAt  time.Time `json:"started_at"`
	DueAt      time.Time `json:"due_at"` // after what held it
	// HeldUntil is when the hold ends that stops it; zero when it runs.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// Met says that the facts have the instant at which it was done. Whether people were told the lists know better.
	Met bool `json:"met,omitempty"`
}

// Facts judges a fact revision, stores the judgement and compares it with the one before.
func (a *Assess) Facts(ctx context.Context, in JudgeIn) (JudgeOut, error) {
	file, rev, err := a.Cases.File(ctx, in.Incident, in.Revision)
	if err != nil {
		return JudgeOut{}, fail(ctx, err)
	}
	profile, err := a.Profiles.Profile(file.Policy)
	if err != nil {
		return JudgeOut{}, fail(ctx, err)
	}
	now := a.Now().UTC()
	j, err := a.Judge.Judge(file.Facts, profile, now)
	if err != nil {
		return JudgeOut{}, fail(ctx, err)
	}
	before, err := a.Duties.SaveJudgement(ctx, in.Incident, rev, j, a.Judge.Packs(), now)
	if err != nil {
		return JudgeOut{}, fail(ctx, err)
	}
	holds, err := a.Holds.Holds(ctx, in.Incident)
	if err != nil {
		return JudgeOut{}, fail(ctx, err)
	}
	out := JudgeOut{Revision: rev, Level: j.Assessment.Level, Clocks: clocks(j, holds, now), Reports: reportsOf(j)}
	if before != nil {
		for _, c := range breach.DiffJudgements(*before, j) {
			if c.Weighty() {
				out.Changes = append(out.Changes, c.Brief())
			}
		}
		if out.Void, err = a.void(ctx, in.Incident, rev, now); err != nil {
			return JudgeOut{}, fail(ctx, err)
		}
	}
	err = a.Cases.Note(ctx, in.Incident, "judged/"+itoa(rev), "tocsin", "assess.judged", map[string]any{
		"revision": rev, "level": j.Assessment.Level, "clocks": len(out.Clocks), "changes": len(out.Changes),
	}, now)
	return out, fail(ctx, err)
}

// void makes plans void that wait for approval under older facts than rev, and lists the lists whose newest
// plan is void by now. What was approved stands, and so does what was submitted under these facts: a story
// that begins anew judges them once more.
func (a *Assess) void(ctx context.Context, incident string, rev int, now time.Time) ([]int, error) {
	newest, err := a.newestPlans(ctx, incident)
	if err != nil {
		return nil, err
	}
	stale := false
	for _, p := range newest {
		if !stale && p.State == breach.PlanAwaiting && p.Plan.Rules.FactRevision < rev {
			if stale, err = a.differ(ctx, incident, p.Plan, rev); err != nil {
				return nil, err
			}
		}
	}
	if stale {
		if _, err := a.Plans.VoidPlans(ctx, incident, "facts were amended", now); err != nil {
			return nil, err
		}
		if newest, err = a.newestPlans(ctx, incident); err != nil {
			return nil, err
		}
	}
	var out []int
	for _, p := range newest {
		if p.State == breach.PlanVoid {
			out = append(out, p.Plan.Wave)
		}
	}
	return out, nil
}

// differ says whether a revision gives a plan other texts or duties. What the product counted or did itself (a further
// list that changes no number that drives, a report that was filed) makes no plan void; that people were told does,
// when the plan holds reports: they say when.
func (a *Assess) differ(ctx context.Context, incident string, plan breach.Plan, rev int) (bool, error) {
	was, _, err := a.Cases.File(ctx, incident, plan.Rules.FactRevision)
	if err != nil {
		return false, err
	}
	is, _, err := a.Cases.File(ctx, incident, rev)
	if err != nil {
		return false, err
	}
	before, now := &was.Facts, &is.Facts
	told := !reflect.DeepEqual(before.Incident.IndividualsNotifiedAt, now.Incident.IndividualsNotifiedAt)
	if !told && reflect.DeepEqual(before.List, now.List) && reflect.DeepEqual(before.Incident.FiledAt, now.Incident.FiledAt) {
		return true, nil
	}
	if told && len(plan.Reports) > 0 {
		return true, nil
	}
	for _, f := range []*breach.Facts{before, now} {
		*f = policy.Effective(*f)
		f.List, f.Incident.FiledAt, f.Incident.IndividualsNotifiedAt = nil, nil, nil
	}
	return !reflect.DeepEqual(was, is), nil
}

func (a *Assess) newestPlans(ctx context.Context, incident string) ([]breach.PlanRecord, error) {
	waves, err := a.Waves.WaveNumbers(ctx, incident)
	if err != nil {
		return nil, err
	}
	var out []breach.PlanRecord
	for _, w := range waves {
		p, err := a.Plans.Plan(ctx, incident, w)
		switch {
		case err == nil:
			out = append(out, p)
		case breach.CodeOf(err) != breach.ErrNotFound:
			return nil, err
		}
	}
	return out, nil
}

func clocks(j breach.Judgement, holds breach.Holds, now time.Time) []DutyClock {
	var out []DutyClock
	for _, o := range j.Obligations {
		if o.Verdict == breach.DoesNotApply || o.DueAt == nil || o.Clock == nil || o.Clock.StartedAt == nil || o.NotBegun() {
			continue
		}
		c := DutyClock{Obligation: o.ID, Duty: o.Duty, Applies: o.Verdict == breach.Applies, StartedAt: *o.Clock.StartedAt, DueAt: *holds.DueAt(o), Met: o.MetAt != nil && o.Duty != dutyToPeople}
		if on := holds.On(o.ID, now); on != nil && !o.Hold.ClockRuns {
			c.HeldUntil = on.End()
		}
		out = append(out, c)
	}
	return out
}

// reportsOf lists the first reports that are due to authorities and that the facts do not say were made.
func reportsOf(j breach.Judgement) []string {
	var out []string
	for _, o := range j.Obligations {
		if o.FirstReport() && o.MetAt == nil {
			out = append(out, o.ID)
		}
	}
	return out
}
