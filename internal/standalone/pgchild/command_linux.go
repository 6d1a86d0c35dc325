package pgchild

import (
	"bytes"
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

// defunct says that a process has ended and its parent has not taken note of it.
func defunct(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	state := b[bytes.LastIndexByte(b, ')')+1:] // a name may hold anything
	return bytes.HasPrefix(bytes.TrimSpace(state), []byte("Z"))
}
