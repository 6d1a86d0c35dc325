package receipts

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPostTriesAgainAndStopsWithItsPoster(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case r.URL.Path == "/down" || calls.Add(1) < 3:
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	to := func(path string) func(context.Context) (*http.Request, error) {
		return func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodPost, server.URL+path, nil)
		}
	}
	poster := New()
	detail, ok := poster.Post(context.Background(), to("/"))
	require.True(t, ok)
	require.Equal(t, "HTTP 200 on try 3", detail)

	short, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	detail, ok = poster.Post(short, to("/moved"))
	require.False(t, ok, "a redirect is not an answer, and not followed")
	require.Contains(t, detail, "HTTP 302")

	ended := make(chan bool, 1)
	poster.Go(func(ctx context.Context) {
		_, ok := poster.Post(ctx, to("/down"))
		ended <- ok
	})
	time.Sleep(20 * time.Millisecond)
	began := time.Now()
	poster.Close()
	require.False(t, <-ended)
	require.Less(t, time.Since(began), time.Second)
	poster.Go(func(context.Context) { t.Error("nothing starts after Close") })
}
