//go:build !linux

package pgchild

import (
	"os/exec"
	"strconv"
	"strings"
)

// commandLine is how a process was started; empty for one that has ended or cannot be looked at.
func commandLine(pid int) string {
	b, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(b)
}

// defunct says that a process has ended and its parent has not taken note of it.
func defunct(pid int) bool {
	b, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(b)), "Z")
}
