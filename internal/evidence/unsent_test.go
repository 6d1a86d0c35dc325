package evidence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// What was about to be sent while the ledger was away is on record as not begun, without a text. A message that
// may have left needs one.
func TestAnAttemptThatWasNeverBegunNeedsNoText(t *testing.T) {
	t.Parallel()
	for state, whole := range map[breach.AttemptState]bool{breach.FailedTemporary: true, breach.Accepted: false, breach.Unknown: false, breach.Reconciled: false} {
		s := newSample(8)
		s.attempts = append([]evidence.AttemptRecord{{
			Person: 1, Addressee: breach.ToSelf, Channel: breach.Email, Try: 1, State: state, Reason: "interrupted", Provider: "own-smtp", IntendedAt: madeAt, At: madeAt,
		}}, s.attempts...)
		s.attempts[1].Try = 2
		require.Equal(t, whole, verify(t, s.pack(t)).Verified, state)
	}
	s := newSample(8)
	s.attempts[0].State, s.attempts[0].Unknown, s.attempts[0].Text = breach.FailedTemporary, "no_answer", ""
	require.False(t, verify(t, s.pack(t)).Verified, "it may have left before it failed")
}
