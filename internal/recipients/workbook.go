package recipients

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// workbook is what stands around the sheets.
type workbook struct {
	sheets []sheet
	from04 bool // days count from 1904
	texts  string
	styles []style
}

type sheet struct {
	name, part string
	hidden     bool
}

// style is what a number is shown as: a day, or with zeros in front.
type style struct {
	day    bool
	digits int
}

func newByteReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 32<<10) }

// elements calls each for every opening tag of a part.
func elements(f *zip.File, each func(xml.StartElement) error) error {
	t, err := openPart(f, maxPart)
	if err != nil {
		return err
	}
	for {
		tok, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := tok.(xml.StartElement); ok {
			if err := each(e); err != nil {
				return err
			}
		}
	}
}

// relation is how one part names another.
type relation struct{ kind, part string }

func relations(parts map[string]*zip.File, of string) (map[string]relation, error) {
	all := map[string]relation{}
	f := parts[path.Join(path.Dir(of), "_rels", path.Base(of)+".rels")]
	if f == nil {
		return all, nil
	}
	err := elements(f, func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" {
			return nil
		}
		target := attr(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(of), target)
		}
		all[attr(e, "Id")] = relation{path.Base(attr(e, "Type")), strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))}
		return nil
	})
	return all, err
}

func readWorkbook(parts map[string]*zip.File) (workbook, error) {
	var b workbook
	name := "xl/workbook.xml"
	root, err := relations(parts, "")
	if err != nil {
		return b, err
	}
	for _, r := range root {
		if r.kind == "officeDocument" {
			name = r.part
		}
	}
	main := parts[name]
	switch {
	case parts["mimetype"] != nil && main == nil:
		return b, breach.Errorf(breach.ErrInvalid, "this is an OpenDocument file: save it as XLSX or as \"CSV UTF-8\" and load that")
	case main == nil:
		return b, breach.Errorf(breach.ErrInvalid, "this is a ZIP file and no spreadsheet: unpack it and load the list in it")
	case strings.HasSuffix(name, ".bin"):
		return b, breach.Errorf(breach.ErrInvalid, "this is a binary spreadsheet (XLSB): save it as XLSX or as \"CSV UTF-8\" and load that")
	}
	rels, err := relations(parts, name)
	if err != nil {
		return b, err
	}
	styles := ""
	for _, r := range rels {
		switch r.kind {
		case "sharedStrings":
			b.texts = r.part
		case "styles":
			styles = r.part
		}
	}
	err = elements(main, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			b.from04 = isTrue(attr(e, "date1904"))
		case "sheet":
			if r := rels[relID(e)]; r.kind == "worksheet" {
				b.sheets = append(b.sheets, sheet{name: attr(e, "name"), part: r.part, hidden: attr(e, "state") != "" && attr(e, "state") != "visible"})
			}
		}
		return nil
	})
	if err != nil {
		return b, err
	}
	if parts[styles] != nil {
		b.styles, err = readStyles(parts[styles])
	}
	return b, err
}

// relID is the attribute r:id; a sheet has a sheetId as well, without the colon.
func relID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

func isTrue(v string) bool { return v == "1" || v == "true" }

// choose finds the sheet by name or number; without either it is the first that is not hidden.
func (b workbook) choose(want string) (sheet, int, error) {
	want = strings.TrimSpace(want)
	for i, s := range b.sheets {
		if (want == "" && !s.hidden) || (want != "" && strings.EqualFold(s.name, want)) {
			return s, i + 1, nil
		}
	}
	if n, err := strconv.Atoi(want); err == nil && n >= 1 && n <= len(b.sheets) {
		return b.sheets[n-1], n, nil
	}
	return sheet{}, 0, breach.Errorf(breach.ErrInvalid, "the file has %d sheets, and none is the one to be read: name it, or give its number from 1, with --sheet", len(b.sheets))
}

func readStyles(f *zip.File) ([]style, error) {
	var all []style
	formats := map[string]style{}
	in := ""
	err := elements(f, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			formats[attr(e, "numFmtId")] = styleOf(attr(e, "formatCode"))
		case "cellXfs", "cellStyleXfs", "cellStyles", "dxfs":
			in = e.Name.Local
		case "xf":
			if in != "cellXfs" {
				return nil
			}
			id := attr(e, "numFmtId")
			s, own := formats[id]
			if n, err := strconv.Atoi(id); err == nil && !own {
				s.day = n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58
			}
			all = append(all, s)
		}
		return nil
	})
	return all, err
}

// styleOf reads the code of a number format: does it show a day or time?
func styleOf(code string) style {
	if n := len(code); n > 0 && n <= 20 && strings.Trim(code, "0") == "" {
		return style{digits: n}
	}
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			return style{}
		case '\\', '_', '*':
			i++
		case '"', '[':
			end := byte('"')
			if c == '[' {
				end = ']'
			}
			j := strings.IndexByte(code[i+1:], end)
			if j < 0 {
				return style{}
			}
			if inner := strings.ToLower(code[i+1 : i+1+j]); c == '[' && inner != "" && strings.Trim(inner, "hms") == "" {
				return style{day: true}
			}
			i += j + 1
		case 'G', 'g': // General
			return style{}
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return style{day: true}
		}
	}
	return style{}
}

// appendText collects the text up to the end of the element; how words are pronounced is not part of it.
func (t *tokens) appendText(to []byte, until string) ([]byte, error) {
	from := len(to)
	inText, aside := 0, 0
	for {
		tok, err := t.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = notSpreadsheet("a part of it is damaged")
			}
			return to, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "t":
				inText++
			case "rPh":
				aside++
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "t":
				inText--
			case "rPh":
				aside--
			case until:
				return unescape(to, from), nil
			}
		case xml.CharData:
			if inText > 0 && aside == 0 {
				if len(to)-from+len(e) > maxRecord {
					return to, notSpreadsheet("one cell holds more than a million characters")
				}
				to = append(to, e...)
			}
		}
	}
}

// unescape turns _x000D_, as which spreadsheets write what XML cannot hold, into the character.
func unescape(b []byte, from int) []byte {
	s := string(b[from:])
	if !strings.Contains(s, "_x") {
		return b
	}
	b = b[:from]
	for len(s) > 0 {
		if len(s) >= 7 && s[0] == '_' && s[1] == 'x' && s[6] == '_' {
			if n, err := strconv.ParseUint(s[2:6], 16, 16); err == nil && (n < 0xd800 || n > 0xdfff) {
				b = append(b, string(rune(n))...)
				s = s[7:]
				continue
			}
		}
		b = append(b, s[0])
		s = s[1:]
	}
	return b
}
