package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The police ask that people in the EEA are told later: others are told, the reports go out, and when the hold is
// lifted those who were held are told, with as much time left as before.
func TestMainJob04LawEnforcementHoldsThoseWhomTheLawLetsItHold(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := newCrowd().some(6)
	for i := range 2 {
		people[i].Country = "FR"
	}
	k := w.open(t, example(t))
	const duty = "eu-gdpr/individuals/notice"
	due := func(v breach.Overview) time.Time {
		i := slices.IndexFunc(v.Duties, func(d breach.Duty) bool { return d.ID == duty })
		require.GreaterOrEqual(t, i, 0)
		require.NotNil(t, v.Duties[i].DueAt)
		return *v.Duties[i].DueAt
	}
	v := k.until(t, "the duties", func(v breach.Overview) bool { return len(v.Duties) > 0 })
	before := due(v)
	ask := map[string]any{
		"kind": "law_enforcement", "form": "written", "asked_by": "Parquet de Paris", "reference": "JIRS 26/118",
		"reason": "arrests are planned for next week", "until": time.Now().Add(240 * time.Hour).UTC().Format(time.RFC3339), "obligations": []string{duty},
	}
	require.Equal(t, breach.ErrForbidden, k.author.try(t, http.MethodPost, k.path("/holds"), ask, nil).code())
	refused := map[string]any{}
	for name, value := range ask {
		refused[name] = value
	}
	refused["obligations"] = []string{"cn-pipl-57/individuals/notice"}
	require.Equal(t, breach.ErrNoDelay, k.lead.try(t, http.MethodPost, k.path("/holds"), refused, nil).code())
	var h breach.Hold
	k.lead.do(t, http.MethodPost, k.path("/holds"), ask, &h)
	k.tell(t, people)
	v = k.until(t, "the others to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == 4 && len(v.Filings) > 0 })
	require.EqualValues(t, 2, v.People[breach.Held])
	require.WithinDuration(t, before.Add(h.Until.Sub(h.At)), due(v), time.Second)
	for _, p := range people[:2] {
		require.Zero(t, w.taken(p.Email))
	}
	k.lead.do(t, http.MethodPost, k.path("/holds/release"), map[string]string{"hold": h.ID, "why": "the arrests are made"}, nil)
	v = k.until(t, "everybody to be told", func(v breach.Overview) bool { return v.People[breach.Reached] == 6 })
	require.Less(t, due(v).Sub(before), 5*time.Minute)
	require.True(t, v.Balanced)
	for _, p := range people {
		require.Equal(t, 1, w.taken(p.Email), p.ExternalID)
	}
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/delays"), map[string]any{"obligations": []string{duty}, "why": "nothing is late at all"}, nil).code())
	var out struct {
		Revisions []breach.Revision `json:"revisions"`
	}
	k.lead.do(t, http.MethodGet, k.path("/revisions"), nil, &out)
	require.Greater(t, len(out.Revisions), 2, "the opening, the numbers from the list, and each report that was filed")
	require.Empty(t, out.Revisions[1].Changes, "the list holds fewer than the facts estimate")
}
