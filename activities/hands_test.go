package activities

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Every message of every batch is sent once, by no more hands than may work side by side.
func TestHandsSendEveryMessageOnce(t *testing.T) {
	t.Parallel()
	const side = 4
	var h hands
	var mu sync.Mutex
	sent := map[*batch]map[int]int{}
	var at, most atomic.Int64
	send := func(b *batch, i int) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		mu.Lock()
		defer mu.Unlock()
		if sent[b] == nil {
			sent[b] = map[int]int{}
		}
		sent[b][i]++
	}
	for _, n := range []int{1, 2, 7, 3, 100, 1} {
		b := &batch{jobs: make([]job, n), done: make(chan struct{})}
		h.work(b, side, send)
		<-b.done
		mu.Lock()
		require.Len(t, sent[b], n)
		for i, times := range sent[b] {
			require.Equal(t, 1, times, "message %d", i)
		}
		mu.Unlock()
	}
	require.Equal(t, side, h.there)
	require.LessOrEqual(t, most.Load(), int64(side))
	h.leave()
	(&hands{}).leave()
}

// Asking once for all who are alike gives everybody's own steps, whatever some of them have behind them.
func TestStepsOfAlikePeopleAreTheStepsOfEach(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	who := func(country string, contacts ...string) breach.Person {
		return breach.Person{Country: country, Email: contacts[0], Phone: contacts[1], BirthDate: contacts[2]}
	}
	people := []breach.Person{
		who("CN", "a@mail.test", "+8613800138000", ""), who("CN", "b@mail.test", "+8613800138001", ""), who("DE", "c@mail.test", "", ""),
		who("CN", "", "+8613800138002", ""), who("CN", "", "", ""), who("CN", "d@mail.test", "", "2020-01-01"), who("CN", "e@mail.test", "", "1990-01-01"),
	}
	tried := []breach.Attempt{{Addressee: breach.ToSelf, Channel: breach.Email, Try: 1, Provider: "smtp", State: breach.FailedPermanent, At: now.Add(-time.Hour)}}
	for _, name := range policy.BuiltinProfiles {
		p, err := policy.Builtin(name)
		require.NoError(t, err)
		p = p.Equipped(func(string) bool { return false })
		for _, on := range []time.Time{{}, now.Add(-time.Hour)} {
			sc, alike := scope{profile: p, on: on}, map[breach.Shape][]policy.Step{}
			for i, person := range append(people, people...) {
				for _, sub := range []breach.Subject{
					{ID: int64(i), Person: person, Outcome: breach.Pending},
					{ID: int64(i), Person: person, Outcome: breach.Pending, Attempts: tried},
					{ID: int64(i), Person: person, Outcome: breach.Pending, Refused: map[breach.Channel]string{breach.Email: policy.RefusedObjection}},
					{ID: int64(i), Person: person, Outcome: breach.Held},
				} {
					require.Equal(t, policy.Steps(p, sub, on, now), sc.steps(&sub, now, alike), "%s %d", name, i)
				}
			}
			require.Equal(t, on.IsZero(), len(alike) == 0)
		}
	}
}
