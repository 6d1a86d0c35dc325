package bench

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// shedProgram gives back the pages of this program's file that the start of the process touched, and begins
// to count its most memory anew. The program contains the Temporal server, whose packages initialise
// themselves in every role and touch more than 100 MB of code and constants; a worker that is a program of
// its own has none of that. What is really used comes back page by page.
func shedProgram() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasSuffix(lines.Text(), " "+self) {
			continue
		}
		if strings.Contains(mode, "w") { // data that was changed is not in the file
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED); errno != 0 {
			return errno
		}
	}
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
