package demo

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/policy"
)

func TestAPolicyFileStaysWithTheDataDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept, err := KeptPolicies(dir)
	require.NoError(t, err)
	require.Empty(t, kept)

	in, err := Given{}.Read(t.Context(), time.Now())
	require.NoError(t, err)
	t.Cleanup(in.Close)
	require.NoError(t, KeepPolicy(dir, in), "a shipped policy is not kept")

	profile, err := policy.Builtin("mooc")
	require.NoError(t, err)
	profile.Name = "acme-own"
	in.Profile, in.policy = &profile, []byte("nonsense: [")
	require.NoError(t, KeepPolicy(dir, in))
	_, err = KeptPolicies(dir)
	require.ErrorContains(t, err, "acme-own")

	shipped, err := os.ReadFile(filepath.Join("..", "..", "policy", "profiles", "mooc.yaml"))
	require.NoError(t, err)
	in.policy = shipped
	require.NoError(t, KeepPolicy(dir, in), "a later file replaces it")
	kept, err = KeptPolicies(dir)
	require.NoError(t, err)
	require.Len(t, kept, 1)

	profile.Name = "../../x"
	require.Error(t, KeepPolicy(dir, in), "a name leads nowhere else")
}
