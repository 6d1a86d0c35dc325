package breach

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A follow-up report with a term of the house is not late before the report that it follows was filed; what the law
// itself counts, and what runs from noticing, is.
func TestTermsOfTheHouseBeginWithTheirEvent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		binding, from string
		provisional   bool
		want          bool
	}{
		"a follow-up whose first report is not filed": {"house_policy", "filed_at[eu-gdpr/authority/initial]", true, true},
		"the end of the handling is to come":          {"house_policy", "handled_at", true, true},
		"the first report was filed":                  {"house_policy", "filed_at[eu-gdpr/authority/initial]", false, false},
		"a number of the law":                         {"law", "filed_at[eu-dora/authority/initial]", true, false},
		"awareness is not known":                      {"house_policy", "aware_at", true, false},
	} {
		o := Obligation{Binding: c.binding, Clock: &Clock{From: c.from, Provisional: c.provisional}}
		require.Equal(t, c.want, o.NotBegun(), name)
	}
	require.False(t, Obligation{Binding: "house_policy"}.NotBegun())
}
