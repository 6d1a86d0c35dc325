package announce

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	asksPerMinute = 60      // from one address; many people may share one
	limitSlots    = 1 << 15 // with fewer, strangers would more often count as one
)

// limiter counts questions by address without keeping an address: a counter is found by a hash whose key lives
// for a minute, and then all counters begin anew. Two addresses may share a counter by chance. Codes cannot be
// guessed anyway; this keeps one sender from keeping the page busy for everybody else.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	key   maphash.Seed
	count [limitSlots]uint16
}

// allow counts one question.
func (l *limiter) allow(r *http.Request) bool {
	from := askerOf(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) >= time.Minute {
		l.since, l.key, l.count = now, maphash.MakeSeed(), [limitSlots]uint16{}
	}
	c := &l.count[maphash.Comparable(l.key, from)%limitSlots]
	if *c >= asksPerMinute {
		return false
	}
	*c++
	return true
}

// askerOf is the network that a question comes from: an address, or of IPv6 the 64 bits that one house has. The
// last entry of X-Forwarded-For counts when a proxy of the same machine or house passes the question on; the
// entries before it are what anybody may write.
func askerOf(r *http.Request) netip.Prefix {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // without one all count together
	from := peer.Addr().Unmap()
	if from.IsLoopback() || from.IsPrivate() {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			last := all[len(all)-1]
			last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
			if a, err := netip.ParseAddr(last); err == nil {
				from = a.Unmap().WithZone("")
			}
		}
	}
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	p, _ := from.Prefix(bits)
	return p
}
