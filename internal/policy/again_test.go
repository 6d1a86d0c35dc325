package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func tried(c breach.Channel, try int, state breach.AttemptState) breach.Attempt {
	at := aware.Add(time.Duration(try) * time.Hour)
	return breach.Attempt{Addressee: breach.ToSelf, Channel: c, Try: try, State: state, At: at, IntendedAt: at, Provider: "x"}
}

func triedWay(to breach.Addressee, c breach.Channel, try int) breach.TriedWay {
	return breach.TriedWay{Addressee: to, Channel: c, Try: try}
}

// Whom no channel reached gets a fresh set of tries, with numbers that go on; who has no contact, is not allowed,
// or may have the message stays as they are.
func TestTryAgain(t *testing.T) {
	t.Parallel()
	p, err := equipped("mooc")
	require.NoError(t, err)
	abroad := breach.Person{Email: "e@example.com", Phone: "+447900000000", Country: "GB"}
	now := aware.Add(30 * 24 * time.Hour)
	failed := func(who breach.Person, reason string, attempts ...breach.Attempt) breach.Subject {
		return breach.Subject{ID: 7, Person: who, Outcome: breach.Unreachable, Reason: reason, Attempts: attempts}
	}
	everywhere := failed(abroad, UncoveredFailedEverywhere, tried(breach.Email, 1, breach.FailedTemporary), tried(breach.Email, 2, breach.FailedPermanent),
		tried(breach.SMS, 1, breach.FailedPermanent))
	covered := everywhere
	covered.Outcome = breach.Covered
	reached := everywhere
	reached.Outcome = breach.Reached
	arrived := failed(abroad, UncoveredFailedEverywhere, tried(breach.Email, 1, breach.Accepted))
	unknown := failed(breach.Person{Phone: "+447900000000", Country: "GB"}, UncoveredFailedEverywhere, tried(breach.SMS, 1, breach.Unknown))
	child := failed(breach.Person{BirthDate: "2016-01-01", Email: "c@example.com", Guardian: &breach.Guardian{Email: "g@example.com"}, Country: "GB"},
		UncoveredGuardian, breach.Attempt{Addressee: breach.ToGuardian, Channel: breach.Email, Try: 3, State: breach.FailedPermanent, At: aware})
	objector := failed(breach.Person{Email: "e@example.com", Country: "GB", Objections: []breach.Channel{breach.Email}}, UncoveredNotAllowed)
	for name, c := range map[string]struct {
		s    breach.Subject
		d    breach.Retry
		why  string
		ways []breach.TriedWay
	}{
		"failed everywhere":   {s: everywhere, ways: []breach.TriedWay{triedWay(breach.ToSelf, breach.Email, 2), triedWay(breach.ToSelf, breach.SMS, 1)}},
		"by one channel":      {s: everywhere, d: breach.Retry{Channel: breach.SMS}, ways: []breach.TriedWay{triedWay(breach.ToSelf, breach.SMS, 1)}},
		"covered":             {s: covered, d: breach.Retry{Reason: UncoveredFailedEverywhere}, ways: []breach.TriedWay{triedWay(breach.ToSelf, breach.Email, 2), triedWay(breach.ToSelf, breach.SMS, 1)}},
		"unknown is settled":  {s: unknown, ways: []breach.TriedWay{triedWay(breach.ToSelf, breach.SMS, 1)}},
		"a guardian":          {s: child, ways: []breach.TriedWay{triedWay(breach.ToGuardian, breach.Email, 3)}},
		"another reason":      {s: everywhere, d: breach.Retry{Reason: UncoveredNoContact}, why: StaysOthers},
		"no such channel":     {s: everywhere, d: breach.Retry{Channel: breach.Push}, why: UncoveredFailedEverywhere},
		"no contact":          {s: failed(breach.Person{Country: "GB"}, UncoveredNoContact), why: UncoveredNoContact},
		"not allowed":         {s: objector, why: UncoveredNotAllowed},
		"may have arrived":    {s: arrived, why: StaysArrived},
		"reached":             {s: reached},
		"a child, no contact": {s: failed(breach.Person{BirthDate: "2016-01-01", Email: "c@example.com"}, UncoveredGuardian), why: UncoveredGuardian},
	} {
		from, why, ok := TryAgain(p, c.s, c.d, aware, now)
		require.Equal(t, c.why, why, name)
		require.Equal(t, c.ways != nil, ok, name)
		if ok {
			require.Equal(t, breach.FreshStart{Person: 7, Ways: c.ways}, from, name)
		}
		require.False(t, len(c.s.Attempts) > 0 && c.s.Attempts[0].Past, "%s: the question changes nothing", name)
	}
}

// After a decision to try again a person is walked through once more: the tries are counted afresh, no number of
// a try is used twice, and nothing goes out while an earlier message may have arrived.
func TestTriesAfterADecisionStartAfresh(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, profiles().Draw(t, "profile"))
		for range rapid.IntRange(1, 3).Draw(t, "decisions") {
			end := w.run()
			if end.Kind != StepExhausted {
				_, _, ok := TryAgain(w.p, w.s, breach.Retry{}, aware, w.now)
				require.False(t, ok, "only those are tried again whom no channel reached")
				return
			}
			w.s.Outcome, w.s.Reason = breach.Unreachable, end.Reason
			from, why, ok := TryAgain(w.p, w.s, breach.Retry{}, aware, w.now)
			require.Equal(t, ok, why == "")
			if !ok {
				require.Equal(t, end.Reason, why, "who cannot be tried stays for the reason that they have")
				return
			}
			before := len(w.s.Attempts)
			for i := range w.s.Attempts {
				for _, way := range from.Ways {
					a := &w.s.Attempts[i]
					a.Past = a.Past || (a.Addressee == way.Addressee && a.Channel == way.Channel && a.Try <= way.Try)
				}
			}
			w.derive()
			steps := Steps(w.p, w.s, aware, w.now)
			_, over := Final(steps)
			require.False(t, over, "something is done: %v", steps)
			w.run()
			require.Greater(t, len(w.s.Attempts), before, "somebody who is tried again is sent something")
		}
	})
}

func TestWhyNotReached(t *testing.T) {
	t.Parallel()
	p, err := equipped("mooc")
	require.NoError(t, err)
	who := breach.Person{Email: "e@example.com", Phone: "+447900000000", Country: "GB"}
	now := aware.Add(time.Hour + time.Minute)
	for name, c := range map[string]struct {
		s    breach.Subject
		want string
		wait bool
	}{
		"nothing tried":       {breach.Subject{Person: who, Outcome: breach.Pending}, WhyFirst, false},
		"put back":            {breach.Subject{Person: who, Outcome: breach.Pending, Reason: breach.TriedAgain, Attempts: []breach.Attempt{bygone(tried(breach.Email, 1, breach.FailedPermanent))}}, WhyAgain, false},
		"on the way":          {breach.Subject{Person: who, Outcome: breach.Attempted, Reason: "email/accepted", Attempts: []breach.Attempt{tried(breach.Email, 1, breach.Accepted)}}, WhyQuiet, true},
		"for now":             {breach.Subject{Person: who, Outcome: breach.Pending, Attempts: []breach.Attempt{tried(breach.Email, 1, breach.FailedTemporary)}}, WhyBackoff, true},
		"unknown":             {breach.Subject{Person: breach.Person{Phone: who.Phone, Country: "GB"}, Outcome: breach.Attempted, Attempts: []breach.Attempt{tried(breach.SMS, 1, breach.Unknown)}}, WhyUnknown, false},
		"failed":              {breach.Subject{Person: who, Outcome: breach.Covered, Reason: UncoveredFailedEverywhere}, UncoveredFailedEverywhere, false},
		"no reason recorded":  {breach.Subject{Person: who, Outcome: breach.Unreachable}, UncoveredUnreachable, false},
		"held":                {breach.Subject{Person: who, Outcome: breach.Held}, "held", false},
		"withdrawn by a lead": {breach.Subject{Person: who, Outcome: breach.Withdrawn, Reason: decidedByLead}, decidedByLead, false},
	} {
		got := WhyNotReached(p, c.s, aware, now)
		require.Equal(t, c.want, got.Reason, name)
		require.Equal(t, c.wait, !got.Until.IsZero(), name)
		require.NotEmpty(t, NotReachedWords[got.Reason], name)
	}
	objector := who
	objector.Objections = []breach.Channel{breach.Email, breach.SMS}
	got := WhyNotReached(p, breach.Subject{Person: objector, Outcome: breach.Unreachable, Reason: UncoveredNotAllowed,
		Refused: map[breach.Channel]string{breach.Email: RefusedObjection, breach.SMS: RefusedObjection}}, aware, now)
	require.Equal(t, []string{RefusedObjection}, got.Promises)
}

func bygone(a breach.Attempt) breach.Attempt {
	a.Past = true
	return a
}

// Whatever the person and whatever was tried, there is a reason, and it has words.
func TestEverybodyWhoIsNotReachedHasAReason(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := profiles().Draw(t, "profile")
		s := breach.Subject{Person: persons().Draw(t, "person"), Outcome: rapid.SampledFrom(breach.Outcomes[1:]).Draw(t, "outcome")}
		for i := range rapid.IntRange(0, 3).Draw(t, "tries") {
			a := tried(rapid.SampledFrom(breach.Channels[:3]).Draw(t, "channel"), i+1, rapid.SampledFrom(breach.AttemptStates).Draw(t, "state"))
			a.Past = rapid.Bool().Draw(t, "past")
			if a.State == breach.Reconciled {
				a.Settlement = rapid.SampledFrom([]breach.Settlement{breach.Confirmed, breach.Repeated, breach.NotKnowable}).Draw(t, "settlement")
			}
			s.Attempts = append(s.Attempts, a)
		}
		got := WhyNotReached(p, s, aware, aware.Add(time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "later"))))
		require.NotEmpty(t, NotReachedWords[got.Reason], got.Reason)
	})
}
