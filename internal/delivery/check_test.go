package delivery

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlainID(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "A-1_x.y", strings.Repeat("a", 128)} {
		require.True(t, PlainID(good), good)
	}
	for _, bad := range []string{"", ".a", "a.", "a..b", "-a", "_a", "a/b", "a b", "a@b", "ä", "a\n", strings.Repeat("a", 129)} {
		require.False(t, PlainID(bad), "%q", bad)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://example.com", "https://example.com/x/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:2/a"} {
		require.NoError(t, CheckURL("base", good), good)
	}
	for _, bad := range []string{"", "example.com", "http://example.com", "ftp://example.com", "https://u:p@example.com", "https://e.com?x=1", "https://e.com#x", "https:", "http://localhost.evil.example"} {
		err := CheckURL("base", bad)
		require.ErrorContains(t, err, "base:", bad)
		require.NotContains(t, err.Error(), "p@")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "x": 0, "999999999": time.Hour, "99999999999999999999": 0,
		"Sun, 22 Nov 2026 08:00:30 GMT": 30 * time.Second, "Sun, 22 Nov 2026 07:00:30 GMT": 0, "Sun, 22 Nov 2027 07:00:30 GMT": time.Hour,
	} {
		require.Equal(t, want, RetryAfter(http.Header{"Retry-After": {in}}, now), in)
	}
}

// A client of NewHTTPClient sends a request once, whatever comes back.
func TestHTTPClientNeverSendsTwice(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := calls.Add(1); {
		case n == 1:
			_, _ = w.Write([]byte("ok")) // the connection is kept
		case r.URL.Path == "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	client := NewHTTPClient(2*time.Second, 1)
	post := func(path string) (*Watch, *http.Response, error) {
		ctx, watch := Watched(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+path, strings.NewReader("x"))
		require.NoError(t, err)
		resp, err := client.Do(req)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		return watch, resp, err
	}
	_, _, err := post("/")
	require.NoError(t, err)
	_, resp, err := post("/redirect")
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, resp.StatusCode)
	require.EqualValues(t, 2, calls.Load())
	watch, _, err := post("/")
	require.Error(t, err)
	require.True(t, watch.Broken(err).Unknown)
	require.EqualValues(t, 3, calls.Load(), "a request that was cut is not sent again")
}

func TestBrokenBeforeAnythingLeft(t *testing.T) {
	t.Parallel()
	_, watch := Watched(t.Context())
	for _, err := range []error{errors.New("dial"), context.Canceled, context.DeadlineExceeded} {
		f := watch.Broken(err)
		require.True(t, f.Retryable && !f.Unknown)
		require.NotContains(t, f.Detail, "dial")
	}
}
