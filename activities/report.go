package activities

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Report files approved reports with authorities.
type Report struct {
	Cases   Cases
	Duties  Duties
	Plans   Plans
	Filings Filings
	Holds   Holds
	Filer   Filer
	Now     func() time.Time
}

// FileIn names one report of an approved plan.
type FileIn struct {
	Incident   string `json:"incident"`
	Wave       int    `json:"wave"`
	PlanHash   string `json:"plan_hash"`
	Obligation string `json:"obligation"`
}

// FileOut is where the report stands.
type FileOut struct {
	State breach.ObligationState `json:"state"`
	// HeldUntil says that it may not be filed before: a hold covers this duty. Nothing was handed over.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// Unexplained says that it is late, and that nobody has said why. Nothing was handed over.
	Unexplained bool `json:"unexplained,omitempty"`
}

// File hands a report to its authority once: the key that travels with it depends on incident, obligation
// and text, so that trying again after a lost answer is the same filing.
func (r *Report) File(ctx context.Context, in FileIn) (FileOut, error) {
	if f, err := r.Filings.Filing(ctx, in.Incident, in.Obligation); err == nil {
		return r.settled(ctx, f)
	} else if breach.CodeOf(err) != breach.ErrNotFound {
		return FileOut{}, fail(ctx, err)
	}
	_, plan, err := r.Plans.Approval(ctx, in.Incident, in.Wave, in.PlanHash)
	if err != nil {
		return FileOut{}, fail(ctx, err)
	}
	var ref *breach.NoticeRef
	for i := range plan.Reports {
		if plan.Reports[i].Channel == in.Obligation {
			ref = &plan.Reports[i]
			break
		}
	}
	if ref == nil {
		return FileOut{}, fail(ctx, breach.Errorf(breach.ErrNoApproval, "the approved plan holds no report for %s", in.Obligation))
	}
	late, wait, err := r.mayFile(ctx, in)
	if err != nil || wait != (FileOut{}) {
		return wait, fail(ctx, err)
	}
	text, err := r.Plans.Text(ctx, in.Incident, ref.SHA256)
	if err != nil {
		return FileOut{}, fail(ctx, err)
	}
	key := in.Incident + "/" + in.Obligation + "/" + ref.SHA256
	route, number, err := r.Filer.File(ctx, key, in.Obligation, text)
	if err != nil {
		return FileOut{}, fail(ctx, err)
	}
	now := r.Now().UTC()
	f := breach.Filing{Incident: in.Incident, Obligation: in.Obligation, Route: route, SHA256: ref.SHA256, Status: "filed", FiledAt: now, Acknowledgement: number}
	if late.late(in.Obligation, now) {
		f.DelayReason = late.reason[in.Obligation]
	}
	if number != "" {
		f.Status, f.AcknowledgedAt = "acknowledged", &now
	}
	if err := r.Filings.SaveFiling(ctx, f); err != nil {
		return FileOut{}, fail(ctx, err)
	}
	return r.settled(ctx, f)
}

// mayFile asks whether a hold keeps the report back, and whether it is late without a reason on record.
func (r *Report) mayFile(ctx context.Context, in FileIn) (late lateness, wait FileOut, err error) {
	j, _, err := r.Duties.Judgement(ctx, in.Incident)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound {
		return late, wait, err
	}
	if late, err = lately(ctx, r.Duties, r.Holds, in.Incident, j); err != nil {
		return late, wait, err
	}
	now := r.Now().UTC()
	if on := late.holds.On(in.Obligation, now); on != nil {
		return late, FileOut{HeldUntil: on.End()}, nil
	}
	return late, FileOut{Unexplained: late.unexplained(in.Obligation, now)}, nil
}

// settled brings the obligation to where its filing is, also after a crash between the two writes.
func (r *Report) settled(ctx context.Context, f breach.Filing) (FileOut, error) {
	if err := r.Duties.SetObligationState(ctx, f.Incident, f.Obligation, breach.ObligationFiled, "", f.FiledAt); err != nil {
		return FileOut{}, fail(ctx, err)
	}
	if f.Acknowledgement == "" {
		return FileOut{State: breach.ObligationFiled}, nil
	}
	err := r.Duties.SetObligationState(ctx, f.Incident, f.Obligation, breach.ObligationAcknowledged, "", *f.AcknowledgedAt)
	return FileOut{State: breach.ObligationAcknowledged}, fail(ctx, err)
}

// AcceptIn names an obligation whose acknowledgement is in the ledger.
type AcceptIn struct {
	Incident   string `json:"incident"`
	Obligation string `json:"obligation"`
}

// Accept takes an acknowledgement that a person entered.
func (r *Report) Accept(ctx context.Context, in AcceptIn) (FileOut, error) {
	f, err := r.Filings.Filing(ctx, in.Incident, in.Obligation)
	if err != nil {
		return FileOut{}, fail(ctx, err)
	}
	if f.Acknowledgement == "" {
		return FileOut{}, fail(ctx, breach.Errorf(breach.ErrConflict, "no acknowledgement of %s is on record", in.Obligation))
	}
	return r.settled(ctx, f)
}
