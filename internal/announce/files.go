package announce

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// notice is one version of an announcement as it lies on disk and as machines read it. Times are UTC.
type notice struct {
	Reference   string     `json:"reference"`
	URL         string     `json:"url"`
	Version     int        `json:"version"`
	PublishedAt time.Time  `json:"published_at"`
	KeepUntil   *time.Time `json:"keep_until,omitempty"`
	Languages   []wording  `json:"languages"`
}

// wording is a notice in one language; HTML is a fragment.
type wording struct {
	Locale string `json:"locale"`
	Title  string `json:"title"`
	Text   string `json:"text"`
	HTML   string `json:"html"`
	SHA256 string `json:"sha256"` // of the approved text
}

func (n notice) sameTexts(m notice) bool {
	return slices.EqualFunc(n.Languages, m.Languages, func(a, b wording) bool { return a.Locale == b.Locale && a.SHA256 == b.SHA256 })
}

func (n notice) locales() []string {
	out := make([]string, len(n.Languages))
	for i, w := range n.Languages {
		out[i] = w.Locale
	}
	return out
}

func (n notice) in(locale string) wording {
	for _, w := range n.Languages {
		if w.Locale == locale {
			return w
		}
	}
	return n.Languages[0]
}

const (
	noticeFile = "notice.json"
	indexFile  = "index.json"
	listedFile = "listed" // in the folder of a notice that lists and feed show
	unfinished = ".new-"
)

// write puts a version into its folder: all files are there, or none is. <dir>/<reference>/v<version>/
func (s *Site) write(n notice) error {
	n.URL = s.address(n.Reference)
	tmp, err := os.MkdirTemp(s.dir, unfinished)
	if err != nil {
		return breach.Errorf(breach.ErrUnavailable, "an announcement could not be written: %w", err)
	}
	defer os.RemoveAll(tmp) // gone when it was renamed
	body, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return breach.Errorf(breach.ErrInternal, "an announcement could not be encoded: %w", err)
	}
	files := map[string][]byte{noticeFile: body}
	for _, w := range n.Languages {
		page, err := s.noticePage(n, w, 0)
		if err != nil {
			return breach.Errorf(breach.ErrInternal, "an announcement could not be made into a page: %w", err)
		}
		files[w.Locale+".html"] = page
	}
	for name, b := range files {
		if err := writeSynced(filepath.Join(tmp, name), b); err != nil {
			return breach.Errorf(breach.ErrUnavailable, "an announcement could not be written: %w", err)
		}
	}
	home := filepath.Join(s.dir, n.Reference)
	err = errors.Join(os.Chmod(tmp, 0o755), syncDir(tmp), os.MkdirAll(home, 0o755))
	if err == nil {
		err = os.Rename(tmp, filepath.Join(home, "v"+strconv.Itoa(n.Version)))
	}
	if err == nil {
		err = errors.Join(syncDir(home), syncDir(s.dir))
	}
	if err != nil {
		return breach.Errorf(breach.ErrUnavailable, "an announcement could not be put in place; publishing it again is safe: %w", err)
	}
	return nil
}

// read loads a version of a notice; 0 means the newest. breach.ErrNotFound.
func (s *Site) read(ref string, version int) (notice, error) {
	var n notice
	missing := breach.Errorf(breach.ErrNotFound, "there is no announcement with this reference")
	if !reference.MatchString(ref) {
		return n, missing
	}
	if version == 0 {
		if version = s.newest(ref); version == 0 {
			return n, missing
		}
	}
	b, err := os.ReadFile(filepath.Join(s.dir, ref, "v"+strconv.Itoa(version), noticeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return n, missing
	}
	if err != nil {
		return n, breach.Errorf(breach.ErrUnavailable, "an announcement could not be read: %w", err)
	}
	if err := json.Unmarshal(b, &n); err != nil || len(n.Languages) == 0 || n.Reference != ref {
		return n, breach.Errorf(breach.ErrTampered, "a stored announcement is damaged")
	}
	return n, nil
}

// newest is the highest version of a reference, 0 when there is none.
func (s *Site) newest(ref string) (highest int) {
	entries, _ := os.ReadDir(filepath.Join(s.dir, ref)) // no folder, no version
	for _, e := range entries {
		if v, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "v")); err == nil && e.IsDir() && v > highest {
			highest = v
		}
	}
	return highest
}

// page is the stored page of the newest version.
func (s *Site) page(n notice, locale string) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.dir, n.Reference, "v"+strconv.Itoa(n.Version), locale+".html"))
}

// scan reads the newest version of every notice from the folders, newest first. A damaged one is left out:
// the others must stay readable.
func (s *Site) scan() ([]notice, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, breach.Errorf(breach.ErrUnavailable, "the folder of announcements cannot be read: %w", err)
	}
	out := []notice{}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(s.dir, e.Name(), listedFile)); err != nil {
			continue
		}
		if n, err := s.read(e.Name(), 0); err == nil && e.IsDir() {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b notice) int { return b.PublishedAt.Compare(a.PublishedAt) })
	return out, nil
}

// enlist puts a notice into lists and feed unless it is only for those who have its address.
func (s *Site) enlist(a breach.Announcement) error {
	if a.Unlisted {
		return nil
	}
	if err := writeSynced(filepath.Join(s.dir, a.Reference, listedFile), nil); err != nil {
		return breach.Errorf(breach.ErrUnavailable, "an announcement could not be listed; publishing it again is safe: %w", err)
	}
	return s.writeIndex()
}

// writeIndex makes the list of notices anew from the folders, so that a crash between the two heals.
func (s *Site) writeIndex() error {
	all, err := s.scan()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return breach.Errorf(breach.ErrInternal, "the list of announcements could not be encoded: %w", err)
	}
	tmp, err := os.MkdirTemp(s.dir, unfinished) // of our own: other processes may write the list as well
	if err == nil {
		defer os.RemoveAll(tmp)
		err = writeSynced(filepath.Join(tmp, indexFile), b)
	}
	if err == nil {
		err = os.Rename(filepath.Join(tmp, indexFile), filepath.Join(s.dir, indexFile))
	}
	if err = errors.Join(err, syncDir(s.dir)); err != nil {
		return breach.Errorf(breach.ErrUnavailable, "the list of announcements could not be written; publishing again is safe: %w", err)
	}
	return nil
}

// list reads the index, or the folders where the index is not (yet) usable.
func (s *Site) list() ([]notice, error) {
	var all []notice
	b, err := os.ReadFile(filepath.Join(s.dir, indexFile))
	if err == nil && json.Unmarshal(b, &all) == nil {
		return all, nil
	}
	return s.scan()
}

func writeSynced(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
