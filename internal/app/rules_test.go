package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// A pack of the operator's replaces the built-in one: its hash stands in every obligation, and its bytes are what
// is kept with a judgement.
func TestPacksOfTheOperator(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile(filepath.Join("..", "policy", "packs", "eu-gdpr.yaml"))
	require.NoError(t, err)
	changed := strings.Replace(string(own), "value: 72", "value: 24", 1)
	require.NotEqual(t, string(own), changed)
	dir := t.TempDir()
	_, err = Rules(dir)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), "an empty directory is a mistake")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gdpr.yaml"), []byte(changed), 0o600))
	plain, err := Rules("")
	require.NoError(t, err)
	rules, err := Rules(dir)
	require.NoError(t, err)

	aware := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	var f breach.Facts
	f.Incident.AwareAt = &aware
	due := func(r *policy.Rules) (time.Time, string) {
		j, err := r.Judge(f, policy.Profile{}, aware)
		require.NoError(t, err)
		for _, o := range j.Obligations {
			if o.ID == "eu-gdpr/authority/initial" {
				return *o.DueAt, o.Rules.SHA256
			}
		}
		t.Fatal("no obligation")
		return time.Time{}, ""
	}
	at, sha := due(rules)
	require.Equal(t, aware.Add(24*time.Hour), at)
	require.Equal(t, changed, string(rules.Packs()[sha]))
	at, builtin := due(plain)
	require.Equal(t, aware.Add(72*time.Hour), at)
	require.NotEqual(t, builtin, sha)
	require.NotContains(t, rules.Packs(), builtin, "a pack that was replaced is not in force")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte("format: x"), 0o600))
	_, err = Rules(dir)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), "one bad pack stops the start")
}
