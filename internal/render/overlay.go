package render

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/templates"
)

// maxTemplate bounds one file of an organisation's own, in bytes.
const maxTemplate = 256 << 10

// reviewedFile is where an organisation keeps who signed off which texts.
const reviewedFile = "reviewed.yaml"

// Shipped are the templates of the product.
func Shipped() fs.FS { return templates.FS }

// Open gives the templates of an organisation, a directory of the same shape, laid over the shipped ones, and the
// file that it lacks is the shipped one; an empty name gives the shipped ones alone. It never reads outside of the
// directory. A file that nothing would read is an error that names it: a slip in a name would pass for a change.
func Open(dir string) (fs.FS, error) {
	if dir == "" {
		return Shipped(), nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the directory of templates cannot be read").
			With(breach.FieldError{Where: "templates.dir", What: "must be a directory that can be read"})
	}
	return Over(root.FS())
}

// Over lays own templates over the shipped ones, as Open does.
func Over(own fs.FS) (fs.FS, error) {
	wrong := breach.Errorf(breach.ErrInvalid, "the templates of the organisation cannot be used")
	shapes := map[string]bool{reviewedFile: true, "README.md": true}
	for _, name := range treeFiles(Shipped()) {
		shapes[shape(name)] = true
	}
	for _, name := range treeFiles(own) {
		if what := unfit(own, name, shapes); what != "" {
			wrong = wrong.With(breach.FieldError{Where: name, What: what})
		}
	}
	if len(wrong.Fields) > 0 {
		return nil, wrong
	}
	return overlay{own, Shipped()}, nil
}

// unfit says what is wrong with a file before anybody looks into it.
func unfit(own fs.FS, name string, shapes map[string]bool) string {
	if !shapes[shape(name)] {
		return "is none of the files that templates are made of; tocsin templates list names them"
	}
	info, err := fs.Stat(own, name)
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "is not a file that can be read"
	case info.Size() > maxTemplate:
		return "is larger than 256 KiB"
	}
	b, err := fs.ReadFile(own, name)
	switch {
	case err != nil:
		return "is not a file that can be read"
	case !utf8.Valid(b) || strings.ContainsRune(string(b), 0):
		return "is not UTF-8 text"
	}
	return ""
}

// shape is a file's name without the language, so that a language that is not shipped can be added.
func shape(name string) string {
	parts := strings.Split(name, "/")
	switch {
	case len(parts) == 2 && (parts[0] == "advice" || parts[0] == "words"):
		parts[1] = "*" + path.Ext(parts[1])
	case len(parts) > 2 && (parts[0] == "notice" || parts[0] == "announcement"):
		parts[1] = "*"
	case len(parts) == 3 && parts[0] == "report":
		parts[1], parts[2] = "*", "*"+path.Ext(parts[2])
	}
	return strings.Join(parts, "/")
}

// treeFiles lists all files below a directory by name; hidden ones are nobody's templates.
func treeFiles(files fs.FS) (out []string) {
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error { // what cannot be read is met again by who reads it
		switch {
		case err != nil:
			out = append(out, name)
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir():
			out = append(out, name)
		}
		return nil
	})
	return out
}

// overlay is one tree of files over another.
type overlay struct{ own, base fs.FS }

// Open implements fs.FS.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.own.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.base.Open(name)
	}
	return f, err
}

// ReadDir implements fs.ReadDirFS: what either of them holds.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	all := map[string]fs.DirEntry{}
	below, err := fs.ReadDir(o.base, name)
	for _, e := range below {
		all[e.Name()] = e
	}
	above, errAbove := fs.ReadDir(o.own, name)
	for _, e := range above {
		all[e.Name()] = e
	}
	if err != nil && errAbove != nil {
		return nil, errAbove
	}
	var out []fs.DirEntry
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[key])
	}
	return out, nil
}
