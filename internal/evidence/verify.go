package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	maxFiles    = 100_000
	maxInMemory = 16 << 20 // manifest.json and counts.json, plans
	maxProblems = 100
)

// Report is the answer of Verify. Problems stand in the order of the pack: within a file, the first one
// names the first record that is not as it was signed.
type Report struct {
	Verified   bool             `json:"verified"`
	Problems   []Problem        `json:"problems"`
	Meta       Meta             `json:"meta"`
	KeyID      string           `json:"key_id"`
	KeyTrusted bool             `json:"key_trusted"` // false when no trusted key was given: compare KeyID yourself
	Manifest   string           `json:"manifest_sha256"`
	Files      int              `json:"files"`
	Records    int64            `json:"records"`
	People     map[string]int64 `json:"people"` // recounted from people.jsonl, with "total"
}

// Problem is one thing that is wrong. Record is the record number in a .jsonl file, 0 when the whole file
// is meant; File is empty when the whole pack is meant.
type Problem struct {
	File   string `json:"file,omitempty"`
	Record int64  `json:"record,omitempty"`
	What   string `json:"what"`
}

func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.What
	case p.Record == 0:
		return p.File + ": " + p.What
	}
	return fmt.Sprintf("%s, record %d: %s", p.File, p.Record, p.What)
}

// Verify checks a pack of size bytes, offline. When trusted keys are given, the pack must be signed by
// one of them; else it is only checked against the key that it carries, and KeyTrusted stays false.
// Anything wrong with the pack is a Problem; the error is for a file that could not be read.
func Verify(r io.ReaderAt, size int64, trusted ...ed25519.PublicKey) (Report, error) {
	src := &source{r: r}
	v := &verifier{src: src, size: size, report: Report{Problems: []Problem{}, People: map[string]int64{}}, files: map[string]*zip.File{}}
	v.run(trusted)
	if src.err != nil {
		return Report{}, fmt.Errorf("the evidence pack could not be read: %w", src.err)
	}
	v.report.Verified = len(v.report.Problems) == 0
	return v.report, nil
}

// source remembers why reading failed, because the ZIP reader reports a bad disk as a bad format.
type source struct {
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // a damaged directory points anywhere
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && s.err == nil {
		s.err = err
	}
	return n, err
}

type verifier struct {
	src    *source
	size   int64
	budget int64 // bytes that may still be unpacked
	report Report
	files  map[string]*zip.File
	odd    bool // the container is not as it was written; its entries may overlap
}

func (v *verifier) problem(file string, record int64, format string, args ...any) {
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{File: file, Record: record, What: fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) run(trusted []ed25519.PublicKey) {
	zr, err := zip.NewReader(v.src, v.size)
	if err != nil {
		v.problem("", 0, "this is not a readable ZIP archive: it is damaged or cut short")
		return
	}
	// A pack of hashes hardly compresses, so a hundredfold is far beyond any that was written honestly.
	v.budget = 100*v.size + maxInMemory
	if !v.index(zr.File) {
		return
	}
	manifestBytes, ok := v.read(ManifestFile)
	if !ok {
		return
	}
	v.signature(manifestBytes, trusted)
	manifest, err := parseManifest(manifestBytes)
	if err != nil {
		v.problem(ManifestFile, 0, "%v", err)
		return
	}
	v.report.Meta = manifest.Meta
	if !sameContainer(v.src, v.size, zr.File, manifest.CreatedAt) {
		v.odd = true
		v.problem("", 0, "the archive holds bytes outside its files, or its directory was changed")
	}
	v.contents(manifest, zr.File)
}

// index refuses names that must not be and files that stand twice.
func (v *verifier) index(files []*zip.File) bool {
	if len(files) > maxFiles {
		v.problem("", 0, "the archive lists %d files, more than any pack holds", len(files))
		return false
	}
	for i, f := range files {
		if err := checkName(f.Name); err != nil {
			v.problem("", 0, "file %d of the archive has a name that no pack uses (a path outside the pack, or characters that are not allowed)", i+1)
			return false
		}
		if v.files[f.Name] != nil {
			v.problem(f.Name, 0, "stands in the archive twice")
			return false
		}
		v.files[f.Name] = f
	}
	return true
}

// read unpacks a small file.
func (v *verifier) read(name string) ([]byte, bool) {
	f := v.files[name]
	if f == nil {
		v.problem(name, 0, "is missing")
		return nil, false
	}
	in, err := f.Open()
	if err != nil || f.Method != zip.Store {
		v.problem(name, 0, "cannot be unpacked: the archive is damaged")
		return nil, false
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxInMemory+1))
	v.budget -= int64(len(b))
	switch {
	case err != nil:
		v.problem(name, 0, "cannot be unpacked: the archive is damaged")
		return nil, false
	case len(b) > maxInMemory:
		v.problem(name, 0, "is larger than such a file can be")
		return nil, false
	}
	return b, true
}

func (v *verifier) signature(manifest []byte, trusted []ed25519.PublicKey) {
	sum := sha256.Sum256(manifest)
	v.report.Manifest = hex.EncodeToString(sum[:])
	b, ok := v.read(SignatureFile)
	if !ok {
		return
	}
	var s Signature
	if err := strict(b, &s); err != nil || s.Algorithm != "Ed25519" || len(s.PublicKey) != ed25519.PublicKeySize {
		v.problem(SignatureFile, 0, "is not a signature that this version knows")
		return
	}
	v.report.KeyID = KeyID(s.PublicKey)
	for _, key := range trusted {
		v.report.KeyTrusted = v.report.KeyTrusted || bytes.Equal(key, s.PublicKey)
	}
	if len(trusted) > 0 && !v.report.KeyTrusted {
		v.problem(SignatureFile, 0, "was made with a key that is not trusted (key id %s)", v.report.KeyID)
	}
	again, err := encode(s)
	if err != nil || !bytes.Equal(again, b) || s.KeyID != v.report.KeyID || s.ManifestSHA256 != v.report.Manifest {
		v.problem(SignatureFile, 0, "does not describe this manifest and key")
	}
	if !ed25519.Verify(s.PublicKey, manifest, s.Signature) {
		v.problem(SignatureFile, 0, "does not match manifest.json: one of the two was changed")
	}
}

func parseManifest(b []byte) (Manifest, error) {
	var m Manifest
	if err := strict(b, &m); err != nil {
		return m, errors.New("is not a manifest: its JSON cannot be read")
	}
	if m.Format != packFormat {
		return m, errors.New("is of a format that this version does not know")
	}
	if y := m.CreatedAt.Year(); y < 1980 || y > 2107 || !m.CreatedAt.Equal(m.CreatedAt.Truncate(time.Second)) {
		return m, errors.New("has no usable creation time")
	}
	return m, nil
}

// contents compares archive and manifest and then looks into the files.
func (v *verifier) contents(m Manifest, order []*zip.File) {
	listed := map[string]bool{ManifestFile: true, SignatureFile: true}
	for i, e := range m.Files {
		switch {
		case listed[e.Name]:
			v.problem(ManifestFile, 0, "lists %s twice", shown(e.Name))
		case v.files[e.Name] == nil:
			v.problem(shown(e.Name), 0, "is in the manifest and missing from the archive")
		case i >= len(order) || order[i].Name != e.Name:
			v.problem(e.Name, 0, "stands at another place of the archive than the manifest says")
		}
		listed[e.Name] = true
	}
	for _, f := range order {
		if !listed[f.Name] {
			v.problem(f.Name, 0, "is in the archive and not in the manifest")
		}
	}
	for _, must := range []string{AuditFile, PeopleFile, ApprovalsFile, CountsFile} {
		if !listed[must] {
			v.problem(must, 0, "every pack has this file, and this one has not")
		}
	}
	s := newStory(v)
	for _, e := range s.order(m.Files) {
		if f := v.files[e.Name]; f != nil {
			s.text(e)
			v.file(f, e, s)
		}
	}
	s.finish()
	v.report.Files = len(m.Files)
}

// shown keeps a name from an unsigned manifest from being anything but a name.
func shown(name string) string {
	if checkName(name) != nil {
		return "a file with a name that is not allowed"
	}
	return name
}

// strict decodes exactly one JSON value without unknown fields.
func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return breach.Errorf(breach.ErrInvalid, "more than one value")
	}
	return nil
}
