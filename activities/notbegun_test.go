package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// No alarm rings for a follow-up report with a term of the house while the report that it follows was not filed.
func TestFollowUpsHaveNoAlarmBeforeTheyBegin(t *testing.T) {
	t.Parallel()
	start, due := time.Unix(1_800_000_000, 0).UTC(), time.Unix(1_800_259_200, 0).UTC()
	duty := func(id, binding, from string, provisional bool) breach.Obligation {
		return breach.Obligation{ID: id, Verdict: breach.Applies, Binding: binding, DueAt: &due, Clock: &breach.Clock{From: from, StartedAt: &start, Provisional: provisional}}
	}
	running := clocks(breach.Judgement{Obligations: []breach.Obligation{
		duty("first", "law", "aware_at", false), duty("follow-up", "house_policy", "filed_at[first]", true),
		duty("begun", "house_policy", "filed_at[first]", false), duty("by law", "law", "filed_at[first]", true),
	}}, nil, start)
	var ids []string
	for _, c := range running {
		ids = append(ids, c.Obligation)
	}
	require.Equal(t, []string{"first", "begun", "by law"}, ids)
}
