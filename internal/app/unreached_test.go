package app

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

func TestWhyInOneSentence(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	sc := peopleScope{p, at, at.Add(time.Hour)}
	tried := func(c breach.Channel, try int, state breach.AttemptState, reason string, past bool) breach.Attempt {
		when := at.Add(time.Duration(try) * time.Minute)
		return breach.Attempt{Addressee: breach.ToSelf, Channel: c, Try: try, State: state, Reason: reason, At: when, IntendedAt: when, Past: past}
	}
	who := breach.Person{Name: "Kim Canary", Email: "=kim@canary.example", Phone: "+447700900123", Country: "GB"}
	s := breach.Subject{ID: 1, Ref: "REF-1", Person: who, Outcome: breach.Unreachable, Reason: policy.UncoveredFailedEverywhere, Attempts: []breach.Attempt{
		tried(breach.Email, 1, breach.FailedTemporary, delivery.ReasonGreylisted, true), tried(breach.Email, 2, breach.FailedPermanent, delivery.ReasonNoMailbox, false),
		tried(breach.SMS, 3, breach.FailedPermanent, "nobody knows this code", false),
	}}
	u := sc.explain(s, 2, false)
	require.Equal(t, "Every allowed channel was tried, and each failed (email: the mailbox does not exist).", u.Why)
	require.Equal(t, at.Add(3*time.Minute), *u.LastAttempt)
	require.Len(t, u.Tried, 2)
	require.Equal(t, 2, u.Tried[0].Tries)
	require.Empty(t, u.Masked)
	all, err := json.Marshal(u)
	require.NoError(t, err)
	for _, secret := range []string{"Kim", "canary", "900123"} {
		require.NotContains(t, string(all), secret)
	}
	u = sc.explain(s, 2, true)
	require.Equal(t, []string{"email =•••@•••.example", "phone •••23"}, u.Masked)

	objector := breach.Subject{Person: who, Outcome: breach.Covered, Reason: policy.UncoveredNotAllowed, Refused: map[breach.Channel]string{breach.Email: policy.RefusedObjection}}
	require.Equal(t, "There are contacts, but a promise of the policy or an objection closes each of them (they objected to a channel).", sc.explain(objector, 1, false).Why)
	for _, o := range breach.Outcomes[1:] {
		require.NotEmpty(t, sc.explain(breach.Subject{Person: who, Outcome: o}, 1, false).Why, o)
	}
}

func TestWhatIsAskedOfTheListIsChecked(t *testing.T) {
	t.Parallel()
	after, outcomes, err := checkUnreached(breach.UnreachedQuery{Limit: 10, After: cursor(1234567)})
	require.NoError(t, err)
	require.EqualValues(t, 1234567, after)
	require.Len(t, outcomes, len(breach.Outcomes)-1)
	for _, wrong := range []breach.UnreachedQuery{{}, {Limit: breach.MostUnreached + 1}, {Limit: 1, After: "-1"}, {Limit: 1, After: "no cursor!"},
		{Limit: 1, Outcome: breach.Reached}, {Limit: 1, Outcome: "lost"}} {
		_, _, err := checkUnreached(wrong)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), "%+v", wrong)
	}
}
