package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func builtin(t testing.TB, name string) Profile {
	t.Helper()
	p, err := Builtin(name)
	require.NoError(t, err)
	require.Equal(t, name, p.Name)
	return p
}

func TestBuiltinProfilesAreValidAndTheirSpellingIsCanonical(t *testing.T) {
	t.Parallel()
	for _, name := range BuiltinProfiles {
		for _, p := range []Profile{builtin(t, name), builtin(t, name).Compressed(17280)} {
			again, err := ParseProfile(p.Canonical())
			require.NoError(t, err)
			require.Equal(t, p.SHA256(), again.SHA256())
			require.Empty(t, cmp.Diff(string(p.Canonical()), string(again.Canonical())))
		}
	}
	require.NotEqual(t, builtin(t, "mooc").SHA256(), builtin(t, "chinesepod").SHA256())
}
