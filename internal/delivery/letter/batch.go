package letter

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

// Names of files in a batch.
const (
	fileMerged = "letters.pdf"
	fileJSON   = "manifest.json"
	fileCSV    = "manifest.csv"
	fileSums   = "SHA256SUMS"
)

// Manifest says what a batch holds, without names and addresses.
type Manifest struct {
	Batch   string    `json:"batch"`
	MadeAt  time.Time `json:"made_at"`
	Paper   string    `json:"paper"`
	Letters int       `json:"letters"`
	Pages   int       `json:"pages"`
	Files   []File    `json:"files"`
	Rows    []Row     `json:"rows"`
	// Checksum is the SHA-256 of the file SHA256SUMS, and so of the whole batch.
	Checksum string `json:"-"`
}

// File is one PDF file.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Pages  int    `json:"pages"`
}

// Row is one letter: where its pages are in the merged file, and its own file if it has one.
type Row struct {
	Letter    string `json:"letter_id"`
	Country   string `json:"country"`
	FirstPage int    `json:"first_page"`
	Pages     int    `json:"pages"`
	File      string `json:"file,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
}

// errUnset says that one letter cannot be set; the others can.
var errUnset = errors.New("cannot be set")

// Print makes the files of a batch in an empty directory. The same batch makes the same files. Letters that cannot be set
// are left out and named.
func (s *Sender) Print(ctx context.Context, b *breach.PostBatch, dir string) (m Manifest, unset []breach.UnsetLetter, err error) {
	m = Manifest{Batch: b.ID, MadeAt: b.MadeAt.UTC(), Paper: s.cfg.Paper}
	setter := paper.NewSetter(s.fonts, s.house)
	merged, err := s.file(dir, fileMerged, func(to io.Writer) (int, error) {
		d := setter.New(to, "")
		for _, it := range b.Items {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			row, err := s.letter(setter, d, b, it, dir)
			switch {
			case errors.Is(err, errUnset):
				unset = append(unset, breach.UnsetLetter{Attempt: it.Attempt, Why: err.Error()})
				continue
			case err != nil:
				return 0, err
			}
			if m.Rows = append(m.Rows, row); row.File != "" {
				m.Files = append(m.Files, File{Name: row.File, SHA256: row.SHA256, Bytes: fileSize(dir, row.File), Pages: row.Pages})
			}
		}
		return d.Pages(), d.Close(b.MadeAt)
	})
	if err != nil {
		return m, unset, err
	}
	m.Letters, m.Pages = len(m.Rows), merged.Pages
	m.Files = append([]File{merged}, m.Files...)
	return m, unset, m.write(dir)
}

// letter sets one letter into the merged file, and into its own if there is one.
func (s *Sender) letter(setter *paper.Setter, all *paper.Document, b *breach.PostBatch, it breach.PostItem, dir string) (Row, error) {
	var l paper.Letter
	if err := json.Unmarshal(it.Body, &l); err != nil {
		return Row{}, breach.Errorf(breach.ErrInternal, "letter %s in the ledger cannot be read", it.Attempt)
	}
	l.Date = b.MadeAt
	sheets, err := setter.Set(l)
	if err != nil {
		return Row{}, fmt.Errorf("the letter %w any more: %w", errUnset, err)
	}
	row := Row{Letter: it.Attempt, Country: it.Country, FirstPage: all.Pages() + 1, Pages: sheets.Pages()}
	all.Add(sheets)
	if !s.cfg.Single {
		return row, nil
	}
	f, err := s.file(dir, it.Attempt+".pdf", func(to io.Writer) (int, error) {
		d := setter.New(to, l.Lang)
		d.Add(sheets)
		return d.Pages(), d.Close(b.MadeAt)
	})
	row.File, row.SHA256 = f.Name, f.SHA256
	return row, err
}

// file writes one file and its checksum.
func (s *Sender) file(dir, name string, fill func(io.Writer) (pages int, err error)) (File, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return File{}, fmt.Errorf("a file of the batch cannot be made: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
	pages, err := fill(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Close()
	}
	return File{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: fileSize(dir, name), Pages: pages}, err
}

func fileSize(dir, name string) int64 {
	i, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	return i.Size()
}

// write puts the manifest beside the files, and the checksums of all.
func (m *Manifest) write(dir string) error {
	asJSON, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	sums := make([]string, 0, len(m.Files)+2)
	for _, f := range m.Files {
		sums = append(sums, f.SHA256+"  "+f.Name+"\n")
	}
	for name, b := range map[string][]byte{fileJSON: append(asJSON, '\n'), fileCSV: m.csv()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return fmt.Errorf("the manifest cannot be written: %w", err)
		}
		sums = append(sums, hashOf(b)+"  "+name+"\n")
	}
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	all := []byte(strings.Join(sums, ""))
	m.Checksum = hashOf(all)
	return os.WriteFile(filepath.Join(dir, fileSums), all, 0o600)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// csv is the manifest as printers read it.
func (m *Manifest) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write([]string{"letter_id", "country", "first_page", "pages", "file", "sha256"}) // a buffer takes everything
	for _, r := range m.Rows {
		_ = w.Write([]string{r.Letter, r.Country, strconv.Itoa(r.FirstPage), strconv.Itoa(r.Pages), r.File, r.SHA256})
	}
	w.Flush()
	return b.Bytes()
}
