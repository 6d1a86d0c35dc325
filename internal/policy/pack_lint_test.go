package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func lint(t *testing.T, files ...string) PackLint {
	t.Helper()
	v, err := LintPacks(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), fsWith(files...))
	require.NoError(t, err)
	return v
}

func TestLintNamesFileLineAndPlace(t *testing.T) {
	t.Parallel()
	pack := strings.TrimPrefix(testPack, "\n")
	v := lint(t, "xx.yaml", strings.Replace(pack, "people.total > 500", "people.totl > 500", 1))
	require.Len(t, v.Faults, 1)
	f := v.Faults[0]
	require.Equal(t, "duties[0].phases[0].trigger.any_of[0].when", f.Place)
	require.Equal(t, "xx.yaml", f.File)
	require.Contains(t, strings.Split(pack, "\n")[f.Line-1], "people.total > 500")
	require.Equal(t, []string{"xx-test"}, v.Packs)

	v = lint(t, "xx.yaml", "a: [b")
	require.Len(t, v.Faults, 1)
	require.Empty(t, v.Packs)

	v = lint(t, "a.yaml", pack, "b.yaml", pack)
	require.Len(t, v.Faults, 1, "one id in two files: which of them counts would be chance")
	require.Contains(t, v.Faults[0].What, "a.yaml")
}

func TestLintAdvises(t *testing.T) {
	t.Parallel()
	v := lint(t, "xx.yaml", strings.NewReplacer("2026-11-22", "2025-01-01", "contents: [summary]", "", "value: 4, unit: hours", "soft: soon").Replace(testPack))
	require.Empty(t, v.Faults)
	var at []string
	for _, a := range v.Advice {
		at = append(at, a.Place)
	}
	require.ElementsMatch(t, []string{"scope", "last_checked", "unverified", "questions.harm", "xx-test/authority/first"}, at, "a term in words alone is no fault: the policy has one")
}

// A duty without contents says why it has none: the law names none, or nobody is written to. One that has contents does
// not say so. Of the packs of this program one does neither: what the proposal of the Union will ask for is not known.
func TestADutyWithoutContentsSaysWhy(t *testing.T) {
	t.Parallel()
	none := strings.Replace(testPack, "contents: [summary]", "contents_note: the Act names none", 1)
	require.NotEqual(t, testPack, none)
	at := func(v PackLint) (places []string) {
		for _, a := range v.Advice {
			if strings.Contains(a.What, "contents") {
				places = append(places, a.Place)
			}
		}
		return places
	}
	require.Empty(t, at(lint(t, "xx.yaml", none)))
	require.Equal(t, []string{"xx-test/authority/first"}, at(lint(t, "xx.yaml", strings.Replace(testPack, "contents: [summary]", "contents: [summary]\n    contents_note: the Act names none", 1))))
	v, err := LintPacks(testNow)
	require.NoError(t, err)
	require.Equal(t, []string{"eu-digital-omnibus/authority/initial"}, at(v))
}

// The packs of this program have no faults.
func TestTheBuiltInPacksAreSound(t *testing.T) {
	t.Parallel()
	v, err := LintPacks(testNow)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	require.Len(t, v.Packs, len(loadTestRules(t).All()))
}

func FuzzLineOf(f *testing.F) {
	f.Add([]byte(testPack), "duties[0].phases[0].clock")
	f.Add([]byte("a: &x [*x]\n"), "a[0][0][0]")
	f.Fuzz(func(t *testing.T, b []byte, place string) {
		if n := lineOf(b, place); n < 0 || n > strings.Count(string(b), "\n")+strings.Count(string(b), "\r")+1 {
			t.Fatalf("line %d", n)
		}
	})
}
