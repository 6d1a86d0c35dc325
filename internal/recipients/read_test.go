package recipients_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

func refuse(t *testing.T, list string, o recipients.Options) error {
	t.Helper()
	if o.On.IsZero() {
		o.On = asOf
	}
	_, err := recipients.Read(context.Background(), strings.NewReader(list), o, func(recipients.Row) error { return nil })
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), "%v", err)
	return err
}

func one(t *testing.T, header, row string, o recipients.Options) recipients.Row {
	t.Helper()
	rows, _ := read(t, []byte(header+"\n"+row+"\n"), o)
	require.Len(t, rows, 1)
	return rows[0]
}

func TestNothingOfAPersonIsInAnError(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"王小明,wang.secret@mail.test,+8619000000001\n李四,li@mail.test,+8619000000002\n", // no header at all
		"farbe,groesse\nrot,Wang Secret\n",
		"locale,country\nen,Wang Secret\n",
	} {
		err := refuse(t, list, recipients.Options{})
		require.ErrorContains(t, err, "columns says who a person is")
		require.ErrorContains(t, err, "column 1: ")
		for _, secret := range []string{"王小明", "secret", "Secret", "19000000001", "farbe"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestListsThatAreNone(t *testing.T) {
	t.Parallel()
	for list, what := range map[string]string{
		"":                          "empty",
		"\n\n":                      "empty",
		"PK\x03\x04....":            "spreadsheet",
		"\xff\xfe\x00\x00n\x00":     "UTF-32",
		"\xd0\xcf\x11\xe0....":      "save it as XLSX",
		"\x1f\x8b\x08":              "unpack it",
		"%PDF-1.7":                  "PDF",
		"<html><table>":             "HTML",
		"[\n {\"name\": \"x\"}]":    "jq -c",
		"{\n \"name\": \"x\"\n}\n":  "jq -c",
		strings.Repeat("x", 70<<10): "does not end within 64 kB",
		"n\x81m\x9d\nx\n":           "its encoding cannot be told",
	} {
		require.ErrorContains(t, refuse(t, list, recipients.Options{}), what)
	}
	require.ErrorContains(t, refuse(t, "name\nx\n", recipients.Options{Country: "XX1"}), "ISO 3166-1")
	_, err := recipients.Read(context.Background(), strings.NewReader("name\nx\n"), recipients.Options{}, func(recipients.Row) error { return nil })
	require.ErrorContains(t, err, "day on which ages count")
	_, err = recipients.Read(context.Background(), iotest.ErrReader(io.ErrUnexpectedEOF), recipients.Options{On: asOf}, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestColumnsAreFoundByAnyOfTheirNames(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"external_id,name,email,phone,birth_date",
		" External ID ,Full Name,E-Mail Address,Mobile No.,D.O.B.",
		"编号,姓名,电子邮箱,手机号,出生日期",
		"\ufeff学号,学生姓名,邮箱,联系电话,生日",
		"external_id;name;email;phone;birth_date",
		"external_id\tname\temail\tphone\tbirth_date",
		`"external_id","name","email","phone","birth_date"`,
		"\n\nexternal_id,name,email,phone,birth_date",
	} {
		delim := ","
		for _, d := range []string{";", "\t"} {
			if strings.Contains(header, d) {
				delim = d
			}
		}
		r := one(t, header, strings.Join([]string{"u1", "王小明", "wang@mail.test", "+8619000000001", "2015-02-03"}, delim), recipients.Options{})
		require.Equal(t, breach.Person{ExternalID: "u1", Name: "王小明", Email: "wang@mail.test", Phone: "+8619000000001", BirthDate: "2015-02-03"}, r.Person, header)
		require.True(t, r.Child)
		require.Contains(t, codes(r), "minor_no_guardian")
	}
}

func TestNamesOfColumnsCanBeGiven(t *testing.T) {
	t.Parallel()
	r := one(t, "Kunde,Kontakt", "Ute,ute@mail.test", recipients.Options{Map: map[string]string{"kunde": "name", " KONTAKT ": "email"}})
	require.Equal(t, breach.Person{Name: "Ute", Email: "ute@mail.test"}, r.Person)
	require.ErrorContains(t, refuse(t, "name\nx\n", recipients.Options{Map: map[string]string{"mail2": "email"}}), "no column")
	require.ErrorContains(t, refuse(t, "name\nx\n", recipients.Options{Map: map[string]string{"name": "e_mail"}}), "does not exist")
	require.ErrorContains(t, refuse(t, "name\nx\n", recipients.Options{Map: map[string]string{"--": "email"}}), "neither letter nor digit")
}

func TestTwoColumnsForOneField(t *testing.T) {
	t.Parallel()
	require.Equal(t, "+12025550101", one(t, "name,mobile,phone", "A,,+12025550101", recipients.Options{}).Person.Phone)
	r := one(t, "name,mobile,phone", "A,+12025550102,+12025550101", recipients.Options{})
	require.Equal(t, "+12025550102", r.Person.Phone)
	require.Equal(t, []string{"two_columns_differ"}, codes(r))
}

func TestWhoIsAChild(t *testing.T) {
	t.Parallel()
	header := "external_id,birth_date,guardian_name,guardian_email"
	for day, child := range map[string]bool{"2012-01-01": false, "2012-01-02": true, "2011-12-31": false, "": false, "2025-12-31": true} {
		require.Equal(t, child, one(t, header, "1,"+day+",Ma,ma@b.test", recipients.Options{}).Child, day)
	}
	require.True(t, one(t, header, "1,2009-06-01,Ma,ma@b.test", recipients.Options{ChildAge: 18}).Child)
	_, s := read(t, []byte(header+"\n1,2015-01-01,Ma,ma@b.test\n2,2015-01-01,Ma,\n3,2015-01-01,,\n4,1990-01-01,,\n"), recipients.Options{})
	require.Equal(t, recipients.Minors{WithGuardian: 1, WithoutGuardian: 2}, s.Minors)
	require.Equal(t, recipients.Reachable{None: 3}, s.Reachable, "a child is reached by the guardian")
}

func TestDuplicatesAreThePersonNotTheContact(t *testing.T) {
	t.Parallel()
	rows, s := read(t, []byte(`external_id,name,email,phone
1,Ana Souza,family@mail.test,+5511900000001
2,Leo Souza,family@mail.test,+5511900000001
3,ANA  SOUZA,FAMILY@mail.test,
1,Ana Maria Souza,other@mail.test,+5511900000001
1,Somebody Else,else@mail.test,+5511900000009
,Leo Souza,,+55 11 90000-0001
,,family@mail.test,
`), recipients.Options{})
	want := []struct {
		v  recipients.Verdict
		of int64
	}{{recipients.Accepted, 0}, {recipients.Accepted, 0}, {recipients.Duplicate, 1}, {recipients.Duplicate, 1}, {recipients.Flagged, 0}, {recipients.Duplicate, 2}, {recipients.Flagged, 0}}
	for i, w := range want {
		require.Equal(t, w.v, rows[i].Verdict, "row %d: %v", i+1, rows[i].Problems)
		require.Equal(t, w.of, rows[i].DuplicateOf, "row %d", i+1)
	}
	require.Equal(t, []string{"external_id_reused"}, codes(rows[4]))
	require.Empty(t, rows[4].Person.ExternalID, "two people never share an id")
	require.EqualValues(t, 3, s.Duplicates)
}

func TestBrokenRecordsCostTheirOwnLineAlone(t *testing.T) {
	t.Parallel()
	list := "external_id,name,email\n" +
		"1,\"open,a1@b.test\n" + // the quote is never closed
		"2,Two,a2@b.test\n" +
		"3,\"Three \"\"3\"\", the third\",a3@b.test\n" +
		"4,\"He said \"hi\" there\",a4@b.test\n" +
		"5,Five,a5@b.test,,\n" +
		"6,Six,a6@b.test"
	rows, s := read(t, []byte(list), recipients.Options{})
	var got []string
	for _, r := range rows {
		got = append(got, string(r.Verdict)+" "+r.Person.Name)
	}
	require.Equal(t, []string{"rejected ", "accepted Two", `accepted Three "3", the third`, `flagged He said "hi" there`, "accepted Five", "accepted Six"}, got)
	require.EqualValues(t, 1, s.ByProblem["csv_unclosed_quote"])

	long := "external_id,name\n1," + strings.Repeat("x", 3<<20) + "\n2,Two\n"
	rows, _ = read(t, []byte(long), recipients.Options{})
	require.Len(t, rows, 2)
	require.Equal(t, []string{"csv_record_too_long"}, codes(rows[0]))
	require.Less(t, len(rows[0].Raw[0]), 2000)
	require.Equal(t, "Two", rows[1].Person.Name)
	require.EqualValues(t, 3, rows[1].Line)
}

func TestHowTheFileArrivesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab,\"\n\r é1@.")))
		var list strings.Builder
		list.WriteString("external_id,name,email\n")
		for range rapid.IntRange(0, 6).Draw(rt, "rows") {
			list.WriteString(cell.Draw(rt, "line") + "\n")
		}
		b := []byte(list.String())
		whole, s1 := read(t, b, recipients.Options{})
		var piece []recipients.Row
		s2, err := recipients.Read(context.Background(), iotest.OneByteReader(bytes.NewReader(b)), recipients.Options{On: asOf}, func(r recipients.Row) error {
			piece = append(piece, r)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, whole, piece)
		require.Equal(t, s1, s2)
	})
}

func TestReadingStopsWhenAsked(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	n := 0
	_, err := recipients.Read(context.Background(), strings.NewReader("name\na\nb\nc\n"), recipients.Options{On: asOf}, func(recipients.Row) error {
		n++
		return full
	})
	require.ErrorIs(t, err, full)
	require.Equal(t, 1, n)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = recipients.Read(ctx, generated(5000), recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
}

// generated is a list of n people that is never in memory as a whole.
func generated(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := fmt.Fprintln(w, "external_id,name,email,phone,locale,country,birth_date,data_classes")
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintf(w, "C%07d,王小%d,p%d@mail.test,+8619%09d,zh-CN,CN,1990-05-%02d,name;email;phone\n", i, i, i, i, i%28+1)
		}
		w.CloseWithError(err)
	}()
	return r
}

func TestMemoryDoesNotGrowWithTheList(t *testing.T) {
	t.Parallel()
	var progress int
	var peak uint64
	_, err := recipients.Read(context.Background(), generated(15_000), recipients.Options{On: asOf, Progress: func(rows, bytes int64) {
		progress++
		if progress%5 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}}, func(recipients.Row) error { return nil })
	require.NoError(t, err)
	require.Equal(t, 16, progress)
	require.Less(t, peak, uint64(64<<20), "15,000 people and the tables of the libraries")
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		s, err := recipients.Read(context.Background(), generated(20_000), recipients.Options{On: asOf}, func(recipients.Row) error { return nil })
		if err != nil || s.Accepted != 20_000 {
			b.Fatal(err, s)
		}
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("external_id,name,email,phone,country,birth_date\n1,\"A \"\"B\"\"\",a@b.test,+12025550101,US,2015-01-01\n"), "CN")
	f.Add([]byte("\xef\xbb\xbf姓名;手机号\r\n\"王\n小\";190 0000 0001\r\n\r\n"), "")
	f.Add([]byte("name\temail\n\"open\t\xff\n=x\t<a@b>\n"), "US")
	f.Fuzz(func(t *testing.T, list []byte, country string) {
		var out bytes.Buffer
		e := recipients.NewErrorFile(&out)
		s, err := recipients.Read(context.Background(), bytes.NewReader(list), recipients.Options{On: asOf, Country: country}, func(r recipients.Row) error {
			p := r.Person
			for _, v := range []string{p.Name, p.Email, p.Phone, p.ExternalID, p.PushToken, p.Locale, p.Country} {
				if strings.ContainsAny(v, "\r\n\x00") {
					t.Fatal("a control character came through")
				}
			}
			return e.Add(r)
		})
		if err != nil {
			return
		}
		if s.Rows != s.Accepted+s.Repaired+s.Flagged+s.Rejected+s.Duplicates+s.SkippedBlank {
			t.Fatal("rows do not add up")
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
