package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
)

// levels are what was found, by what was looked at.
func levels(p channels.Provider) map[string]channels.Level {
	out := map[string]channels.Level{}
	for _, f := range p.Findings {
		out[f.Check] = f.Level
	}
	return out
}

func TestThePrintersDoorIsLookedAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := letter.Config{Dir: dir, Sender: "Example Learning Ltd · PO Box 100 · 10115 Berlin"}
	found := lookAtLetters(t.Context(), c, []string{"en"})
	if levels(found)["fonts"] == channels.Error {
		t.Skip("SKIPPED: fonts are not installed (Debian: fonts-noto-core)")
	}
	require.Equal(t, map[string]channels.Level{"directory": channels.OK, "fonts": channels.OK, "envelope": channels.OK}, levels(found))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")

	c.Dir = filepath.Join(dir, "absent")
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["directory"])
	c.Dir, c.Fonts = dir, t.TempDir()
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["fonts"])
	c.Dir, c.Fonts, c.SFTP = "", "", "tocsin@127.0.0.1:1/in"
	c.HostKey, c.Password = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChAreaxEfLaVbN6CW5fKP5CEykPhVb0Wsb6HMlPk", "x"
	require.Equal(t, channels.Error, levels(lookAtLetters(t.Context(), c, []string{"en"}))["sftp"])
	c.HostKey = "none"
	require.Equal(t, map[string]channels.Level{"settings": channels.Error}, levels(lookAtLetters(t.Context(), c, []string{"en"})))
}
