package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestAnAcknowledgementCountsWhereTheProfileSaysSo(t *testing.T) {
	t.Parallel()
	p, err := equipped("mooc")
	require.NoError(t, err)
	require.NotContains(t, p.Sufficiency(), breach.InApp)
	for said, counts := range map[string]bool{"never": false, "acknowledged": true} {
		p.InApp = &InApp{Counts: said}
		require.Empty(t, checkProfile(p, nil))
		rule, there := p.Sufficiency()[breach.InApp]
		require.Equal(t, counts, there)
		require.Equal(t, counts, rule.Proof == breach.Acknowledged)
	}
	p.InApp.Counts = "seen"
	require.Len(t, checkProfile(p, nil), 1)
}
