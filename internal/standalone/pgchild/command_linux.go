package pgchild

import (
	"os"
	"strconv"
	"strings"
)

// commandLine is how a process was started; empty for one that has ended or cannot be looked at.
func commandLine(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(b), "\x00", " ")
}
