package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A worker's clock was ahead by hours and is right again: nobody waits until the right time has caught up.
func TestStepsDoNotWaitForAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	p, err := equipped("mooc")
	require.NoError(t, err)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for ahead, want := range map[time.Duration]StepKind{
		-time.Hour:          StepSend,
		0:                   StepWait,
		5 * time.Minute:     StepWait, // two machines may differ so much
		20 * time.Hour:      StepSend,
		20 * 24 * time.Hour: StepSend,
	} {
		failed := breach.Attempt{Addressee: breach.ToSelf, Channel: breach.Email, Try: 1, Provider: "smtp", State: breach.FailedTemporary, At: now.Add(ahead)}
		who := breach.Subject{Person: breach.Person{Email: "e@example.com"}, Outcome: breach.Pending, Attempts: []breach.Attempt{failed}}
		steps := Steps(p, who, now, now)
		require.Len(t, steps, 1)
		require.Equal(t, want, steps[0].Kind, ahead)
	}
}
