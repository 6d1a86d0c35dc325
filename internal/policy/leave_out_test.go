package policy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestAPolicyMayLeaveUnverifiedRulesOut(t *testing.T) {
	t.Parallel()
	with := testProfile(t, "mooc")
	p := with
	p.UnverifiedRules = LeaveOut
	require.NotEqual(t, with.SHA256(), p.SHA256(), "an approval cannot hide it")
	again, err := ParseProfile(p.Canonical(), nil)
	require.NoError(t, err)
	require.Equal(t, p.SHA256(), again.SHA256())
	again.UnverifiedRules = "perhaps"
	_, err = ParseProfile(again.Canonical(), nil)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))

	for facts, by := range map[string]string{"people: {total: 501}": "applies", "{}": "may apply", "people: {total: 1}": ""} {
		f := testFacts(t, facts)
		for _, r := range []*Rules{loadPack(t), loadPack(t, "verified: false", "verified: true", "title: Tell", "unverified: true\n        title: Tell")} {
			j, err := r.Judge(f, p, testNow)
			require.NoError(t, err)
			o := obligation(t, j, "xx-test/authority/first")
			require.Equal(t, no, o.Verdict)
			require.Nil(t, o.DueAt)
			if by == "" { // the rule itself says that it does not apply: nothing was left out
				require.Empty(t, j.LeftOut)
				continue
			}
			require.Equal(t, []string{o.ID}, j.LeftOut)
			require.Equal(t, j.LeftOut, Relevant(j).LeftOut, "it is never silent")
			require.True(t, strings.HasPrefix(o.Because[0], "Left out"))
			require.Contains(t, o.Because[0], by)
		}
		j, err := loadPack(t, "verified: false", "verified: true").Judge(f, p, testNow)
		require.NoError(t, err)
		require.Empty(t, j.LeftOut, "a verified rule is not left out")
	}
}
