package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Whatever comes and goes: never more is in flight than the limit, those who hold something leave the kept part alone,
// and who holds nothing gets on as long as anything is left.
func TestRoomInFlight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var f inFlight
		limit := rapid.IntRange(1, 1000).Draw(rt, "limit")
		held, total := map[holder]int{}, 0
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			lane := rapid.Int64Range(0, 9).Draw(rt, "lane")
			h := holder{string(rune('a' + lane/2)), breach.Email} // two lanes of an incident
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				if held[h] == 0 {
					continue
				}
				n := rapid.IntRange(0, held[h]).Draw(rt, "land")
				f.land(h, n)
				held[h] -= n
				total -= n
			case 1:
				f.giveUp(lane)
			case 2: // as wait does
				f.mu.Lock()
				if f.leave(lane); f.room(lane, h, 1, limit) == 0 {
					f.line = append(f.line, lane)
				}
				f.mu.Unlock()
			default:
				n := rapid.IntRange(1, limit).Draw(rt, "n")
				got := f.take(lane, h, n, limit)
				require.LessOrEqual(rt, got, n)
				if held[h] == 0 && total < limit {
					require.Positive(rt, got, "who holds nothing gets on")
				}
				if held[h] > 0 && got > 0 {
					require.LessOrEqual(rt, total+got, limit-limit/keptPart, "the rest is for others")
				}
				held[h] += got
				total += got
			}
			require.Equal(rt, total, f.n)
			require.LessOrEqual(rt, total, limit)
			for h, n := range held {
				require.Equal(rt, n, f.held[h])
			}
		}
	})
}

// While one incident hangs with all that it can get, many others still get a foothold each.
func TestAHungIncidentLeavesRoom(t *testing.T) {
	t.Parallel()
	var f inFlight
	limit := DefaultLimits.InFlight
	huge := holder{"huge", breach.Email}
	for f.take(1, huge, DefaultLimits.Batch, limit) > 0 {
	}
	require.LessOrEqual(t, f.n, limit-limit/keptPart)
	require.Greater(t, f.n+DefaultLimits.Batch, limit-limit/keptPart)
	f.line = []int64{1, 2, 3} // its lanes wait for more
	for i := range 12 {
		urgent := holder{string(rune('a' + i)), breach.SMS}
		got := f.take(int64(10+i), urgent, DefaultLimits.Batch, limit)
		require.Positive(t, got, "incident %d", i)
		if i == 0 {
			require.Equal(t, foothold, got)
		}
		require.Zero(t, f.take(int64(10+i), urgent, DefaultLimits.Batch, limit), "no more before that has landed")
	}
	require.LessOrEqual(t, f.n, limit)
}
