package delivery

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Sheet reads what a printer or a call centre gives back as people save it from spreadsheets: CSV in UTF-8 or UTF-16,
// with or without a mark, parted by commas, semicolons or tabs. columns are those of the head line; see Column.
// Other encodings that leave ASCII as it is are read too: nothing here means anything beyond ASCII.
func Sheet(b []byte) (columns []string, rows *csv.Reader, err error) {
	b, _, err = transform.Bytes(unicode.BOMOverride(transform.Nop), b)
	if err != nil || bytes.IndexByte(b, 0) >= 0 {
		return nil, nil, errors.New("the file is no text that can be read; save it as CSV in UTF-8")
	}
	head, _, _ := bytes.Cut(b, []byte("\n"))
	rows = csv.NewReader(bytes.NewReader(b))
	rows.FieldsPerRecord, rows.TrimLeadingSpace, rows.LazyQuotes = -1, true, true
	for _, c := range ";\t" {
		if bytes.ContainsRune(head, c) {
			rows.Comma = c
		}
	}
	columns, err = rows.Read()
	if err != nil {
		return nil, nil, errors.New("the file is empty")
	}
	for i, name := range columns {
		columns[i] = strings.TrimSpace(name)
	}
	return columns, rows, nil
}

// Column is the place of a column, in small or capital letters; -1 when there is none.
func Column(columns []string, name string) int {
	return slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
}
