package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long one life of the product may take on a slow and busy machine.
const patience = 150 * time.Second

// dice are seeded anew with every run; the seed is printed and TOCSIN_CRASH_SEED repeats it.
func dice(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TOCSIN_CRASH_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("TOCSIN_CRASH_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 12))
}

// The product is killed at random points of a send to 5,000 people and started again until it is done.
func TestMainJob12CrashAtRandomPoints(t *testing.T) {
	t.Parallel()
	const people, rate = 5000, 220
	d := dice(t)
	r := newRig(t, people, rate)
	emails := func() int { return r.outboxNow()["email"] }
	moments := []struct {
		what string
		is   func(l *run) func() bool
	}{
		{"right after the approval", func(l *run) func() bool {
			l.until("the approval", patience, l.approved)
			end := time.Now().Add(time.Duration(d.IntN(400)) * time.Millisecond)
			return func() bool { return time.Now().After(end) }
		}},
		{"while text messages go out", func(*run) func() bool {
			n := r.outboxNow()["sms"] + 20 + d.IntN(120)
			return func() bool { return r.outboxNow()["sms"] >= n }
		}},
		{"in the middle", func(*run) func() bool {
			n := people/5 + d.IntN(people/2)
			return func() bool { return emails() >= n }
		}},
		{"near the end", func(*run) func() bool {
			n := people*82/100 + d.IntN(people*6/100)
			return func() bool { return emails() >= n }
		}},
	}
	for _, m := range moments {
		l := r.start()
		before, start := emails(), time.Now()
		if r.started > 1 {
			l.until("sending goes on", patience, func() bool { return emails() > before })
			r.say("sending goes on %.1f s after the start", time.Since(start).Seconds())
		}
		is := m.is(l)
		l.until(m.what, patience, is)
		l.kill()
		r.say("killed %s: %v", m.what, r.outboxNow())
	}
	l := r.start()
	before, start := emails(), time.Now()
	l.until("sending goes on", patience, func() bool { return emails() > before })
	r.say("sending goes on %.1f s after the start", time.Since(start).Seconds())
	l.finish(patience)
	r.say("done: %v", r.outboxNow())
	t.Log(l.told())
}
