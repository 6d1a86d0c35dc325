package recipients_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/recipients"
)

var whole = cmp.AllowUnexported(recipients.Problem{})

func TestTheListInGBKIsTakenWhole(t *testing.T) {
	t.Parallel()
	var want truth
	require.NoError(t, json.Unmarshal(shared(t, "recipients_1k_gbk.truth.json"), &want))
	gbk := shared(t, "recipients_1k_gbk.csv")
	rows, s := read(t, gbk, recipients.Options{})
	require.Equal(t, want.Records, s.Rows)
	require.Equal(t, want.Good, s.Accepted, "%v", s.ByProblem)
	require.Equal(t, want.Country, s.ByCountry)
	require.Equal(t, want.Locale, s.ByLocale)
	require.Equal(t, want.Stats["with_email"], s.Reachable.Email)
	require.Equal(t, want.Stats["with_phone"], s.Reachable.SMS)
	require.Equal(t, want.Stats["with_push"], s.Reachable.Push)
	require.Equal(t, want.Stats["with_postal_address"], s.Reachable.Letter)
	require.Equal(t, want.Stats["under_14"], s.Minors.WithGuardian+s.Minors.WithoutGuardian)
	require.Equal(t, want.File.SHA256, s.File.SHA256)
	require.Equal(t, want.File.Bytes, s.File.Bytes)
	require.Equal(t, "gbk", s.File.Encoding)
	require.GreaterOrEqual(t, s.File.EncodingMargin, 20.0)
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(gbk)
	require.NoError(t, err)
	plain, _ := read(t, text, recipients.Options{})
	require.Empty(t, cmp.Diff(plain, rows, whole))

	_, body, _ := bytes.Cut(gbk, []byte("\n"))
	ascii := []byte("external_id,name,email,phone,locale,country,region,birth_date,guardian_name,guardian_email,guardian_phone,postal_address,push_token,push_platform,data_classes,consent_marketing\r\n")
	three := bytes.Join(bytes.SplitAfterN(body, []byte("\n"), 4)[:3], nil)
	_, s = read(t, append(ascii, three...), recipients.Options{})
	require.EqualValues(t, 3, s.Accepted)
	require.Equal(t, "gbk", s.File.Encoding, "three rows with addresses are enough")
}

// table is a list before it has a format.
type table [][]string

func tableOf(t testing.TB, b []byte) table {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	all, err := r.ReadAll()
	require.NoError(t, err)
	return all
}

func (tb table) delimited(delim rune, crlf bool) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = delim, crlf
	_ = w.WriteAll(tb)
	return b.Bytes()
}

func (tb table) jsonl(nested bool) []byte {
	var b bytes.Buffer
	quote := func(s string) string {
		q, _ := json.Marshal(s)
		return string(q)
	}
	for _, row := range tb[1:] {
		var own, guardian []string
		for i, c := range row {
			name := tb[0][i]
			if short, ok := strings.CutPrefix(name, "guardian_"); ok && nested {
				guardian = append(guardian, quote(short)+":"+quote(c))
				continue
			}
			own = append(own, quote(name)+": "+quote(c))
		}
		if len(guardian) > 0 {
			own = append(own, `"guardian": {`+strings.Join(guardian, ",")+"}")
		}
		b.WriteString("{" + strings.Join(own, ", ") + "}\n")
	}
	return b.Bytes()
}

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = ` xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relSpace  = ` xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	relType   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
)

// book makes an XLSX file of the inside of a sheet and of its strings.
func book(t testing.TB, sheetData, sharedStrings string, more map[string]string) []byte {
	t.Helper()
	parts := map[string]string{
		"_rels/.rels":                `<Relationships` + relSpace + `><Relationship Id="r1" Type="` + relType + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook` + mainSpace + `><sheets><sheet name="Cover" sheetId="9" state="hidden" r:id="r9"/><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships` + relSpace + `><Relationship Id="r1" Type="` + relType + `worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r9" Type="` + relType + `worksheet" Target="/xl/worksheets/cover.xml"/><Relationship Id="r2" Type="` + relType + `sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="` + relType + `styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet` + mainSpace + `><sheetData>` + sheetData + `</sheetData></worksheet>`,
		"xl/worksheets/cover.xml":    `<worksheet` + mainSpace + `><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml":       `<sst` + mainSpace + `>` + sharedStrings + `</sst>`,
		"xl/styles.xml":              `<styleSheet` + mainSpace + `><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/><numFmt numFmtId="165" formatCode="00000000"/><numFmt numFmtId="166" formatCode="[Red]0.00&quot;days&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>`,
	}
	for k, v := range more {
		parts[k] = v
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, xmlHead+text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func columnLetters(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return string(rune('A'+i/26-1)) + string(rune('A'+i%26))
}

// xlsx writes shared strings, or strings in the cells; a character that XML does not know as _x0000_.
func (tb table) xlsx(t testing.TB, inline bool) []byte {
	t.Helper()
	var rows, texts strings.Builder
	n := 0
	for r, row := range tb {
		blank := len(row) == 1 && row[0] == ""
		if blank {
			continue
		}
		fmt.Fprintf(&rows, `<row r="%d">`, r+1)
		for i, c := range row {
			if c == "" {
				continue
			}
			var escaped strings.Builder
			c = strings.ReplaceAll(c, "_x", "_x005F_x")
			for _, ch := range c {
				if ch < ' ' && ch != '\n' && ch != '\t' {
					fmt.Fprintf(&escaped, "_x%04X_", ch)
				} else {
					_ = xml.EscapeText(&escaped, []byte(string(ch)))
				}
			}
			ref := fmt.Sprintf("%s%d", columnLetters(i), r+1)
			if inline {
				fmt.Fprintf(&rows, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, ref, escaped.String())
				continue
			}
			fmt.Fprintf(&rows, `<c r="%s" t="s"><v>%d</v></c>`, ref, n)
			fmt.Fprintf(&texts, `<si><r><t xml:space="preserve">%s</t></r><rPh sb="0" eb="1"><t>ヨミ</t></rPh></si>`, escaped.String())
			n++
		}
		rows.WriteString("</row>")
	}
	return book(t, rows.String(), texts.String(), nil)
}

// judged is what a list came to, but for what only tells how it was written.
type judged struct {
	Rows    []recipients.Row
	Summary recipients.Summary
}

func judgedOf(t testing.TB, list []byte, o recipients.Options) judged {
	t.Helper()
	rows, s := read(t, list, o)
	for i := range rows {
		rows[i].Line, rows[i].Header, rows[i].Raw = 0, nil, nil
	}
	s.File, s.Columns = recipients.FileInfo{}, nil
	return judged{rows, s}
}

func everyFormat(t testing.TB, tb table) map[string][]byte {
	return map[string][]byte{
		"csv": tb.delimited(',', false), "csv with CRLF": tb.delimited(',', true), "tsv": tb.delimited('\t', false), "semicolon": tb.delimited(';', true),
		"pipe": tb.delimited('|', false), "jsonl": tb.jsonl(false), "jsonl with guardian": tb.jsonl(true),
		"xlsx": tb.xlsx(t, false), "xlsx inline": tb.xlsx(t, true), "sql": tb.delimited(',', false),
	}
}

func optionsFor(format string) recipients.Options {
	if format == "sql" {
		return recipients.Options{Format: "sql"}
	}
	return recipients.Options{}
}

func TestEveryFormatOfTheSharedListsIsJudgedAlike(t *testing.T) {
	t.Parallel()
	clean := tableOf(t, shared(t, "recipients_1k.csv"))[:300]
	want := judgedOf(t, clean.delimited(',', false), recipients.Options{})
	for format, list := range everyFormat(t, clean) {
		require.Empty(t, cmp.Diff(want, judgedOf(t, list, optionsFor(format)), whole), format)
	}
	_, dirty := read(t, shared(t, "recipients_1k_dirty.csv"), recipients.Options{})
	for name, e := range map[string]encoding.Encoding{
		"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "gb18030": simplifiedchinese.GB18030,
	} {
		text := bytes.ToValidUTF8(bytes.TrimPrefix(shared(t, "recipients_1k_dirty.csv"), []byte("\xef\xbb\xbf")), []byte("\x01"))
		in, err := e.NewEncoder().Bytes(text)
		require.NoError(t, err)
		_, s := read(t, in, recipients.Options{})
		require.Equal(t, name, s.File.Encoding)
		require.Equal(t, dirty.Reachable, s.Reachable, name)
		require.Equal(t, dirty.Flagged, s.Flagged, name)
		require.Equal(t, dirty.Rejected, s.Rejected, name)
		require.Equal(t, dirty.Duplicates, s.Duplicates, name)
	}
}

var tongues = []struct {
	name  string
	enc   encoding.Encoding
	words []string
	title []string
}{
	{"gbk", simplifiedchinese.GBK, []string{"赵欣怡", "欧阳秀英", "陈浩然", "浙江省杭州市中山路", "上海市解放大道号", "王伟", "刘洋", "孙丽娜", "周杰"}, []string{"编号", "姓名", "电子邮箱", "手机号", "国家", "出生日期", "通信地址"}},
	{"big5", traditionalchinese.Big5, []string{"陳怡君", "林志豪", "黃淑芬", "台北市信義區忠孝東路", "高雄市前鎮區中山路", "張雅婷", "李家豪", "吳宗翰"}, []string{"編號", "姓名", "電子郵件", "手機號碼", "國家", "出生日期", "通訊地址"}},
	{"shift_jis", japanese.ShiftJIS, []string{"佐藤太郎", "鈴木はなこ", "髙橋", "東京都千代田区丸の内", "タナカ ケンジ", "伊藤さくら", "ﾔﾏﾀﾞ"}, []string{"会員番号", "氏名", "メールアドレス", "電話番号", "国", "生年月日", "住所"}},
	{"windows-1252", charmap.Windows1252, []string{"José Müller", "Åsa Öberg", "François Lefèvre", "Straße 12, Köln", "Peña", "Zoë", "São Paulo"}, []string{"external_id", "name", "email", "phone", "country", "birth_date", "address"}},
}

func TestEveryEncodingIsJudgedAlike(t *testing.T) {
	t.Parallel()
	for _, tongue := range tongues {
		t.Run(tongue.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				tb := table{[]string{"external_id", "name", "email", "phone", "country", "birth_date", "address"}}
				if rapid.Bool().Draw(rt, "own header") {
					tb[0] = tongue.title
				}
				words, most, all := map[string]int{}, 0, 0
				word := rapid.Custom(func(rt *rapid.T) string {
					w := rapid.SampledFrom(tongue.words).Draw(rt, "word")
					words[w]++
					most, all = max(most, words[w]), all+1
					return w
				})
				for i := range rapid.IntRange(6, 30).Draw(rt, "rows") {
					tb = append(tb, []string{
						fmt.Sprint("u", i), word.Draw(rt, "name") + word.Draw(rt, "more"), rapid.SampledFrom([]string{"", "a@b.test", "bad@", "x@y@z"}).Draw(rt, "email"),
						rapid.SampledFrom([]string{"", "+12025550101", "202 555 0102", "1.39E+10"}).Draw(rt, "phone"), rapid.SampledFrom([]string{"US", "cn", "??"}).Draw(rt, "country"),
						rapid.SampledFrom([]string{"", "2015-02-03", "3/4/2015", "1990/1/2"}).Draw(rt, "birth"), word.Draw(rt, "address") + rapid.SampledFrom([]string{"", "\n", " "}).Draw(rt, "space") + word.Draw(rt, "place"),
					})
				}
				plain := tb.delimited(',', rapid.Bool().Draw(rt, "crlf"))
				want := judgedOf(t, plain, recipients.Options{})
				in, err := tongue.enc.NewEncoder().Bytes(plain)
				require.NoError(t, err)
				_, s := read(t, in, recipients.Options{})
				o := recipients.Options{}
				if s.File.Encoding == "utf-8" && 3*most > all { // much of the same can be words of several encodings: rows are flagged, none is misread
					require.NotZero(t, s.Flagged+s.Rejected+s.Repaired)
					o.Encoding = tongue.name
				} else {
					require.Equal(t, tongue.name, s.File.Encoding)
				}
				switch rapid.IntRange(0, 2).Draw(rt, "how") {
				case 0:
					o.Encoding = tongue.name
				case 1:
					in, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes(plain)
					require.NoError(t, err)
				}
				require.Empty(t, cmp.Diff(want, judgedOf(t, in, o), whole))
			})
		})
	}
}

func TestEveryFormatIsJudgedAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tb := table{[]string{"external_id", "name", "email", "phone", "country", "guardian_name", "guardian_email", "notes"}}
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab王é@.1+ \",;\t|\n_x0<{}&=é😀\u202e")))
		for range rapid.IntRange(0, 8).Draw(rt, "rows") {
			row := make([]string, len(tb[0]))
			for i := range row {
				row[i] = cell.Draw(rt, "cell")
			}
			row[7] = "end"
			tb = append(tb, row)
		}
		want := judgedOf(t, tb.delimited(',', false), recipients.Options{})
		all := everyFormat(t, tb)
		format := rapid.SampledFrom(slices.Sorted(maps.Keys(all))).Draw(rt, "format")
		if len(tb) == 1 && strings.HasPrefix(format, "jsonl") {
			return // no line, no columns
		}
		if diff := cmp.Diff(want, judgedOf(t, all[format], optionsFor(format)), whole); diff != "" {
			rt.Fatal(format, diff)
		}
	})
}

func TestLineEndsOfEverySystem(t *testing.T) {
	t.Parallel()
	want := judgedOf(t, []byte("name,email\nA,a@b.test\nB,b@b.test\n"), recipients.Options{})
	for _, list := range []string{
		"name,email\r\nA,a@b.test\r\nB,b@b.test\r\n", "name,email\rA,a@b.test\rB,b@b.test\r", "name,email\rA,a@b.test\rB,b@b.test",
		"name,email\r\nA,a@b.test\nB,b@b.test", "name,email\rA,a@b.test\r\nB,b@b.test\n",
	} {
		require.Empty(t, cmp.Diff(want, judgedOf(t, []byte(list), recipients.Options{}), whole), "%q", list)
	}
	long := "name,email\r" + strings.Repeat("A,a@b.test\r\n", 20_000)
	rows, err := recipients.Read(context.Background(), strings.NewReader(long), recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
	require.NoError(t, err)
	require.EqualValues(t, 20_000, rows.Rows, "no pair is torn apart where pieces of the file meet")
}

// The list of data classes within a cell looks like names of columns between semicolons.
func TestAListWithoutAHeaderIsNotReadByTheDelimiterOfAnotherList(t *testing.T) {
	t.Parallel()
	list := "u1,Ana Ruiz,ana@b.test,,es-MX,MX,name;email;phone,true\nu2,Bo Li,bo@b.test,,en-US,US,name;email,true\n"
	_, err := recipients.Read(t.Context(), strings.NewReader(list), recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
	require.ErrorContains(t, err, "none of the 8 columns")
	require.ErrorContains(t, err, "--no-header")
	rows, s := read(t, []byte(list), recipients.Options{NoHeader: true, Map: map[string]string{"1": "external_id", "2": "name", "3": "email", "7": "data_classes"}})
	require.EqualValues(t, 2, s.Rows)
	require.Equal(t, "ana@b.test", rows[0].Person.Email)
}
