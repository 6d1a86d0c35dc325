package pgchild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// InUseError says that another process uses the directory.
type InUseError struct {
	Dir string
	// PID of a PostgreSQL that we did not start; 0 when another process of ours holds the directory.
	PID int
}

func (e *InUseError) Error() string {
	if e.PID != 0 {
		return fmt.Sprintf("another PostgreSQL (pid %d) runs on %s: stop it first, or choose another data directory", e.PID, e.Dir)
	}
	return fmt.Sprintf("%s is in use by another process: stop that one first, or choose another data directory", e.Dir)
}

// UnreachableDirError says that the user that PostgreSQL runs as cannot enter the directory.
type UnreachableDirError struct{ Dir, Parent string }

func (e *UnreachableDirError) Error() string {
	return fmt.Sprintf("PostgreSQL does not run as root, and the user it runs as cannot enter %s, which is above %s: choose a data directory elsewhere, for example /var/lib/tocsin, or run as an ordinary user",
		e.Parent, e.Dir)
}

// runAs is the user that PostgreSQL runs as: this one (nil), or, because PostgreSQL refuses root,
// postgres or nobody.
func runAs() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no credential means: no change of user
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("group of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody: run as an ordinary user, or make one with `useradd --system postgres`")
}

// prepareDir makes dir, and for another user makes sure that this user can enter it and owns it.
func prepareDir(dir string, cred *syscall.Credential) error {
	parents := os.FileMode(0o700)
	if cred != nil {
		parents = 0o711
	}
	if err := os.MkdirAll(filepath.Dir(dir), parents); err != nil {
		return fmt.Errorf("make PostgreSQL's directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make PostgreSQL's directory: %w", err)
	}
	if cred == nil {
		return nil
	}
	if err := enterable(dir, cred); err != nil {
		return err
	}
	if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
		return fmt.Errorf("hand PostgreSQL's directory to its user: %w", err)
	}
	return nil
}

func enterable(dir string, cred *syscall.Credential) error {
	for p := filepath.Dir(dir); ; p = filepath.Dir(p) {
		fi, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("look at the directories above PostgreSQL's: %w", err)
		}
		bit := os.FileMode(0o001)
		if st, ok := fi.Sys().(*syscall.Stat_t); ok {
			switch {
			case st.Uid == cred.Uid:
				bit = 0o100
			case st.Gid == cred.Gid:
				bit = 0o010
			}
		}
		if fi.Mode()&bit == 0 {
			return &UnreachableDirError{Dir: dir, Parent: p}
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// lockDir holds until this process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock PostgreSQL's directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &InUseError{Dir: dir}
		}
		return nil, fmt.Errorf("lock PostgreSQL's directory: %w", err)
	}
	return f, nil
}

// unlock lets go at once, also where a child that is just being started holds a copy of the file.
func unlock(lock *os.File) error {
	return errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
}

// initialise makes the cluster in a temporary name and renames it, so that a kill in the middle
// leaves no half-made one behind.
func (s *Server) initialise(ctx context.Context, cred *syscall.Credential, throwaway bool) error {
	if major, err := dataMajor(s.dataDir()); err != nil || major != 0 {
		return err
	}
	if left, err := os.ReadDir(s.dataDir()); err == nil && len(left) > 0 {
		return fmt.Errorf("%s holds files but is no PostgreSQL data directory (PG_VERSION is missing): restore it from a back-up or choose another data directory (nothing was changed)", s.dataDir())
	}
	tmp := s.dataDir() + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("remove what an interrupted initdb left: %w", err)
	}
	args := []string{"-D", tmp, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"}
	if throwaway {
		args = append(args, "--no-sync")
	}
	var said strings.Builder
	cmd := exec.Command(filepath.Join(s.bin.Dir, "initdb"), args...) //nolint:noctx // ended in order, not killed with a context
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, environment(), &said, &said
	cmd.SysProcAttr = childAttributes(cred)
	p, err := tether(cmd)
	if err != nil {
		return fmt.Errorf("start initdb: %w", err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.signal(syscall.SIGINT) // initdb cleans up after itself
		<-p.done
		return fmt.Errorf("initdb was interrupted: %w", ctx.Err())
	}
	if p.err != nil {
		return fmt.Errorf("initdb failed: %w%s", p.err, lastLines(said.String()))
	}
	if err := settle(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, s.dataDir()); err != nil {
		return fmt.Errorf("put the new PostgreSQL data in its place: %w", err)
	}
	return nil
}

// settings are those of a new data directory that its operator may change, unlike what arguments says. A list of a
// million people fills the default size within a minute: each page would then be logged whole again and again.
const settings = "\nmax_wal_size = 2GB\n"

func settle(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write PostgreSQL's settings: %w", err)
	}
	_, err = f.WriteString(settings)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write PostgreSQL's settings: %w", err)
	}
	return nil
}

// socketPathLimit is sun_path of macOS, the shorter one (104 with the final zero).
const socketPathLimit = 103

// socketDir is dir itself unless that makes the socket's path too long for the operating system, or
// holds a comma, which separates hosts in connection strings; then it is a fresh directory that nobody else may enter. One of an earlier, killed process is
// remembered in dir and removed.
func socketDir(dir string, cred *syscall.Credential) (string, error) {
	note := filepath.Join(dir, "socket-dir")
	if old, err := os.ReadFile(note); err == nil {
		if filepath.Dir(string(old)) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(string(old)), "tocsin-pg-") {
			_ = os.RemoveAll(string(old))
		}
		_ = os.Remove(note)
	}
	name := "/.s.PGSQL." + strconv.Itoa(port)
	if len(dir)+len(name) <= socketPathLimit && !strings.Contains(dir, ",") {
		return dir, nil
	}
	sock, err := os.MkdirTemp("", "tocsin-pg-")
	if err != nil {
		return "", fmt.Errorf("make a directory for PostgreSQL's socket: %w", err)
	}
	if len(sock)+len(name) > socketPathLimit || strings.Contains(sock, ",") {
		_ = os.Remove(sock)
		return "", fmt.Errorf("no place for PostgreSQL's socket: the paths of %s and of %s are too long or hold a comma; choose a data directory with a shorter path", dir, os.TempDir())
	}
	if cred != nil {
		if err := os.Chown(sock, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", fmt.Errorf("hand the socket's directory to PostgreSQL's user: %w", err)
		}
	}
	if err := os.WriteFile(note, []byte(sock), 0o600); err != nil {
		return "", fmt.Errorf("remember the socket's directory: %w", err)
	}
	return sock, nil
}

// logSince is what PostgreSQL logged after the offset.
func (s *Server) logSince(from int64) string {
	f, err := os.Open(s.LogFile())
	if err != nil {
		return ""
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return ""
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return ""
	}
	return string(b)
}

// lastLines are the end of a log. Where it names the fault, that comes first: PostgreSQL says several lines more
// before it has ended.
func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if len(lines) > 4 {
		end := lines[len(lines)-4:]
		fault := slices.IndexFunc(lines[:len(lines)-4], func(l string) bool {
			return strings.Contains(l, "FATAL:") || strings.Contains(l, "PANIC:")
		})
		if fault >= 0 {
			end = append([]string{lines[fault]}, end...)
		}
		lines = end
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "; it said: " + strings.Join(lines, " | ")
}
