package delivery

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"8.8.8.8", "17.188.143.1", "2a00:1450:4001:800::200a", "::ffff:8.8.8.8", "64:ff9b::808:808"} {
		require.True(t, Public(netip.MustParseAddr(a)), a)
	}
	for _, a := range []string{
		"127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0.1.2.3", "100.64.0.1", "192.0.0.8", "198.18.0.1",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
		"::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::",
	} {
		require.False(t, Public(netip.MustParseAddr(a)), a)
	}
	require.False(t, Public(netip.Addr{}))
}

// A guarded host is never called at an address of this machine, whichever way its name leads there, and others are.
func TestGuardedHosts(t *testing.T) {
	t.Parallel()
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	client := NewGuardedClient(30*time.Second, 1, func(host string) bool { return host == "localhost" })
	get := func(host string) error {
		ctx, watch := Watched(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+":"+u.Port(), nil)
		require.NoError(t, err)
		resp, err := client.Do(r)
		if err != nil {
			require.False(t, watch.Left())
			return err
		}
		return resp.Body.Close()
	}
	require.ErrorIs(t, get("localhost"), ErrNotPublic)
	require.Zero(t, calls)
	require.NoError(t, get("127.0.0.1"))
	require.Equal(t, 1, calls)
}
