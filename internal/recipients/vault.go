package recipients

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// vault keeps bytes that were written one after the other, to be read from any place, in bounded memory. The first of
// them stay in memory; the rest lies in a temporary file, under a key that never leaves memory. The file has no name
// any more while it is used, so that nothing is left of it when the process ends, however it ends.
type vault struct {
	size  int64
	first [][]byte // whole pages
	tail  []byte   // the page that is being written
	file  *os.File
	key   cipher.Block
	cache [cachedPages]cached
}

type cached struct {
	page int64 // from 1; 0 is none
	data []byte
}

const (
	vaultPage   = 16 << 10
	firstPages  = 8 << 20 / vaultPage
	cachedPages = 8 << 20 / vaultPage
)

// Write implements io.Writer.
func (v *vault) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if v.tail == nil {
			v.tail = make([]byte, 0, vaultPage)
		}
		m := min(len(p), vaultPage-len(v.tail))
		v.tail = append(v.tail, p[:m]...)
		n, p, v.size = n+m, p[m:], v.size+int64(m)
		if len(v.tail) == vaultPage {
			if err := v.keep(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// keep puts the page away that was written.
func (v *vault) keep() error {
	if len(v.first) < firstPages {
		v.first, v.tail = append(v.first, v.tail), nil
		return nil
	}
	if v.file == nil {
		if err := v.open(); err != nil {
			return err
		}
	}
	page := v.size/vaultPage - 1
	v.crypt(page, v.tail)
	_, err := v.file.WriteAt(v.tail, (page-firstPages)*vaultPage)
	v.tail = v.tail[:0]
	if err != nil {
		return noVault(err)
	}
	return nil
}

func noVault(err error) error {
	return breach.Errorf(breach.ErrUnavailable, "a spreadsheet of this size needs a temporary file, which is encrypted, and it cannot be written or read (%w): make room in the directory for temporary files (TMPDIR), or save the list as \"CSV UTF-8\", which needs none", err)
}

func (v *vault) open() error {
	f, err := os.CreateTemp("", "tocsin-sheet-*")
	if err != nil {
		return noVault(err)
	}
	_ = os.Remove(f.Name())
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never fails on the systems that Go supports
	v.file = f
	v.key, err = aes.NewCipher(key)
	return err
}

// crypt encrypts or decrypts a page. Each page is written once, and has a stream of its own.
func (v *vault) crypt(page int64, data []byte) {
	var iv [aes.BlockSize]byte
	binary.BigEndian.PutUint64(iv[:], uint64(page))
	cipher.NewCTR(v.key, iv[:]).XORKeyStream(data, data)
}

// ReadAt implements io.ReaderAt.
func (v *vault) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if off < 0 || off >= v.size {
			return n, io.EOF
		}
		data, err := v.page(off / vaultPage)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], data[off%vaultPage:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

// page gives a page that holds something.
func (v *vault) page(no int64) ([]byte, error) {
	switch {
	case no < int64(len(v.first)):
		return v.first[no], nil
	case no == v.size/vaultPage:
		return v.tail, nil
	}
	c := &v.cache[no%cachedPages]
	if c.page == no+1 {
		return c.data, nil
	}
	if c.data == nil {
		c.data = make([]byte, vaultPage)
	}
	c.page = 0
	if _, err := v.file.ReadAt(c.data, (no-firstPages)*vaultPage); err != nil && !errors.Is(err, io.EOF) {
		return nil, noVault(err)
	}
	v.crypt(no, c.data)
	c.page = no + 1
	return c.data, nil
}

// Close implements io.Closer.
func (v *vault) Close() error {
	if v.file == nil {
		return nil
	}
	_ = os.Remove(v.file.Name()) // where an open file could not be removed
	return v.file.Close()
}
