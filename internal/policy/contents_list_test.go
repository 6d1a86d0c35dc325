package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestADoubtAboutTheListBlocksUntilItIsConfirmedByName(t *testing.T) {
	t.Parallel()
	doubt := breach.ListDoubt{Code: breach.DoubtShared, Field: "email", Count: 10, Of: 100}
	ask := Contents{Wave: 2, Doubts: []breach.ListDoubt{doubt}}
	check := ask.Check()
	require.Len(t, check.Blocking(), 1)
	require.Equal(t, "list-2:one_address.email", check.Gaps[0].Place())
	require.Contains(t, check.Gaps[0].What(), "10 / 100")

	ask.Waivers = []breach.Waiver{{Obligation: "list-1", Field: "one_address.email"}}
	require.Len(t, ask.Check().Blocking(), 1, "another list was confirmed")
	ask.Waivers = append(ask.Waivers, breach.Waiver{Obligation: "list-2", Field: "one_address.email", By: "chen", Reason: "the office of the school"})
	require.Empty(t, ask.Check().Blocking())
	require.Equal(t, "chen", ask.Check().Gaps[0].Waived.By)
}
