package outbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// FileName is the log inside the directory that Open is given.
const FileName = "outbox.jsonl"

// lines stores encoded lines and gives them back by place. It is not safe for
// concurrent appends; Box serialises those. Reads may run beside an append.
type lines interface {
	append(line []byte) (at int64, err error)
	read(at int64, length int) ([]byte, error)
	close() error
}

// fileLines writes each line with one write call: after it the line is in the
// kernel, out of reach of a kill of this process. Power loss is not its job.
type fileLines struct {
	file *os.File
	end  int64
	lock *os.File
}

func openFile(dir string) (*fileLines, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("outbox: make its directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("outbox: open the log: %w", err), lock.Close())
	}
	return &fileLines{file: file, lock: lock}, nil
}

// replay calls see for every whole line from the start. A last line that is
// torn (no newline, or cut by a crash so that it is not JSON) is removed: no
// answer was given for it. Damage anywhere else is an error, because a witness
// that skips lines is none.
func (f *fileLines) replay(see func(at int64, line []byte) error) error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("outbox: read the log: %w", err)
	}
	r := bufio.NewReaderSize(f.file, 256<<10)
	for number := 1; ; number++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return f.file.Truncate(f.end)
		}
		if err != nil {
			return fmt.Errorf("outbox: read the log: %w", err)
		}
		if !json.Valid(line) {
			if _, peek := r.Peek(1); errors.Is(peek, io.EOF) {
				return f.file.Truncate(f.end)
			}
			return fmt.Errorf("outbox: line %d of %s is damaged and is not the last one; move the file away and start with a new directory", number, FileName)
		}
		if err := see(f.end, line); err != nil {
			return fmt.Errorf("outbox: line %d of %s: %w; move the file away and start with a new directory", number, FileName, err)
		}
		f.end += int64(len(line))
	}
}

func (f *fileLines) append(line []byte) (int64, error) {
	at := f.end
	n, err := f.file.WriteAt(line, at)
	if err != nil {
		if n > 0 {
			// Half a line must not stay in front of the next one.
			err = errors.Join(err, f.file.Truncate(at))
		}
		return 0, fmt.Errorf("outbox: write the log: %w", err)
	}
	f.end += int64(n)
	return at, nil
}

func (f *fileLines) read(at int64, length int) ([]byte, error) {
	line := make([]byte, length)
	if _, err := f.file.ReadAt(line, at); err != nil {
		return nil, fmt.Errorf("outbox: read the log: %w", err)
	}
	return line, nil
}

func (f *fileLines) close() error { return errors.Join(f.file.Close(), unlock(f.lock)) }

// memoryLines keeps the lines of a box without a directory.
type memoryLines struct {
	mu  sync.RWMutex
	all [][]byte
}

func (m *memoryLines) append(line []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, bytes.Clone(line))
	return int64(len(m.all) - 1), nil
}

func (m *memoryLines) read(at int64, _ int) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.all[at], nil
}

func (m *memoryLines) close() error { return nil }
