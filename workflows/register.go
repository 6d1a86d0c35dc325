package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Register is the index of everything that runs.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(Incident, workflow.RegisterOptions{Name: protocol.WorkflowIncident})
	r.RegisterWorkflowWithOptions(Deliver, workflow.RegisterOptions{Name: protocol.WorkflowDeliver})
	r.RegisterWorkflowWithOptions(Announce, workflow.RegisterOptions{Name: protocol.WorkflowAnnounce})
	r.RegisterWorkflowWithOptions(Report, workflow.RegisterOptions{Name: protocol.WorkflowReport})
}
