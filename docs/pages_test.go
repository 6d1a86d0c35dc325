package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	// ourPath is a file or folder of this repository as pages write it.
	ourPath = regexp.MustCompile("^(?:internal|activities|workflows|worker|cmd|templates|deploy|docs|examples|scripts)(?:/[A-Za-z0-9_.-]+)*/?$")
	notWord = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// pages are what people read, by their path from the root.
func pages(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		out = append(out, found...)
	}
	require.Greater(t, len(out), 15)
	return out
}

// anchors are the places in a page that a link may point to.
func anchors(text string) (out []string) {
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(notWord.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return out
}

// broken says what a page names that does not exist.
func broken(root, path, text string) (out []string) {
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		file, anchor, _ := strings.Cut(m[1], "#")
		if strings.Contains(file, "://") || strings.HasSuffix(file, ".png") { // pictures are taken apart
			continue
		}
		target := path
		if file != "" {
			target = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
		}
		b, err := os.ReadFile(target)
		if info, serr := os.Stat(target); serr != nil || (err != nil && !info.IsDir()) {
			out = append(out, "link to "+m[1])
		} else if anchor != "" && !slices.Contains(anchors(string(b)), anchor) {
			out = append(out, "link to "+m[1]+": no such heading")
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		if !ourPath.MatchString(m[1]) || strings.HasSuffix(m[1], "...") || testName.MatchString(m[1]) {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1]))); err != nil {
			out = append(out, "path "+m[1])
		}
	}
	return out
}

func TestPagesNameWhatExists(t *testing.T) {
	t.Parallel()
	for _, path := range pages(t, "..") {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, broken("..", path, string(b)), path)
	}
	for _, bad := range []string{"[x](nowhere.md)", "[x](runbooks/keys.md#no-such-place)", "see `internal/nowhere/`", "see `workflows/nowhere.go`"} {
		require.NotEmpty(t, broken("..", "ARCHITECTURE.md", bad), bad)
	}
	require.Empty(t, broken("..", "ARCHITECTURE.md", "[x](runbooks/restore.md#start-the-stories-anew) `internal/policy/`"))
}
