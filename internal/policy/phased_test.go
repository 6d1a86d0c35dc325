package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// GDPR 33(4) says "without undue further delay" and no number: what follows the first report has the house's general
// term from its filing, shown as the house's and never as law's, and cannot be late before that.
func TestFollowUpReportsHaveATermOfTheHouse(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	const facts = `{"incident":{"detected_at":"2026-03-01T09:00:00Z","aware_at":"2026-03-01T10:00:00Z","nature":["confidentiality"],"cause":"hacking","malicious":true},
		"people":{"total":1000,"by_country":{"DE":1000}},"data":{"classes":["email","password"]},"exposure":{"exfiltrated":"yes","recipients":"unknown"}}`
	of := func(now, patch string) breach.Obligation {
		base, err := breach.ParseFacts([]byte(facts))
		require.NoError(t, err)
		f, err := breach.MergeFacts(base, []byte(patch))
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		j, err := rules.Judge(f, Profile{}, at)
		require.NoError(t, err)
		return obligation(t, j, "eu-gdpr/authority/phased")
	}
	before := of("2026-03-20T00:00:00Z", `{}`)
	require.True(t, before.NotBegun())
	require.False(t, before.Overdue, "the first report is to come")
	require.Equal(t, bindingHouse, before.Binding)
	after := of("2026-03-20T00:00:00Z", `{"incident":{"filed_at":{"eu-gdpr/authority/initial":"2026-03-03T12:00:00Z"}}}`)
	require.False(t, after.NotBegun())
	require.Equal(t, "2026-03-06T12:00:00Z", after.DueAt.Format(time.RFC3339))
	require.True(t, after.Overdue)
	require.Equal(t, bindingHouse, after.Binding)
	said := strings.Join(after.Because, "\n")
	require.Contains(t, said, "without undue further delay")
	require.Contains(t, said, "House policy, not law")
	require.False(t, of("2026-03-06T11:59:00Z", `{"incident":{"filed_at":{"eu-gdpr/authority/initial":"2026-03-03T12:00:00Z"}}}`).Overdue)
}
