package twilio

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/twiliotest"
)

// What our client asks and what the simulator answers is what the vendor's published description has.
func TestClientAndSimulatorAreAsTheVendorPublishes(t *testing.T) {
	t.Parallel()
	before, seen := twiliotest.Watched(t)
	st := against(t, before)
	// Everything that the adapter can ask, and every ending of a message.
	for i, to := range []string{"+15005559876", "+15005500002", "+15005500003", "+15005500005", "+15005500007", "+15005500001"} {
		m := canary
		m.To, m.DeliveryID, m.AttemptID, m.SentAfter = to, fmt.Sprintf("d%d", i), fmt.Sprintf("d%d-1", i), time.Now().Add(-time.Minute)
		_, _ = st.sender.Send(t.Context(), m)
		require.Eventually(t, func() bool {
			r, found, err := st.sender.Ask(t.Context(), m)
			return err == nil && (!found || r.State != breach.HandedOver)
		}, 5*time.Second, 50*time.Millisecond)
		if r, found, err := st.sender.Ask(t.Context(), m); err == nil && found {
			_, err = st.sender.Look(t.Context(), r.ProviderRef)
			require.NoError(t, err)
			require.NoError(t, st.sender.Redact(t.Context(), r.ProviderRef))
			require.NoError(t, st.sender.Erase(t.Context(), r.ProviderRef))
		}
	}
	account, err := st.sender.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, account.Active && !account.Trial)
	requests, faults := seen()
	require.Greater(t, requests, 30)
	require.Empty(t, faults)
}
