package app

import (
	"context"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Checker says what would keep a plan from being approved.
type Checker interface {
	Check(ctx context.Context, incident string, wave int) (breach.PlanCheck, error)
}

// CheckPlan says what would keep the plan of a list from being approved if it were submitted now: list 0 is the
// newest that no approved plan covers, or reports alone while there is none. It changes nothing.
func (d *Desk) CheckPlan(ctx context.Context, incident string, wave int) (breach.PlanCheck, error) {
	if _, err := d.Store.Incident(ctx, incident); err != nil {
		return breach.PlanCheck{}, err
	}
	if wave == 0 {
		waves, err := d.Store.WaveNumbers(ctx, incident)
		if err != nil {
			return breach.PlanCheck{}, err
		}
		if len(waves) > 0 {
			wave = waves[len(waves)-1]
		}
	}
	c, err := d.Checker.Check(ctx, incident, wave)
	if breach.CodeOf(err) == breach.ErrNotFound {
		err = breach.Errorf(breach.ErrConflict, "the facts are not judged yet; look again in a moment")
	}
	return c, err
}

// WaiveContents lets gaps of the texts go, each by the duty and field that CheckPlan names. What is no gap cannot be
// let go: a wrong name would look like a decision and be none.
func (d *Desk) WaiveContents(ctx context.Context, incident string, wave int, list []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error) {
	check, err := d.CheckPlan(ctx, incident, wave)
	if err != nil {
		return nil, err
	}
	var wrong []breach.FieldError
	for _, w := range list {
		known := slices.ContainsFunc(check.Contents.Gaps, func(g breach.ContentGap) bool { return g.Obligation == w.Obligation && g.Field == w.Field })
		if !known {
			wrong = append(wrong, breach.FieldError{Where: "gaps", What: "one of them is no gap of this plan; tocsin plan check names those that there are"})
		}
	}
	if len(wrong) > 0 {
		return nil, breach.Errorf(breach.ErrInvalid, "what is named cannot be let go").With(wrong[0])
	}
	return d.Waive(ctx, incident, list, reason, by)
}

func numbersOf(file breach.IncidentFile) []breach.NumberCount { return policy.Numbers(file.Facts) }
