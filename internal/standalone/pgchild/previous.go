package pgchild

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pidFile is what we need of postmaster.pid.
type pidFile struct {
	pid   int
	ready bool
}

// readPidFile reads postmaster.pid: the pid is in line 1, the state in line 8.
func readPidFile(dataDir string) (pidFile, error) {
	f, err := os.Open(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	defer f.Close()
	var p pidFile
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		switch n {
		case 1:
			if p.pid, err = strconv.Atoi(line); err != nil || p.pid <= 0 {
				return pidFile{}, errors.New("no process id in the first line")
			}
		case 8:
			p.ready = line == "ready"
		}
	}
	if p.pid == 0 {
		return pidFile{}, errors.New("no process id in the first line")
	}
	return p, sc.Err()
}

// waitForPrevious waits until the postmaster that a killed process of ours left behind is gone, and
// shuts it down where the kernel did not. The caller holds the lock of the directory, so whoever
// runs there has lost its parent. A left-over postmaster.pid without its process does not matter:
// PostgreSQL sees that itself.
func waitForPrevious(ctx context.Context, dataDir string) error {
	start := time.Now()
	asked := false
	for {
		p, err := readPidFile(dataDir)
		if err != nil || !alive(p.pid) {
			return nil //nolint:nilerr // no readable pid file: there is nothing to wait for
		}
		if defunct(p.pid) {
			if time.Since(start) > defunctTimeout {
				return disown(dataDir)
			}
			time.Sleep(20 * time.Millisecond)
			continue
		}
		command := commandLine(p.pid)
		if !strings.Contains(command, dataDir) {
			return nil // the number was given to another process since
		}
		if !strings.Contains(command, "cluster_name="+clusterName) {
			return &InUseError{Dir: dataDir, PID: p.pid}
		}
		if !asked && time.Since(start) > time.Second {
			asked = true
			_ = syscall.Kill(p.pid, syscall.SIGINT)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the PostgreSQL (pid %d) of an earlier run does not end: stop it with `kill -INT %d` (%w)", p.pid, p.pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// defunctTimeout is how long we wait for the system to take note of a postmaster that was killed. In a
// container whose first process does not do that, it never comes.
const defunctTimeout = time.Second

// disown puts our number for that of a dead postmaster, which still counts as a process because nobody took
// note of its end: PostgreSQL would refuse to start. It passes over its own parent's number, and goes on to
// look whether a backend of the dead one still uses the shared memory.
func disown(dataDir string) error {
	path := filepath.Join(dataDir, "postmaster.pid")
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what a killed PostgreSQL left: %w", err)
	}
	_, rest, found := strings.Cut(string(b), "\n")
	if !found {
		return nil
	}
	// In place: the file belongs to PostgreSQL's user.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("take over what a killed PostgreSQL left: %w", err)
	}
	_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n" + rest)
	return errors.Join(err, f.Close())
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
