package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What was looked at goes into a file of its owner alone, never over another one unasked, and never through a link.
func TestAPreviewsFileIsItsOwnersAndOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := breach.Previews{PDF: []byte("%PDF-1.7 letters"), Previews: []breach.Preview{{Why: "person 1", Person: 1, Wave: 1, Channel: breach.Letter, Text: "Dear <b>", None: ""}}}
	for name, want := range map[string]string{"a.pdf": "%PDF-1.7 letters", "a.txt": "Dear <b>", "a.HTML": "Dear &lt;b&gt;"} {
		f := previewFile{name: filepath.Join(dir, name)}
		require.NoError(t, f.fits(&breach.PreviewQuery{}))
		require.NoError(t, f.write(out))
		info, err := os.Stat(f.name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		b, err := os.ReadFile(f.name)
		require.NoError(t, err)
		require.Contains(t, string(b), want)
		require.ErrorContains(t, f.fits(&breach.PreviewQuery{}), "exists already")
		require.ErrorContains(t, f.write(out), "exists already", "it may have come meanwhile")
	}

	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link.txt")
	require.NoError(t, os.WriteFile(target, []byte("precious"), 0o600))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, previewFile{name: link, force: true}.write(out))
	b, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "precious", string(b))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode(), "a file, no link")

	q := breach.PreviewQuery{}
	require.NoError(t, previewFile{name: filepath.Join(dir, "b.pdf")}.fits(&q))
	require.Equal(t, breach.PreviewQuery{Channel: breach.Letter, Paper: true}, q)
	for name, channel := range map[string]breach.Channel{"b.pdf": breach.SMS, "b.docx": "", "b": ""} {
		require.Error(t, previewFile{name: filepath.Join(dir, name)}.fits(&breach.PreviewQuery{Channel: channel}), name)
	}
	err = previewFile{name: filepath.Join(dir, "c.pdf")}.write(breach.Previews{Previews: []breach.Preview{{None: "no address"}}})
	require.ErrorContains(t, err, "there is no letter to write: no address")
	_, err = os.Lstat(filepath.Join(dir, "c.pdf"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
