package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fate is what becomes of the messages to one person by one channel.
type fate struct {
	name, says string
	// tries are the words on the first try, the second and so on; the last one holds for the rest.
	tries [][]word
	ask   string // what the provider answers when it is asked: has it, has it not; empty: nothing
	kept  string // no message can be sent: contact, objection, abroad
}

// word is one event, so long after the message was begun.
type word struct {
	after  time.Duration
	state  breach.AttemptState
	reason string
}

const (
	postman   = time.Minute // what a provider takes until it knows
	bounced   = time.Hour   // the same for a failure
	leased    = 20 * time.Second
	afterWait = 1000 * time.Hour // after the wait of every channel, see lateBy
	hasIt     = "has it"
	hasItNot  = "has it not"
)

var fine = []word{{0, breach.Accepted, ""}, {postman, breach.Delivered, ""}}

// fates are all outcomes that a message can have. Their order is that of the tables in docs/CASCADE.md.
var fates = []fate{
	{name: "delivered", says: "the provider says that it arrived", tries: [][]word{fine}},
	{name: "taken", says: "the provider or receiving server took it; nothing more is heard", tries: [][]word{{{0, breach.Accepted, ""}}}},
	{name: "silence", says: "handed over; nothing is heard", tries: [][]word{{{0, breach.HandedOver, ""}}}},
	{name: "late receipt", says: "the receipt comes after the wait of the channel", tries: [][]word{{{0, breach.HandedOver, ""}, {afterWait, breach.Delivered, ""}}}},
	{name: "refused", says: "it failed for good at once", tries: [][]word{{{0, breach.FailedPermanent, "rejected"}}}},
	{name: "busy", says: "it fails for the time being, again and again", tries: [][]word{{{0, breach.FailedTemporary, "try_later"}}}},
	{name: "busy once", says: "it fails for the time being, and arrives with the second try", tries: [][]word{{{0, breach.FailedTemporary, "try_later"}}, fine}},
	{name: "bounce", says: "taken, and reported as failed an hour later", tries: [][]word{{{0, breach.Accepted, ""}, {bounced, breach.FailedPermanent, "no_such_address"}}}},
	{name: "returned", says: "reported as arrived, and as failed an hour later", tries: [][]word{append(slices.Clone(fine), word{bounced, breach.FailedPermanent, "returned"})}},
	{name: "unknown: has it", says: "the answer was lost; the provider has it", tries: [][]word{{{0, breach.Unknown, "no_answer"}}, fine}, ask: hasIt},
	{name: "unknown: has it not", says: "the answer was lost; the provider does not have it", tries: [][]word{{{0, breach.Unknown, "no_answer"}}, fine}, ask: hasItNot},
	{name: "unknown for good", says: "the answer was lost, and nobody can tell", tries: [][]word{{{0, breach.Unknown, "no_answer"}}}},
	{name: "crash", says: "the worker died between the intent and the answer", tries: [][]word{{{leased, breach.Unknown, "interrupted"}}, fine}, ask: hasIt},
	{name: "not begun", says: "intended and given up before anything was handed over", tries: [][]word{{{0, breach.FailedTemporary, "interrupted"}}, fine}},
	{name: "kept", says: "the policy keeps the contact from every provider of the channel", kept: RefusedAbroad},
	{name: "objection", says: "the person objected to the channel", kept: RefusedObjection},
	{name: "no contact", says: "there is no contact for the channel", kept: "contact"},
}

// lateBy is when a late receipt comes.
func lateBy(r ChannelRule) time.Duration { return r.Wait + time.Hour }

// sure is what counts as reached in the matrix, and how long each channel is waited for.
var sure = map[breach.Channel]ChannelRule{
	breach.Email:  {Proof: "accepted", Quiet: 48 * time.Hour, Wait: 24 * time.Hour},
	breach.SMS:    {Proof: "delivered", Wait: 24 * time.Hour},
	breach.Push:   {Proof: proofNever, Wait: 12 * time.Hour},
	breach.Voice:  {Proof: "delivered", Wait: 6 * time.Hour},
	breach.Letter: {Proof: "delivered", Quiet: 14 * 24 * time.Hour, Wait: 20 * 24 * time.Hour},
}

// pairPolicy has two channels, each with one provider.
func pairPolicy(by Strategy, one, two breach.Channel, fates map[breach.Channel]fate) Profile {
	p := Profile{Name: "pair", Location: "CN", Strategy: by, UnknownEmail: RepeatSameID, ThirdPartyProcessors: ContractedThirdParties,
		Transfers: []TransferRule{{PeopleIn: []string{"CN"}, OnlyIn: []string{"CN"}}}}
	for _, c := range []breach.Channel{one, two} {
		r := sure[c]
		r.Channel, r.NotKnowable = c, "next"
		r.Retry = Retry{Tries: 3, Repeats: 1, Backoff: []time.Duration{5 * time.Minute, time.Hour}}
		p.Channels = append(p.Channels, r)
		v := Provider{ID: "by-" + string(c), Channel: c, OperatedBy: operatedByProcessor, Location: "CN"}
		if fates[c].kept == RefusedAbroad {
			v.Location = "US"
		}
		p.Providers = append(p.Providers, v)
	}
	return p
}

// pairWorld plays the ledger and the providers to one person.
type pairWorld struct {
	t     *testing.T
	p     Profile
	s     breach.Subject
	fates map[breach.Channel]fate
	now   time.Time
	queue []coming
	begun map[breach.Channel]time.Duration // when a channel was begun first
	sent  map[breach.Channel]int
	end   Step
}

type coming struct {
	at  time.Time
	c   breach.Channel
	try int
	word
}

func newPair(t *testing.T, by Strategy, one, two breach.Channel, a, b fate) *pairWorld {
	t.Helper()
	f := map[breach.Channel]fate{one: a, two: b}
	w := &pairWorld{t: t, p: pairPolicy(by, one, two, f), fates: f, now: sent, begun: map[breach.Channel]time.Duration{}, sent: map[breach.Channel]int{}}
	who := breach.Person{Country: "CN", Email: "e@example.com", Phone: "+8613800000000", PushToken: "t", PostalAddress: "x"}
	// SMS and calls share the number, so that a person without one has neither: the objection stands for it there.
	for c, f := range f {
		switch {
		case f.kept == RefusedObjection, f.kept == "contact" && (c == breach.SMS || c == breach.Voice):
			who.Objections = append(who.Objections, c)
		case f.kept != "contact":
		case c == breach.Email:
			who.Email = ""
		case c == breach.Push:
			who.PushToken = ""
		case c == breach.Letter:
			who.PostalAddress = ""
		}
	}
	w.s = breach.Subject{ID: 1, Person: who, Outcome: breach.Pending, Refused: map[breach.Channel]string{}}
	return w
}

// run goes on until nothing is left to do and nothing more comes.
func (w *pairWorld) run() {
	for range 200 {
		w.arrive()
		w.derive()
		w.s.Attempts = slices.Clone(w.s.Attempts)
		steps := Steps(w.p, w.s, aware, w.now)
		require.True(w.t, slices.Equal(steps, Steps(w.p, w.s, aware, w.now)), "whoever starts anew decides the same")
		end, over := Final(steps)
		if over {
			w.end = end
			if end.Kind == StepExhausted && w.s.Outcome == breach.Pending {
				w.s.Outcome = breach.Unreachable
			}
			if len(w.queue) == 0 {
				return
			}
		}
		if !w.carry(steps) {
			w.advance(steps)
		}
	}
	w.t.Fatalf("no end: %+v", w.s.Attempts)
}

func (w *pairWorld) carry(steps []Step) (moved bool) {
	for _, st := range steps {
		switch st.Kind {
		case StepRefuse:
			w.s.Refused[st.Channel] = st.Reason
		case StepSend:
			w.send(st)
			moved = true
		case StepReconcile:
			moved = w.settle(st) || moved
		}
	}
	return moved
}

func (w *pairWorld) send(st Step) {
	f := w.fates[st.Channel]
	require.Empty(w.t, f.kept, "a message was sent that nobody allowed")
	if _, before := w.begun[st.Channel]; !before {
		w.begun[st.Channel] = w.now.Sub(sent)
	}
	if w.p.Strategy == Escalate {
		for _, a := range w.s.Attempts {
			_, proof := breach.ProofAt(a, w.p.Sufficiency())
			require.False(w.t, proof, "sent although there is proof, or it is on its way")
		}
	}
	w.sent[st.Channel]++
	w.s.Attempts = append(w.s.Attempts, breach.Attempt{Person: 1, Addressee: breach.ToSelf, Channel: st.Channel, Try: st.Try, Provider: st.Provider,
		State: breach.Intended, At: w.now, IntendedAt: w.now})
	for _, e := range f.tries[min(st.Try, len(f.tries))-1] {
		if e.after == afterWait {
			e.after = lateBy(w.rule(st.Channel))
		}
		w.queue = append(w.queue, coming{w.now.Add(e.after), st.Channel, st.Try, e})
	}
	w.arrive()
}

func (w *pairWorld) rule(c breach.Channel) ChannelRule {
	return w.p.Channels[slices.IndexFunc(w.p.Channels, func(r ChannelRule) bool { return r.Channel == c })]
}

func (w *pairWorld) attempt(c breach.Channel, try int) *breach.Attempt {
	i := slices.IndexFunc(w.s.Attempts, func(a breach.Attempt) bool { return a.Channel == c && a.Try == try })
	require.GreaterOrEqual(w.t, i, 0)
	return &w.s.Attempts[i]
}

// arrive takes what was said by now.
func (w *pairWorld) arrive() {
	w.queue = slices.DeleteFunc(w.queue, func(e coming) bool {
		if e.at.After(w.now) {
			return false
		}
		if a := w.attempt(e.c, e.try); breach.AttemptMachine.Allows(string(a.State), string(e.state)) {
			a.State, a.Reason, a.At, a.Settlement = e.state, e.reason, e.at, ""
		}
		return true
	})
}

// settle records what became of a question.
func (w *pairWorld) settle(st Step) bool {
	a, says := w.attempt(st.Channel, st.Try), w.fates[st.Channel].ask
	require.Equal(w.t, breach.Unknown, a.State)
	how := breach.NotKnowable
	switch {
	case st.How == SettleRepeat:
		how = breach.Repeated
	case st.How == SettleAsk && says == "" && !st.GiveUp:
		return false
	case st.How == SettleAsk && says == hasIt:
		a.State, a.At = breach.Delivered, w.now
		return true
	case st.How == SettleAsk && says == hasItNot && st.MayRepeat:
		how = breach.Repeated
	case st.How == SettleAsk && says == hasItNot:
		a.State, a.At = breach.FailedPermanent, w.now
		return true
	}
	a.State, a.Settlement, a.At = breach.Reconciled, how, w.now
	return true
}

// derive keeps the outcome as the ledger does.
func (w *pairWorld) derive() {
	to := breach.OutcomeOf(w.s.Attempts, w.p.Sufficiency(), w.now)
	if w.s.Outcome == breach.Unreachable && to != breach.Reached {
		return
	}
	w.s.Outcome = to
}

// advance goes to the next instant at which something can happen.
func (w *pairWorld) advance(steps []Step) {
	var next time.Time
	earlier := func(at time.Time) {
		if at.After(w.now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, st := range steps {
		earlier(st.Until)
		if st.Kind == StepReconcile { // it is asked again until its wait is over
			earlier(w.attempt(st.Channel, st.Try).At.Add(w.rule(st.Channel).Wait))
		}
	}
	for _, e := range w.queue {
		earlier(e.at)
	}
	require.False(w.t, next.IsZero(), "nothing can ever happen again, and it is not the end")
	w.now = next
}
