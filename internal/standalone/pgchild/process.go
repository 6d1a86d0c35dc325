package pgchild

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// tethered is a child process that the kernel ends together with this process (on Linux).
type tethered struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; read it after done is closed
}

// tether starts cmd. The parent-death signal fires when the forking *thread* ends, so the thread
// is locked and lives exactly as long as the child.
func tether(cmd *exec.Cmd) (*tethered, error) {
	t := &tethered{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		t.pid = cmd.Process.Pid
		started <- nil
		t.err = cmd.Wait()
		close(t.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return t, nil
}

// signal is safe after the end of the process: os.Process knows that it was waited for.
func (t *tethered) signal(sig syscall.Signal) { _ = t.cmd.Process.Signal(sig) }

// childAttributes puts the child into a process group of its own: Ctrl-C reaches us alone, and we
// shut the database down after its users.
func childAttributes(cred *syscall.Credential) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	dieWithParent(a)
	return a
}

// environment is what PostgreSQL needs and nothing else: PGDATA, PGPORT and the like of this shell,
// and any secret in it, stay out.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, k := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return env
}

const logLimit = 16 << 20

// openLog appends to the log, and keeps one older one when it has grown large.
func openLog(path string) (*os.File, error) {
	if fi, err := os.Stat(path); err == nil && fi.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("rotate PostgreSQL's log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	return f, nil
}
