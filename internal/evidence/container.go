package evidence

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"time"
)

// header is the one shape that an entry of a pack has: no comment, no extra fields, the pack's own time
// (DOS resolution, 2 s; an extended time would need an extra field).
func header(name string, method uint16, at time.Time) zip.FileHeader {
	at = at.UTC()
	return zip.FileHeader{
		Name: name, Method: method, CreatorVersion: 20, ReaderVersion: 20,
		ModifiedDate: uint16(at.Day() + int(at.Month())<<5 + (at.Year()-1980)<<9), //nolint:staticcheck // see above
		ModifiedTime: uint16(at.Second()/2 + at.Minute()<<5 + at.Hour()<<11),      //nolint:staticcheck // see above
	}
}

var errDiffers = errors.New("differs")

// sameContainer rebuilds the archive around the entries' compressed bytes and compares every byte with
// the original. It finds whatever hides outside the files: comments, gaps, overlapping entries, changed
// headers, bytes in front or behind.
func sameContainer(r io.ReaderAt, size int64, files []*zip.File, at time.Time) bool {
	cmp := &comparer{want: r, size: size}
	zw := zip.NewWriter(cmp)
	for _, f := range files {
		h := header(f.Name, f.Method, at)
		h.Flags = 0x8 // sizes follow the data, as the streaming writer leaves them
		h.CRC32, h.CompressedSize64, h.UncompressedSize64 = f.CRC32, f.CompressedSize64, f.UncompressedSize64
		raw, err := f.OpenRaw()
		if err != nil {
			return false
		}
		out, err := zw.CreateRaw(&h)
		if err != nil {
			return false
		}
		if _, err := io.Copy(out, raw); err != nil {
			return false
		}
	}
	return zw.Close() == nil && cmp.at == size
}

// comparer is a writer that fails at the first byte that is not in the original.
type comparer struct {
	want io.ReaderAt
	size int64
	at   int64
	buf  [32 << 10]byte
}

func (c *comparer) Write(p []byte) (int, error) {
	if c.at+int64(len(p)) > c.size {
		return 0, errDiffers
	}
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+len(c.buf))]
		have := c.buf[:len(part)]
		if n, err := c.want.ReadAt(have, c.at); n < len(have) && err != nil {
			return done, err
		}
		if !bytes.Equal(have, part) {
			return done, errDiffers
		}
		done += len(part)
		c.at += int64(len(part))
	}
	return len(p), nil
}
