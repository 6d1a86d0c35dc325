package crash

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// small mounts a small file system, of which enough is free for what the send needs. Without the right to mount
// the row is not run, and says so.
func (r *rig) small(dir string) {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(dir, 0o711))
	size := 400<<20 + len(r.people)*20_000
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0711", size)); err != nil {
		r.t.Skipf("NOT RUN: a small file system cannot be mounted here (%v); it takes root on Linux", err)
	}
	r.t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// owner is who owns a file.
func owner(t *testing.T, path string) (uid, gid int) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	s := info.Sys().(*syscall.Stat_t)
	return int(s.Uid), int(s.Gid)
}
