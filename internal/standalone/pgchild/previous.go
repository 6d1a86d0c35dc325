package pgchild

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
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
// runs there has lost its parent.
func waitForPrevious(ctx context.Context, dataDir string) error {
	start := time.Now()
	asked := false
	for {
		p, err := readPidFile(dataDir)
		if err != nil || !alive(p.pid) || defunct(p.pid) {
			return nil //nolint:nilerr // no readable pid file: there is nothing to wait for
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

// disown puts our number into what a postmaster that is gone left behind, where its own number still counts
// as a process: nobody took note of its end (in a container whose first process does not, nobody ever does),
// or the number was given to another process since. PostgreSQL would refuse to start. It passes over its
// own parent's number, and still looks whether a backend of the dead one uses the shared memory. The caller
// holds the lock of the directory, and waitForPrevious found no postmaster in it.
func disown(dir string) error {
	root, err := os.OpenRoot(dir) // it belongs to PostgreSQL's user, and we may be root: no link may lead elsewhere
	if err != nil {
		return fmt.Errorf("look at what a killed PostgreSQL left: %w", err)
	}
	defer root.Close()
	for _, name := range []string{"data/postmaster.pid", fmt.Sprintf(".s.PGSQL.%d.lock", port)} {
		if err := disownFile(root, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("take over what a killed PostgreSQL left: %w", err)
		}
	}
	return nil
}

func disownFile(root *os.Root, name string) error {
	b, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	if pid, err := strconv.Atoi(strings.TrimSpace(first)); err != nil || !alive(pid) {
		return nil //nolint:nilerr // PostgreSQL judges that itself
	}
	// In place, because the file belongs to PostgreSQL's user.
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n" + rest)
	return errors.Join(err, f.Close())
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
