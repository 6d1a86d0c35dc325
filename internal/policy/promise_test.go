package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the policy lists as sensitive raises the kind of data, and with it the score.
func TestPromise_M23_SensitiveDataDrivesTheAssessment(t *testing.T) {
	t.Parallel()
	plain := enisaCase(t, `{"data":{"classes":["name","email"]}}`)
	require.NotNil(t, plain.Score)
	for name, facts := range map[string]string{
		"accounts and what they hold": `{"data":{"classes":["name","email","account_id","password","balance"]}}`,
		"browsing":                    `{"data":{"classes":["name","email","browsing"]}}`,
		"location":                    `{"data":{"classes":["name","email","location"]}}`,
		"children under 14":           `{"people":{"minors":1},"data":{"classes":["name","email"]}}`,
	} {
		a := enisaCase(t, facts)
		require.NotNil(t, a.Score, "%s: %v", name, a.Missing)
		require.Greater(t, *a.DPC, *plain.DPC, "%s: %v", name, a.Why)
		require.Greater(t, *a.Score, *plain.Score, name)
	}
}
