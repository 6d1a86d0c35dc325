package e2e

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// What an incident's page says of severity, duties and deadlines is what the rules say about its facts.
func TestMainJob07DutiesAreThoseOfTheRules(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	rules, err := policy.LoadRules()
	require.NoError(t, err)
	small, err := os.ReadFile("../../examples/incident-small-en.yaml")
	require.NoError(t, err)
	smallFile, err := breach.ParseIncident(small)
	require.NoError(t, err)
	thin := breach.IncidentFile{Policy: "mooc"}
	noticed := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	thin.Facts.Incident.DetectedAt = &noticed

	for name, file := range map[string]breach.IncidentFile{"example": example(t), "small": smallFile, "thin": thin} {
		profile, err := w.Settings.Policies.Profile(file.Policy)
		require.NoError(t, err)
		want, err := rules.Judge(file.Facts, profile, time.Now())
		require.NoError(t, err)
		k := w.open(t, file)
		v := k.until(t, "the assessment", func(v breach.Overview) bool { return v.Assessment != nil })
		if diff := cmp.Diff(want.Assessment, *v.Assessment); diff != "" {
			t.Errorf("%s: the assessment differs from the rules (-rules +page):\n%s", name, diff)
		}
		require.Len(t, v.Duties, len(want.Obligations))
		applies, open := 0, 0
		for i, o := range want.Obligations {
			got := v.Duties[i].Obligation
			got.Overdue, o.Overdue = false, false // by the moment of looking
			if diff := cmp.Diff(o, got); diff != "" {
				t.Errorf("%s: %s differs from the rules (-rules +page):\n%s", name, o.ID, diff)
			}
			switch o.Verdict {
			case breach.Applies:
				applies++
			case breach.CannotTell:
				open++
				require.NotEmpty(t, slices.Concat(o.Missing, o.Questions), "%s: %s says what is missing", name, o.ID)
				require.True(t, name != "example" || len(o.Missing) == 0, "the example knows every fact that %s asks for; only a person's answer is open", o.ID)
			}
		}
		switch name {
		case "example":
			require.Greater(t, applies, 4)
		case "thin":
			require.Positive(t, open, "unknown is not no")
		}
	}
}

// An old deadline that nobody met is overdue at once, on the page and on the record; one that lies ahead is
// not.
func TestMainJob07OverdueIsSaid(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	file := example(t)
	old := time.Now().AddDate(0, 0, -10).UTC()
	for _, at := range []**time.Time{&file.Facts.Incident.DetectedAt, &file.Facts.Incident.AwareAt, &file.Facts.Incident.DeterminedAt} {
		*at = &old
	}
	file.Facts.Incident.OccurredFrom, file.Facts.Incident.OccurredTo = nil, nil
	k := w.open(t, file)
	v := k.until(t, "a deadline that has passed", func(v breach.Overview) bool {
		for _, d := range v.Duties {
			if d.ID == "eu-gdpr/authority/initial" && d.Overdue {
				return true
			}
		}
		return false
	})
	require.True(t, v.EngineAnswers || v.Assessment != nil)
	k.until(t, "the record to say so", func(breach.Overview) bool { return k.recorded(t, "clock.overdue") })

	fresh := w.open(t, example(t))
	v = fresh.until(t, "the assessment", func(v breach.Overview) bool { return v.Assessment != nil })
	for _, d := range v.Duties {
		require.False(t, d.Overdue, d.ID)
	}
}
