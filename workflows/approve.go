package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// submit builds the plan of a wave and puts it up for approval, or says what keeps it from being approved.
func (s *story) submit(ctx workflow.Context, in protocol.Submit) (breach.Submitted, error) {
	w := s.wave(in.Wave)
	again := w != nil && w.state == waveFailed
	out, err := compose(ctx, activities.ComposeIn{Incident: s.in.Incident, Wave: in.Wave, Author: in.Actor, Again: again})
	if err != nil || len(out.Problems)+len(out.Gaps) > 0 {
		return breach.Submitted{Problems: out.Problems, Gaps: out.Gaps}, err
	}
	w = s.wave(in.Wave) // a list may have been loaded meanwhile
	if w == nil {
		w = &wave{no: in.Wave}
		s.waves = append(s.waves, w)
	}
	w.state, w.planHash, w.author, w.since = waveAwaiting, out.PlanHash, in.Actor, workflow.Now(ctx)
	w.reports, w.empty = out.Reports, out.People == 0
	s.note(ctx, "approve", "the plan of list "+itoa(in.Wave)+" waits for approval")
	if s.state == breach.IncidentDraft || s.state == breach.IncidentOpen {
		return breach.Submitted{PlanHash: out.PlanHash}, s.moveTo(ctx, breach.IncidentAssessing)
	}
	return breach.Submitted{PlanHash: out.PlanHash}, nil
}

// approve lets a wave go on once the approval row behind it is verified, also when the story did not hear of the
// plan: it was approved between the ledger's row and the story's note of it.
func (s *story) approve(ctx workflow.Context, in protocol.Decide) error {
	no := in.Wave
	if w := s.awaiting(in.PlanHash); w != nil {
		no = w.no
	}
	if _, err := verify(ctx, activities.VerifyIn{Incident: s.in.Incident, Wave: no, PlanHash: in.PlanHash}); err != nil {
		return err
	}
	w := s.wave(no)
	if w == nil {
		w = &wave{no: no}
		s.waves = append(s.waves, w)
	}
	w.state, w.planHash, w.since = waveApproved, in.PlanHash, workflow.Now(ctx)
	s.note(ctx, "approve", "the plan of list "+itoa(no)+" was approved")
	return nil
}

// giveBack returns a plan to its author.
func (s *story) giveBack(ctx workflow.Context, in protocol.Decide) {
	if w := s.awaiting(in.PlanHash); w != nil {
		w.state, w.since = waveLoaded, workflow.Now(ctx)
		s.note(ctx, "approve", "the plan of list "+itoa(w.no)+" was returned to its author")
	}
}

func (s *story) awaiting(hash string) *wave {
	for _, w := range s.waves {
		if w.state == waveAwaiting && w.planHash == hash {
			return w
		}
	}
	return nil
}
