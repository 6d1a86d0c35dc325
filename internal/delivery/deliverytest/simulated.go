package deliverytest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Fate is what becomes of messages to one contact of a simulator.
type Fate struct {
	Reason string              // of the failure to hand over; empty when the provider said yes
	State  breach.AttemptState // after the first hand-over
	Again  breach.AttemptState // after the same message was handed over once more
	Last   breach.AttemptState // by the provider's report; empty when it does not have the message
	Why    string              // reason of that
}

// Failure is the failure that an error of a sender must be.
func Failure(t testing.TB, err error) *delivery.Failure {
	t.Helper()
	var f *delivery.Failure
	require.ErrorAs(t, err, &f, "%v", err)
	return f
}

// Twice hands a message over two times.
func (w Fate) Twice(t testing.TB, s delivery.Sender, m delivery.Message) {
	t.Helper()
	w.once(t, s, m, w.State)
	w.once(t, s, m, w.Again)
}

func (w Fate) once(t testing.TB, s delivery.Sender, m delivery.Message, state breach.AttemptState) {
	t.Helper()
	receipt, err := s.Send(t.Context(), m)
	if err == nil {
		require.Equal(t, state, receipt.State, m.To)
		return
	}
	f := Failure(t, err)
	require.Equal(t, state, f.State(), "%s: %+v", m.To, f)
	require.Equal(t, w.Reason, f.Reason, m.To)
}

// Reported hands a message over, waits for the report, and asks: the provider knows about exactly those that it took.
// last gives the newest report on an attempt.
func (w Fate) Reported(t testing.TB, s interface {
	delivery.Sender
	delivery.Asker
}, m delivery.Message, last func(attempt string) delivery.Receipt) {
	t.Helper()
	w.once(t, s, m, w.State)
	if w.Last != "" {
		require.Eventually(t, func() bool { return last(m.AttemptID).State == w.Last }, 30*time.Second, 5*time.Millisecond)
		require.Equal(t, w.Why, last(m.AttemptID).Reason)
	}
	answer, found, err := s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, w.Last != "", found)
	if found {
		require.Equal(t, w.Last, answer.State)
	}
}
