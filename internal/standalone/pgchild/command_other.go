//go:build !linux

package pgchild

import (
	"os/exec"
	"strconv"
)

// commandLine is how a process was started; empty for one that has ended or cannot be looked at.
func commandLine(pid int) string {
	b, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(b)
}
