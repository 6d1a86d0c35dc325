package render

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Unit is what a reviewer signs off: all that one kind of text says in one language. Its name is notice/<language>,
// announcement/<language> or report/<regime>/[<phase>.]<language>.
type Unit struct {
	Name   string   `json:"name"`
	Locale string   `json:"locale"` // BCP 47
	Files  []string `json:"files"`  // all that it is made of, sorted
	SHA256 string   `json:"sha256"` // over names and bytes of Files
	Own    []string `json:"own"`    // files that are the organisation's
	Review *Review  `json:"review,omitempty"`
	Stale  *Review  `json:"stale_review,omitempty"` // of other words than these: it counts for nothing
}

// Review is a line of reviewed.yaml: who of the organisation read which words, and when.
type Review struct {
	Template string    `yaml:"template" json:"template"` // a unit's name
	SHA256   string    `yaml:"sha256" json:"sha256"`     // of the unit as it was read
	By       string    `yaml:"by" json:"by"`
	At       time.Time `yaml:"at" json:"at"`
}

type reviews struct {
	Reviewed []Review `yaml:"reviewed"`
}

// Units lists what there is to sign off, by name.
func (e *Engine) Units() []Unit { return slices.Clone(e.units) }

// reviewed says that the organisation's own reviewer signed off the words of a unit as they are now.
func (e *Engine) reviewed(unit string) bool {
	i, found := slices.BinarySearchFunc(e.units, unit, func(u Unit, name string) int { return strings.Compare(u.Name, name) })
	return found && e.units[i].Review != nil
}

// loadUnits reads what there is to sign off, and who did.
func (e *Engine) loadUnits(files fs.FS) error {
	signed, err := ReadReviews(files)
	if err != nil {
		return err
	}
	for _, name := range unitNames(files, e.tags) {
		u, err := readUnit(files, name)
		if err != nil {
			return breach.Errorf(breach.ErrInternal, "templates: %w", err)
		}
		for i := range signed {
			switch r := &signed[i]; {
			case r.Template == name && r.SHA256 == u.SHA256:
				u.Review = r
			case r.Template == name:
				u.Stale = r
			}
		}
		if u.Review != nil {
			u.Stale = nil
		}
		e.units = append(e.units, u)
	}
	slices.SortFunc(e.units, func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
	for _, r := range signed {
		if !slices.ContainsFunc(e.units, func(u Unit) bool { return u.Name == r.Template }) {
			return breach.Errorf(breach.ErrInvalid, "%s signs off %q, which there is none of", reviewedFile, oneLine(r.Template))
		}
	}
	return nil
}

func unitNames(files fs.FS, tags []string) (out []string) {
	for _, tag := range tags {
		out = append(out, "notice/"+tag, "announcement/"+tag)
	}
	reports, _ := fs.Glob(files, "report/*/*.txt") // the pattern is a good one
	for _, r := range reports {
		out = append(out, strings.TrimSuffix(r, ".txt"))
	}
	return out
}

// readUnit finds the files of a unit and hashes them. Words and advice are part of each text of their language.
func readUnit(files fs.FS, name string) (Unit, error) {
	kind, rest, _ := strings.Cut(name, "/")
	u := Unit{Name: name, Locale: rest, Own: []string{}}
	if kind == "report" {
		u.Files = []string{name + ".txt"}
		base := path.Base(name)
		u.Locale = base[strings.LastIndexByte(base, '.')+1:]
	} else {
		sub, err := fs.Sub(files, name)
		if err != nil {
			return u, err
		}
		for _, f := range treeFiles(sub) {
			u.Files = append(u.Files, path.Join(name, f))
		}
		u.Files = append(u.Files, "advice/"+u.Locale+".yaml")
	}
	if kind == "notice" {
		u.Files = append(u.Files, "notice/email.layout.html")
	}
	u.Files = append(u.Files, "words/"+u.Locale+".yaml")
	slices.Sort(u.Files)
	h := sha256.New()
	for _, f := range u.Files {
		b, err := fs.ReadFile(files, f)
		if err != nil {
			return u, err
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(h, "%s  %s\n", hex.EncodeToString(sum[:]), f)
		if o, is := files.(overlay); is {
			if _, err := fs.Stat(o.own, f); err == nil {
				u.Own = append(u.Own, f)
			}
		}
	}
	u.SHA256 = hex.EncodeToString(h.Sum(nil))
	return u, nil
}

// ReadReviews reads reviewed.yaml strictly; none is no error.
func ReadReviews(files fs.FS) ([]Review, error) {
	f, err := files.Open(reviewedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	bad := func(what string) error { return breach.Errorf(breach.ErrInvalid, "%s %s", reviewedFile, what) }
	if err != nil {
		return nil, bad("cannot be read")
	}
	defer f.Close()
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	var r reviews
	if err := dec.Decode(&r); err != nil {
		return nil, bad("is not a list under reviewed, each with template, sha256, by and at; write it with tocsin templates sign-off")
	}
	for _, one := range r.Reviewed {
		if one.Template == "" || len(one.SHA256) != sha256.Size*2 || oneLine(one.By) == "" || oneLine(one.By) != one.By || one.At.IsZero() {
			return nil, bad("has a line without a template, a SHA-256, the name of who read it, or when")
		}
	}
	return r.Reviewed, nil
}

// SignOff gives the bytes of reviewed.yaml with one more review: by has read the unit's words as they are now. An
// earlier review of the unit is replaced.
func (e *Engine) SignOff(files fs.FS, unit, by string, at time.Time) ([]byte, error) {
	i := slices.IndexFunc(e.units, func(u Unit) bool { return u.Name == unit })
	if i < 0 {
		return nil, breach.Errorf(breach.ErrNotFound, "there is no template %q; tocsin templates list names them", oneLine(unit))
	}
	if by == "" || oneLine(by) != by || len(by) > 200 {
		return nil, breach.Errorf(breach.ErrInvalid, "the name of the reviewer must be one line of at most 200 bytes")
	}
	signed, err := ReadReviews(files)
	if err != nil {
		return nil, err
	}
	signed = slices.DeleteFunc(signed, func(r Review) bool { return r.Template == unit })
	signed = append(signed, Review{Template: unit, SHA256: e.units[i].SHA256, By: by, At: at.UTC().Truncate(time.Second)})
	slices.SortFunc(signed, func(a, b Review) int { return strings.Compare(a.Template, b.Template) })
	return yaml.Marshal(reviews{signed})
}
