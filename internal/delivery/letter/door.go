package letter

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// place is a file system on which a printer takes batches. Names are relative to the printer's directory.
type place interface {
	stat(name string) (size int64, err error) // fs.ErrNotExist
	read(name string) ([]byte, error)
	mkdir(name string) error // no error when it is there
	put(ctx context.Context, name, local string) error
	write(name string, b []byte) error // whole or not at all
	rename(from, to string) error
	list(name string) ([]string, error)
	remove(name string) error
	close() error
}

// A batch lies in a directory that ends in part until all of it is there and the ledger knows. Then it is renamed,
// and the marker beside it says that it may be printed.
const (
	suffixPart = ".part"
	suffixDone = ".done"
)

// bring puts all files of a batch into its directory at the door. What an interrupted run brought is kept.
func bring(ctx context.Context, p place, batch, dir string) error {
	part := batch + suffixPart
	if _, err := p.stat(batch); err == nil {
		return breach.Errorf(breach.ErrConflict, "a directory %s lies at the printer's already and was not put there by this ledger; look at it, and move it away before the batch is handed over", batch)
	}
	sums, err := os.ReadFile(path.Join(dir, fileSums))
	if err != nil {
		return err
	}
	if err := p.mkdir(part); err != nil {
		return err
	}
	if had, err := p.read(path.Join(part, fileSums)); err != nil || !bytes.Equal(had, sums) {
		if err := sweep(p, part); err != nil {
			return err
		}
		if err := p.write(path.Join(part, fileSums), sums); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil || e.Name() == fileSums {
			continue
		}
		name := path.Join(part, e.Name())
		if size, err := p.stat(name); err == nil && size == info.Size() {
			continue
		}
		if err := p.put(ctx, name, path.Join(dir, e.Name())); err != nil {
			return err
		}
		if size, err := p.stat(name); err != nil || size != info.Size() {
			return breach.Errorf(breach.ErrUnavailable, "a file of batch %s arrived at the printer's cut short; run the command again", batch)
		}
	}
	return nil
}

func sweep(p place, part string) error {
	names, err := p.list(part)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := p.remove(path.Join(part, n)); err != nil {
			return err
		}
	}
	return nil
}

// admit lets the printer have a batch that was brought whole. It may be called again after an interruption: the
// directory under its last name says that it was done, and none at all that the printer took it meanwhile, because
// nothing else makes the first name go away.
func admit(p place, batch, checksum string) error {
	_, err := p.stat(batch)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = p.stat(batch + suffixPart)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = p.rename(batch+suffixPart, batch)
		}
	}
	if err != nil {
		return err
	}
	if _, err := p.stat(batch + suffixDone); err == nil {
		return nil
	}
	return p.write(batch+suffixDone, []byte(checksum+"  "+path.Join(batch, fileSums)+"\n"))
}

// folder is a place on this machine.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, breach.Errorf(breach.ErrUnavailable, "letters.dir, where the printer takes batches, cannot be opened: %w", err)
	}
	return &folder{root}, nil
}

func (f *folder) close() error { return f.root.Close() }

func (f *folder) stat(name string) (int64, error) {
	i, err := f.root.Stat(name)
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

func (f *folder) read(name string) ([]byte, error) { return f.root.ReadFile(name) }

func (f *folder) mkdir(name string) error {
	if err := f.root.Mkdir(name, 0o770); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (f *folder) put(_ context.Context, name, local string) error {
	b, err := os.ReadFile(local)
	if err != nil {
		return err
	}
	return f.save(name, b)
}

// save writes a file and waits until it is on the disk.
func (f *folder) save(name string, b []byte) error {
	to, err := f.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o660)
	if err != nil {
		return err
	}
	_, err = to.Write(b)
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

func (f *folder) write(name string, b []byte) error {
	if err := f.save(name+".tmp", b); err != nil {
		return err
	}
	return f.rename(name+".tmp", name)
}

// rename moves a name and waits until the directory on the disk says so.
func (f *folder) rename(from, to string) error {
	if err := f.root.Rename(from, to); err != nil {
		return err
	}
	for _, d := range slices.Compact([]string{path.Dir(to), "."}) {
		dir, err := f.root.Open(d)
		if err != nil {
			return err
		}
		if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) list(name string) ([]string, error) {
	dir, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	return dir.Readdirnames(-1)
}

func (f *folder) remove(name string) error { return f.root.Remove(name) }
