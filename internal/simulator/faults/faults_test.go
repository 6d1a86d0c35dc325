package faults

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGuardRefusesHangsAndRecovers(t *testing.T) {
	t.Parallel()
	panel := New(0, 0)
	served := 0
	server := httptest.NewServer(panel.Guard(Twilio, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served++
		_, _ = io.WriteString(w, "ok")
	})))
	defer server.Close()

	require.NoError(t, panel.SetMode(Twilio, Refuse))
	res, err := http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)

	require.NoError(t, panel.SetMode(Twilio, Hang))
	done := make(chan error, 1)
	go func() {
		res, err := http.Get(server.URL)
		if err == nil {
			_ = res.Body.Close()
		}
		done <- err
	}()
	select {
	case <-done:
		t.Fatal("a hanging provider answered")
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, panel.SetMode(Twilio, None))
	require.Error(t, <-done, "what hung is cut, not served")
	require.Zero(t, served)

	res, err = http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 1, served)

	require.Error(t, panel.SetMode("fax", Hang))
	require.Error(t, panel.SetMode(SMTP, "explode"))
}

func TestLatencyDelaysTheReplyNotTheWork(t *testing.T) {
	t.Parallel()
	panel := New(0, 60*time.Millisecond)
	var worked time.Time
	server := httptest.NewServer(panel.Guard(FCM, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		worked = time.Now()
		w.WriteHeader(http.StatusNoContent)
	})))
	defer server.Close()
	res, err := http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.GreaterOrEqual(t, time.Since(worked), 60*time.Millisecond)
}

func TestRateHolds(t *testing.T) {
	t.Parallel()
	panel := New(200, 0)
	start := time.Now()
	for range 42 {
		require.NoError(t, panel.AcceptEmail(context.Background()))
	}
	require.GreaterOrEqual(t, time.Since(start), 190*time.Millisecond)
	panel.SetRate(0)
	start = time.Now()
	for range 10_000 {
		require.NoError(t, panel.AcceptEmail(context.Background()))
	}
	require.Less(t, time.Since(start), 100*time.Millisecond)
}
