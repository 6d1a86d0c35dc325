package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var (
	aware = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	sent  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

// everything is a person with a contact for each channel, outside China.
func everything() breach.Person {
	return breach.Person{Email: "e@example.com", Phone: "+4930000000", PushToken: "token", PushPlatform: "fcm", Country: "DE", BirthDate: "1990-05-05"}
}

func inChina() breach.Person {
	p := everything()
	p.Country, p.Phone = "CN", "+8613800000000"
	return p
}

func child(birth string, g *breach.Guardian) breach.Person {
	p := inChina()
	p.BirthDate, p.Guardian = birth, g
	return p
}

// past is one attempt to the person themselves, or to the guardian.
func past(c breach.Channel, try int, s breach.AttemptState) breach.Attempt {
	return breach.Attempt{Addressee: breach.ToSelf, Channel: c, Try: try, State: s, At: sent, IntendedAt: sent, Provider: "p"}
}

func settled(c breach.Channel, try int, s breach.Settlement) breach.Attempt {
	a := past(c, try, breach.Reconciled)
	a.Settlement = s
	return a
}

func guardian(a breach.Attempt) breach.Attempt { a.Addressee = breach.ToGuardian; return a }

func send(c breach.Channel, provider string, try int, why string) Step {
	return Step{Kind: StepSend, Addressee: breach.ToSelf, Channel: c, Provider: provider, Try: try, Reason: why}
}

func to(a breach.Addressee, s Step) Step { s.Addressee = a; return s }

func wait(c breach.Channel, d time.Duration, why string) Step {
	return Step{Kind: StepWait, Addressee: breach.ToSelf, Channel: c, Until: sent.Add(d), Reason: why}
}

func refuse(c breach.Channel, provider, why string) Step {
	return Step{Kind: StepRefuse, Channel: c, Provider: provider, Reason: why}
}

func reconcile(c breach.Channel, try int, how Settling, again bool) Step {
	return Step{Kind: StepReconcile, Addressee: breach.ToSelf, Channel: c, Provider: "p", Try: try, How: how, MayRepeat: again, Reason: WhyUnknown}
}

func done(why string) Step      { return Step{Kind: StepDone, Reason: why} }
func exhausted(why string) Step { return Step{Kind: StepExhausted, Reason: why} }

// stepCase is one line of a decision table. after is the time since the attempts' last events.
type stepCase struct {
	name   string
	policy string // mooc when empty
	change func(*Profile)
	s      breach.Subject
	after  time.Duration
	want   []Step
}

func runSteps(t *testing.T, cases []stepCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.policy == "" {
				c.policy = "mooc"
			}
			p := builtin(t, c.policy)
			if c.change != nil {
				c.change(&p)
				require.Empty(t, checkProfile(p, nil))
			}
			if c.s.Outcome == "" {
				c.s.Outcome = breach.Pending
			}
			got := Steps(p, c.s, aware, sent.Add(c.after))
			require.Empty(t, cmp.Diff(c.want, got, cmpopts.EquateEmpty()))
		})
	}
}

func subject(p breach.Person, attempts ...breach.Attempt) breach.Subject {
	return breach.Subject{ID: 1, Person: p, Attempts: attempts}
}

func TestStepsFollowTheChannelsInOrder(t *testing.T) {
	t.Parallel()
	e, s, f := breach.Email, breach.SMS, breach.Push
	days := 24 * time.Hour
	mail := breach.Person{Email: "e@example.com"}
	runSteps(t, []stepCase{
		{name: "email first", s: subject(everything()), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "no email: SMS first", s: subject(breach.Person{Phone: "+4930000000", Country: "DE"}), want: []Step{send(s, "twilio", 1, WhyFirst)}},
		{name: "bounced at once: SMS", s: subject(everything(), past(e, 1, breach.FailedPermanent)), want: []Step{send(s, "twilio", 1, WhyNext)}},
		{name: "accepted: quiet period", s: subject(everything(), past(e, 1, breach.Accepted)), after: 47 * time.Hour, want: []Step{wait(e, 2*days, WhyQuiet)}},
		{name: "quiet period over", s: subject(everything(), past(e, 1, breach.Accepted)), after: 2 * days, want: []Step{done(WhyReached)}},
		{name: "confirmed counts as accepted", s: subject(everything(), settled(e, 1, breach.Confirmed)), after: days, want: []Step{wait(e, 2*days, WhyQuiet)}},
		{name: "handed over: waits for a word", s: subject(everything(), past(e, 1, breach.HandedOver)), after: time.Hour, want: []Step{wait(e, days, WhyProof)}},
		{name: "no word within the wait: SMS", s: subject(everything(), past(e, 1, breach.HandedOver)), after: days, want: []Step{send(s, "twilio", 1, WhyNext)}},
		{name: "SMS without receipt: push", s: subject(everything(), past(e, 1, breach.FailedPermanent), past(s, 1, breach.Accepted)), after: days, want: []Step{send(f, "fcm", 1, WhyNext)}},
		{name: "SMS receipt is proof at once", s: subject(everything(), past(e, 1, breach.FailedPermanent), past(s, 1, breach.Delivered)), want: []Step{done(WhyReached)}},
		{name: "last channel still waits for its receipt", s: subject(breach.Person{Phone: "+4930000000", Country: "DE"}, past(s, 1, breach.Accepted)), want: []Step{wait(s, days, WhyProof)}},
		{name: "push alone never suffices, and nothing is waited for", s: subject(everything(), past(e, 1, breach.FailedPermanent), past(s, 1, breach.FailedPermanent), past(f, 1, breach.Delivered)), want: []Step{refuse(breach.Voice, "", RefusedNotOperated), done(WhyAttempted)}},
		{name: "push before another channel waits for it", change: func(p *Profile) { p.Channels[0], p.Channels[2] = p.Channels[2], p.Channels[0] },
			s: subject(everything(), past(f, 1, breach.Delivered)), after: time.Hour, want: []Step{wait(f, 12*time.Hour, WhyProof)}},
		{name: "of two proofs on their way the earlier one is waited for", s: subject(everything(), past(e, 2, breach.Accepted), func() breach.Attempt {
			a := past(e, 1, breach.Accepted)
			a.At = sent.Add(-time.Hour)
			return a
		}()), want: []Step{wait(e, 47*time.Hour, WhyQuiet)}},
		{name: "late proof of an earlier try", s: subject(everything(), past(e, 2, breach.FailedPermanent), past(e, 1, breach.Delivered)), after: 2 * days, want: []Step{done(WhyReached)}},
		{name: "being handed over", s: subject(mail, past(e, 1, breach.Intended)), want: []Step{wait(e, days, WhyInFlight)}},
		{name: "every channel failed", s: subject(everything(), past(e, 1, breach.FailedPermanent), past(s, 1, breach.FailedPermanent), past(f, 1, breach.FailedPermanent)), want: []Step{refuse(breach.Voice, "", RefusedNotOperated), exhausted(UncoveredFailedEverywhere)}},
		{name: "nothing to reach them by", s: subject(breach.Person{Name: "x", Email: " "}), want: []Step{exhausted(UncoveredNoContact)}},
		{name: "an address alone", s: subject(breach.Person{PostalAddress: "x"}), want: []Step{refuse(breach.Letter, "", RefusedNotOperated), exhausted(UncoveredNoContact)}},
		{name: "a token of another platform", s: subject(breach.Person{PushToken: "t", PushPlatform: "apns", Country: "DE"}), want: []Step{refuse(f, "", RefusedNotOperated), exhausted(UncoveredNoContact)}},
	})
}

func TestStepsAfterFailuresAndSilence(t *testing.T) {
	t.Parallel()
	e, s, f := breach.Email, breach.SMS, breach.Push
	day := 24 * time.Hour
	mail, phone, app := breach.Person{Email: "e@example.com"}, breach.Person{Phone: "+4930000000", Country: "DE"}, breach.Person{PushToken: "t", Country: "DE"}
	tries := func(n int) (out []breach.Attempt) {
		for i := range n {
			out = append(out, past(e, i+1, breach.FailedTemporary))
		}
		return out
	}
	bounce := func(p *Profile) { p.UnknownEmail = WaitForBounce }
	stay := func(p *Profile) { p.Channels[0].NotKnowable = "stay" }
	once := func(p *Profile) { p.Channels[2].Retry.Repeats = 0 }
	lastAsk := reconcile(s, 1, SettleAsk, true)
	lastAsk.GiveUp = true
	runSteps(t, []stepCase{
		{name: "first back-off", s: subject(mail, tries(1)...), want: []Step{wait(e, 5*time.Minute, WhyBackoff)}},
		{name: "fourth back-off", s: subject(mail, tries(4)...), want: []Step{wait(e, 6*time.Hour, WhyBackoff)}},
		{name: "back-off over", s: subject(mail, tries(4)...), after: 6 * time.Hour, want: []Step{send(e, "smtp", 5, WhyRetry)}},
		{name: "tries used up", s: subject(mail, tries(5)...), after: day, want: []Step{exhausted(UncoveredFailedEverywhere)}},
		{name: "tries used up: next channel", s: subject(everything(), tries(5)...), want: []Step{send(s, "twilio", 1, WhyNext)}},
		{name: "a repeat uses up no try", s: subject(mail, append(tries(4), settled(e, 5, breach.Repeated), past(e, 6, breach.FailedTemporary))...), want: []Step{exhausted(UncoveredFailedEverywhere)}},
		{name: "tries and a repeat", s: subject(mail, append(tries(3), settled(e, 4, breach.Repeated), past(e, 5, breach.FailedTemporary))...), want: []Step{wait(e, 6*time.Hour, WhyBackoff)}},
		{name: "unknown email is repeated", s: subject(everything(), past(e, 1, breach.Unknown)), want: []Step{reconcile(e, 1, SettleRepeat, true)}},
		{name: "repeated goes out though the tries are used up", s: subject(mail, append(tries(4), settled(e, 5, breach.Repeated))...), want: []Step{send(e, "smtp", 6, WhyRepeat)}},
		{name: "repeats are bounded", s: subject(mail, settled(e, 1, breach.Repeated), settled(e, 2, breach.Repeated), past(e, 3, breach.Unknown)), want: []Step{reconcile(e, 3, SettleNotKnowable, false)}},
		{name: "policy waits for a bounce", change: bounce, s: subject(mail, past(e, 1, breach.Unknown)), want: []Step{reconcile(e, 1, SettleNotKnowable, true)}},
		{name: "not knowable: waits for a bounce", s: subject(everything(), settled(e, 1, breach.NotKnowable)), want: []Step{wait(e, day, WhyProof)}},
		{name: "not knowable: next channel", s: subject(everything(), settled(e, 1, breach.NotKnowable)), after: day, want: []Step{send(s, "twilio", 1, WhyNext)}},
		{name: "not knowable: stays, if the policy says so", change: stay, s: subject(everything(), settled(e, 1, breach.NotKnowable)), after: day, want: []Step{done(WhyNotKnowable)}},
		{name: "stays, but a bounce may still come", change: stay, s: subject(everything(), settled(e, 1, breach.NotKnowable)), want: []Step{wait(e, day, WhyProof)}},
		{name: "confirmed is not not-knowable", change: func(p *Profile) { p.Channels[1].NotKnowable = "stay" },
			s: subject(breach.Person{Phone: "+4930000000", PushToken: "t", Country: "DE"}, settled(s, 1, breach.Confirmed)), after: day, want: []Step{send(f, "fcm", 1, WhyNext)}},
		{name: "unknown SMS is asked", s: subject(phone, past(s, 1, breach.Unknown)), after: day - 1, want: []Step{reconcile(s, 1, SettleAsk, true)}},
		{name: "asked once more after the wait, then given up", s: subject(phone, past(s, 1, breach.Unknown)), after: day, want: []Step{lastAsk}},
		{name: "an SMS that was interrupted long ago", s: subject(phone, past(s, 1, breach.Intended)), after: day, want: []Step{reconcile(s, 1, SettleAsk, true)}},
		{name: "unknown push is repeated", s: subject(app, past(f, 1, breach.Unknown)), want: []Step{reconcile(f, 1, SettleRepeat, true)}},
		{name: "unknown push that was repeated cannot be known", s: subject(app, settled(f, 1, breach.Repeated), past(f, 2, breach.Unknown)), want: []Step{reconcile(f, 2, SettleNotKnowable, false)}},
		{name: "unknown push cannot be known", change: once, s: subject(app, past(f, 1, breach.Unknown)), want: []Step{reconcile(f, 1, SettleNotKnowable, false)}},
		{name: "push that is not knowable", s: subject(app, settled(f, 1, breach.NotKnowable)), want: []Step{done(WhyNotKnowable)}},
	})
}

// What was intended and never begun uses up no try, is not waited for, and leaves no channel; numbers of tries go on.
func TestAnAttemptThatWasNeverBegunCountsLikeNone(t *testing.T) {
	t.Parallel()
	e, s := breach.Email, breach.SMS
	mail := breach.Person{Email: "e@example.com"}
	unbegun := func(c breach.Channel, try int) breach.Attempt {
		a := past(c, try, breach.FailedTemporary)
		a.Reason = "interrupted"
		return a
	}
	var often []breach.Attempt
	for i := range 50 {
		often = append(often, unbegun(e, i+1))
	}
	before := past(e, 1, breach.FailedTemporary)
	before.At = sent.Add(-time.Minute)
	lost := past(e, 1, breach.Unknown)
	lost.Reason = "interrupted"
	again := past(e, 1, breach.FailedPermanent)
	again.Past = true
	g := &breach.Guardian{Email: "g@example.com"}
	runSteps(t, []stepCase{
		{name: "at once", s: subject(mail, unbegun(e, 1)), want: []Step{send(e, "smtp", 2, WhyRetry)}},
		{name: "however often", s: subject(everything(), often...), want: []Step{send(e, "smtp", 51, WhyRetry)}},
		{name: "the back-off is that of the last one that was begun", s: subject(mail, before, unbegun(e, 2)), want: []Step{wait(e, 4*time.Minute, WhyBackoff)}},
		{name: "and so are the tries", s: subject(mail, before, unbegun(e, 2), past(e, 3, breach.FailedTemporary)), want: []Step{wait(e, 30*time.Minute, WhyBackoff)}},
		{name: "a channel that was left stays left", s: subject(everything(), past(e, 1, breach.FailedPermanent), unbegun(s, 1)), want: []Step{send(s, "twilio", 2, WhyRetry)}},
		{name: "a repeat is still to be sent", s: subject(mail, settled(e, 1, breach.Repeated), unbegun(e, 2)), want: []Step{send(e, "smtp", 3, WhyRepeat)}},
		{name: "after a decision to try again", s: subject(mail, again, unbegun(e, 2)), want: []Step{send(e, "smtp", 3, WhyAgain)}},
		{name: "one whose result is unknown was begun", s: subject(mail, lost), want: []Step{reconcile(e, 1, SettleRepeat, true)}},
		{name: "who has nothing left was not failed everywhere", s: subject(breach.Person{}, unbegun(e, 1)), want: []Step{exhausted(UncoveredNoContact)}},
		{name: "the child beside the guardian", s: subject(child("2015-01-01", g), unbegun(e, 1), guardian(past(e, 1, breach.Accepted))),
			want: []Step{to(breach.ToGuardian, wait(e, 48*time.Hour, WhyQuiet)), send(e, "smtp", 2, WhyChildToo)}},
	})
}

func TestStepsRespectOutcomesAndRecords(t *testing.T) {
	t.Parallel()
	e, s := breach.Email, breach.SMS
	var cases []stepCase
	for _, o := range []breach.Outcome{breach.Exempt, breach.Held, breach.Withdrawn, breach.Covered, breach.Reached} {
		cases = append(cases, stepCase{name: string(o), s: breach.Subject{Person: everything(), Outcome: o}, want: []Step{done(string(o))}})
	}
	reached := breach.Subject{Person: child("2015-01-01", &breach.Guardian{Email: "g@example.com"}), Outcome: breach.Reached,
		Attempts: []breach.Attempt{guardian(past(e, 1, breach.Delivered))}}
	foreign := subject(everything())
	foreign.Refused = map[breach.Channel]string{e: "kept_by_a_person"}
	mine := subject(breach.Person{Phone: "+8613800000000", Country: "CN"})
	mine.Refused = map[breach.Channel]string{s: RefusedAbroad}
	first := func(p *Profile) { p.Routing[0].Providers = []string{"twilio", "gateway"} }
	cases = append(cases,
		stepCase{name: "the child is told though the guardian is reached", s: reached, want: []Step{send(e, "smtp", 1, WhyChildToo)}},
		stepCase{name: "a refusal by somebody else closes the channel", s: foreign, want: []Step{send(s, "twilio", 1, WhyFirst)}},
		stepCase{name: "the policy's own refusal of one provider leaves the others, and is recorded once", change: first, s: mine, want: []Step{send(s, "gateway", 1, WhyFirst)}},
		stepCase{name: "unreachable, then newer facts", s: breach.Subject{Person: everything(), Outcome: breach.Unreachable}, want: []Step{send(e, "smtp", 1, WhyFirst)}},
	)
	runSteps(t, cases)
}

func TestPromise_M14_ACarrierStopClosesOnlyItsChannel(t *testing.T) {
	t.Parallel()
	stop := past(breach.SMS, 1, breach.FailedPermanent)
	stop.Reason = "opted_out"
	runSteps(t, []stepCase{{name: "the person cascades to push",
		s: subject(breach.Person{Phone: "+4930000000", PushToken: "t", Country: "DE"}, stop), want: []Step{send(breach.Push, "fcm", 1, WhyNext)}}})
}

// Whoever answered STOP gets no further text message: not a first one, not another try. Who was reached by one stays so.
func TestPromise_M14_WhoAnswersStopGetsNoFurtherText(t *testing.T) {
	t.Parallel()
	s, f := breach.SMS, breach.Push
	stopped := func(attempts ...breach.Attempt) breach.Subject {
		who := subject(breach.Person{Phone: "+4930000000", PushToken: "t", Country: "DE"}, attempts...)
		who.Refused = map[breach.Channel]string{s: "stopped"}
		return who
	}
	reached := stopped(past(s, 1, breach.Delivered))
	reached.Outcome = breach.Reached
	first := func(p *Profile) { p.Routing[0].Providers = []string{"twilio", "gateway"} }
	runSteps(t, []stepCase{
		{name: "before the first", s: stopped(), want: []Step{send(f, "fcm", 1, WhyFirst)}},
		{name: "by no other provider either", change: first, s: stopped(), want: []Step{send(f, "fcm", 1, WhyFirst)}},
		{name: "in place of another try", s: stopped(past(s, 1, breach.FailedTemporary)), want: []Step{send(f, "fcm", 1, WhyNext)}},
		{name: "after it was delivered", s: reached, want: []Step{done(string(WhyReached))}},
	})
}

// Where child and guardian have numbers of their own, the one who answered STOP gets no text message, and the other does.
func TestPromise_M14_AStopIsOfTheNumberThatAnswered(t *testing.T) {
	t.Parallel()
	s, e := breach.SMS, breach.Email
	kid := child("2015-01-01", &breach.Guardian{Phone: "+4915100000001"})
	kid.Email, kid.Phone, kid.PushToken, kid.Country = "", "+4915100000002", "", "DE"
	stopped := func(who ...breach.Addressee) breach.Subject {
		out := subject(kid)
		out.Stopped = who
		return out
	}
	self := func(s Step) Step { s.Reason = WhyChildToo; return s }
	calls := Step{Kind: StepRefuse, Channel: breach.Voice, Reason: RefusedNotOperated} // nobody makes them under this policy
	mail := stopped(breach.ToGuardian)
	mail.Person.Guardian = &breach.Guardian{Phone: "+4915100000001", Email: "g@example.com"}
	mailed := guardian(past(e, 1, breach.FailedPermanent))
	failed := mail
	failed.Attempts = []breach.Attempt{mailed, past(s, 1, breach.Accepted)}
	runSteps(t, []stepCase{
		{name: "nobody", s: stopped(), want: []Step{to(breach.ToGuardian, send(s, "twilio", 1, WhyFirst)), self(send(s, "twilio", 1, ""))}},
		{name: "the child", s: stopped(breach.ToSelf), want: []Step{to(breach.ToGuardian, send(s, "twilio", 1, WhyFirst))}},
		{name: "the guardian, the child is told still", s: stopped(breach.ToGuardian), want: []Step{calls, self(send(s, "twilio", 1, ""))}},
		{name: "both", s: stopped(breach.ToGuardian, breach.ToSelf), want: []Step{calls, exhausted(UncoveredGuardian)}},
		{name: "after mail failed, the guardian is not sent a text", s: failed, want: []Step{calls, exhausted(UncoveredGuardian)}},
	})
	require.Contains(t, WhyNotReached(builtin(t, "mooc"), stopped(breach.ToGuardian), aware, sent).Promises, RefusedStopped)
}

func TestPromise_M15_ChildrenActThroughAGuardian(t *testing.T) {
	t.Parallel()
	e, s := breach.Email, breach.SMS
	g := &breach.Guardian{Email: "g@example.com", Phone: "+8613900000000"}
	only := func(p *Profile) { p.Minors.Notify = notifyGuardian }
	none := func(p *Profile) { p.Minors = Minors{} }
	toGuardian := to(breach.ToGuardian, send(e, "smtp", 1, WhyFirst))
	childToo := send(e, "smtp", 1, WhyChildToo)
	runSteps(t, []stepCase{
		{name: "guardian, and the child too", s: subject(child("2012-03-02", g)), want: []Step{toGuardian, childToo}},
		{name: "guardian alone where the policy says so", change: only, s: subject(child("2012-03-02", g)), want: []Step{toGuardian}},
		{name: "fourteen on the day of awareness is no child", s: subject(child("2012-03-01", g)), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "born on 29 February: a child until 1 March", s: subject(child("2012-02-29", g)), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "no birth date, but a guardian: a child", s: subject(child("", g)), want: []Step{toGuardian, childToo}},
		{name: "no birth date, an empty guardian: an adult", s: subject(child("", &breach.Guardian{})), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "unreadable birth date, no guardian: an adult", s: subject(child("05/05/2015", nil)), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "a policy without an age", change: none, s: subject(child("2020-01-01", g)), want: []Step{send(e, "smtp", 1, WhyFirst)}},
		{name: "no guardian: the child is told, then it is said", s: subject(child("2015-01-01", nil)), want: []Step{childToo}},
		{name: "no guardian: never silently left out", s: subject(child("2015-01-01", nil), past(e, 1, breach.Accepted)), want: []Step{exhausted(UncoveredGuardian)}},
		{name: "the guardian's own phone, through a domestic provider", s: subject(child("2015-01-01", &breach.Guardian{Phone: "+8613900000000"}), past(e, 1, breach.Delivered)),
			want: []Step{to(breach.ToGuardian, send(s, "gateway", 1, WhyFirst))}},
		{name: "what reaches the child decides nothing", s: subject(child("2015-01-01", g), past(e, 1, breach.Delivered), guardian(past(e, 1, breach.FailedPermanent))),
			after: 100 * time.Hour, want: []Step{to(breach.ToGuardian, send(s, "gateway", 1, WhyNext))}},
		{name: "the child is told once, failed or not", s: subject(child("2015-01-01", g), past(e, 1, breach.FailedTemporary), guardian(past(e, 1, breach.Accepted))),
			want: []Step{to(breach.ToGuardian, wait(e, 48*time.Hour, WhyQuiet))}},
		{name: "an unknown message to the child is settled", s: subject(child("2015-01-01", g), past(e, 1, breach.Unknown), guardian(past(e, 1, breach.Accepted))),
			want: []Step{to(breach.ToGuardian, wait(e, 48*time.Hour, WhyQuiet)), reconcile(e, 1, SettleRepeat, true)}},
		{name: "and repeated", s: subject(child("2015-01-01", g), settled(e, 1, breach.Repeated), guardian(past(e, 1, breach.Accepted))),
			want: []Step{to(breach.ToGuardian, wait(e, 48*time.Hour, WhyQuiet)), send(e, "smtp", 2, WhyRepeat)}},
		{name: "guardian failed everywhere", s: subject(child("2015-01-01", &breach.Guardian{Email: "g@example.com"}), past(e, 1, breach.Accepted), guardian(past(e, 1, breach.FailedPermanent))),
			want: []Step{exhausted(UncoveredGuardian)}},
	})
}

func TestPromise_M16_DataOfPeopleInChinaStaysInChina(t *testing.T) {
	t.Parallel()
	s, f := breach.SMS, breach.Push
	phone := breach.Person{Phone: "+8613800000000", Country: "CN"}
	app := breach.Person{PushToken: "t", Country: "CN"}
	nowhere := breach.Person{Phone: "+8613800000000"}
	claim := func(e TransferExceptions) func(*Profile) { return func(p *Profile) { p.Transfers[0].Exceptions = e } }
	first := func(p *Profile) { p.Routing[0].Providers = []string{"twilio", "gateway"} }
	alone := func(p *Profile) { p.Routing = nil; p.Providers = append(p.Providers[:1:1], p.Providers[2:]...) }
	exception := func(name string) []Step {
		st := send(f, "fcm", 1, WhyFirst)
		st.Exception = name
		return []Step{st}
	}
	runSteps(t, []stepCase{
		{name: "SMS by the domestic gateway", s: subject(phone), want: []Step{send(s, "gateway", 1, WhyFirst)}},
		{name: "others by the international one", s: subject(breach.Person{Phone: "+4930000000", Country: "DE"}), want: []Step{send(s, "twilio", 1, WhyFirst)}},
		{name: "Hong Kong is not the mainland", s: subject(breach.Person{Phone: "+85230000000", Country: "HK"}), want: []Step{send(s, "twilio", 1, WhyFirst)}},
		{name: "an unknown country is home", s: subject(nowhere), want: []Step{send(s, "gateway", 1, WhyFirst)}},
		{name: "a lower-case country", s: subject(breach.Person{Phone: "+8613800000000", Country: "cn"}), want: []Step{send(s, "gateway", 1, WhyFirst)}},
		{name: "refused, on record, and sent by the allowed one", change: first, s: subject(phone), want: []Step{refuse(s, "twilio", RefusedAbroad), send(s, "gateway", 1, WhyFirst)}},
		{name: "no allowed provider", change: alone, s: subject(phone), want: []Step{refuse(s, "twilio", RefusedAbroad), refuse(breach.Voice, "", RefusedNotOperated), exhausted(UncoveredNotAllowed)}},
		{name: "push goes abroad", s: subject(app), want: []Step{refuse(f, "fcm", RefusedAbroad), exhausted(UncoveredNotAllowed)}},
		{name: "unless the law provides", change: claim(TransferExceptions{LawProvides: "statute"}), s: subject(app), want: exception("law_provides")},
		{name: "or they consented", change: claim(TransferExceptions{Consented: "consent text 4"}), s: subject(app), want: exception("consented")},
		{name: "or a transaction needs it", change: claim(TransferExceptions{CrossBorderTransaction: "order"}), s: subject(app), want: exception("cross_border_transaction")},
	})
}

func TestPromise_C01_NoThirdPartyGetsAnything(t *testing.T) {
	t.Parallel()
	s, f := breach.SMS, breach.Push
	noEmail := everything()
	noEmail.Email = ""
	borrowed := func(p *Profile) { p.ThirdPartyProcessors = NoThirdParties }
	runSteps(t, []stepCase{
		{name: "own mail", policy: "chinesepod", s: subject(everything()), want: []Step{send(breach.Email, "smtp", 1, WhyFirst)}},
		{name: "without email: everything else is refused with its reason", policy: "chinesepod", s: subject(noEmail), want: []Step{
			refuse(s, "", RefusedThirdParty), refuse(f, "", RefusedThirdParty), refuse(breach.Voice, "", RefusedThirdParty), exhausted(UncoveredNotAllowed)}},
		{name: "the rule refuses registered processors too", change: borrowed, s: subject(noEmail), want: []Step{
			refuse(s, "twilio", RefusedThirdParty), refuse(f, "fcm", RefusedThirdParty), refuse(breach.Voice, "", RefusedNotOperated), exhausted(UncoveredNotAllowed)}},
		{name: "even with an exception for going abroad", change: func(p *Profile) { borrowed(p); p.Transfers[0].Exceptions.Consented = "x" },
			s: subject(breach.Person{PushToken: "t", Country: "CN"}), want: []Step{refuse(f, "fcm", RefusedThirdParty), exhausted(UncoveredNotAllowed)}},
	})
}

func TestPromise_C02_AnObjectionClosesItsChannelAndNoOther(t *testing.T) {
	t.Parallel()
	e, s := breach.Email, breach.SMS
	object := func(p breach.Person, cs ...breach.Channel) breach.Person { p.Objections = cs; return p }
	mail := breach.Person{Email: "e@example.com"}
	runSteps(t, []stepCase{
		{name: "email refused, SMS used", s: subject(object(everything(), e)), want: []Step{refuse(e, "", RefusedObjection), send(s, "twilio", 1, WhyFirst)}},
		{name: "nothing allowed is left, and it is said", policy: "chinesepod", s: subject(object(mail, e)), want: []Step{refuse(e, "", RefusedObjection), exhausted(UncoveredNotAllowed)}},
		{name: "an objection during the send stops retries", s: subject(object(mail, e), past(e, 1, breach.FailedTemporary)), after: time.Hour,
			want: []Step{refuse(e, "", RefusedObjection), exhausted(UncoveredFailedEverywhere)}},
	})
	p := builtin(t, "chinesepod")
	d := DecideAnnouncement(p, Measured{Total: 1, NotAllowed: 1}, sent)
	require.True(t, d.Announce, "the person is still accounted for")
}

func TestAgesAreCountedOnTheCalendarDayOfTheGivenZone(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc")
	beijing := time.FixedZone("", 8*3600)
	who := breach.Person{BirthDate: "2012-03-01"}
	eve := time.Date(2026, 2, 28, 17, 0, 0, 0, time.UTC)
	require.True(t, p.IsChild(who, eve))
	require.False(t, p.IsChild(who, eve.In(beijing)), "it is the birthday in Beijing already")
	leap := breach.Person{BirthDate: "2012-02-29"}
	require.True(t, p.IsChild(leap, time.Date(2026, 2, 28, 0, 0, 0, 0, beijing)))
	require.False(t, p.IsChild(leap, time.Date(2026, 3, 1, 0, 0, 0, 0, beijing)))
	unknownDay := Steps(p, subject(child("2020-01-01", &breach.Guardian{Email: "g@example.com"})), time.Time{}, sent)
	require.Equal(t, breach.ToGuardian, unknownDay[0].Addressee, "without a day of awareness, today counts")
	grown := Steps(p, subject(child("2000-01-01", &breach.Guardian{Email: "g@example.com"})), time.Time{}, sent)
	require.Equal(t, breach.ToSelf, grown[0].Addressee)
}

func TestPermitsAgreesWithTheRoute(t *testing.T) {
	t.Parallel()
	m, c := builtin(t, "mooc"), builtin(t, "chinesepod")
	objector := everything()
	objector.Objections = []breach.Channel{breach.SMS}
	for _, x := range []struct {
		p        Profile
		who      breach.Person
		c        breach.Channel
		provider string
		reason   string
	}{
		{m, everything(), breach.SMS, "twilio", ""},
		{m, inChina(), breach.SMS, "twilio", RefusedAbroad},
		{m, inChina(), breach.SMS, "gateway", ""},
		{m, inChina(), breach.Email, "gateway", RefusedNotOperated},
		{m, inChina(), breach.Email, "nobody", RefusedNotOperated},
		{m, objector, breach.SMS, "twilio", RefusedObjection},
		{m, everything(), breach.Letter, "post", RefusedNotOperated},
		{c, everything(), breach.SMS, "twilio", RefusedThirdParty},
		{c, everything(), breach.Email, "smtp", ""},
	} {
		reason, ok := x.p.Permits(x.who, x.c, x.provider)
		require.Equal(t, x.reason, reason)
		require.Equal(t, x.reason == "", ok)
	}
}

// Of two proofs that come at the same instant the same one is waited for, in whatever order attempts are read.
func TestProofsOfOneInstant(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc")
	p.Channels = slices.Clone(p.Channels)
	p.Channels[1].Proof, p.Channels[1].Quiet = p.Channels[0].Proof, p.Channels[0].Quiet
	mail, text := past(breach.Email, 1, breach.Accepted), past(breach.SMS, 1, breach.Accepted)
	want := []Step{wait(breach.Email, p.Channels[0].Quiet, WhyQuiet)}
	require.Equal(t, want, Steps(p, subject(everything(), mail, text), aware, sent))
	require.Equal(t, want, Steps(p, subject(everything(), text, mail), aware, sent))
}
