package app

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheServerSaysItsVersion(t *testing.T) {
	t.Parallel()
	p := newHouse(t).server(func(s *Settings) { s.Version = "v9.8.7" })
	require.JSONEq(t, `{"ok":true,"version":"v9.8.7"}`, ask(p, http.MethodGet, "/healthz", "", "").Body.String())
	require.Contains(t, ask(p, http.MethodGet, "/openapi.json", "", "").Body.String(), `"version":"v9.8.7"`)
}

// An open page of the console is counted as open, never as a very slow request; and the server that serves
// it ends at once all the same.
func TestEventStreamsAreCountedNotTimed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.server(nil)
	id := h.detect(p, finding("1", 1)).Incident
	l, err := Listen("127.0.0.1:0")
	require.NoError(t, err)
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.ServeOn(running, l, slog.New(slog.DiscardHandler)) }()
	base := "http://" + l.Addr().String()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar}
	get := func(path string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		require.NoError(t, err)
		resp, err := c.Do(r)
		require.NoError(t, err)
		return resp
	}
	metrics := func() string {
		resp := get("/metrics")
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(b)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/console/sign-in", strings.NewReader(url.Values{"token": {leadToken}}.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	signedIn, err := c.Do(r)
	require.NoError(t, err)
	require.NoError(t, signedIn.Body.Close())

	require.Contains(t, metrics(), "tocsin_http_streams_open 0")
	first, second := get("/console/incidents/"+id+"/events"), get("/console/incidents/"+id+"/events")
	require.Equal(t, "text/event-stream", first.Header.Get("Content-Type"))
	_, err = bufio.NewReader(first.Body).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, metrics(), "tocsin_http_streams_open 2")
	require.NoError(t, first.Body.Close())
	require.Eventually(t, func() bool { return strings.Contains(metrics(), "tocsin_http_streams_open 1") }, 5*time.Second, 20*time.Millisecond)
	require.NotContains(t, metrics(), "/events")
	require.Contains(t, metrics(), `tocsin_http_request_seconds_count{method="GET",route="GET /metrics",status="200"}`)

	stop()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(5 * time.Second):
		t.Fatal("an open stream keeps the server from ending")
	}
	_ = second.Body.Close()
}
