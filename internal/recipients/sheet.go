package recipients

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// nextRow reads to the next row that has anything in it.
func (x *xlsx) nextRow() (record, error) {
	last := x.row
	for {
		tok, err := x.xml.next()
		if err != nil {
			return record{}, err
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "row" {
			continue
		}
		rec := record{line: last + 1}
		if r := attr(e, "r"); r != "" {
			n, err := strconv.ParseInt(r, 10, 32)
			if err != nil || n <= last || n > maxRowsX {
				return record{}, notSpreadsheet("its rows are not in order")
			}
			rec.line = n
		}
		if rec.line > maxRowsX {
			return record{}, notSpreadsheet("it has more rows than a sheet can have")
		}
		last = rec.line
		if isTrue(attr(e, "hidden")) {
			rec.notes = append(rec.notes, note{-1, hiddenRow})
		}
		if err := x.cells(&rec); err != nil {
			return record{}, err
		}
		if len(rec.cells) > 0 {
			return rec, nil
		}
	}
}

// cells reads the cells of a row, up to the last that holds something.
func (x *xlsx) cells(rec *record) error {
	column, size := -1, 0
	for {
		tok, err := x.xml.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return notSpreadsheet("a part of it is damaged")
			}
			return err
		}
		switch e := tok.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			at := column + 1
			if r := attr(e, "r"); r != "" {
				at = columnNumber(r)
			}
			if at <= column || at >= maxColumnsX {
				return notSpreadsheet("its cells are not in order")
			}
			column = at
			text, code, err := x.cell(e, at)
			if err != nil {
				return err
			}
			if code != "" {
				rec.notes = append(rec.notes, note{at, code})
			}
			if size += len(text); size > maxRecord {
				rec.broken, text = "csv_record_too_long", ""
			}
			if text != "" {
				for len(rec.cells) < at {
					rec.cells = append(rec.cells, "")
				}
				rec.cells = append(rec.cells, text)
			}
		}
	}
}

// columnNumber reads the letters of a reference such as AB12, from 0; -1 when there are none.
func columnNumber(ref string) int {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i] | 0x20
		if c < 'a' || c > 'z' {
			break
		}
		n = n*26 + int(c-'a') + 1
	}
	return n - 1
}

// cell reads one cell to its end.
func (x *xlsx) cell(e xml.StartElement, column int) (text, code string, err error) {
	kind := attr(e, "t")
	if kind == "inlineStr" {
		b, err := x.xml.appendText(nil, "c")
		return string(b), "", err
	}
	value, formula, err := x.value()
	if err != nil {
		return "", "", err
	}
	if formula && value == "" {
		return "", noResult, nil
	}
	switch kind {
	case "s":
		n, err := strconv.Atoi(value)
		text, ok := x.texts.at(n)
		if x.texts.err != nil {
			return "", "", x.texts.err
		}
		if value != "" && (err != nil || !ok) {
			return "", "", notSpreadsheet("a cell names a text that is not in it")
		}
		return text, "", nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[value], "", nil
	case "e":
		if value == "#N/A" {
			return "", "", nil // a lookup that found nobody
		}
		return "", sheetError, nil
	case "str":
		return string(unescape([]byte(value), 0)), "", nil
	case "d":
		return x.day(value, column)
	}
	style := style{}
	if n, err := strconv.Atoi(attr(e, "s")); err == nil && n >= 0 && n < len(x.book.styles) {
		style = x.book.styles[n]
	}
	return x.numeric(value, style, column)
}

// value reads what stands in v, to the end of the cell; formula says that it is calculated.
func (x *xlsx) value() (value string, formula bool, err error) {
	var b []byte
	in := false
	for {
		tok, err := x.xml.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = notSpreadsheet("a part of it is damaged")
			}
			return "", false, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			in = e.Name.Local == "v"
			formula = formula || e.Name.Local == "f"
		case xml.EndElement:
			if e.Name.Local == "c" {
				return string(b), formula, nil
			}
			in = false
		case xml.CharData:
			if in {
				b = append(b, e...)
			}
			if len(b) > maxRecord {
				return "", false, notSpreadsheet("one cell holds more than a million characters")
			}
		}
	}
}

// exact is the first whole number that a spreadsheet does not keep to the last digit.
const exact = 1e15

// numeric writes a number as a person who typed it would have.
func (x *xlsx) numeric(value string, s style, column int) (text, code string, err error) {
	if value == "" {
		return "", "", nil
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", "", notSpreadsheet("a cell that should hold a number does not")
	}
	switch {
	case s.day && f >= 0 && f < 2_958_466:
		return x.day(x.dayOf(f), column)
	case math.Abs(f) >= exact:
		return strconv.FormatFloat(f, 'E', -1, 64), tooRounded, nil
	case f == math.Trunc(f):
		text = strconv.FormatInt(int64(f), 10)
		for len(text) < s.digits {
			text = "0" + text
		}
		return text, "", nil
	}
	return strconv.FormatFloat(f, 'g', 15, 64), "", nil
}

// dayOf turns a number of days into a date, and a time if it has one. The older of the two calendars has a
// 29 February 1900, which there was not.
func (x *xlsx) dayOf(f float64) string {
	days, part := math.Modf(f)
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case x.book.from04:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		start = start.AddDate(0, 0, 1)
	}
	t := start.AddDate(0, 0, int(days)).Add(time.Duration(math.Round(part*86400)) * time.Second)
	return t.Format("2006-01-02T15:04:05")
}

// day gives a date where a date belongs, and says so where it does not.
func (x *xlsx) day(value string, column int) (text, code string, err error) {
	date, clock, _ := strings.Cut(value, "T")
	if clock == "00:00:00" || clock == "00:00:00.000" {
		value = date
	}
	if column < len(x.h.fields) && x.h.fields[column] == "birth_date" {
		return date, "", nil
	}
	return value, madeDate, nil
}
