package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The same incident and the same people end differently under the two policies: under chinesepod no third
// party is used at all. Under both everybody is accounted for, and what the policy kept back is on record.
func TestMainJob10TwoPoliciesEndDifferently(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	ends := map[string]breach.Overview{}
	crowds := map[string][]human{}
	cases := map[string]*kase{}
	for _, name := range []string{"mooc", "chinesepod"} {
		file := example(t)
		file.Policy = name
		crowds[name] = theForty(newCrowd()) // the same people with contacts of their own
		cases[name] = w.open(t, file)
		cases[name].tell(t, crowds[name])
	}
	for name, k := range cases {
		k.told(t)
		ends[name] = k.closed(t)
	}
	third := 0
	for name, people := range crowds {
		v := ends[name]
		require.EqualValues(t, len(people), v.Total)
		require.EqualValues(t, len(people), v.People.Sum())
		require.Zero(t, v.People[breach.Pending], name)
		require.Zero(t, v.People[breach.Unreachable], name)
		require.True(t, v.Balanced)
		for _, h := range people {
			for _, contact := range h.contacts() {
				for _, m := range w.sentTo(t, contact) {
					if m.Provider == "smtp" {
						continue
					}
					third++
					require.Equal(t, "mooc", name, "%s: under chinesepod nothing goes to %s", h.why, m.Provider)
				}
			}
		}
	}
	require.Positive(t, third)
	require.Zero(t, attempts(ends["chinesepod"], breach.SMS)+attempts(ends["chinesepod"], breach.Push))
	require.Greater(t, ends["chinesepod"].People[breach.Covered], ends["mooc"].People[breach.Covered], "who has a phone alone is covered by the announcement")
	for i, h := range crowds["chinesepod"] {
		got := cases["chinesepod"].find(t, h)
		switch {
		case h.Email == "" && (h.Guardian == nil || h.Guardian.Email == ""):
			require.Equal(t, breach.Covered, got.Outcome, h.why)
			if h.Phone != "" {
				require.Contains(t, historyOf(got), "third_party", "%s: the refusal is on record", h.why)
			}
		case crowds["mooc"][i].want == breach.Reached && h.outbox[0] == mailed:
			require.Equal(t, breach.Reached, got.Outcome, h.why)
		}
	}
	duties := func(v breach.Overview) (own, law int) {
		for _, d := range v.Duties {
			switch {
			case d.Verdict != breach.Applies:
			case d.Binding == "house_policy":
				own++
			default:
				law++
			}
		}
		return own, law
	}
	ownMooc, lawMooc := duties(ends["mooc"])
	ownPod, lawPod := duties(ends["chinesepod"])
	require.Equal(t, lawMooc, lawPod, "the laws are the same")
	require.Greater(t, ownMooc, ownPod, "only one of the two promised a time")
}

func historyOf(v breach.PersonView) string {
	s := v.Reason
	for _, m := range v.History {
		s += " " + m.What + " " + m.Why
	}
	return s
}

func attempts(v breach.Overview, c breach.Channel) (n int64) {
	for _, count := range v.Channels[c] {
		n += count
	}
	return n
}
