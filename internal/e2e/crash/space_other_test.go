//go:build !linux

package crash

import (
	"os"
	"testing"
)

func (r *rig) small(string) {
	r.t.Helper()
	r.t.Skip("NOT RUN: a small file system cannot be mounted here; it takes root on Linux")
}

func owner(*testing.T, string) (uid, gid int) { return os.Getuid(), os.Getgid() }
