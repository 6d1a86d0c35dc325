//go:build !unix

package outbox

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir has no advisory lock to take here; the fixed ports of a directory
// keep a second simulator out.
func lockDir(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "outbox.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("outbox: open the lock: %w", err)
	}
	return file, nil
}

func unlock(lock *os.File) error { return lock.Close() }
