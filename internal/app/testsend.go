package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Ways finds the adapter for a kind of provider.
type Ways interface {
	Sender(kind string) (delivery.Sender, bool)
}

// mostTests is how many test messages leave for an incident in an hour: enough to look at each language, too few to
// annoy anybody.
const mostTests = 30

// testPatience bounds one hand-over of a test.
const testPatience = 45 * time.Second

// TestNotice sends notices of the newest plan to whoever tries them out, through the real transport: marked as a
// test in subject and first line, with an invented code, and with a name that is made up or masked. It goes only to
// whom the setting tests.to names. It is nobody's delivery: neither outcomes nor counts know of it. The record has
// it before it leaves, with the address masked.
func (d *Desk) TestNotice(ctx context.Context, incident string, q breach.TestQuery, by breach.Actor) (breach.TestsSent, error) {
	out := breach.TestsSent{Tests: []breach.TestSent{}}
	if err := d.mayTest(q, by); err != nil {
		return out, err
	}
	rec, texts, err := d.Plan(ctx, incident, q.Wave)
	if err != nil {
		return out, err
	}
	out.PlanHash = rec.Hash
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return out, err
	}
	found := []placed{{"made up", 0, render.Invented()}}
	found[0].person.Guardian = nil
	if q.Worst || q.Person > 0 {
		if found, _, err = d.found(ctx, incident, sc, rec.Plan.Wave, breach.PreviewQuery{Person: q.Person, Worst: q.Worst}); err != nil {
			return out, err
		}
	}
	for _, f := range found {
		sent, err := d.test(ctx, incident, rec, sc, texts, f, q, by)
		if err != nil {
			return out, err
		}
		out.Tests = append(out.Tests, sent)
	}
	return out, nil
}

func (d *Desk) mayTest(q breach.TestQuery, by breach.Actor) error {
	switch {
	case by.Role != breach.RoleLead && by.Role != breach.RoleResponder:
		return breach.Errorf(breach.ErrForbidden, "only responders and leads send tests")
	case q.Channel != breach.Email && q.Channel != breach.SMS && q.Channel != breach.Push:
		return breach.Errorf(breach.ErrInvalid, "no test can be sent so").With(breach.FieldError{Where: "channel", What: "is email, sms or push"})
	case q.Worst && q.Person > 0, q.Person < 0:
		return breach.Errorf(breach.ErrInvalid, "say whose notice").With(breach.FieldError{Where: "person", What: "give a place in the list, or ask for the worst cases, or for neither"})
	case !d.Testers.Allow(q.Channel, q.To):
		return breach.Errorf(breach.ErrForbidden, "tests go only to those whom the setting tests.to names").
			With(breach.FieldError{Where: "to", What: "is not among them; the operator adds an address, a @domain, a number or a push token to tests.to"})
	}
	return nil
}

// test composes one test and hands it over, unless there have been too many.
func (d *Desk) test(ctx context.Context, incident string, rec breach.PlanRecord, sc peopleScope, texts []breach.Text, f placed, q breach.TestQuery, by breach.Actor) (breach.TestSent, error) {
	out := breach.TestSent{Why: f.why, Channel: q.Channel, To: maskContact(q.Channel, q.To)}
	to, p := sc.profile.Addressees(f.person, sc.on)[0], f.person
	p.Objections, p.DataClasses = nil, slices.Clone(p.DataClasses)
	if q.Locale != "" {
		p.Locale = q.Locale
	}
	text, ok := d.textFor(texts, p, q.Channel, to)
	if !ok {
		out.None = "the plan has no text for this channel"
		return out, nil
	}
	out.Locale = text.Ref.Locale
	m, err := d.Words.Message(text, atTester(masked(p), q), to, render.InventedReference)
	if err != nil {
		return out, unusable(err)
	}
	id, _ := sc.profile.Without(p, q.Channel, func(v policy.Provider) bool { _, there := d.Ways.Sender(v.Kind); return !there })
	provider, known := sc.profile.Provider(id)
	sender, there := d.Ways.Sender(provider.Kind)
	if !known || !there {
		out.None = "no provider that the policy permits for this person is configured here"
		return out, nil
	}
	out.Provider = id
	if err := d.recordTest(ctx, incident, rec, out, by); err != nil {
		return out, err
	}
	m = d.Words.Test(m.Plain())
	name := make([]byte, 12)
	_, _ = rand.Read(name) // crypto/rand never fails on the systems that Go supports
	m.DeliveryID, m.ToName, m.SentAfter = "test-"+hex.EncodeToString(name), "", d.Now().UTC()
	m.AttemptID = m.DeliveryID + "-1"
	ctx, cancel := context.WithTimeout(ctx, testPatience)
	defer cancel()
	if r, err := sender.Send(ctx, m); err != nil {
		failure := delivery.AsFailure(err)
		out.State, out.Reason = failure.State(), failure.Reason
	} else {
		out.State, out.Reason = r.State, r.Reason
	}
	return out, d.Store.Note(context.WithoutCancel(ctx), incident, "", by.ID, "notice.test_ended", map[string]any{"channel": q.Channel, "state": out.State, "reason": out.Reason}, d.Now().UTC())
}

// recordTest counts tests and writes the next one down as one step for this process, before it leaves.
func (d *Desk) recordTest(ctx context.Context, incident string, rec breach.PlanRecord, t breach.TestSent, by breach.Actor) error {
	d.testing.Lock()
	defer d.testing.Unlock()
	now := d.Now().UTC()
	n, err := d.Store.CountNotes(ctx, incident, "notice.tested", now.Add(-time.Hour))
	if err != nil {
		return err
	}
	if n >= mostTests {
		return breach.Errorf(breach.ErrTooMany, "%d tests were sent for this incident within an hour; that is the most", n)
	}
	return d.Store.Note(ctx, incident, "", by.ID, "notice.tested", map[string]any{
		"wave": rec.Plan.Wave, "plan_hash": rec.Hash, "channel": t.Channel, "locale": t.Locale, "provider": t.Provider, "case": t.Why, "masked": t.To,
	}, now)
}

// appleToken is one of Apple's: 32 bytes or more in hexadecimal digits. The others cannot be told from each other.
var appleToken = regexp.MustCompile(`^[0-9a-fA-F]{64,400}$`)

// atTester puts the tester's contact in the place of a person's and of their guardian's.
func atTester(p breach.Person, q breach.TestQuery) breach.Person {
	p.Email, p.Phone, p.PushToken, p.PushPlatform = q.To, q.To, breach.PlainToken(q.To), ""
	switch {
	case breach.Subscription(p.PushToken):
		p.PushPlatform = "webpush"
	case appleToken.MatchString(p.PushToken):
		p.PushPlatform = "apns"
	}
	if p.Guardian != nil {
		p.Guardian.Email, p.Guardian.Phone = q.To, q.To
	}
	return p
}

// unusable says that the tester's contact is none, without repeating it.
func unusable(err error) error {
	if delivery.AsFailure(err).Reason == delivery.ReasonBadInput {
		return breach.Errorf(breach.ErrInvalid, "no test can be sent there").
			With(breach.FieldError{Where: "to", What: "is not an address, a number with + and country code, or a token, as the channel needs"})
	}
	return err
}

func maskContact(c breach.Channel, to string) string {
	switch c {
	case breach.Email:
		return maskEmail(to)
	case breach.SMS:
		return maskPhone(to)
	}
	return dots
}
