package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Everybody ends as the policy and the provider's answers say, and the far ends hold exactly the messages
// that lead there: three channels in order, mainland China by the domestic gateway, nothing of people there
// to a service abroad, nothing repeated blindly.
func TestMainJob06EverybodyEndsAsExpected(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	people := theForty(newCrowd())
	k := w.open(t, example(t))
	k.tell(t, people)
	k.told(t)
	// Receipts that come after the end of a delivery still count.
	end := time.Now().Add(10 * time.Second)
	v := k.until(t, "late receipts", func(v breach.Overview) bool {
		return v.People[breach.Reached] == int64(count(people, breach.Reached)) || time.Now().After(end)
	})
	require.EqualValues(t, len(people), v.Total)
	require.True(t, v.Balanced)

	for _, h := range people {
		got := k.find(t, h)
		slices.Sort(h.outbox)
		if h.outbox == nil {
			h.outbox = []string{}
		}
		took := w.reachedThe(t, h)
		if h.why == receiptOrPush { // whichever came first
			took = slices.DeleteFunc(took, func(m string) bool { return m == pushed })
		}
		if got.Outcome != h.want || !slices.Equal(h.outbox, took) {
			t.Errorf("%s: is %s (%s), wanted %s\n  outbox %q\n  wanted %q\n  history %+v", h.why, got.Outcome, got.Reason, h.want, took, h.outbox, got.History)
		}
	}
	for _, o := range breach.Outcomes {
		require.EqualValues(t, count(people, o), v.People[o], "people %s", o)
	}
	require.NotNil(t, v.Announcement)
}

func count(people []human, o breach.Outcome) (n int) {
	for _, h := range people {
		if h.want == o {
			n++
		}
	}
	return n
}
