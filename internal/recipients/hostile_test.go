package recipients_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func inline(ref, text string) string {
	return `<c r="` + ref + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
}

func TestWhatASpreadsheetDoesToNumbers(t *testing.T) {
	t.Parallel()
	sheet := `<row r="1">` + inline("A1", "id") + inline("B1", "name") + inline("C1", "phone") + inline("D1", "birth date") + inline("E1", "country") + `</row>` +
		`<row r="2"><c r="A2"><v>1234567890123456</v></c><c r="B2" s="1"><v>42005</v></c><c r="C2"><v>13800138000</v></c><c r="D2" s="1"><v>42038</v></c>` + inline("E2", "CN") + `</row>` +
		`<row r="3" hidden="1"><c r="A3" s="3"><v>42</v></c><c r="B3" t="e"><v>#REF!</v></c><c r="C3"><v>1.39E+17</v></c><c r="D3" s="2"><v>1</v></c></row>` +
		`<row r="5"><c r="A5"><f>1+1</f></c><c r="B5" t="str"><f>A1</f><v>Ute _x0041_</v></c><c r="C5" t="e"><v>#N/A</v></c><c r="D5" t="d"><v>1990-05-06T00:00:00</v></c></row>` +
		`<row r="6"><c r="A6"/></row><row r="9" spans="1:4"/>`
	rows, s := read(t, book(t, sheet, "", nil), recipients.Options{})
	require.EqualValues(t, 4, s.Rows, "empty rows between people are rows, those at the end are not")
	require.Contains(t, codes(rows[0]), "spreadsheet_rounded")
	require.Contains(t, codes(rows[0]), "spreadsheet_date")
	require.Empty(t, rows[0].Person.ExternalID, "a rounded id may be another person's")
	require.Equal(t, "2015-01-01", rows[0].Person.Name)
	require.Equal(t, "+8613800138000", rows[0].Person.Phone)
	require.Equal(t, "2015-02-03", rows[0].Person.BirthDate)
	require.Equal(t, "00000042", rows[1].Person.ExternalID, "zeros in front that the sheet shows")
	require.Equal(t, "1900-01-01", rows[1].Person.BirthDate)
	require.Subset(t, codes(rows[1]), []string{"spreadsheet_hidden_row", "spreadsheet_error", "phone_spreadsheet"})
	require.Equal(t, recipients.SkippedBlank, rows[2].Verdict)
	require.Equal(t, "Ute A", rows[3].Person.Name)
	require.Equal(t, "1990-05-06", rows[3].Person.BirthDate)
	require.Contains(t, codes(rows[3]), "spreadsheet_no_result")
	require.EqualValues(t, 5, rows[3].Line)
	require.Equal(t, recipients.FileInfo{Format: "xlsx", Encoding: "utf-8", SHA256: s.File.SHA256, Bytes: s.File.Bytes, Sheet: 2, Sheets: 2}, s.File, "the cover sheet is hidden")
}

func TestASheetIsChosenByNameOrNumber(t *testing.T) {
	t.Parallel()
	b := book(t, `<row r="1">`+inline("A1", "name")+`</row><row r="2">`+inline("A2", "Ute")+`</row>`, "", nil)
	for _, sheet := range []string{"", "people", "2"} {
		rows, _ := read(t, b, recipients.Options{Sheet: sheet})
		require.Len(t, rows, 1, sheet)
	}
	rows, _ := read(t, b, recipients.Options{Sheet: "Cover"})
	require.Empty(t, rows)
	require.ErrorContains(t, refuse(t, string(b), recipients.Options{Sheet: "3"}), "has 2 sheets")
	require.ErrorContains(t, refuse(t, string(b), recipients.Options{Format: "csv"}), "not in the format")
}

func TestHostileSpreadsheetsAreRefused(t *testing.T) {
	t.Parallel()
	head := `<row r="1">` + inline("A1", "name") + `</row>`
	refused := func(b []byte, what string) {
		t.Helper()
		for _, r := range []io.Reader{bytes.NewReader(b), io.MultiReader(bytes.NewReader(b))} {
			_, err := recipients.Read(context.Background(), r, recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
			require.ErrorContains(t, err, what)
			require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
		}
	}
	entity := `<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>`
	refused(book(t, head+`<row r="2"><c r="A2" t="s"><v>0</v></c></row>`, "", map[string]string{"xl/sharedStrings.xml": entity + `<sst><si><t>&b;</t></si></sst>`}), "document type")
	refused(book(t, head+`<row r="2">`+inline("A2", "&x;")+`</row>`, "", nil), "damaged")
	refused(book(t, head+`<row r="2">`+inline("A2", strings.Repeat("x", 5<<20))+`</row>`, "", nil), "spreadsheet cannot be read")
	refused(book(t, head+`<row r="1048577">`+inline("A1048577", "x")+`</row>`, "", nil), "not in order")
	refused(book(t, head+`<row r="2"><c r="A2" t="s"><v>7</v></c></row>`, "", nil), "names a text")
	refused(book(t, head+`<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>`, "", nil), "not in order")
	refused(book(t, head+`<row r="1"/>`, "", nil), "not in order")
	refused(book(t, head+`<row r="2"><c r="XFE2"><v>1</v></c></row>`, "", nil), "not in order")
	refused(book(t, head+`<row r="2"><c r="A2"><v>one</v></c></row>`, "", nil), "should hold a number")
	refused(book(t, "", "", map[string]string{"xl/_rels/workbook.xml.rels": "<x/>"}), "none is the one")
	refused(book(t, head, strings.Repeat(`<si><t>`+strings.Repeat("x", 1<<19)+`</t></si>`, 400), nil), "unpacks to more")
	whole := book(t, head, "", nil)
	refused(whole[:len(whole)-30], "damaged or not complete")
	refused(append([]byte("PK\x03\x04"), []byte("PK\x05\x06"+strings.Repeat("\xff", 18))...), "directory")
	refused(bytes.ReplaceAll(book(t, head, "", nil), []byte("xl/workbook.xml"), []byte("xl/workbuch.xml")), "no spreadsheet")
}

func TestJSONLinesOfAnyShape(t *testing.T) {
	t.Parallel()
	rows, s := read(t, []byte(`{"name": "Ana", "email": "ana@mail.test", "tags": {"a": [1]}, "data_classes": ["name", "email"], "id": 12345678901234567890}
{"name": "Bo", "phone": 12025550101, "country": "US", "guardian": {"name": "Li", "email": "li@mail.test"}, "birth_date": "2015-02-03"}

{"name": "Cy", "name": "Di", "email": [{"x": 1}]}
{"name": "broken"
["no object"]
{"name": "E\ud800", "email": null, "phone": true}
{"name": "F"} {"name": "G"}
`), recipients.Options{})
	require.Equal(t, "jsonl", s.File.Format)
	require.EqualValues(t, 8, s.Rows)
	require.Equal(t, "12345678901234567890", rows[0].Person.ExternalID, "no digit is lost")
	require.Len(t, rows[0].Person.DataClasses, 2)
	require.Equal(t, "li@mail.test", rows[1].Person.Guardian.Email)
	require.Equal(t, "+12025550101", rows[1].Person.Phone)
	require.True(t, rows[1].Child)
	require.Equal(t, recipients.SkippedBlank, rows[2].Verdict)
	require.Equal(t, "Cy", rows[3].Person.Name)
	require.Subset(t, codes(rows[3]), []string{"json_repeated_key", "json_nested"})
	for _, i := range []int{4, 5, 7} {
		require.Equal(t, []string{"json_malformed"}, codes(rows[i]))
	}
	require.Contains(t, codes(rows[6]), "bad_encoding")
	require.EqualValues(t, 7, rows[6].Line)

	var late strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&late, `{"id": %d, "name": "Person with a rather long name %d"}`+"\n", i, i)
	}
	late.WriteString(`{"id": "last", "E-mail": "last@mail.test"}` + "\n")
	rows, s = read(t, []byte(late.String()), recipients.Options{})
	require.Equal(t, "last@mail.test", rows[2000].Person.Email, "a field that comes late is read")
	require.EqualValues(t, 1, s.Reachable.Email)
}

func TestListsWithoutHeader(t *testing.T) {
	t.Parallel()
	o := recipients.Options{NoHeader: true, Map: map[string]string{"2": "name", "3": "email"}}
	for _, list := range []string{"x,Ute,ute@mail.test\ny,Bo,bo@mail.test\n", "x;Ute;ute@mail.test\ny;Bo;bo@mail.test\n"} {
		rows, s := read(t, []byte(list), o)
		require.Len(t, rows, 2)
		require.Equal(t, breach.Person{Name: "Ute", Email: "ute@mail.test"}, rows[0].Person)
		require.EqualValues(t, 1, rows[0].Line)
		require.Equal(t, []recipients.Column{{Number: 1}, {Number: 2, Field: "name"}, {Number: 3, Field: "email"}}, s.Columns)
	}
	rows, _ := read(t, book(t, `<row r="1">`+inline("B1", "Ute")+inline("C1", "ute@mail.test")+`</row>`, "", nil), o)
	require.Equal(t, "Ute", rows[0].Person.Name)
	require.ErrorContains(t, refuse(t, "id,name,email\n1,Ute,u@mail.test\n", o), "leave --no-header away")
	require.ErrorContains(t, refuse(t, "Ute\n", o), "1 columns")
	require.ErrorContains(t, refuse(t, "a,b,c\n", recipients.Options{NoHeader: true}), "needs a mapping")
	require.ErrorContains(t, refuse(t, "a,b,c\n", recipients.Options{NoHeader: true, Map: map[string]string{"name": "name"}}), "by their numbers")
}

func TestEncodingsAreToldOrRefused(t *testing.T) {
	t.Parallel()
	list := func(e encoding.Encoding, names ...string) []byte {
		b, err := e.NewEncoder().Bytes([]byte("name,email\n" + strings.Join(names, ",a@b.test\n") + ",a@b.test\n"))
		require.NoError(t, err)
		return b
	}
	korean := list(korean.EUCKR, "김민준", "이서연", "박지훈", "최수빈", "정하은", "강도윤", "조예은", "윤서준", "장민서", "임지우", "한지민", "오승현", "서울특별시 강남구 테헤란로", "부산광역시 해운대구", "대전광역시 유성구 대학로")
	_, s := read(t, korean, recipients.Options{})
	require.Equal(t, "euc-kr", s.File.Encoding, "Korean is not taken for Chinese")
	_, s = read(t, list(japanese.EUCJP, "さとうたろう", "スズキ", "やまだはなこ", "たなか"), recipients.Options{})
	require.Equal(t, "euc-jp", s.File.Encoding)
	many := func(e encoding.Encoding, names ...string) []byte {
		var all []string
		for range 30 {
			all = append(all, names...)
		}
		return list(e, all...)
	}
	for name, b := range map[string][]byte{
		"Greek": many(charmap.ISO8859_7, "Γιώργος", "Παπαδόπουλος"), "Russian": many(charmap.Windows1251, "Иван", "Петров"), "Czech": many(charmap.Windows1250, "Dvořák", "Němec", "Ševčík"),
	} {
		require.ErrorContains(t, refuse(t, string(b), recipients.Options{}), "--encoding", name)
	}
	two := list(simplifiedchinese.GBK, "李明")
	rows, _ := read(t, two, recipients.Options{})
	require.Contains(t, codes(rows[0]), "bad_encoding", "two characters are too few to guess by: the name is left out")
	rows, s = read(t, two, recipients.Options{Encoding: "GB2312"})
	require.Equal(t, "李明", rows[0].Person.Name)
	require.Equal(t, "gbk", s.File.Encoding)
	require.Zero(t, s.File.EncodingMargin, "it was said, not told")
	rows, _ = read(t, two, recipients.Options{Encoding: "big5"})
	require.NotEqual(t, "李明", rows[0].Person.Name, "who forces an encoding gets it")
	require.ErrorContains(t, refuse(t, string(many(traditionalchinese.Big5, "陳怡君", "林志豪")), recipients.Options{Encoding: "utf-8"}), "are not in utf-8")
	late := append(bytes.Repeat([]byte("Ute,ute@mail.test\n"), 20_000), many(simplifiedchinese.GBK, "欧阳秀英", "陈浩然")...)
	err := refuse(t, "name,email\n"+string(late), recipients.Options{})
	require.ErrorContains(t, err, "look like gbk", "what comes after the beginning is watched")
	_, s = read(t, []byte("name\n😀 𠀀\n"), recipients.Options{})
	require.Equal(t, "utf-8", s.File.Encoding)
	wide, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("姓名,邮箱\n" + strings.Repeat("欧阳秀英,a@b.test\n", 20_000) + "李𠮷,b@c.test\n"))
	require.NoError(t, err)
	rows, s = read(t, wide, recipients.Options{})
	require.Equal(t, "gb18030", s.File.Encoding)
	require.Equal(t, "李𠮷", rows[20_000].Person.Name)
}

func FuzzSpreadsheet(f *testing.F) {
	f.Add(`<row r="1">`+inline("A1", "name")+`</row><row r="2"><c r="A2" t="s"><v>0</v></c></row>`, `<si><t>x</t></si>`, false)
	f.Add(`<row><c><v>1e300</v></c><c s="1"><v>2958465.99</v></c></row><row hidden="1"><c t="d"><v>T</v></c></row>`, `<si><rPh><t>_xD800_</t></rPh></si>`, true)
	f.Fuzz(func(t *testing.T, sheet, texts string, noHeader bool) {
		o := recipients.Options{On: asOf, NoHeader: noHeader}
		if noHeader {
			o.Map = map[string]string{"1": "name"}
		}
		adds(t, book(t, sheet, texts, nil), o)
	})
}

func FuzzZIP(f *testing.F) {
	f.Add(book(f, `<row r="1">`+inline("A1", "name")+`</row>`, "", nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		adds(t, append([]byte("PK\x03\x04"), b...), recipients.Options{On: asOf})
		adds(t, b, recipients.Options{On: asOf})
	})
}

func FuzzJSONLines(f *testing.F) {
	f.Add([]byte("{\"name\":\"x\",\"guardian\":{\"name\":[1,null]},\"a\":{\"b\":{\"c\":{}}}}\n{}\n{\"name\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, b []byte) { adds(t, b, recipients.Options{On: asOf, Format: "jsonl"}) })
}

func FuzzEncodings(f *testing.F) {
	f.Add([]byte("name\n\xc0\xee\xc3\xf7\r\xa7\xf5\n\x81\x30\x81"), uint8(3))
	f.Add([]byte("\xff\xfen\x00\x0a\x00\x00\xd8"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		all := append(recipients.Encodings(), "")
		adds(t, b, recipients.Options{On: asOf, Encoding: all[int(n)%len(all)]})
		adds(t, b, recipients.Options{On: asOf})
	})
}

// adds reads a list that may be anything: rows add up, and nothing that could break a message comes through.
func adds(t *testing.T, b []byte, o recipients.Options) {
	t.Helper()
	s, err := recipients.Read(context.Background(), bytes.NewReader(b), o, func(r recipients.Row) error {
		p := r.Person
		for _, v := range []string{p.Name, p.Email, p.Phone, p.ExternalID, p.PushToken, p.Locale, p.Country} {
			if strings.ContainsAny(v, "\r\n\x00") || strings.ToValidUTF8(v, "") != v {
				t.Fatal("a control character came through")
			}
		}
		return nil
	})
	if err == nil && s.Rows != s.Accepted+s.Repaired+s.Flagged+s.Rejected+s.Duplicates+s.SkippedBlank {
		t.Fatal("rows do not add up")
	}
	if err != nil && breach.CodeOf(err) != breach.ErrInvalid {
		t.Fatal(err)
	}
}
