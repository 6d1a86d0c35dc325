package render

import (
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// prose is one section of the narrative in the two forms that texts need.
type prose struct {
	Text string
	HTML template.HTML
}

// maxSection bounds one section of the narrative, in bytes: a notice is read on a phone.
const maxSection = 32 << 10

var (
	markdown = goldmark.DefaultParser()
	// addressed finds what mail clients would turn into a link by themselves.
	addressed = regexp.MustCompile(`(?i)[a-z]://|\bwww\.`)
)

// readMarkdown reads a section and says what in it may not be there. The two forms are made from the
// document tree and never from the author's bytes.
func readMarkdown(source string) (prose, []string) {
	if len(source) > maxSection {
		return prose{}, []string{"is longer than " + strconv.Itoa(maxSection/1024) + " KiB; people read this on a phone"}
	}
	src := []byte(strings.ReplaceAll(strings.ToValidUTF8(source, ""), "\r\n", "\n"))
	ctx := parser.NewContext()
	doc := markdown.Parse(text.NewReader(src), parser.WithContext(ctx))
	w := &proseWriter{src: src, bad: map[string]bool{}}
	if len(ctx.References()) > 0 {
		w.bad["holds a link definition; links are not allowed, write the address out"] = true
	}
	w.blocks(doc, "")
	plain := strings.TrimSpace(w.text.String())
	if addressed.MatchString(plain) {
		w.bad["holds a web address; mail programs turn it into a link"] = true
	}
	if m := shorteners.FindString(plain); m != "" {
		w.bad["holds "+m+", which hides where an address leads; write the whole address"] = true
	}
	if strings.Contains(plain, "{{") || strings.Contains(plain, "}}") {
		w.bad["holds {{ or }}, which mark a person's variables"] = true
	}
	markup := template.HTML(inert(strings.TrimSpace(w.html.String()))) //nolint:gosec // the writer makes the elements itself and escapes every text
	return prose{Text: inert(plain), HTML: markup}, sortedKeys(w.bad)
}

// proseWriter walks the tree once and writes both forms side by side.
type proseWriter struct {
	src  []byte
	text strings.Builder
	html strings.Builder
	bad  map[string]bool
}

func (w *proseWriter) blocks(parent ast.Node, indent string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.PreviousSibling() != nil {
			w.text.WriteString("\n")
			if !tight(n) {
				w.text.WriteString("\n")
			}
			w.text.WriteString(indent)
		}
		w.block(n, indent)
	}
}

// tight says that a block follows the one before it without an empty line between them.
func tight(n ast.Node) bool {
	if _, is := n.(*ast.TextBlock); is {
		return true
	}
	if l, is := n.(*ast.List); is {
		_, inItem := n.Parent().(*ast.ListItem)
		return inItem && l.IsTight
	}
	return false
}

func (w *proseWriter) block(n ast.Node, indent string) {
	switch b := n.(type) {
	case *ast.Heading: // headings of a notice are the template's
		w.wrapped("<p><strong>", "</strong></p>\n", b)
	case *ast.Paragraph:
		w.wrapped("<p>", "</p>\n", b)
	case *ast.TextBlock:
		w.inline(b)
	case *ast.List:
		w.list(b, indent)
	case *ast.Blockquote:
		w.html.WriteString("<blockquote>")
		w.blocks(b, indent)
		w.html.WriteString("</blockquote>\n")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.html.WriteString("<p>")
		for i, lines := 0, n.Lines(); i < lines.Len(); i++ {
			at := lines.At(i)
			if i > 0 {
				w.html.WriteString("<br>")
				w.text.WriteString("\n" + indent)
			}
			w.words(strings.TrimRight(string(at.Value(w.src)), "\n"))
		}
		w.html.WriteString("</p>\n")
	case *ast.ThematicBreak:
		w.text.WriteString("* * *")
	case *ast.HTMLBlock:
		w.bad["holds HTML; only Markdown is allowed"] = true
	default:
		w.blocks(b, indent)
	}
}

func (w *proseWriter) wrapped(open, end string, n ast.Node) {
	w.html.WriteString(open)
	w.inline(n)
	w.html.WriteString(end)
}

func (w *proseWriter) list(l *ast.List, indent string) {
	tag, no := "ul", l.Start
	if l.IsOrdered() {
		tag = "ol"
	}
	w.html.WriteString("<" + tag)
	if l.IsOrdered() && l.Start > 1 {
		w.html.WriteString(` start="` + strconv.Itoa(l.Start) + `"`)
	}
	w.html.WriteString(">")
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		if item.PreviousSibling() != nil {
			w.text.WriteString("\n" + indent)
		}
		mark := "- "
		if l.IsOrdered() {
			mark = strconv.Itoa(no) + ". "
			no++
		}
		w.text.WriteString(mark)
		w.html.WriteString("<li>")
		w.blocks(item, indent+strings.Repeat(" ", len(mark)))
		w.html.WriteString("</li>")
	}
	w.html.WriteString("</" + tag + ">\n")
}

func (w *proseWriter) inline(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch b := n.(type) {
		case *ast.Text:
			w.words(w.unescape(b.Segment.Value(w.src)))
			w.lineEnd(b)
		case *ast.String:
			w.words(w.unescape(b.Value))
		case *ast.CodeSpan:
			for c := b.FirstChild(); c != nil; c = c.NextSibling() {
				w.words(string(c.Text(w.src)))
			}
		case *ast.Emphasis:
			tag := map[bool]string{true: "strong", false: "em"}[b.Level >= 2]
			w.wrapped("<"+tag+">", "</"+tag+">", b)
		case *ast.Link:
			w.bad["holds a link; links are not allowed, write the address out"] = true
			w.inline(b)
		case *ast.AutoLink:
			w.bad["holds a link; links are not allowed, write the address out"] = true
		case *ast.Image:
			w.bad["holds an image; images are not allowed"] = true
		case *ast.RawHTML:
			w.bad["holds HTML; only Markdown is allowed"] = true
		default:
			w.inline(b)
		}
	}
}

// lineEnd writes what a line break of the source means: nothing between Chinese characters, else a space.
func (w *proseWriter) lineEnd(t *ast.Text) {
	switch {
	case t.HardLineBreak():
		w.html.WriteString("<br>")
		w.text.WriteString("\n")
	case t.SoftLineBreak():
		if before := t.Segment.Value(w.src); len(before) > 0 && wide(lastRune(before)) {
			return
		}
		w.words(" ")
	}
}

// words writes characters that a reader sees, and no others.
func (w *proseWriter) words(s string) {
	s = strings.Map(visible, s)
	w.text.WriteString(s)
	w.html.WriteString(html.EscapeString(s))
}

func (w *proseWriter) unescape(b []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(b))))
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || (r >= 0x3000 && r <= 0x303f) || (r >= 0xff00 && r <= 0xffef)
}

func lastRune(b []byte) rune {
	r := []rune(string(b))
	return r[len(r)-1]
}

// inert breaks what marks a person's variable in words that are not a template's.
func inert(s string) string {
	for strings.Contains(s, "{{") || strings.Contains(s, "}}") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "{{", "{ {"), "}}", "} }")
	}
	return s
}
