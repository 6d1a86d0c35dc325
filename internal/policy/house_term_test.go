package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// dueByGeneralTerm checks a duty without a number in the law and in its pack, under a policy that sets no term.
func dueByGeneralTerm(t *testing.T, o breach.Obligation) {
	t.Helper()
	require.NotNil(t, o.DueAt, o.ID)
	require.Equal(t, o.Clock.StartedAt.Add(72*time.Hour), *o.DueAt, o.ID)
	require.Equal(t, bindingHouse, o.Binding, o.ID)
	require.NotEmpty(t, o.Clock.Soft, o.ID)
	require.Contains(t, strings.Join(o.Because, " "), "the general term of the house is 72 hours", o.ID)
	require.Contains(t, strings.Join(o.Because, " "), "House policy, not law", o.ID)
}

// The policy's own general term takes the place of three days where nobody else has a term, and nowhere else.
func TestTheHouseTermOfAPolicy(t *testing.T) {
	t.Parallel()
	own := testProfile(t, "chinesepod")
	own.HouseTerm = &Term{Value: 2, Unit: "calendar_days"}
	read, err := ParseProfile(own.Canonical(), nil)
	require.NoError(t, err)
	require.Equal(t, own.HouseTerm, read.HouseTerm)
	rules, f := loadTestRules(t), testFacts(t, cnCommon)
	before, err := rules.Judge(f, testProfile(t, "chinesepod"), testNow)
	require.NoError(t, err)
	after, err := rules.Judge(f, own, testNow)
	require.NoError(t, err)
	moved := 0
	for i, o := range before.Obligations {
		if o.DueAt == nil || o.DueAt.Equal(*after.Obligations[i].DueAt) {
			continue
		}
		moved++
		dueByGeneralTerm(t, o)
		o = after.Obligations[i]
		require.Equal(t, 2, o.Clock.Value, o.ID)
		require.Equal(t, bindingHouse, o.Binding, o.ID)
		require.Contains(t, strings.Join(o.Because, " "), "the general term of the house is 2 calendar days", o.ID)
	}
	require.Positive(t, moved)

	own.HouseTerm = &Term{Value: 0, Unit: "weeks"}
	_, err = ParseProfile(own.Canonical(), nil)
	require.Error(t, err)
}

// Whatever else is known: a duty that may apply has a deadline as soon as anybody noticed anything.
func TestNoDutyIsWithoutADeadline(t *testing.T) {
	t.Parallel()
	rules, mooc := loadTestRules(t), testProfile(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		j, err := rules.Judge(f, mooc, testNow)
		require.NoError(t, err)
		for _, o := range j.Obligations {
			if o.Verdict == no || f.Incident.AwareAt == nil && f.Incident.DetectedAt == nil {
				continue
			}
			require.NotNil(t, o.DueAt, "%s: %v", o.ID, o.Because)
			require.Equal(t, o.Clock.Soft != "" || o.Basis == bindingHouse, o.Binding == bindingHouse, o.ID)
		}
	})
}
