package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
)

// writer writes the objects of one PDF file one after the other and keeps only where they begin.
type writer struct {
	to     io.Writer
	hash   hash.Hash
	at     int64
	places []int64 // of objects, from number 1; 0 is reserved and not written yet
	err    error
	zip    *zlib.Writer
	packed bytes.Buffer
}

func newWriter(to io.Writer) *writer {
	w := &writer{to: to, hash: sha256.New()}
	w.zip, _ = zlib.NewWriterLevel(&w.packed, zlib.DefaultCompression)
	w.text("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return w
}

func (w *writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.to.Write(b)
	_, _ = w.hash.Write(b)
	w.at, w.err = w.at+int64(n), err
}

func (w *writer) text(s string) { w.write([]byte(s)) }

// reserve gives an object's number before it is written.
func (w *writer) reserve() int {
	w.places = append(w.places, 0)
	return len(w.places)
}

func (w *writer) put(n int, body string) {
	w.places[n-1] = w.at
	w.text(fmt.Sprintf("%d 0 obj\n%s\nendobj\n", n, body))
}

func (w *writer) object(body string) int {
	n := w.reserve()
	w.put(n, body)
	return n
}

func (w *writer) stream(entries string, data []byte) int {
	w.packed.Reset()
	w.zip.Reset(&w.packed)
	_, _ = w.zip.Write(data)
	_ = w.zip.Close()
	n := w.reserve()
	w.places[n-1] = w.at
	w.text(fmt.Sprintf("%d 0 obj\n<</Length %d /Filter /FlateDecode %s>>\nstream\n", n, w.packed.Len(), entries))
	w.write(w.packed.Bytes())
	w.text("\nendstream\nendobj\n")
	return n
}

// end writes catalogue and table. at is the instant that the file names as its making.
func (w *writer) end(pages int, lang string, at time.Time) error {
	catalog := w.object(fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /Lang (%s) /ViewerPreferences <</PrintScaling /None>>>>", pages, strings.Map(plainLang, lang)))
	info := w.object(fmt.Sprintf("<</Producer (Tocsin) /CreationDate (D:%sZ)>>", at.UTC().Format("20060102150405")))
	id := fmt.Sprintf("%x", w.hash.Sum(nil)[:16])
	start := w.at
	var b bytes.Buffer
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(w.places)+1)
	for _, p := range w.places {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(w.places)+1, catalog, info, id, id, start)
	w.write(b.Bytes())
	return w.err
}

func plainLang(r rune) rune {
	if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// Document is a PDF file to which letters are added. It keeps the fonts of all of them and writes each once.
type Document struct {
	w     *writer
	set   *typesetter
	root  int
	fonts int // the dictionary of fonts, written last
	kids  []int
	drawn drawn
	lang  string
}

// add writes one page with its content.
func (d *Document) add(f Format, content []byte, uses []use) {
	d.drawn.add(uses)
	text := d.w.stream("", content)
	d.kids = append(d.kids, d.w.object(fmt.Sprintf("<</Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources <</Font %d 0 R>> /Contents %d 0 R>>",
		d.root, num(f.width), num(f.height), d.fonts, text)))
}

// Pages is how many were added.
func (d *Document) Pages() int { return len(d.kids) }

// Close writes fonts and tables. The same letters with the same instant make the same bytes.
func (d *Document) Close(at time.Time) error {
	var fonts strings.Builder
	for _, k := range d.drawn.keys() {
		fmt.Fprintf(&fonts, "/%s %d 0 R ", resourceName(k), d.w.embed(d.set.face(k), d.drawn[k]))
	}
	d.w.put(d.fonts, "<<"+fonts.String()+">>")
	var kids strings.Builder
	for _, k := range d.kids {
		fmt.Fprintf(&kids, "%d 0 R ", k)
	}
	d.w.put(d.root, fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d>>", kids.String(), len(d.kids)))
	return d.w.end(d.root, d.lang, at)
}
