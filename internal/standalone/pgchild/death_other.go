//go:build !linux

package pgchild

import "syscall"

// There is no parent-death signal here: the next start shuts an orphan down.
func dieWithParent(*syscall.SysProcAttr) {}
