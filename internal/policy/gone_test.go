package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Nothing is ever sent to a push token that is gone: not as another try, not after a person decided to try again, and
// not by a later list that has it too. The person goes on to the next channel.
func TestPromise_M11_TokensThatAreGoneAreDropped(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc")
	who := breach.Person{Email: "e@example.com", PushToken: "t", Country: "DE"}
	first := func(p *Profile) { // push before email
		p.Channels = []ChannelRule{p.Channels[2], p.Channels[0]}
		p.Closed = append(p.Closed, ClosedChannel{Channel: breach.SMS, Reason: RefusedNotOperated})
	}
	gone := func(state breach.AttemptState, reason string, again bool) breach.Attempt {
		a := past(breach.Push, 1, state)
		a.Reason, a.Past = reason, again
		return a
	}
	later := subject(breach.Person{PushToken: "t", Country: "DE"})
	later.Refused = map[breach.Channel]string{breach.Push: RefusedGone}
	runSteps(t, []stepCase{
		{name: "the next channel at once", change: first, s: subject(who, gone(breach.FailedPermanent, "app_removed", false)), want: []Step{send(breach.Email, "smtp", 1, WhyNext)}},
		{name: "and after a decision to try again", change: first, s: subject(who, gone(breach.FailedPermanent, "app_removed", true)), want: []Step{send(breach.Email, "smtp", 1, WhyNext)}},
		{name: "one of another app is tried again then", change: first, s: subject(who, gone(breach.FailedPermanent, "token_of_another_app", true)), want: []Step{send(breach.Push, "fcm", 2, WhyAgain)}},
		{name: "one that failed for now as well", change: first, s: subject(who, gone(breach.FailedTemporary, "app_removed", true)), want: []Step{send(breach.Push, "fcm", 2, WhyAgain)}},
		{name: "the token of an earlier list", s: later, want: []Step{exhausted(UncoveredNoContact)}},
	})

	first(&p)
	now := aware.Add(30 * 24 * time.Hour)
	mail := past(breach.Email, 1, breach.FailedPermanent)
	all := subject(who, gone(breach.FailedPermanent, "app_removed", false), mail)
	all.Outcome, all.Reason = breach.Unreachable, UncoveredFailedEverywhere
	_, _, ok := TryAgain(p, all, breach.Retry{}, aware, now)
	require.True(t, ok, "by the channel that is left")
	_, why, ok := TryAgain(p, all, breach.Retry{Channel: breach.Push}, aware, now)
	require.False(t, ok)
	require.Equal(t, UncoveredFailedEverywhere, why)
	all.Person.Email, all.Attempts = "", all.Attempts[:1]
	_, _, ok = TryAgain(p, all, breach.Retry{}, aware, now)
	require.False(t, ok, "nobody is promised another try that never comes")
}
