package breach

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsOwedAtTheEnd(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for name, c := range map[string]struct {
		o    Obligation
		owed bool
	}{
		"to media":                  {Obligation{Duty: "notify_media", Verdict: Applies}, true},
		"to others":                 {Obligation{Duty: "notify_other", Verdict: Applies}, true},
		"nobody can tell":           {Obligation{Duty: "notify_authority", Verdict: CannotTell}, true},
		"a follow-up":               {Obligation{Duty: "notify_authority", Verdict: Applies, Clock: &Clock{From: "filed_at[x/authority/initial]"}}, true},
		"it does not apply":         {Obligation{Duty: "notify_other", Verdict: DoesNotApply}, false},
		"the facts say it was done": {Obligation{Duty: "notify_authority", Verdict: Applies, MetAt: &at}, false},
		"nothing called for it":     {Obligation{Duty: "notify_authority", Verdict: Applies, Clock: &Clock{From: "event_at[x/authority/ransom]", Provisional: true}}, false},
		"something called for it":   {Obligation{Duty: "notify_authority", Verdict: Applies, Clock: &Clock{From: "event_at[x/authority/ransom]"}}, true},
	} {
		require.Equal(t, c.owed, c.o.OwedAtEnd(), name)
	}
}

func TestEveryDutyThatIsLeftIsNamed(t *testing.T) {
	t.Parallel()
	var left Left
	require.True(t, left.None())
	left.Add(Obligation{ID: "a/media/notice", Verdict: Applies})
	left.Add(Obligation{ID: "a/other/notice", Verdict: Applies})
	require.Equal(t, "duties that apply were not done: a/media/notice, a/other/notice", left.String())
	left.Add(Obligation{ID: "b/authority/initial", Verdict: CannotTell})
	require.False(t, left.None())
	require.Equal(t, "duties that apply were not done: a/media/notice, a/other/notice; nobody can tell yet whether these duties apply: b/authority/initial", left.String())
}
