package delivery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// ErrNotPublic says that a name led to an address that is not of the public internet; nothing was sent there.
var ErrNotPublic = errors.New("the name leads to an address that is not public")

// translated are addresses of IPv6 that stand for one of IPv4 in networks that have IPv6 alone (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// inner are networks that are not reached over the public internet, besides those that netip knows: this network, shared
// space of carriers, protocol assignments, benchmarks and reserved space of IPv4; IPv6 addresses that stand for one of
// IPv4 in ways that no network uses now (RFC 6890, RFC 8215, RFC 3056, RFC 4380).
var inner = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("::/96"),
}

// Public says whether an address is one of the public internet.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if translated.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range inner {
		if p.Contains(a.WithZone("")) {
			return false
		}
	}
	return true
}

// publicOnly opens connections as d does, but those to a guarded host to public addresses alone. It looks at the address
// that is dialled, after the name was resolved, so that no answer of a name server leads elsewhere. Other hosts are
// proxies, which see to it themselves.
func publicOnly(d net.Dialer, guarded func(host string) bool) func(context.Context, string, string) (net.Conn, error) {
	watched := d
	watched.Control = func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || !Public(at.Addr()) {
			return ErrNotPublic
		}
		return nil
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err != nil || guarded(host) {
			return watched.DialContext(ctx, network, address)
		}
		return d.DialContext(ctx, network, address)
	}
}
