package policy

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What completes or confirms a report is not filed beside it: nobody declares that people were told before they were,
// and no full report goes out before the first one, although the law counts both from the same instant.
func TestWhatCompletesAReportIsNotFiledWithIt(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	for _, c := range []struct{ facts, first, more string }{
		{"organisation: {country: BR}" + stolenCards, "br-lgpd/authority/notice", "br-lgpd/authority/proof_of_individual_notice"},
		{"organisation: {country: DE, attributes: {nis2_entity: essential}, sectors: [energy]}\navailability: {service_impact: serious}", "eu-nis2/authority/early_warning", "eu-nis2/authority/incident_notification"},
	} {
		j := judge(t, rules, testFacts(t, c.facts))
		require.True(t, obligation(t, j, c.first).FirstReport(), c.first)
		more := obligation(t, j, c.more)
		require.Equal(t, breach.Applies, more.Verdict)
		require.True(t, more.StartsAtOnce(), c.more)
		require.False(t, more.FirstReport(), c.more)
		require.Equal(t, []string{c.first}, more.After)
		o, err := j.ByHand(c.more)
		require.NoError(t, err)
		require.Equal(t, c.more, o.ID, "a person writes it when it is known")
	}
	for id, ph := range rules.phases {
		for _, earlier := range ph.said.obligation.After {
			of := rules.phases[earlier]
			require.NotNil(t, of, id)
			require.Equal(t, ph.said.obligation.Duty, of.said.obligation.Duty, id)
			require.False(t, slices.Contains(of.said.obligation.After, id), "%s and %s wait for each other", id, earlier)
		}
	}
	// Another law's report that gives one its verdict alone keeps nothing back.
	require.Empty(t, rules.phases["policy-cn-mooc-clause/authority/handling_report"].said.obligation.After)
}
