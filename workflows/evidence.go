package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// seal closes the case and writes the pack that proves it. It runs on a disconnected context, so that a
// story that is cancelled while it seals still leaves its proof.
func (s *story) seal(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := s.moveTo(ctx, breach.IncidentClosed); err != nil {
		return err
	}
	s.note(ctx, "evidence", "closed; the evidence pack is being sealed")
	out, err := seal(ctx, activities.SealIn{Incident: s.in.Incident})
	if err != nil {
		return err
	}
	s.note(ctx, "evidence", "sealed "+out.File)
	return nil
}
