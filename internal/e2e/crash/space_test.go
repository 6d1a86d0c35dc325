package crash

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill writes a file until the file system is full, and says how large it became.
func fill(t *testing.T, path string) (size int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	require.NoError(t, err)
	defer f.Close()
	for piece := make([]byte, 1<<20); len(piece) >= 1; {
		n, err := f.Write(piece)
		size += int64(n)
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		piece = piece[:len(piece)/16]
	}
	return size
}
