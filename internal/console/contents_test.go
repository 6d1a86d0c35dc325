package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Every kind of gap and note, and every way in which a number came about, has words in both languages.
func TestContentsAndNumbersInBothLanguages(t *testing.T) {
	t.Parallel()
	seven, nine := int64(7), int64(9)
	decided := breach.NumberDecision{Field: "people.total", Value: 8, Reason: "one row is a test", By: "wei.lin", At: time.Now()}
	check := &breach.ContentCheck{Checked: []string{"a"}}
	for _, kind := range []string{breach.GapMissing, breach.GapForbidden, breach.GapConflict, breach.GapTitle, breach.GapHeadings, breach.GapPosting, breach.GapCallCentre} {
		check.Gaps = append(check.Gaps, breach.ContentGap{Obligation: "us-ma/individuals/notice", Field: kind, Kind: kind, Says: "the kind of breach", Citation: "c. 93H",
			Waived: &breach.Waiver{Reason: "settled with counsel", By: "wei.lin", At: time.Now()}})
	}
	for _, kind := range []string{breach.NoteNotKnownYet, breach.NoteMayBeRequired, breach.NoteMayBeForbidden, breach.NoteNoText, breach.NoteKeepAnswering, breach.NoteOwnText} {
		check.Notes = append(check.Notes, breach.ContentNote{Kind: kind, Field: "legal_rights", Obligations: []string{"x/individuals/notice"}})
	}
	numbers := []breach.NumberCount{
		{Field: "people.total", Estimate: &seven, List: &nine, Drives: &nine, Open: true},
		{Field: "people.minors", List: &nine, AtLeast: true, Drives: &nine},
		{Field: "people.by_country.DE", Decided: &decided, Drives: &decided.Value},
	}
	said := map[string]map[string]bool{}
	for _, lang := range []string{english, chinese} {
		l := speech{lang: lang, zone: sampleZone, now: sampleNow}
		v := l.contents(check)
		require.Len(t, v.LetGo, 7)
		for _, g := range v.LetGo {
			require.Equal(t, "settled with counsel", g.Reason)
			said[g.Kind] = map[string]bool{}
		}
		for _, n := range v.Notes {
			said[n.Text] = map[string]bool{}
		}
		lines := l.numbers(numbers)
		require.Len(t, lines, 3)
		require.Contains(t, lines[0], "9")
		require.Contains(t, lines[0], "7")
		require.Contains(t, lines[2], "one row is a test")
	}
	require.Len(t, said, 26, "each kind says something of its own, in each language")
	require.Nil(t, speech{lang: english}.contents(nil), "a plan of an earlier release")
}
