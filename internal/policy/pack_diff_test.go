package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiffSaysWhatChanged(t *testing.T) {
	t.Parallel()
	before := loadPack(t)
	require.Empty(t, DiffRules(before, loadPack(t, "format:", "# a comment\nformat:")))
	for _, c := range []struct{ from, to, of, aspect, was, is string }{
		{"value: 4", "value: 5", "xx-test/authority/first", "due", "4 hours", "5 hours"},
		{"people.total > 500", "people.total >= 500", "xx-test/authority/first", "when", "> 500", ">= 500"},
		{"contents: [summary]", "contents: [cause]", "xx-test/authority", "contents", "summary", "cause"},
		{"verified: false", "verified: true", "", "checked", "NOT", "verified against"},
		{"'name' in", "'email' in", "", "def.named", "'name'", "'email'"},
		{"version:", "in_force: {from: '2027-01-01'}\nversion:", "", "in force", "", "from 2027-01-01"},
		{"from: awareness", "from: detection", "xx-test/authority/first", "due", "awareness", "detection"},
		{"id: first", "id: second", "xx-test/authority/first", "", "Tell the authority", ""},
	} {
		changes := DiffRules(before, loadPack(t, c.from, c.to))
		require.NotEmpty(t, changes, c.from)
		found := false
		for _, ch := range changes {
			if ch.Of != c.of || ch.Aspect != c.aspect {
				continue
			}
			found = true
			require.Contains(t, fmt.Sprint(ch.Before), c.was)
			require.Contains(t, fmt.Sprint(ch.After), c.is)
			require.Equal(t, c.was == "", len(ch.Before) == 0)
			require.Equal(t, c.is == "", len(ch.After) == 0)
		}
		require.True(t, found, "%s: %+v", c.from, changes)
		require.Len(t, DiffRules(loadPack(t, c.from, c.to), before), len(changes), "the other way round as much differs")
	}
	other := loadPack(t, "id: xx-test", "id: yy-test")
	require.Equal(t, []PackChange{{Pack: "xx-test", Before: []string{"A test"}}, {Pack: "yy-test", After: []string{"A test"}}}, DiffRules(before, other))
}

// Whatever field of a pack is changed, the words show it: nothing that counts is left out of them.
func TestTheWordsShowEveryNumberAndCondition(t *testing.T) {
	t.Parallel()
	for _, p := range loadTestRules(t).Infos() {
		require.True(t, p.BuiltIn, p.ID)
		var all strings.Builder
		for _, a := range p.Aspects() {
			require.NotEmpty(t, a.Name)
			all.WriteString(strings.Join(a.Says, "\n") + "\n")
		}
		plain, err := p.Plain()
		require.NoError(t, err)
		require.Equal(t, p.ID, plain["id"])
		var look func(v any)
		look = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for k, e := range v {
					if s, ok := e.(string); ok && (k == "when" || k == "because" || k == "soft") {
						require.Contains(t, strings.ReplaceAll(all.String(), `\"`, `"`), s, "%s: %s", p.ID, k)
					}
					look(e)
				}
			case []any:
				for _, e := range v {
					look(e)
				}
			}
		}
		look(plain["duties"])
	}
	require.False(t, loadPack(t).Infos()[0].BuiltIn)
}
