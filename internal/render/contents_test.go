package render

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A text gives a field only when its template shows the block and there are words for it.
func TestTextsCarryWhatTheyReallySay(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	carries := func(file breach.IncidentFile, duties ...breach.Obligation) []string {
		texts, _, err := e.Texts(file, sampleScope(), duties, []string{"en"})
		require.NoError(t, err)
		b, err := noticeText(t, texts, breach.Email, "en", breach.ToSelf).Open()
		require.NoError(t, err)
		return b.Carries
	}
	full := carries(sampleFile())
	for _, field := range []string{"controller_id", "contact_point", "summary", "nature", "data_categories", "consequences", "measures_taken", "measures_planned", "individual_steps", "remedies_offered"} {
		require.Contains(t, full, field)
	}
	require.NotContains(t, full, "cause", "nobody asks for it, and no block shows it")
	asks := breach.Obligation{Duty: "notify_individuals", Verdict: breach.Applies, Contents: []string{"cause", "dpo"}, Clock: &breach.Clock{From: "aware_at"}}
	require.Contains(t, carries(sampleFile(), asks), "cause", "the facts say it")
	require.NotContains(t, carries(sampleFile(), asks), "dpo", "nothing says it")
	written := sampleFile()
	written.Contents = map[string]map[string]string{"en": {"dpo": "Ana Sousa, +351 210 000 000"}}
	require.Contains(t, carries(written, asks), "dpo")
	unknown := sampleFile()
	unknown.Facts.Data.Classes = nil
	require.NotContains(t, carries(unknown), "data_categories", "not yet known is no answer")
}
