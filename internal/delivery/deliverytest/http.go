package deliverytest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// HTTP is a provider that is reached over HTTP.
type HTTP struct {
	// Key finds the id of a repetition in a request that brings a message; "" when it brings none.
	Key func(r *http.Request, body []byte) string
	// Reply answers a message that is accepted or refused.
	Reply func(w http.ResponseWriter, b Behaviour, key string, body []byte)
	// Other answers everything else; it may be nil.
	Other http.HandlerFunc
}

// Start runs the provider. The caller puts the adapter into the Provider.
func (h HTTP) Start(t *testing.T, b Behaviour) (url string, p Provider) {
	t.Helper()
	var mu sync.Mutex
	var taken []string
	contacted := 0
	stop := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		contacted++
		mu.Unlock()
		key := h.Key(r, body)
		if key == "" {
			if h.Other != nil {
				h.Other(w, r)
			}
			return
		}
		mu.Lock()
		taken = append(taken, key)
		mu.Unlock()
		switch b {
		case Drop:
			panic(http.ErrAbortHandler)
		case Hang:
			select {
			case <-stop:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		}
		h.Reply(w, b, key, body)
	}))
	server.Config.Protocols = new(http.Protocols) // each adapter speaks the one it wants
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(func() {
		close(stop)
		server.Close()
	})
	return server.URL, Provider{
		Taken:     func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(taken) },
		Contacted: func() int { mu.Lock(); defer mu.Unlock(); return contacted },
	}
}

// ClosedPort gives a loopback address at which nobody listens.
func ClosedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	return addr
}
