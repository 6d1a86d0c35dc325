// Package twiliotest runs the simulator of Twilio for the tests of the adapters in front of it, texts and calls alike.
//
// Imports of ours: the simulators beside it.
package twiliotest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim/published"
)

// Start runs it for the time of the test; before stands between it and whoever asks, the last one outermost.
func Start(t testing.TB, c twiliosim.Config, before ...func(http.Handler) http.Handler) (baseURL string, box *outbox.Box) {
	t.Helper()
	box, err := outbox.Open("")
	require.NoError(t, err)
	poster := receipts.New()
	service, err := twiliosim.New(c, box, poster)
	require.NoError(t, err)
	api := service.Handler()
	for _, b := range before {
		api = b(api)
	}
	server := httptest.NewServer(api)
	t.Cleanup(func() {
		server.Close()
		poster.Close()
		require.NoError(t, box.Close())
	})
	return server.URL, box
}

// Watched gives what is put before the simulator to hold requests and answers against what the vendor publishes, and what
// it has seen so far. The test is skipped where the description is not there.
func Watched(t testing.TB) (before func(http.Handler) http.Handler, seen func() (requests int, faults []string)) {
	t.Helper()
	path := published.Find()
	if path == "" {
		t.Skip("NOT CHECKED: the vendor's OpenAPI description is not there; scripts/ensure-test-tools.sh gets it")
	}
	description, err := published.Read(path)
	require.NoError(t, err)
	var mu sync.Mutex
	requests, faults := 0, []string{}
	before = func(api http.Handler) http.Handler {
		watched := description.Watch(api, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			faults = append(faults, err.Error())
		})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			requests++
			mu.Unlock()
			watched.ServeHTTP(w, r)
		})
	}
	return before, func() (int, []string) {
		mu.Lock()
		defer mu.Unlock()
		return requests, faults
	}
}
