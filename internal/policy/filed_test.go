package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The law: once what comes before a phase was filed, its clock counts from the filing and is real, and what was filed
// is met. It does not matter what else was filed, nor in which order the facts heard of it.
func TestAFilingStartsWhatFollowsIt(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	var chained []*compiledPhase
	for _, ph := range r.phases {
		if ph.phase.Clock.From == startPrior {
			chained = append(chained, ph)
		}
	}
	slices.SortFunc(chained, func(a, b *compiledPhase) int { return strings.Compare(a.id, b.id) })
	require.Greater(t, len(chained), 20)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		ph := rapid.SampledFrom(chained).Draw(t, "follow-up")
		filed := map[string]time.Time{}
		for _, id := range rapid.Permutation(ph.prior).Draw(t, "order") {
			filed[id] = testNow.Add(time.Duration(rapid.IntRange(-500, 0).Draw(t, "hours")) * time.Hour)
		}
		f.Incident.FiledAt = filed
		j, err := r.Judge(f, Profile{}, testNow)
		require.NoError(t, err)
		for _, o := range j.Obligations {
			at, done := filed[o.ID]
			if done && o.Verdict != no {
				require.Equal(t, at, *o.MetAt, o.ID)
				require.False(t, o.Overdue, o.ID)
			}
			if o.ID != ph.id || o.Verdict != breach.Applies {
				continue
			}
			require.NotNil(t, o.DueAt, o.ID)
			require.False(t, o.NotBegun(), "%s is rung", o.ID)
			gap := slices.ContainsFunc(o.Because, func(s string) bool { return strings.HasPrefix(s, "Provisional, ") })
			require.Equal(t, gap, o.Clock.Provisional, "%s: %v", o.ID, o.Because)
			if from, chained := strings.CutPrefix(o.Clock.From, "filed_at["); chained {
				require.Equal(t, filed[strings.TrimSuffix(from, "]")].UTC(), *o.Clock.StartedAt, o.ID)
			}
		}
	})
}

// Whoever came on a list after everybody was told was not told.
func TestPeopleOfALaterListAreNotMet(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	told := testNow.Add(-100 * time.Hour)
	for _, c := range []struct {
		name         string
		loaded, last time.Time
		met          bool
	}{
		{"before", told.Add(-time.Hour), time.Time{}, true},
		{"after", told.Add(time.Hour), time.Time{}, false},
		{"and told", told.Add(time.Hour), told.Add(2 * time.Hour), true},
	} {
		f := breach.Facts{List: &breach.ListFacts{LoadedAt: c.loaded, ToldAt: c.last, Lists: 1}}
		f.Incident.AwareAt, f.Incident.IndividualsNotifiedAt = &told, &told
		j, err := r.Judge(f, Profile{}, testNow)
		require.NoError(t, err)
		seen := 0
		for _, o := range j.Obligations {
			if o.Duty == "notify_individuals" && o.Verdict != no {
				seen++
				require.Equal(t, c.met, o.MetAt != nil, "%s: %s", c.name, o.ID)
			}
		}
		require.Positive(t, seen)
	}
}
