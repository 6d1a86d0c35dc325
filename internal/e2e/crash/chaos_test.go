package crash

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
)

// fault is one row of the table: what is done to a deployment while people are told.
type fault struct {
	name    string
	big     bool   // told to all people of `make chaos`; the others to a fifth of them
	short   bool   // part of the short form, which every full test run holds
	workers int    // 1 if zero
	clock   bool   // the worker's clock can be set wrong
	small   string // directory that lies on a small file system
	prepare func(c *chaos)
	storm   func(people float64) map[faults.Trouble]float64 // of the mail server
	strike  func(c *chaos)
}

// chaos is one row under way.
type chaos struct {
	*deployment
	dice  *rand.Rand
	long  bool   // as `make chaos` runs it
	harm  int    // what was done, counted
	what  string // in words
	kills int    // crashes of senders, or of the ledger below them
	clock string // file

	counted time.Time // when it was last counted what is under way
}

// size is how many people `make chaos` tells; 0 is the short form.
func size(t *testing.T) int {
	text := os.Getenv("TOCSIN_CHAOS_PEOPLE")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 1000, "fewer people are told before anything can be done to the product")
	return n
}

const shortForm = 1000

// Every fault of the table, on a deployment of its own: afterwards nobody is lost, whoever was told twice is on
// record as such and few, people add up, and the delivery ended by itself.
func TestMainJob12Chaos(t *testing.T) {
	all := size(t)
	if all == 0 {
		t.Parallel()
	}
	for i, f := range table {
		people := all
		switch {
		case all == 0 && !f.short:
			continue
		case all == 0:
			people = shortForm
		case !f.big:
			people = max(shortForm, all/5)
		}
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			if all == 0 || !f.big {
				t.Parallel()
			}
			f.run(t, fmt.Sprintf("c%02d", i), people, all > 0)
		})
	}
}

func (f fault) run(t *testing.T, dir string, people int, long bool) {
	seed := chosenSeed(t)
	name := fnv.New64a()
	_, _ = name.Write([]byte(f.name))
	flags := []string{}
	if people > 10_000 {
		flags = append(flags, "--envelopes")
	}
	rate := max(120, float64(people)/12) // slow enough for something to happen meanwhile
	if people >= 50_000 {
		rate = 0
	}
	r := rigFor(t, dir, mailing(people), rate, flags...)
	r.tell = results.line(t, f.name)
	r.say("TOCSIN_CRASH_SEED=%d, %d people", seed, people)
	c := &chaos{dice: rand.New(rand.NewPCG(seed, name.Sum64())), long: long}
	if f.small != "" {
		r.small(r.file(f.small))
	}
	if f.clock {
		c.clock = r.file("clock")
		require.NoError(t, os.WriteFile(c.clock, []byte("0s"), 0o600))
	}
	c.deployment = deploy(r, max(1, f.workers), c.clock, func(d *deployment) {
		c.deployment = d
		if f.prepare != nil {
			f.prepare(c)
		}
	})
	defer results.failed(t, f.name, people, seed, c)
	if f.storm != nil {
		body, err := json.Marshal(map[string]faults.Storm{"storm": {Seed: seed, Shares: f.storm(float64(people))}})
		require.NoError(t, err)
		r.control(string(body))
	}
	c.approve()
	begun := time.Now()
	watching := sync.OnceFunc(c.bar())
	defer watching()
	if f.strike != nil {
		f.strike(c)
	}
	c.conclude(c.endPatience())
	took := time.Since(begun)
	watching()
	struck := c.struck()
	c.stop()
	out := r.prove(c.kills, unanswered(struck)+mayBreakOff(len(c.workers)+c.kills))
	for _, n := range struck {
		c.harm += n
	}
	if f.storm != nil {
		require.NotEmpty(t, struck, "the mail server never failed")
		if c.what != "" {
			c.what += "; mail server: "
		}
		c.what += inWords(struck)
	}
	require.Positive(t, c.harm, "nothing was done to the product")
	for _, p := range append([]*part{c.serve, c.temporal}, c.workers...) {
		if n := p.fell(); n > 0 {
			r.say("%s ended by itself %d times and was started again", p.name, n)
		}
	}
	done := row{fault: f.name, people: people, what: c.what, result: out, looks: r.looks.Load(), took: took, seed: seed}
	t.Log(done.verdict())
	results.add(done)
}

// unanswered counts messages that left whole, as far as the sender can know, and were not answered. One that the
// server did not read to its end lay in the machine's buffers.
func unanswered(struck map[faults.Trouble]int) (n int) {
	for _, t := range []faults.Trouble{faults.DataDrop, faults.DotHang, faults.DotHangTaken, faults.DotDrop, faults.DotDropTaken} {
		n += struck[t]
	}
	return n
}

// endPatience is how long a delivery may take to its end after the last harm.
func (c *chaos) endPatience() time.Duration {
	return patience + time.Duration(len(c.people))*2*time.Millisecond
}

func inWords(struck map[faults.Trouble]int) string {
	var parts []string
	for _, t := range faults.Troubles() {
		if n := struck[t]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(string(t), "_", " "), n))
		}
	}
	return strings.Join(parts, ", ")
}

// struck asks the mail server what it did.
func (r *rig) struck() map[faults.Trouble]int {
	r.t.Helper()
	res, err := http.Get(r.at.ControlURL)
	require.NoError(r.t, err)
	defer res.Body.Close()
	var state struct {
		Struck map[faults.Trouble]int `json:"struck"`
	}
	require.NoError(r.t, json.NewDecoder(res.Body).Decode(&state))
	return state.Struck
}

// did notes harm.
func (c *chaos) did(format string, args ...any) {
	c.harm++
	c.say("%s; the outbox holds %d", fmt.Sprintf(format, args...), c.outboxNow()["email"])
}

// at waits until about a share of the people was told; how often something is done does not depend on whether
// the product is fast.
func (c *chaos) at(share float64) {
	c.t.Helper()
	n := int(share * float64(len(c.people)))
	c.await(fmt.Sprintf("%d messages are sent", n), c.endPatience(), func() bool { return c.outboxNow()["email"] >= n })
}

// moments are random shares of the send, in order.
func (c *chaos) moments(n int) []float64 {
	out := make([]float64, n)
	for i := range out { // one in each n-th, so that they do not fall together
		out[i] = 0.02 + 0.93*(float64(i)+c.dice.Float64())/float64(n)
	}
	slices.Sort(out)
	return out
}

// times is how often something is done: less often in the short form.
func (c *chaos) times(often, seldom int) int {
	if c.long {
		return often
	}
	return seldom
}

// pause is how long something stays away.
func (c *chaos) pause(long, short time.Duration) time.Duration {
	if c.long {
		return long
	}
	return short
}

// bar shows how far the send is until the returned function is called.
func (c *chaos) bar() (end func()) {
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-over:
				return
			case <-time.After(5 * time.Second):
				const width = 20
				n, all := c.outboxNow()["email"], len(c.people)
				full := min(width, n*width/all)
				c.say("[%s%s] %d/%d", strings.Repeat("#", full), strings.Repeat(".", width-full), n, all)
			}
		}
	}()
	return func() { close(over); <-gone }
}
