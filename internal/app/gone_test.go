package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Codes that the vocabulary spells out are those of the catalogue.
func TestTheVocabularyMeansTheReasonsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	require.True(t, breach.Attempt{State: breach.FailedPermanent, Reason: delivery.ReasonTokenGone}.ContactGone())
	require.False(t, breach.Attempt{State: breach.FailedPermanent, Reason: delivery.ReasonTokenOther}.ContactGone())
	require.True(t, breach.Attempt{State: breach.FailedTemporary, Reason: delivery.ReasonCrash}.Unbegun())
	for _, reason := range []string{delivery.ReasonTokenGone, delivery.ReasonTokenOther} {
		require.Contains(t, breach.BrakeCauses, reason)
	}
}
