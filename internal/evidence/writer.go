package evidence

import (
	"archive/zip"
	"compress/flate"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Writer streams a pack into a ZIP. The same calls with the same values give the same bytes. It is for
// one goroutine; after the first error it is of no further use and Close fails too.
type Writer struct {
	zip    *zip.Writer
	key    ed25519.PrivateKey
	meta   Meta
	names  map[string]bool
	files  []FileEntry
	open   *LineWriter
	packed hash.Hash // of the file being compressed
	err    error
}

// NewWriter starts a pack. The key signs the manifest when Close is called.
func NewWriter(w io.Writer, key ed25519.PrivateKey, meta Meta) (*Writer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, breach.Errorf(breach.ErrInvalid, "the signing key of the evidence pack is not an Ed25519 key")
	}
	if meta.CreatedAt.IsZero() || meta.CreatedAt.UTC().Year() < 1980 {
		return nil, breach.Errorf(breach.ErrInvalid, "an evidence pack needs the instant at which it is made")
	}
	meta.CreatedAt = meta.CreatedAt.UTC().Truncate(time.Second)
	pw := &Writer{zip: zip.NewWriter(w), key: key, meta: meta, names: map[string]bool{ManifestFile: true, SignatureFile: true}}
	pw.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(io.MultiWriter(out, pw.packed), flate.DefaultCompression)
	})
	return pw, nil
}

// JSON adds v as an indented JSON file; the name ends in .json.
func (w *Writer) JSON(name string, v any) error {
	b, err := encode(v)
	if err != nil {
		return w.fail(fmt.Errorf("evidence file %s cannot be encoded: %w", name, err))
	}
	return w.File(name, b)
}

// File adds a file with these bytes.
func (w *Writer) File(name string, b []byte) error {
	out, err := w.create(name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	if _, err := out.Write(b); err != nil {
		return w.fail(err)
	}
	return w.finish(FileEntry{Name: name, Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:])})
}

// Lines starts a file of records; the name ends in .jsonl. It must be closed before the next file.
func (w *Writer) Lines(name string) (*LineWriter, error) {
	if !isLines(name) {
		return nil, w.fail(breach.Errorf(breach.ErrInvalid, "evidence file %q holds records, so its name must end in .jsonl", name))
	}
	out, err := w.create(name)
	if err != nil {
		return nil, err
	}
	w.open = &LineWriter{pack: w, name: name, out: out, sum: sha256.New(), marks: marks{limit: maxMarks}}
	return w.open, nil
}

// Close writes manifest and signature and ends the ZIP. It returns the SHA-256 of manifest.json in hex,
// the one number that stands for the whole pack.
func (w *Writer) Close() (manifestSHA256 string, err error) {
	if w.err == nil && w.open != nil {
		return "", w.fail(fmt.Errorf("evidence file %s was not closed", w.open.name))
	}
	if w.err != nil {
		return "", w.err
	}
	out, err := w.begin(ManifestFile, zip.Store)
	if err != nil {
		return "", err
	}
	manifest, err := encode(Manifest{Format: packFormat, Meta: w.meta, Files: w.files})
	if err != nil {
		return "", w.fail(err)
	}
	if _, err := out.Write(manifest); err != nil {
		return "", w.fail(err)
	}
	sum := sha256.Sum256(manifest)
	manifestSHA256 = hex.EncodeToString(sum[:])
	if err := w.writeSignature(manifest, manifestSHA256); err != nil {
		return "", w.fail(err)
	}
	if err := w.zip.Close(); err != nil {
		return "", w.fail(err)
	}
	w.err = errors.New("the evidence pack is closed")
	return manifestSHA256, nil
}

func (w *Writer) writeSignature(manifest []byte, sum string) error {
	b, err := encode(sign(w.key, manifest, sum))
	if err != nil {
		return err
	}
	h := header(SignatureFile, zip.Store, w.meta.CreatedAt)
	out, err := w.zip.CreateHeader(&h)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}

func sign(key ed25519.PrivateKey, manifest []byte, sum string) Signature {
	pub := key.Public().(ed25519.PublicKey)
	return Signature{
		Algorithm: "Ed25519", KeyID: KeyID(pub), PublicKey: pub,
		ManifestSHA256: sum, Signature: ed25519.Sign(key, manifest),
	}
}

func (w *Writer) create(name string) (io.Writer, error) {
	switch {
	case w.err != nil:
		return nil, w.err
	case w.open != nil:
		return nil, w.fail(fmt.Errorf("evidence file %s must be closed before the next one", w.open.name))
	case w.names[name]:
		return nil, w.fail(breach.Errorf(breach.ErrInvalid, "evidence file %q is there already", name))
	}
	if err := checkName(name); err != nil {
		return nil, w.fail(err)
	}
	w.names[name] = true
	return w.begin(name, zip.Deflate)
}

// begin starts an entry. The ZIP writer ends the entry before it only now, so only now is the hash of
// that one's compressed bytes complete.
func (w *Writer) begin(name string, method uint16) (io.Writer, error) {
	before := w.packed
	w.packed = sha256.New()
	h := header(name, method, w.meta.CreatedAt)
	out, err := w.zip.CreateHeader(&h)
	if err != nil {
		return nil, w.fail(err)
	}
	if before != nil {
		w.files[len(w.files)-1].PackedSHA256 = hex.EncodeToString(before.Sum(nil))
	}
	return out, nil
}

func (w *Writer) finish(e FileEntry) error {
	if e.Bytes > maxFile {
		return w.fail(breach.Errorf(breach.ErrInvalid, "evidence file %s is larger than 4 GiB: export the waves one by one", e.Name))
	}
	w.open = nil
	w.files = append(w.files, e)
	return nil
}

func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return w.err
}
