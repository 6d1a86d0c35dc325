// Package datadir owns the data directory of a standalone installation: where things lie in it, which
// format it has, who may read it, and that one process uses it at a time.
//
// Imports of ours: none.
package datadir

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// FormatVersion of what this build writes. It grows when an older build could not use the directory
// any more; then a migration has to come with it.
const FormatVersion = 1

const (
	versionName = "tocsin-data-version"
	lockName    = "lock"
	noteName    = "README.txt"
	idName      = "installation"
)

const note = `This is the data directory of Tocsin. It holds personal data and the keys that protect it.
Back up keys/ apart from the rest: whoever has both can read everything, and without keys/ nobody can.
Change nothing in here while Tocsin runs.
`

// Dir is an opened data directory. It is locked until Close or the end of the process.
type Dir struct {
	path string
	lock *os.File
}

// VersionError says that the directory was written by another version of the product. Nothing in
// it was changed.
type VersionError struct {
	Path string
	// Found is the content of the version file, shortened.
	Found string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the data directory %s has format %q, and this build uses format %d: use the build that wrote it, or choose another data directory (nothing was changed)",
		e.Path, e.Found, FormatVersion)
}

// InUseError says that another process uses the directory.
type InUseError struct {
	Path string
	// PID of the other process, 0 if it is not known.
	PID int
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("another process (pid %d)", e.PID)
	}
	return fmt.Sprintf("the data directory %s is in use by %s: stop it first, or choose another data directory", e.Path, who)
}

// ForeignError says that a directory with other people's files was given.
type ForeignError struct{ Path string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s holds files but is no data directory of Tocsin: choose an empty or a new directory (nothing was changed)", e.Path)
}

// Default is where a standalone installation of this user keeps its data. Root gets a place that
// PostgreSQL's user can enter, which a home directory is not.
func Default() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/tocsin", nil
	}
	if x := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(x) {
		return filepath.Join(x, "tocsin"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("where to keep data: %w; name a data directory", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "tocsin"), nil
	}
	return filepath.Join(home, ".local", "share", "tocsin"), nil
}

// Open makes the directory if it is new, checks its format and locks it.
//
// Errors: *VersionError, *InUseError, *ForeignError; after each of them nothing was changed.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	fresh, err := inspect(path)
	if err != nil {
		return nil, notOurs(err)
	}
	if err := os.MkdirAll(path, rootMode()); err != nil {
		return nil, fmt.Errorf("make the data directory: %w; choose another one", err)
	}
	d := &Dir{path: path}
	if err := d.acquire(); err != nil {
		return nil, notOurs(err)
	}
	if err := d.fill(fresh); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// notOurs says what to do about a directory that this user may not use.
func notOurs(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: it is read-only or belongs to another user; choose another data directory", err)
	}
	return err
}

// Close gives the directory free for another process.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	// Closing alone leaves the lock to a child that is just being started and holds a copy of the file.
	err := errors.Join(syscall.Flock(int(d.lock.Fd()), syscall.LOCK_UN), d.lock.Close())
	d.lock = nil
	return err
}

// Path is the absolute path of the directory itself.
func (d *Dir) Path() string { return d.path }

// Postgres is for the PostgreSQL child, which owns it.
func (d *Dir) Postgres() string { return d.at("postgres") }

// Temporal is for the embedded Temporal server.
func (d *Dir) Temporal() string { return d.at("temporal") }

// Keys holds the key-encryption key and the signing keys. Its back-ups lie apart from the others.
func (d *Dir) Keys() string { return d.at("keys") }

// Outbox is what the simulators "sent".
func (d *Dir) Outbox() string { return d.at("outbox") }

// Evidence holds sealed packs.
func (d *Dir) Evidence() string { return d.at("evidence") }

// Announcements holds published notices.
func (d *Dir) Announcements() string { return d.at("announcements") }

// Logs holds the log files of the parts.
func (d *Dir) Logs() string { return d.at("logs") }

// Installation is a random id that this directory keeps for ever. Whoever holds the directory's lock knows
// that nobody else acts under it.
func (d *Dir) Installation() (string, error) {
	b, err := os.ReadFile(d.at(idName))
	if err == nil && len(strings.TrimSpace(string(b))) == 2*idBytes {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the id of the data directory: %w", err)
	}
	var id [idBytes]byte
	_, _ = rand.Read(id[:]) // crypto/rand never fails on the systems that Go supports
	text := hex.EncodeToString(id[:])
	return text, d.write(idName, text, "the id of the data directory")
}

const idBytes = 16

func (d *Dir) at(name string) string { return filepath.Join(d.path, name) }

// rootMode: as root, PostgreSQL runs as another user, who may pass through but not look around.
func rootMode() os.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

// inspect looks without touching anything. fresh means that there is no data yet.
func inspect(path string) (fresh bool, err error) {
	found, err := os.ReadFile(filepath.Join(path, versionName))
	switch {
	case err == nil:
		return false, checkVersion(path, string(found))
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return false, fmt.Errorf("read the format of the data directory: %w", err)
	}
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the data directory: %w", err)
	}
	if !fi.IsDir() {
		return false, fmt.Errorf("%s is a file: choose a directory for the data", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return false, fmt.Errorf("look into the data directory: %w", err)
	}
	for _, e := range entries {
		// The lock (of a first start that was killed) is ours; lost+found is of a fresh disk.
		if e.Name() != lockName && e.Name() != "lost+found" && e.Name() != versionName+".new" {
			return false, &ForeignError{Path: path}
		}
	}
	return true, nil
}

func checkVersion(path, found string) error {
	found = strings.TrimSpace(found)
	if found == strconv.Itoa(FormatVersion) {
		return nil
	}
	if len(found) > 40 {
		found = found[:40] + "..."
	}
	return &VersionError{Path: path, Found: found}
}

func (d *Dir) acquire() error {
	f, err := os.OpenFile(d.at(lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("lock the data directory: %w", err)
		}
		buf := make([]byte, 20)
		n, _ := f.ReadAt(buf, 0)
		pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
		if err != nil || pid < 0 {
			pid = 0
		}
		return &InUseError{Path: d.path, PID: pid}
	}
	d.lock = f
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	return nil
}

// fill writes the version file first: a start that is killed after it finds its own directory again,
// and completes it.
func (d *Dir) fill(fresh bool) error {
	if fresh {
		// Between the look and the lock, another process may have made it.
		if again, err := inspect(d.path); err != nil || !again {
			return err
		}
		if err := d.writeVersion(); err != nil {
			return err
		}
	}
	for _, sub := range []string{d.Temporal(), d.Keys(), d.Outbox(), d.Evidence(), d.Announcements(), d.Logs()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", sub, err)
		}
	}
	if err := os.WriteFile(d.at(noteName), []byte(note), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", noteName, err)
	}
	return os.Chmod(d.path, rootMode())
}

func (d *Dir) writeVersion() error {
	return d.write(versionName, strconv.Itoa(FormatVersion), "the format of the data directory")
}

// write leaves the old file or the whole new one, whenever the process ends.
func (d *Dir) write(name, text, what string) error {
	tmp := d.at(name + ".new")
	if err := os.WriteFile(tmp, []byte(text+"\n"), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if err := os.Rename(tmp, d.at(name)); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
