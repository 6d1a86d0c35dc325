package announce

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func from(peer string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/verify", nil)
	r.RemoteAddr = peer
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestOneAddressAsksSoOftenInAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &limiter{}
		for range asksPerMinute {
			require.True(t, l.allow(from("198.51.100.7:1000")))
		}
		require.False(t, l.allow(from("198.51.100.7:2000")), "another port is the same address")
		others := 0
		for i := range 200 {
			if l.allow(from(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String() + ":1")) {
				others++
			}
		}
		require.GreaterOrEqual(t, others, 190, "strangers share a counter only by chance")
		key := l.key
		time.Sleep(time.Minute)
		require.True(t, l.allow(from("198.51.100.7:1000")))
		require.NotEqual(t, key, l.key, "what was counted leads back to nobody a minute later")
	})
}

func TestWhoAsks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    *http.Request
		want string
	}{
		{from("198.51.100.7:1000"), "198.51.100.7/32"},
		{from("198.51.100.7:1000", "203.0.113.9"), "198.51.100.7/32"}, // anybody may write this
		{from("127.0.0.1:1000", "203.0.113.9"), "203.0.113.9/32"},
		{from("10.1.2.3:1000", "192.0.2.1, 203.0.113.9"), "203.0.113.9/32"},
		{from("10.1.2.3:1000", "192.0.2.1", "192.0.2.2,203.0.113.9 "), "203.0.113.9/32"},
		{from("[::1]:1000", "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"},
		{from("[2001:db8:1:2::9]:1000"), "2001:db8:1:2::/64"},
		{from("[::ffff:198.51.100.7]:1000"), "198.51.100.7/32"},
		{from("127.0.0.1:1000", "nonsense\x00"), "127.0.0.1/32"},
		{from("[fe80::1%eth0]:1"), "fe80::/64"},
	} {
		require.Equal(t, c.want, askerOf(c.r).String())
	}
	require.NotPanics(t, func() { askerOf(from("@")) })
}
