package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
)

// AnnounceResult says whether the public is told, and why.
type AnnounceResult struct {
	Published bool   `json:"published"`
	Reference string `json:"reference,omitempty"`
	Reason    string `json:"reason"`
	Covered   int64  `json:"covered"`
	// Postponed says that the public may not be told now; it is decided again once nobody must be kept from knowing.
	Postponed bool `json:"postponed,omitempty"`
}

// Announce decides from what delivery measured, publishes the page that was approved with the plan, and
// covers those whom no channel reached.
func Announce(ctx workflow.Context, in DeliverInput) (AnnounceResult, error) {
	at := activities.AnnounceIn{Incident: in.Incident, Wave: in.Wave, PlanHash: in.PlanHash}
	d, err := decide(ctx, at)
	if err != nil || !d.Announce {
		return AnnounceResult{Reason: d.Reason, Postponed: d.Postponed}, err
	}
	p, err := publish(ctx, at)
	return AnnounceResult{Published: err == nil && !p.Postponed, Postponed: p.Postponed, Reference: p.Reference, Reason: d.Reason, Covered: p.Covered}, err
}
