package main

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// previewFile is where notices that were looked at are written.
type previewFile struct {
	name  string
	force bool
}

// fits refuses a file that cannot be written before anybody is looked at, and asks for letters where it is a PDF.
func (f previewFile) fits(q *breach.PreviewQuery) error {
	if f.name == "" {
		return nil
	}
	switch strings.ToLower(filepath.Ext(f.name)) {
	case ".html", ".txt":
	case ".pdf":
		if q.Channel != "" && q.Channel != breach.Letter {
			return usagef("a PDF file holds letters: leave --channel away, or name letter; for other channels name a file .html or .txt")
		}
		q.Channel, q.Paper = breach.Letter, true
	default:
		return usagef("--out takes a file that ends in .pdf (letters), .html or .txt")
	}
	if _, err := os.Lstat(f.name); err == nil && !f.force {
		return f.there()
	}
	return nil
}

func (f previewFile) there() error {
	return no("the file %s exists already; use --force to write over it", f.name)
}

// write makes the file, which only its owner can read. What is written over goes first, so that neither the rights of
// an older file nor a link in its place decide who reads the new one.
func (f previewFile) write(out breach.Previews) error {
	if f.name == "" {
		return nil
	}
	content := out.PDF
	switch strings.ToLower(filepath.Ext(f.name)) {
	case ".html":
		content = []byte(previewPage(out.Previews))
	case ".txt":
		content = []byte(previewText(out.Previews))
	default:
		if len(content) == 0 {
			return no("there is no letter to write: %s", why(out.Previews))
		}
	}
	if f.force {
		if err := os.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fileError(err)
		}
	}
	w, err := os.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return f.there()
	}
	if err != nil {
		return fileError(err)
	}
	if _, err = w.Write(content); err != nil {
		_ = w.Close()
		return fileError(err)
	}
	if err := w.Close(); err != nil {
		return fileError(err)
	}
	return nil
}

func why(list []breach.Preview) string {
	for _, v := range list {
		if v.None != "" {
			return v.None
		}
	}
	return "nobody fits"
}

// previewText is every notice as somebody reads it.
func previewText(list []breach.Preview) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat("=", 72) + "\n\n")
		}
		fmt.Fprintf(&b, "%s: no. %d of list %d, %s to %s in %s\n", v.Why, v.Person, v.Wave, v.Channel, v.Addressee, v.Locale)
		for _, s := range []string{v.None, v.Subject, v.Title, v.Text, v.Machine, v.Link} {
			if s != "" {
				b.WriteString("\n" + s + "\n")
			}
		}
	}
	return b.String()
}

// previewPage puts every notice on a page, and emails into frames that can load and run nothing.
func previewPage(list []breach.Preview) string {
	var b strings.Builder
	b.WriteString("<!doctype html><meta charset=\"utf-8\"><title>Notices</title>\n")
	for _, v := range list {
		fmt.Fprintf(&b, "<h1>%s</h1>\n", html.EscapeString(v.Why+", "+string(v.Channel)+", "+v.Locale))
		for _, s := range []string{v.None, v.Subject, v.Title} {
			if s != "" {
				fmt.Fprintf(&b, "<p dir=\"auto\">%s</p>\n", html.EscapeString(s))
			}
		}
		if v.HTML != "" {
			fmt.Fprintf(&b, "<iframe sandbox=\"\" width=\"760\" height=\"900\" srcdoc=\"%s\"></iframe>\n", html.EscapeString(v.HTML))
			continue
		}
		for _, s := range []string{v.Text, v.Machine, v.Link} {
			if s != "" {
				fmt.Fprintf(&b, "<p dir=\"auto\" style=\"white-space: pre-wrap; max-width: 45em\">%s</p>\n", html.EscapeString(s))
			}
		}
	}
	return b.String()
}
