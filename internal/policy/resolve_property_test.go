package policy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// profiles draws valid profiles of every shape.
func profiles() *rapid.Generator[Profile] {
	return rapid.Custom(func(t *rapid.T) Profile {
		p, err := equipped("mooc")
		require.NoError(t, err)
		country := rapid.SampledFrom([]string{"CN", "US", "DE"})
		span := func(from int64, name string) time.Duration {
			return time.Duration(rapid.Int64Range(from, int64(72*time.Hour)).Draw(t, name))
		}
		p.Location = country.Draw(t, "home")
		p.Strategy = rapid.SampledFrom([]Strategy{Escalate, Escalate, Blast}).Draw(t, "strategy")
		if n := rapid.IntRange(0, 4).Draw(t, "messages at most"); n > 0 {
			p.AtMost = &AtMost{Messages: n}
		}
		p.UnknownEmail = rapid.SampledFrom([]UnknownEmail{RepeatSameID, WaitForBounce}).Draw(t, "unknown email")
		p.ThirdPartyProcessors = rapid.SampledFrom([]ThirdParties{NoThirdParties, ContractedThirdParties}).Draw(t, "third parties")
		p.Providers = nil
		for i := range rapid.IntRange(0, 4).Draw(t, "more providers") {
			kind := rapid.SampledFrom([]string{"smtp", "twilio", "gateway", "fcm"}).Draw(t, "kind")
			p.Providers = append(p.Providers, provider(t, fmt.Sprintf("x%d", i), kind, country))
		}
		for _, kind := range []string{"smtp", "twilio", "fcm"} {
			p.Providers = append(p.Providers, provider(t, kind, kind, country))
		}
		order := rapid.Permutation([]breach.Channel{breach.Email, breach.SMS, breach.Push}).Draw(t, "order")
		order = order[:rapid.IntRange(1, 3).Draw(t, "channels")]
		p.Channels, p.Closed = nil, nil
		for _, c := range order {
			proof := proofNever
			if c != breach.Push {
				proof = rapid.SampledFrom([]string{"accepted", "delivered", proofNever}).Draw(t, "proof")
			}
			p.Channels = append(p.Channels, ChannelRule{Channel: c, Proof: proof, Quiet: span(0, "quiet"), Wait: span(1, "wait"),
				NotKnowable: rapid.SampledFrom([]string{"stay", "next"}).Draw(t, "not knowable"),
				Retry: Retry{Tries: rapid.IntRange(1, 4).Draw(t, "tries"), Repeats: rapid.IntRange(0, 3).Draw(t, "repeats"),
					Backoff: []time.Duration{span(1, "back-off"), span(1, "back-off")}}})
		}
		p.Routing, p.Transfers = nil, nil
		for _, v := range p.Providers[:rapid.IntRange(0, 3).Draw(t, "routes")] {
			p.Routing = append(p.Routing, RouteRule{Channel: v.Channel, PeopleIn: rapid.SliceOfN(country, 0, 2).Draw(t, "people in"), Providers: []string{v.ID}})
		}
		if rapid.Bool().Draw(t, "transfer rule") {
			p.Transfers = []TransferRule{{PeopleIn: []string{country.Draw(t, "kept")}, OnlyIn: []string{country.Draw(t, "only in")},
				Exceptions: TransferExceptions{Consented: rapid.SampledFrom([]string{"", "", "consent"}).Draw(t, "exception")}}}
		}
		p.Minors = rapid.SampledFrom([]Minors{{}, {14, notifyGuardian}, {14, notifyBoth}, {18, notifyBoth}}).Draw(t, "minors")
		require.Empty(t, checkProfile(p, nil))
		return p
	})
}

var channelOf = map[string]breach.Channel{"smtp": breach.Email, "twilio": breach.SMS, "gateway": breach.SMS, "fcm": breach.Push, "letter": breach.Letter, "twilio_voice": breach.Voice}

func provider(t *rapid.T, id, kind string, country *rapid.Generator[string]) Provider {
	return Provider{ID: id, Channel: channelOf[kind], Kind: kind, Location: country.Draw(t, "location"), Contract: "yes", Receives: []string{"notice"},
		OperatedBy: rapid.SampledFrom([]string{operatedBySelf, operatedByProcessor}).Draw(t, "operated by")}
}

func persons() *rapid.Generator[breach.Person] {
	return rapid.Custom(func(t *rapid.T) breach.Person {
		maybe := func(s, name string) string { return rapid.SampledFrom([]string{"", s, s}).Draw(t, name) }
		who := breach.Person{
			Email: maybe("e@example.com", "email"), Phone: maybe("+15550000", "phone"), PushToken: maybe("t", "token"), PostalAddress: maybe("x", "post"),
			PushPlatform: rapid.SampledFrom([]string{"", "fcm", "fcm", "apns"}).Draw(t, "platform"),
			Country:      rapid.SampledFrom([]string{"", "CN", "US", "DE"}).Draw(t, "country"),
			BirthDate:    rapid.SampledFrom([]string{"", "1980-01-01", "2011-01-01", "2016-02-29", "?"}).Draw(t, "born"),
			Objections:   rapid.SliceOfNDistinct(rapid.SampledFrom(breach.Channels), 0, 2, rapid.ID).Draw(t, "objections"),
		}
		if rapid.Bool().Draw(t, "has guardian") {
			who.Guardian = &breach.Guardian{Email: maybe("g@example.com", "guardian email"), Phone: maybe("+15551111", "guardian phone")}
		}
		return who
	})
}

// world plays the ledger and the providers against Steps, and checks every step on the way.
type world struct {
	t       *rapid.T
	p       Profile
	s       breach.Subject
	now     time.Time
	working map[breach.Channel]bool // contacts that a provider always accepts and that never bounce
	used    []string                // providers that got something
	asked   []breach.Attempt        // as they were when the steps were asked for
}

const mostRounds = 2000

// run follows the steps until the person is done.
func (w *world) run() Step {
	for range mostRounds {
		steps := Steps(w.p, w.s, aware, w.now)
		w.wellFormed(steps)
		require.Empty(w.t, cmp.Diff(steps, Steps(w.p, w.shuffled(), aware, w.now)), "the same answer twice, in whatever order attempts are read")
		if end, ok := Final(steps); ok {
			return end
		}
		moved := false
		var until time.Time
		w.asked = w.decisive()
		for _, st := range steps {
			switch st.Kind {
			case StepRefuse:
				w.s.Refused[st.Channel] = st.Reason
			case StepSend:
				w.send(st)
				moved = true
			case StepReconcile:
				moved = w.reconcile(st) || moved
			case StepWait:
				require.True(w.t, st.Until.After(w.now), "a wait ends in the future")
				if until.IsZero() || st.Until.Before(until) {
					until = st.Until
				}
			}
		}
		w.news()
		if !moved {
			w.now = w.now.Add(time.Hour)
			if !until.IsZero() {
				w.now = until
			}
		}
		w.derive()
	}
	w.t.Fatalf("no end after %d rounds: %+v", mostRounds, w.s.Attempts)
	return Step{}
}

func (w *world) wellFormed(steps []Step) {
	require.NotEmpty(w.t, steps)
	active := map[string]int{}
	for i, st := range steps {
		require.NotEmpty(w.t, st.Reason)
		switch st.Kind {
		case StepSend, StepWait, StepReconcile:
			who := string(st.Addressee)
			if w.p.Strategy == Blast && st.Addressee == w.primary() && st.Kind != StepWait {
				who += string(st.Channel)
			}
			active[who]++
			require.Equal(w.t, 1, active[who], "one thing at a time for an addressee, or for each channel of a blast")
		case StepDone, StepExhausted:
			require.Equal(w.t, len(steps)-1, i)
			require.Empty(w.t, active)
		}
	}
}

func (w *world) shuffled() breach.Subject {
	s := w.s
	s.Attempts = slices.Clone(s.Attempts)
	slices.Reverse(s.Attempts)
	return s
}

func (w *world) primary() breach.Addressee { return w.p.Addressees(w.s.Person, aware)[0] }

func (w *world) decisive() []breach.Attempt {
	return slices.DeleteFunc(slices.Clone(w.s.Attempts), func(a breach.Attempt) bool { return a.Addressee != w.primary() })
}

// derive keeps the outcome as the ledger does.
func (w *world) derive() { w.s.Outcome = breach.OutcomeOf(w.decisive(), w.p.Sufficiency(), w.now) }

func (w *world) send(st Step) {
	t := w.t
	last := breach.Attempt{}
	for _, a := range w.s.Attempts {
		if a.Addressee == st.Addressee && a.Channel == st.Channel {
			last = a
		}
	}
	require.Equal(t, last.Try+1, st.Try)
	if last.Try > 0 {
		ok := last.State == breach.FailedTemporary || (last.State == breach.Reconciled && last.Settlement == breach.Repeated) ||
			(last.Past && !last.MayHaveArrived() && !last.ContactGone())
		require.True(t, ok, "sent again after %s %s", last.State, last.Settlement)
	}
	if st.Addressee == w.primary() {
		w.bounded(st)
	}
	if st.Addressee == w.primary() && (w.p.Strategy == Escalate || !slices.Contains([]string{WhyFirst, WhyNext, WhyAgain}, st.Reason) && !unbegun(last)) {
		for _, a := range w.asked { // what another message of the same round came to, nobody knew
			_, proof := breach.ProofAt(a, w.p.Sufficiency())
			require.False(t, proof, "sent although proof is there or on its way")
		}
	}
	w.allowed(st)
	require.False(t, slices.ContainsFunc(w.s.Attempts, func(a breach.Attempt) bool {
		return a.Addressee == st.Addressee && a.Channel == st.Channel && a.ContactGone()
	}), "nothing is sent to what is gone")
	a := breach.Attempt{Addressee: st.Addressee, Channel: st.Channel, Try: st.Try, Provider: st.Provider, At: w.now, IntendedAt: w.now, State: breach.Accepted}
	if rapid.IntRange(0, 3).Draw(t, "not begun") == 0 { // nobody loses a channel by it, however often it happens
		a.State, a.Reason = breach.FailedTemporary, "interrupted"
		w.s.Attempts = append(w.s.Attempts, a)
		return
	}
	w.used = append(w.used, st.Provider)
	if !w.working[st.Channel] {
		a.State = rapid.SampledFrom([]breach.AttemptState{breach.Accepted, breach.HandedOver, breach.Delivered, breach.FailedTemporary,
			breach.FailedPermanent, breach.Unknown}).Draw(t, "answer")
		if a.State == breach.FailedPermanent && a.Channel == breach.Push && rapid.Bool().Draw(t, "gone") {
			a.Reason = "app_removed"
		}
	}
	w.s.Attempts = append(w.s.Attempts, a)
}

func unbegun(a breach.Attempt) bool { return a.Unbegun() }

// bounded counts what somebody has had over all channels.
func (w *world) bounded(st Step) {
	n := 0
	for _, a := range w.decisive() {
		fresh := a.Past && !a.MayHaveArrived() && !a.ContactGone() // a person decided to try again
		if !a.Unbegun() && !fresh && (a.State != breach.Reconciled || a.Settlement != breach.Repeated) {
			n++
		}
	}
	require.True(w.t, w.p.AtMost == nil || n < w.p.AtMost.Messages, "more messages than the policy allows")
}

// allowed says the promises once more in other words than the code.
func (w *world) allowed(st Step) {
	t, who := w.t, w.s.Person
	reason, ok := w.p.Permits(who, st.Channel, st.Provider)
	require.True(t, ok, reason)
	v, known := w.p.Provider(st.Provider)
	require.True(t, known)
	require.Equal(t, st.Channel, v.Channel)
	require.NotEmpty(t, ContactOf(who, st.Addressee, st.Channel))
	require.NotContains(t, who.Objections, st.Channel)
	require.NotEqual(t, "somebody", w.s.Refused[st.Channel])
	if w.p.ThirdPartyProcessors == NoThirdParties {
		require.Equal(t, operatedBySelf, v.OperatedBy)
	}
	in := who.Country
	if in == "" {
		in = w.p.Location
	}
	for _, r := range w.p.Transfers {
		kept := slices.Contains(r.PeopleIn, in) && !slices.Contains(r.OnlyIn, v.Location)
		if r.Exceptions == (TransferExceptions{}) {
			require.False(t, kept, "data left the country")
		}
		require.Equal(t, kept, st.Exception != "", "an exception is named exactly where it is used")
	}
}

func (w *world) reconcile(st Step) bool {
	i := slices.IndexFunc(w.s.Attempts, func(a breach.Attempt) bool {
		return a.Addressee == st.Addressee && a.Channel == st.Channel && a.Try == st.Try
	})
	require.GreaterOrEqual(w.t, i, 0)
	a := &w.s.Attempts[i]
	require.Equal(w.t, breach.Unknown, a.State)
	require.False(w.t, st.How == SettleRepeat && !st.MayRepeat)
	how := string(st.How)
	if st.How == SettleAsk {
		how = rapid.SampledFrom([]string{"found", "repeat", "cannot be asked"}).Draw(w.t, "provider says")
	}
	state, settlement := breach.Reconciled, breach.NotKnowable
	switch {
	case how == "cannot be asked" && !st.GiveUp:
		return false
	case how == "cannot be asked":
	case how == "found":
		settlement = breach.Confirmed
	case how == string(SettleRepeat) && st.MayRepeat:
		settlement = breach.Repeated
	case how == string(SettleRepeat):
		state, settlement = breach.FailedPermanent, ""
	}
	a.State, a.Settlement, a.At = state, settlement, w.now
	return true
}

// news lets receipts and bounces arrive late, at most one for an attempt that is not settled for good.
func (w *world) news() {
	for i := range w.s.Attempts {
		a := &w.s.Attempts[i]
		if w.working[a.Channel] || a.State == breach.Unknown || !rapid.Bool().Draw(w.t, "news") {
			continue
		}
		to := rapid.SampledFrom([]breach.AttemptState{breach.Delivered, breach.FailedPermanent}).Draw(w.t, "late")
		if a.Reason != "" || !breach.AttemptMachine.Allows(string(a.State), string(to)) {
			continue
		}
		a.State, a.Settlement, a.At, a.Reason = to, "", w.now, "late"
	}
}

func newWorld(t *rapid.T, p Profile) *world {
	w := &world{t: t, p: p, now: sent, working: map[breach.Channel]bool{}}
	w.s = breach.Subject{ID: 1, Person: persons().Draw(t, "person"), Outcome: breach.Pending, Refused: map[breach.Channel]string{}}
	if rapid.IntRange(0, 9).Draw(t, "refused by somebody") == 0 {
		w.s.Refused[rapid.SampledFrom(breach.Channels).Draw(t, "which")] = "somebody"
	}
	if rapid.Bool().Draw(t, "has a working contact") {
		w.working[rapid.SampledFrom(p.Order()).Draw(t, "working")] = true
	}
	return w
}

func TestEverybodyEndsAndNoRuleIsBrokenOnTheWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, profiles().Draw(t, "profile"))
		end := w.run()
		// The ledger's view and the step's agree.
		switch w.derive(); w.s.Outcome {
		case breach.Pending:
			require.Equal(t, StepExhausted, end.Kind)
		default:
			require.Equal(t, StepDone, end.Kind)
		}
		// Who could be told was told.
		for c := range w.working {
			_, used := w.p.Sufficiency()[c]
			open := w.s.Refused[c] != "somebody" && ContactOf(w.s.Person, w.primary(), c) != ""
			if used && open && w.p.routeFor(w.s.Person, c).provider != "" {
				tried := w.full()
				require.True(t, tried || w.s.Outcome == breach.Reached || w.s.Outcome == breach.Attempted)
			}
		}
		if end.Kind == StepExhausted {
			require.True(t, (&Measured{}).Count(end.Reason), "every reason is counted for the announcement")
		}
	})
}

// full says that somebody had as many messages as the policy allows.
func (w *world) full() bool {
	n := 0
	for _, a := range w.decisive() {
		if !a.Unbegun() {
			n++
		}
	}
	return w.p.AtMost != nil && n >= w.p.AtMost.Messages
}

func TestBuiltinPoliciesNeverBreakTheirPromises(t *testing.T) {
	t.Parallel()
	for _, name := range BuiltinProfiles {
		p := builtin(t, name)
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			w := newWorld(t, p)
			w.run()
			home := w.s.Person.Country == "CN" || w.s.Person.Country == ""
			for _, id := range w.used {
				v, _ := p.Provider(id)
				require.False(t, name == "chinesepod" && v.OperatedBy != operatedBySelf, "C01: a third party got something")
				require.False(t, home && v.Location != "CN", "M16: data left the country")
			}
		}))
	}
}

// Compressing changes when things happen, never what happens.
func TestCompressedWaitsAskForTheSameSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := builtinIn(t, "mooc")
		w := newWorld(t, p)
		w.run()
		d := p.Compressed(1000)
		for i := range w.s.Attempts {
			w.s.Attempts[i].At = sent
		}
		w.s.Outcome = breach.Pending
		after := time.Duration(rapid.IntRange(0, 72*3600).Draw(t, "after")) * time.Second
		slow, fast := Steps(p, w.s, aware, sent.Add(after)), Steps(d, w.s, aware, sent.Add(after/1000))
		for _, list := range [][]Step{slow, fast} {
			for i := range list {
				list[i].Until = time.Time{}
			}
		}
		require.Empty(t, cmp.Diff(slow, fast))
	})
}

func builtinIn(t *rapid.T, name string) Profile {
	p, err := equipped(name)
	require.NoError(t, err)
	return p
}

func BenchmarkSteps(b *testing.B) {
	p := builtin(b, "mooc")
	s := subject(inChina(), past(breach.Email, 1, breach.FailedPermanent))
	b.ReportAllocs()
	for b.Loop() {
		Steps(p, s, aware, sent)
	}
}
