package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// moveTo moves the incident machine, one move at a time. Whoever wants to rest looks once more when it is their
// turn: another list may have begun.
func (s *story) moveTo(ctx workflow.Context, to breach.IncidentState) error {
	if err := s.moving.Lock(ctx); err != nil {
		return err
	}
	defer s.moving.Unlock()
	if s.state == to || (to == breach.IncidentMonitoring && s.delivering()) {
		return nil
	}
	if err := move(ctx, activities.MoveIn{Incident: s.in.Incident, To: to}); err != nil {
		return err
	}
	s.state = to
	return nil
}

func (s *story) approved() *wave {
	for _, w := range s.waves {
		if w.state == waveApproved {
			return w
		}
	}
	return nil
}

func (s *story) delivering() bool {
	for _, w := range s.waves {
		if w.state == waveDelivering {
			return true
		}
	}
	return false
}

func (s *story) wave(no int) *wave {
	for _, w := range s.waves {
		if w.no == no {
			return w
		}
	}
	return nil
}

// timelineLength bounds what a query returns and a replay holds; the ledger keeps everything.
const timelineLength = 200

func (s *story) note(ctx workflow.Context, stage, what string) {
	s.timeline = append(s.timeline, protocol.TimelineEntry{At: workflow.Now(ctx), Stage: stage, What: what})
	if n := len(s.timeline); n > timelineLength {
		s.timeline = s.timeline[n-timelineLength:]
	}
}
