package breach_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestWhatAJudgementChanged(t *testing.T) {
	t.Parallel()
	due, sooner := heldFrom, heldFrom.Add(-time.Hour)
	duty := func(id string, v breach.Verdict, at *time.Time, because ...string) breach.Obligation {
		return breach.Obligation{ID: id, Verdict: v, DueAt: at, Because: because, Contents: []string{"nature"}, Rules: breach.RuleRef{Version: "1", SHA256: "a"}}
	}
	before := breach.Judgement{Obligations: []breach.Obligation{
		duty("a", breach.CannotTell, nil, "unknown"), duty("b", breach.Applies, &due, "many"), duty("c", breach.Applies, &due, "same"),
		duty("d", breach.DoesNotApply, nil, "few"), duty("e", breach.Applies, nil, "gone"), duty("f", breach.Applies, &due, "ten people"),
	}}
	other := duty("c", breach.Applies, &due, "same")
	other.Contents = []string{"nature", "delay_reason"}
	after := breach.Judgement{Obligations: []breach.Obligation{
		duty("a", breach.Applies, &due, "known"), duty("b", breach.Applies, &sooner, "many"), other,
		duty("d", breach.DoesNotApply, nil, "fewer"), duty("f", breach.Applies, &due, "twelve people"), duty("g", breach.Applies, nil, "new"),
	}}
	var says []string
	for _, c := range breach.DiffJudgements(before, after) {
		says = append(says, c.Says())
	}
	require.Equal(t, []string{
		"a: applies, before cannot tell; due 2026-03-02 08:00 UTC",
		"b: due 2026-03-02 07:00 UTC, before 2026-03-02 08:00 UTC",
		"c: other contents",
		"e: no longer judged, before applies; other contents",
		"f: other reasons",
		"g: applies, new; other contents",
	}, says)
	c := breach.DiffJudgements(before, after)[0]
	require.Equal(t, []string{"known"}, c.ReasonsAdded)
	require.Equal(t, []string{"unknown"}, c.ReasonsRemoved)
	require.Empty(t, breach.DiffJudgements(after, after))
}

// A list that agrees with the facts adds where a number comes from to every reason, and changes no duty.
func TestAnotherOriginOfTheSameNumberIsNoChange(t *testing.T) {
	t.Parallel()
	judged := func(reason string) breach.Judgement {
		return breach.Judgement{Obligations: []breach.Obligation{{ID: "a", Verdict: breach.Applies, Because: []string{reason}}}}
	}
	const before = "Many are concerned (people.total = 1000; data.classes = [email, name])"
	estimated := judged("Many are concerned (people.total = 1000 [1,000 as the facts estimate; the list holds 6]; data.classes = [email, name])")
	require.Empty(t, breach.DiffJudgements(judged(before), estimated))
	require.Empty(t, breach.DiffJudgements(estimated, judged(before)))
	counted := judged("Many are concerned (people.total = 1200 [1,200 from the list; the estimate said 1,000]; data.classes = [email, name])")
	require.Len(t, breach.DiffJudgements(estimated, counted), 1)
	require.Len(t, breach.DiffJudgements(judged(before), judged("Many are concerned (people.total = 1000; data.classes = [email])")), 1)
}

func TestWhatAnAmendmentChangedHidesWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	total, title, canary := int64(1200), "CANARY title", "CANARY"
	var before, after breach.IncidentFile
	before.Facts.Incident.Title = &canary
	before.Facts.Data.Classes = []string{"email"}
	after.Facts.Incident.Title = &title
	after.Facts.People.Total = &total
	after.Facts.Data.Classes = []string{"email", "phone"}
	after.Facts.Determinations = []breach.Determination{{Question: "x/high_risk", Answer: true, Reason: "CANARY reason"}}
	after.Contact.Email = "CANARY@x.test"
	after.Narrative = map[string]breach.Narrative{"en": {Summary: "CANARY summary"}}
	list := breach.DiffFiles(before, after)
	require.Equal(t, []breach.FactChange{
		{Path: "contact.email"},
		{Path: "facts.data.classes", From: "[email]", To: "[email, phone]"},
		{Path: "facts.determinations[x/high_risk]", To: "true"},
		{Path: "facts.determinations[x/high_risk].reason"},
		{Path: "facts.incident.title"},
		{Path: "facts.people.total", To: "1200"},
		{Path: "narrative.en.summary"},
	}, list)
}
