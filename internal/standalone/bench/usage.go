package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what processes used so far. Where /proc is missing, everything is zero and the answer says so.
type usage struct{ worker, postgres, rest time.Duration }

func (u usage) since(v usage) usage {
	return usage{u.worker - v.worker, u.postgres - v.postgres, u.rest - v.rest}
}

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on every architecture that Go supports.
const tick = time.Second / 100

// stat reads the fields of /proc/PID/stat after the name, which may hold anything.
func stat(pid string) []string {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// Positions in what stat gives: field 3 of proc(5) is the first.
const (
	statParent   = 4 - 3
	statUser     = 14 - 3
	statSystem   = 15 - 3
	statChildren = 16 - 3 // of children that have ended, user, then system
)

func ticks(fields []string, at ...int) (sum time.Duration) {
	for _, i := range at {
		if i < len(fields) {
			n, _ := strconv.ParseInt(fields[i], 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// cpuOf is the processor time of one process.
func cpuOf(pid int) time.Duration { return ticks(stat(strconv.Itoa(pid)), statUser, statSystem) }

// cpuOfPostgres is that of a database server and its processes, also those that have ended.
func cpuOfPostgres(dir string) time.Duration {
	b, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return 0
	}
	master, _, _ := strings.Cut(string(b), "\n")
	sum := ticks(stat(master), statUser, statSystem, statChildren, statChildren+1)
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		if f := stat(filepath.Base(p)); len(f) > statParent && f[statParent] == master {
			sum += ticks(f, statUser, statSystem)
		}
	}
	return sum
}

// peakMemory is the most memory that a process ever had resident, bytes; 0 where that cannot be known. It is
// read from the process itself: what the system reports of an ended child counts its parent's memory too.
func peakMemory(pid int) int64 {
	kb, err := strconv.ParseInt(strings.TrimSuffix(valueOf("/proc/"+strconv.Itoa(pid)+"/status", "VmHWM"), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
