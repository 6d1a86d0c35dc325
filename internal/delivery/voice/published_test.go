package voice

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/twiliotest"
)

// What our client asks and what the simulator answers is what the vendor's published description has.
func TestClientAndSimulatorAreAsTheVendorPublishes(t *testing.T) {
	t.Parallel()
	before, seen := twiliotest.Watched(t)
	s, _ := against(t, before)
	// Everything that the adapter can ask, and every ending of a call.
	for i, to := range []string{"+15005559876", "+15005500011", "+15005500012", "+15005500013", "+15005500014", "+15005500021", "+15005500001"} {
		m := message()
		m.To, m.DeliveryID, m.AttemptID, m.SentAfter = to, fmt.Sprintf("d%d", i), fmt.Sprintf("d%d-1", i), time.Now().Add(-time.Minute)
		r, err := s.Send(t.Context(), m)
		if err != nil {
			continue
		}
		_, _, err = s.Ask(t.Context(), m)
		require.NoError(t, err)
		_, err = s.Look(t.Context(), r.ProviderRef)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Erase(t.Context(), r.ProviderRef) == nil }, 5*time.Second, 20*time.Millisecond)
	}
	account, err := s.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, account.Active && !account.Trial)
	requests, faults := seen()
	require.Greater(t, requests, 20)
	require.Empty(t, faults)
}
