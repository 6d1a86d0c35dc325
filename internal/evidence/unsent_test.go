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

// Somebody who counts as reached because they said so in an application needs the acknowledgement, one that counts, and
// no attempt.
func TestWhoWasReachedInAnApplicationIsShownByTheirAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen  []evidence.AcknowledgementRecord
		whole bool
	}{
		"none":           {nil, false},
		"it counts":      {[]evidence.AcknowledgementRecord{{Person: 1, By: "reader.app", Counts: true, At: madeAt}}, true},
		"it counts not":  {[]evidence.AcknowledgementRecord{{Person: 1, By: "reader.app", At: madeAt}}, false},
		"of another":     {[]evidence.AcknowledgementRecord{{Person: 2, By: "reader.app", Counts: true, At: madeAt}}, false},
		"of nobody":      {[]evidence.AcknowledgementRecord{{Person: 1, Counts: true, At: madeAt}, {Person: 99, Counts: true, At: madeAt}}, false},
		"of others, too": {[]evidence.AcknowledgementRecord{{Person: 1, Counts: true, At: madeAt}, {Person: 3, At: madeAt}}, true},
	} {
		s := newSample(8)
		s.people[0].Reason = breach.ReasonAcknowledged
		s.attempts = s.attempts[1:]
		s.seen = c.seen
		require.Equal(t, c.whole, verify(t, s.pack(t)).Verified, name)
	}
}
