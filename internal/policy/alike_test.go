package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Nothing but the shape of a person is looked at while nothing is recorded of them: whoever has another's shape
// gets the same steps, whatever else is different.
func TestAlikePeopleGetTheSameSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := profiles().Draw(t, "profile")
		shapes := map[breach.Shape][]Step{}
		for _, who := range rapid.SliceOfN(persons(), 1, 60).Draw(t, "people") {
			if rapid.Bool().Draw(t, "another twin") {
				checkTwin(t, p, who)
			}
			shape := who.Shape(p.IsChild(who, aware))
			steps := Steps(p, fresh(who), aware, aware)
			if before, known := shapes[shape]; known {
				require.Equal(t, before, steps)
			}
			shapes[shape] = steps
		}
	})
}

func fresh(who breach.Person) breach.Subject {
	return breach.Subject{ID: 1, Person: who, Outcome: breach.Pending}
}

// checkTwin compares a person with one of the same shape and nothing else in common.
func checkTwin(t *rapid.T, p Profile, who breach.Person) {
	child := p.IsChild(who, aware)
	twin := breach.Person{
		ExternalID: "twin", Name: "Twin", Locale: "pt", Region: "North", DataClasses: []string{"health"},
		Country: who.Country, PushPlatform: who.PushPlatform,
		Email: other(who.Email), Phone: other(who.Phone), PushToken: other(who.PushToken), PostalAddress: other(who.PostalAddress),
	}
	for i := len(who.Objections) - 1; i >= 0; i-- {
		twin.Objections = append(twin.Objections, who.Objections[i], who.Objections[i])
	}
	if g := who.Guardian; g != nil {
		twin.Guardian = &breach.Guardian{Email: other(g.Email), Phone: other(g.Phone)}
	}
	days := []string{"", "?", "1955-05-05", "2012-12-12", "2016-03-01", "2025-01-01"}
	twin.BirthDate = rapid.SampledFrom(days).Filter(func(day string) bool {
		twin.BirthDate = day
		return p.IsChild(twin, aware) == child
	}).Draw(t, "twin's birth date")
	require.Equal(t, who.Shape(child), twin.Shape(child))
	now := aware.Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "later")))
	require.Equal(t, Steps(p, fresh(who), aware, now), Steps(p, fresh(twin), aware, now))
}

func other(contact string) string {
	if contact == "" {
		return " "
	}
	return "another" + contact
}
