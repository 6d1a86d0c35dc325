package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	packFormat = "tocsin-evidence/1"
	maxName    = 200
	maxRecord  = 1 << 20 // bytes of one record
	maxFile    = 1<<32 - 1
	// maxMarks bounds what the manifest keeps of one file's records. Up to that many records a pack names
	// the exact first record that was changed even when the forger mended every later hash; beyond it,
	// each doubling of the file halves the precision.
	maxMarks = 1 << 14
)

// Meta heads the manifest. CreatedAt (UTC, to the second) is also the time of every file in the ZIP.
type Meta struct {
	Product   string    `json:"product"`
	Incident  string    `json:"incident"`
	CreatedAt time.Time `json:"created_at"`
}

// Manifest is manifest.json.
type Manifest struct {
	Format string `json:"format"`
	Meta
	Files []FileEntry `json:"files"`
}

// FileEntry describes one file. PackedSHA256 covers its compressed bytes, so that no bit of the archive
// is free. Records, Root, Step and Marks are for .jsonl alone: Root is the rolling hash after the last
// record and Marks[i] the first half of the rolling hash after record (i+1)*Step.
type FileEntry struct {
	Name         string   `json:"name"`
	Bytes        int64    `json:"bytes"`
	SHA256       string   `json:"sha256"`
	PackedSHA256 string   `json:"packed_sha256"`
	Records      *int64   `json:"records,omitempty"`
	Root         string   `json:"root,omitempty"`
	Step         int64    `json:"step,omitempty"`
	Marks        []string `json:"marks,omitempty"`
}

// Signature is signature.json. The signature is plain Ed25519 over the bytes of manifest.json, so any
// tool can check it; key and signature are base64.
type Signature struct {
	Algorithm      string `json:"algorithm"`
	KeyID          string `json:"key_id"`
	PublicKey      []byte `json:"public_key"`
	ManifestSHA256 string `json:"manifest_sha256"`
	Signature      []byte `json:"signature"`
}

// KeyID is how people compare keys: the first 32 hex digits of the SHA-256 of the public key.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:16])
}

// One spelling per name on every file system: lower case, no dots at the start of a part, no back slash.
var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*){0,3}$`)

func checkName(name string) error {
	if len(name) > maxName || !goodName.MatchString(name) || strings.Contains(name, "..") {
		return breach.Errorf(breach.ErrInvalid, "a file name in the pack is not allowed: use lower-case letters, digits, dot, hyphen, underscore and up to three folders")
	}
	return nil
}

// encode is the one way in which JSON files of a pack are written: indented, nothing escaped for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func rollingHash(file, prev string, n int64, record []byte) string {
	h := sha256.New()
	putString(h, "tocsin-record/1")
	putString(h, file)
	putString(h, prev)
	putInt(h, n)
	putBytes(h, record)
	return hex.EncodeToString(h.Sum(nil))
}

// marks keeps evenly spaced rolling hashes in bounded memory: when full it drops every second one.
type marks struct {
	limit int
	step  int64
	list  []string
}

func (m *marks) add(n int64, hash string) {
	if m.step == 0 {
		m.step = 1
	}
	if n%m.step != 0 {
		return
	}
	m.list = append(m.list, hash[:32])
	if len(m.list) < m.limit {
		return
	}
	half := m.list[:0]
	for i := 1; i < len(m.list); i += 2 {
		half = append(half, m.list[i])
	}
	m.list, m.step = half, m.step*2
}
