package workflows_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// A decision to try again that cannot be carried out says so on the record and stands in no other one's way; whom it
// set back before it failed is told all the same.
func TestADecisionThatFailsForGoodIsOver(t *testing.T) {
	t.Parallel()
	list := crowd("failing", 6) // two blocks
	p := newPlay(t, "mooc", list...)
	p.stage.Quick()
	p.stage.Post.Script = func(_ string, _ delivery.Message, nth int) activitiestest.Reply {
		if nth == 1 {
			return refusedBy(delivery.ReasonNoMailbox)
		}
		return activitiestest.Reply{}
	}
	p.submits(1)
	p.approves(1)
	p.then("covered", p.stateIs(breach.IncidentMonitoring), func() {
		require.Equal(t, breach.Tally{breach.Covered: 6}, p.led.Outcomes())
		var n atomic.Int32
		p.led.Break(func(op string, wrote bool) error {
			if op == "StartAfresh" && !wrote && n.Add(1) == 2 {
				return breach.Errorf(breach.ErrTampered, "block 2 differs from the one that was approved")
			}
			return nil
		})
		p.decides("d1", breach.Retry{})
	})
	told := func() int64 { return p.led.Outcomes()[breach.Reached] }
	p.then("some are told", func() bool { return told() > 0 && p.status().State == breach.IncidentMonitoring }, func() {
		require.Less(t, told(), int64(6))
		open, err := p.led.OpenRetries(t.Context(), incident)
		require.NoError(t, err)
		require.Empty(t, open, "the decision is over")
		said := p.led.Notes("case.trouble")
		require.Len(t, said, 1)
		require.Equal(t, "again/d1", said[0].Key)
		require.Contains(t, string(said[0].Data), "block 2 differs")
		p.decides("d2", breach.Retry{})
	})
	p.then("all are told", func() bool { return told() == 6 && p.status().State == breach.IncidentMonitoring }, func() {})
	p.closes()
	require.NoError(t, p.run())
	p.everybodyOnce()
}
