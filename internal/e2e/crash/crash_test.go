package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long one life of the product may take on a slow and busy machine.
const patience = 3 * time.Minute

// dice are seeded anew with every run; the seed is printed and TOCSIN_CRASH_SEED repeats it.
func dice(t *testing.T) *rand.Rand {
	seed := chosenSeed(t)
	t.Logf("TOCSIN_CRASH_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 12))
}

func chosenSeed(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TOCSIN_CRASH_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	return seed
}

// moment says when the product is killed; until is called once the product goes on with its work.
type moment struct {
	what  string
	until func(l *run, d *rand.Rand) func() bool
}

// after is true from a random instant within the next while on.
func after(most time.Duration) func(*run, *rand.Rand) func() bool {
	return func(_ *run, d *rand.Rand) func() bool {
		end := time.Now().Add(time.Duration(d.Int64N(int64(most))))
		return func() bool { return time.Now().After(end) }
	}
}

// share is true when a channel's messages are sent to a random share of its people.
func share(channel string, least, most float64) func(*run, *rand.Rand) func() bool {
	return func(l *run, d *rand.Rand) func() bool {
		n := int((least + d.Float64()*(most-least)) * float64(l.having(channel)))
		return func() bool { return l.outboxNow()[channel] >= n }
	}
}

// The product is killed at random points of a send to 5,000 people, and started again until it is done.
func TestMainJob12CrashAtRandomPoints(t *testing.T) {
	t.Parallel()
	seed := chosenSeed(t)
	t.Logf("TOCSIN_CRASH_SEED=%d", seed)
	d := rand.New(rand.NewPCG(seed, 12))
	r := newRig(t, 5000, 240)
	moments := []moment{
		{"right after the approval", after(400 * time.Millisecond)},
		{"while text messages go out", share("sms", 0.1, 0.6)},
		{"somewhere in the middle", share("email", 0.2, 0.7)},
		{"near the end", share("email", 0.85, 0.97)},
	}
	for i, m := range moments {
		l := r.start()
		if i == 0 {
			l.until("the approval", patience, l.approved)
		} else {
			l.goesOn()
		}
		l.until(m.what, patience, m.until(l, d))
		l.kill(d.IntN(2) == 0)
		r.say("killed %s: the outbox holds %v", m.what, r.outboxNow())
	}
	l := r.start()
	l.goesOn()
	l.finish()
	out := r.prove(len(moments), mayBreakOff(1+len(moments)))
	r.report(out)
	results.add(row{fault: "all in one process, all channels, killed", people: len(r.people), what: fmt.Sprintf("%d times with PostgreSQL, email, SMS and push", len(moments)),
		result: out, looks: r.looks.Load(), took: time.Since(r.begin), seed: seed})
}

// The product is killed at any step of its story, from the first second to the last.
func TestMainJob12CrashAtAnyStep(t *testing.T) {
	t.Parallel()
	d := dice(t)
	r := newRig(t, 300, 60)
	kills := 0
	for range 7 {
		l := r.start()
		select {
		case err := <-l.ended:
			require.NoError(t, err, "%s", l.told())
			r.beginsAnew()
			r.report(r.prove(kills, mayBreakOff(1+kills)))
			return
		case <-time.After(1200*time.Millisecond + time.Duration(d.Int64N(int64(4*time.Second)))):
		}
		l.kill(d.IntN(2) == 0)
		kills++
	}
	r.start().finish()
	r.beginsAnew()
	r.report(r.prove(kills, mayBreakOff(1+kills)))
}

// beginsAnew shows that a story that is over is not gone on with: the next demo on the directory opens another
// incident.
func (r *rig) beginsAnew() {
	r.t.Helper()
	l := r.start()
	l.until("a new story begins", patience, func() bool { return strings.Contains(l.told(), "opens the incident") })
	require.NotContains(r.t, l.told(), "Going on")
	l.kill(false)
}

// PostgreSQL alone is killed. The product says so and ends, because it could not record what it sends; the
// next start goes on.
func TestMainJob12CrashOfPostgresAlone(t *testing.T) {
	t.Parallel()
	d := dice(t)
	r := newRig(t, 1000, 80)
	l := r.start()
	l.until("a part of the send", patience, share("email", 0.2, 0.7)(l, d))
	r.cut()
	require.NoError(t, syscall.Kill(l.postmaster(), syscall.SIGKILL))
	since := time.Now()
	var exit *exec.ExitError
	require.ErrorAs(t, l.wait(time.Minute), &exit, "the product must not go on without its ledger")
	require.Equal(t, 3, exit.ExitCode(), "%s", l.told())
	require.Contains(t, l.told(), "PostgreSQL ended while it was needed")
	require.Contains(t, l.told(), "start again")
	require.Empty(t, r.postgres())
	r.say("ended %.1f s after PostgreSQL was killed: the outbox holds %v", time.Since(since).Seconds(), r.outboxNow())
	l = r.start()
	l.goesOn()
	l.finish()
	r.report(r.prove(1, mayBreakOff(2)))
}

// The mail server takes calls and says nothing for ten seconds in the middle of the send.
func TestMainJob12CrashOfTheMailServer(t *testing.T) {
	t.Parallel()
	d := dice(t)
	r := newRig(t, 1000, 100)
	l := r.start()
	l.until("a part of the send", patience, share("email", 0.2, 0.7)(l, d))
	r.control(`{"fail": "smtp", "mode": "hang"}`)
	r.say("the mail server hangs: the outbox holds %v", r.outboxNow())
	time.Sleep(10 * time.Second)
	r.control(`{"fail": "smtp", "mode": "none"}`)
	l.finish()
	r.report(r.prove(0, connections*together))
}
