package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed web
var web embed.FS

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

// files are the style sheet, the scripts and the sign, under names that hold a hash of their content: a
// browser may keep them for ever, and a new release has new names.
type files struct {
	urls   map[string]string // plain name -> address
	byName map[string]*file  // name with hash -> file
}

type file struct {
	kind          string
	plain, zipped []byte
}

func loadFiles() (*files, error) {
	f := &files{urls: map[string]string{}, byName: map[string]*file{}}
	entries, err := fs.ReadDir(web, "web/static")
	if err != nil {
		return nil, fmt.Errorf("console: embedded files: %w", err)
	}
	for _, e := range entries {
		body, err := web.ReadFile("web/static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("console: embedded file %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		zipped, err := zip(body)
		if err != nil {
			return nil, err
		}
		f.byName[name] = &file{contentTypes[ext], body, zipped}
		f.urls[e.Name()] = base + "static/" + name
	}
	return f, nil
}

func zip(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// url is the address of a file by its plain name; an unknown name fails the template that asks.
func (f *files) url(name string) (string, error) {
	if u, ok := f.urls[name]; ok {
		return u, nil
	}
	return "", fmt.Errorf("there is no file %q", name)
}

// ServeHTTP hands out files to everybody: they hold nothing of any incident.
func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := f.byName[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = found.zipped
	}
	_, _ = w.Write(body) // a browser that is gone needs no answer
}
