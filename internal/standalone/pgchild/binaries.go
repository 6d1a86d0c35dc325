package pgchild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// BinEnv names the directory of the PostgreSQL binaries when the usual places are wrong.
const BinEnv = "TOCSIN_POSTGRES_BIN"

// Binaries are a directory with postgres and initdb, and the major version of them.
type Binaries struct {
	Dir   string
	Major int
}

// MissingError says that PostgreSQL is not installed, and how to install it.
type MissingError struct {
	// Looked is where the binaries were looked for.
	Looked []string
}

// Is makes it one of the errors of things that do not exist.
func (e *MissingError) Is(target error) bool { return target == fs.ErrNotExist }

func (e *MissingError) Error() string {
	return fmt.Sprintf("PostgreSQL is not installed (no postgres and initdb in %s): install it with `%s`, or set %s to the directory of the binaries",
		strings.Join(e.Looked, ", "), InstallCommand(), BinEnv)
}

// VersionError says that a data directory was made by another major version than the binaries.
type VersionError struct {
	DataDir         string
	DataMajor       int
	InstalledMajors []int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the data in %s was made by PostgreSQL %d, but what is installed is %v: install PostgreSQL %d, or set %s to its binaries, or choose another data directory (nothing was changed)",
		e.DataDir, e.DataMajor, e.InstalledMajors, e.DataMajor, BinEnv)
}

// InstallCommand is what a person types on this machine to install PostgreSQL.
func InstallCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	for _, p := range []struct{ tool, command string }{
		{"apt-get", "sudo apt-get install -y postgresql"},
		{"dnf", "sudo dnf install -y postgresql-server"},
		{"apk", "sudo apk add postgresql"},
		{"brew", "brew install postgresql@17"},
	} {
		if _, err := exec.LookPath(p.tool); err == nil {
			return p.command
		}
	}
	return "sudo apt-get install -y postgresql"
}

// usualPlaces are glob patterns of where packages put the binaries.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PGDG on Red Hat
	"/usr/libexec/postgresql*",  // Alpine
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/pgsql/bin",
}

// choose picks the binaries for dataDir: those of its version, or the newest when it is new.
func choose(explicit, dataDir string) (Binaries, error) {
	found, err := find(explicit)
	if err != nil {
		return Binaries{}, err
	}
	want, err := dataMajor(dataDir)
	if err != nil {
		return Binaries{}, err
	}
	if want == 0 {
		return found[0], nil
	}
	var majors []int
	for _, b := range found {
		if b.Major == want {
			return b, nil
		}
		majors = append(majors, b.Major)
	}
	return Binaries{}, &VersionError{DataDir: dataDir, DataMajor: want, InstalledMajors: slices.Compact(majors)}
}

// find returns at least one set of binaries: those that were asked for by name and nothing else,
// or what PATH has first and then the usual places, the newest first.
func find(explicit string) ([]Binaries, error) {
	if explicit == "" {
		explicit = os.Getenv(BinEnv)
	}
	if explicit != "" {
		b, err := inspect(explicit)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &MissingError{Looked: []string{explicit}}
		}
		if err != nil {
			return nil, fmt.Errorf("the directory given for the PostgreSQL binaries: %w", err)
		}
		return []Binaries{b}, nil
	}
	var found, usual []Binaries
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			if b, err := inspect(filepath.Dir(p)); err == nil {
				found = append(found, b)
			}
		}
	}
	for _, pattern := range usualPlaces {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
		}
		for _, d := range dirs {
			if b, err := inspect(d); err == nil {
				usual = append(usual, b)
			}
		}
	}
	slices.SortStableFunc(usual, func(a, b Binaries) int { return b.Major - a.Major })
	found = append(found, usual...)
	if len(found) == 0 {
		return nil, &MissingError{Looked: append([]string{"PATH"}, usualPlaces...)}
	}
	return found, nil
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func inspect(dir string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	for _, name := range []string{"postgres", "initdb"} {
		fi, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return Binaries{}, err
		}
		if fi.IsDir() || fi.Mode()&0o111 == 0 {
			return Binaries{}, fmt.Errorf("%s cannot be run", filepath.Join(dir, name))
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output() //nolint:noctx // answers at once
	if err != nil {
		return Binaries{}, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Binaries{}, fmt.Errorf("%s/postgres --version: no version in its answer", dir)
	}
	major, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	return Binaries{Dir: dir, Major: major}, nil
}

// dataMajor is the major version that made dataDir, and 0 when there is no data yet.
func dataMajor(dataDir string) (int, error) {
	b, err := os.ReadFile(filepath.Join(dataDir, "PG_VERSION"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("which version made the PostgreSQL data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("%s is damaged (%q is no version): restore it from a back-up or choose another data directory", filepath.Join(dataDir, "PG_VERSION"), string(b))
	}
	return major, nil
}
