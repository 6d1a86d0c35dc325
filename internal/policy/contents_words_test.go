package policy

import (
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Whatever a gap says, and says to do about it, the console can say in Chinese: its words hold each sentence, or a form
// that the sentence has.
func TestTheConsoleKnowsEverySentenceAboutGaps(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../console/gap_words.go")
	require.NoError(t, err)
	words, err := os.ReadFile("../console/words_zh_gaps.go")
	require.NoError(t, err)
	_, err = parser.ParseFile(token.NewFileSet(), "gap_words.go", source, 0)
	require.NoError(t, err)
	var forms []*regexp.Regexp
	for _, m := range regexp.MustCompile("says\\(`([^`]+)`(\\+orWaive)?,").FindAllStringSubmatch(string(source), -1) {
		form := m[1]
		if m[2] != "" {
			form += `, or let it go by name with a reason \(tocsin plan waive\)`
		}
		forms = append(forms, regexp.MustCompile("^"+form+"$"))
	}
	require.Greater(t, len(forms), 8)
	o := breach.Obligation{Heading: "Notice", Headings: []string{"A", "B"}, MinFontPt: 10, Remedies: []breach.Remedy{{Offer: "credit_monitoring", Months: 12, Because: "x"}, {Offer: "identity_theft_prevention", Because: "y"}}}
	said := []string{posted(30, 90)}
	for _, field := range []string{"title", "headings", "posting_days", "call_centre", "min_font_pt", "credit_monitoring", "identity_theft_prevention"} {
		said = append(said, fieldMeans(o, field))
	}
	for _, kind := range []string{breach.GapConflict, breach.GapForbidden, breach.GapTitle, breach.GapHeadings, breach.GapFont, breach.GapRemedy, breach.GapPosting, breach.GapCallCentre} {
		said = append(said, whatToDo(kind, "credit_monitoring"))
	}
	for field := range PackContents {
		said = append(said, whatToDo(breach.GapMissing, field))
	}
	for _, s := range said {
		known := strings.Contains(string(words), strconv.Quote(s)+":") || slices.ContainsFunc(forms, func(f *regexp.Regexp) bool { return f.MatchString(s) })
		require.True(t, known, s)
	}
}
