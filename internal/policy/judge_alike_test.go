package policy

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What earlier incidents came to alike is used again. An incident must be answered as if it was the first.
func TestEarlierIncidentsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	used := r.newJudging()
	answers := func(j *judging, f breach.Facts) string {
		out, err := j.judge(f, nil, Profile{}, testNow)
		require.NoError(t, err)
		body, err := json.Marshal(out)
		require.NoError(t, err)
		return string(body)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		forgotten := rapid.IntRange(0, 9).Draw(t, "forgotten")
		for _, l := range factLeaves {
			if rapid.IntRange(0, 9).Draw(t, "leaf") < forgotten {
				l.in(&f).SetZero()
			}
		}
		for q := range r.questions {
			if rapid.IntRange(0, 20).Draw(t, "asked") == 0 {
				f.Determinations = append(f.Determinations, breach.Determination{Question: q, Answer: rapid.Bool().Draw(t, "answer")})
			}
		}
		require.Equal(t, answers(r.newJudging(), f), answers(used, f))
	})
}
