package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/worker"
)

// mailOnly is a policy that tells everybody by email, through two relays.
const mailOnly = `
name: %s
title: Email through two relays
location: GB
languages: {default: en, available: [en]}
contact_required: [name, email]
strategy: escalate
channels:
  - {channel: email, proof: accepted, quiet: 0s, wait: 24h, retry: {tries: 5, repeats: 10, backoff: [6h]}, not_knowable: stay}
closed:
  - {channel: sms, reason: not_operated}
  - {channel: push, reason: not_operated}
  - {channel: voice, reason: not_operated}
  - {channel: letter, reason: not_operated}
unknown_email: repeat_same_id
third_party_processors: none
providers:
  - {id: first, channel: email, kind: smtp, operated_by: self, location: GB, receives: [name, email, notice]%s}
  - {id: second, channel: email, kind: smtp_backup, operated_by: self, location: GB, receives: [name, email, notice]}
routing:
  - {channel: email, providers: [first, second]}
minors: {age: 0}
announcement: {min_uncovered: {count: 1}, keep_days: 1, covers: [no_contact, not_allowed, failed_everywhere, unreachable]}
retention: {contact_days: 1, inquiry_days: 1, proof_days: 1}
`

// perSecond is the limit of the first relay.
const perSecond = 300

// relays is a product with two mail servers.
type relays struct {
	*world
	second *simulator.Simulators
}

func twoRelays(t *testing.T) *relays {
	t.Helper()
	r := &relays{}
	var err error
	r.second, err = simulator.Start(t.Context(), simulator.Options{Dir: t.TempDir(), Envelopes: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.second.Close() })
	r.world = ownWorld(t, dataDir(t), func(s *app.Settings) {
		backup, at := *s.Email, r.second.Endpoints().SMTP
		backup.Addr, backup.CAFile, backup.Username, backup.Password = at.Address, at.CAFile, at.Username, at.Password
		s.EmailBackup = &backup
		for name, limits := range map[string]string{"unlimited": "", "limited": fmt.Sprintf(", limits: {per_second: %d}", perSecond)} {
			p, err := policy.ParseProfile(fmt.Appendf(nil, mailOnly, name, limits), app.Kinds())
			require.NoError(t, err)
			s.Policies.Add(p)
		}
	})
	return r
}

// under opens an incident under a policy and has n people told by email.
func (r *relays) under(t *testing.T, policy string, n int) (*kase, []human) {
	t.Helper()
	file := example(t)
	file.Policy = policy
	people := newCrowd().some(n)
	k := r.open(t, file)
	k.tell(t, people)
	return k, people
}

// arrivals are the instants at which a mail server took messages, in order.
func arrivals(box *outbox.Box, contains string) []time.Time {
	var out []time.Time
	q := outbox.Query{Channel: outbox.ChannelEmail, Contains: contains, Limit: 1000}
	for {
		page := box.List(q)
		for _, m := range page.Messages {
			out = append(out, m.ReceivedAt)
		}
		if q.Before = page.Next; q.Before == "" {
			slices.SortFunc(out, time.Time.Compare)
			return out
		}
	}
}

// hugeSize is how many people each large incident has: too many for a relay of that limit to be done soon.
const hugeSize = 10_000

// Four large incidents wait for a relay that takes 300 messages a second, and hold every place that lanes have. A small
// one comes: its people are told long before the large ones are done, and the relay gets no more than it takes. Then the relay dies in the
// middle: everybody is told through the other one.
func TestFlowOfMessages(t *testing.T) {
	t.Parallel()
	r := twoRelays(t)
	var huge []*kase
	for range 4 {
		k, _ := r.under(t, "limited", hugeSize)
		huge = append(huge, k)
	}
	box := r.sims.Outbox()
	for end := time.Now().Add(patience); box.Counts().Total < 600; time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the large ones do not begin")
	}

	asked := time.Now()
	small, few := r.under(t, "limited", 50)
	approved := time.Now()
	small.until(t, "the small one", func(v breach.Overview) bool { return v.People[breach.Reached] == 50 })
	got := arrivals(box, tagOf(few))
	require.Len(t, got, 50)
	var delays []time.Duration
	for _, at := range got {
		delays = append(delays, at.Sub(approved))
	}
	slices.Sort(delays)
	t.Logf("the small one: asked for %s before its approval; p50 %s, p95 %s, last %s after it", approved.Sub(asked).Round(time.Millisecond),
		delays[25].Round(time.Millisecond), delays[47].Round(time.Millisecond), delays[49].Round(time.Millisecond))

	all := arrivals(box, "")
	before, _ := slices.BinarySearchFunc(all, got[49].Add(1), time.Time.Compare)
	require.Less(t, before, 4*hugeSize/2, "a small incident is over while the huge ones have most of their people still to tell")
	logUse(t, len(all), all[len(all)-1].Sub(all[0]))
	belowTheLimit(t, all, 2*time.Second)
	r.sharesWithAnother(t)
	for _, k := range huge {
		k.author.do(t, http.MethodPost, k.path("/send/stop"), nil, nil)
	}
	r.failsOver(t)
}

// sharesWithAnother lets a second worker of another name send beside the first: the limit is that of both.
func (r *relays) sharesWithAnother(t *testing.T) {
	t.Helper()
	ports := r.Product.Ports
	ports.Owner = "another"
	stop, err := worker.Start(r.Client, ports)
	require.NoError(t, err)
	defer stop()
	from, conn := time.Now(), r.sql(t)
	for both := false; !both; time.Sleep(100 * time.Millisecond) {
		require.Less(t, time.Since(from), patience, "the second worker does not send")
		both = one[int](t, conn, `SELECT count(*) FROM sender WHERE provider = 'smtp' AND demand AND seen_at - began > interval '2 seconds'
			AND seen_at > clock_timestamp() - interval '2 seconds'`) == 2
	}
	time.Sleep(3 * time.Second)
	all := arrivals(r.sims.Outbox(), "")
	belowTheLimit(t, all, 2*time.Second)
	since, _ := slices.BinarySearchFunc(all, from, time.Time.Compare)
	require.Positive(t, len(all)-since, "nobody sends")
	logUse(t, len(all)-since, time.Since(from))
}

// logUse says how much of the limit was used. How much it must be is for a machine that does nothing else.
func logUse(t *testing.T, n int, in time.Duration) {
	t.Helper()
	t.Logf("%d messages in %s: %.0f %% of the limit", n, in.Round(time.Millisecond), 100*float64(n)/(perSecond*in.Seconds()))
}

// belowTheLimit checks every window of a length: what the limit allows, and one second of it at once. Messages are counted
// where they arrive, after the way there, which bunches a few.
func belowTheLimit(t *testing.T, all []time.Time, window time.Duration) {
	t.Helper()
	most := int(perSecond*window.Seconds()) + perSecond
	for i, from := range all {
		n, _ := slices.BinarySearchFunc(all, from.Add(window), time.Time.Compare)
		require.LessOrEqual(t, n-i, most+most/10, "from %s on", from.Format("15:04:05.000"))
	}
}

func tagOf(people []human) string {
	return people[0].Email[:len(people[0].Email)-len("-1@mail.test")] + "-"
}

// failsOver lets the first relay die in the middle of a list.
func (r *relays) failsOver(t *testing.T) {
	t.Helper()
	const n = 3000
	before := r.sims.Outbox().Counts().Total
	k, people := r.under(t, "unlimited", n)
	for end := time.Now().Add(patience); r.sims.Outbox().Counts().Total < before+400; time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "sending does not begin")
	}
	require.NoError(t, r.sims.Close())
	v := k.until(t, "everybody to be told through the second relay", func(v breach.Overview) bool { return v.People[breach.Reached] == n })
	require.True(t, v.Balanced)
	twice := 0
	for _, h := range people {
		first, second := r.sims.Outbox().CountFor(h.Email), r.second.Outbox().CountFor(h.Email)
		require.Positive(t, first+second, "nobody is lost")
		if first+second > 1 {
			twice++
		}
	}
	mail := v.Channels[breach.Email]
	repeated, failed := int(mail["repeated"]), int(mail[string(breach.FailedTemporary)])
	t.Logf("%d by the first, %d by the second; %d were unknown and repeated, %d failed and were tried again",
		r.sims.Outbox().Counts().Total-before, r.second.Outbox().Counts().Total, repeated, failed)
	require.LessOrEqual(t, twice, repeated, "who was told twice is listed as repeated")
	require.LessOrEqual(t, failed, 960, "what was under way when it was found out")
	require.EqualValues(t, n, mail[string(breach.Accepted)]+mail[string(breach.Delivered)])
	require.Positive(t, r.second.Outbox().Counts().Total)
}
