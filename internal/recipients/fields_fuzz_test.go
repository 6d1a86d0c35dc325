package recipients

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var fuzzDay = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

// judged reads a list of one row that has these fields.
func judged(t *testing.T, fields ...[2]string) (rows []Row) {
	t.Helper()
	var list strings.Builder
	w := csv.NewWriter(&list)
	var names, cells []string
	for _, f := range fields {
		names, cells = append(names, f[0]), append(cells, f[1])
	}
	if err := w.WriteAll([][]string{names, cells}); err != nil {
		t.Fatal(err)
	}
	_, err := Read(context.Background(), strings.NewReader(list.String()), Options{On: fuzzDay, Encoding: "utf-8"}, func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	if err != nil && breach.CodeOf(err) != breach.ErrInvalid {
		t.Fatal(err)
	}
	return rows
}

func harmlessText(t *testing.T, v string) {
	t.Helper()
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) || strings.ContainsAny(v, "\u2028\u2029\u202e\u2066") {
		t.Fatalf("%q came through", v)
	}
}

// An address that is taken is one address, which is taken again as it stands.
func FuzzEmail(f *testing.F) {
	for _, v := range []string{"a@b.test", "A <a@b.test>", "a@@b.test", "ａ@b.test", "a@bücher.test", "a@xn--bcher-kva.test", "a@аррӏе.com", "a @ b.test.", "a@b.test\r\nBcc: x@y.test", "mailto:a@b.test"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, r := range judged(t, [2]string{"external_id", "1"}, [2]string{"email", v}) {
			e := r.Person.Email
			harmlessText(t, e)
			if e == "" {
				continue
			}
			if !r.Verdict.Kept() || strings.Count(e, "@") != 1 || strings.ContainsAny(e, " ,;<>\"") || len(e) > maxEmail {
				t.Fatalf("%q was taken as %q", v, e)
			}
			for _, again := range judged(t, [2]string{"external_id", "1"}, [2]string{"email", e}) {
				if again.Person.Email != e {
					t.Fatalf("%q is %q and then %q", v, e, again.Person.Email)
				}
			}
		}
	})
}

// A number that is taken is E.164, which is taken again as it stands; from the fast way as from the long one.
func FuzzPhone(f *testing.F) {
	for _, v := range []string{"+12025550101", "00 49 (0) 30 23125 000", "13800138000", "1.38E+10", "+44 20 7946 0000 ext 5", "＋８６１３８００１３８０００", "٠٢٠", "tel:+1-202-555-0101"} {
		f.Add(v, "US")
	}
	f.Fuzz(func(t *testing.T, v, country string) {
		for _, r := range judged(t, [2]string{"external_id", "1"}, [2]string{"phone", v}, [2]string{"country", country}) {
			p := r.Person.Phone
			if p == "" {
				continue
			}
			if !strict(p) {
				t.Fatalf("%q was taken as %q", v, p)
			}
			if n, err := phonenumbers.Parse(p, ""); !nobodys(p) && (err != nil || !phonenumbers.IsPossibleNumber(n)) {
				t.Fatalf("%q was taken as %q, which no number can be", v, p)
			}
			for _, again := range judged(t, [2]string{"external_id", "1"}, [2]string{"phone", p}) {
				if again.Person.Phone != p {
					t.Fatalf("%q is %q and then %q", v, p, again.Person.Phone)
				}
			}
		}
	})
}

// A day that is taken is a day of the calendar from 1900 to today.
func FuzzBirthDate(f *testing.F) {
	for _, v := range []string{"2014-04-03", "03/04/2014", "31.12.1999", "2014年4月3日", "20140403", "2013-02-30", "2030-01-01", "1899-12-31", "13/13/2000"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, r := range judged(t, [2]string{"external_id", "1"}, [2]string{"birth_date", v}) {
			b := r.Person.BirthDate
			if b == "" {
				continue
			}
			if day, err := time.Parse(time.DateOnly, b); err != nil || day.Year() < 1900 || day.After(fuzzDay) {
				t.Fatalf("%q was taken as %q", v, b)
			}
			if bornOn(b) == 0 {
				t.Fatalf("%q cannot be compared", b)
			}
		}
	})
}

// A name that is taken can stand in a mail header, and is the same person when it is taken again.
func FuzzName(f *testing.F) {
	for _, v := range []string{"Zoë Le Goff", "王伟", "<b>x</b>", "{{.Secret}}", "a\u202eb", "=1+1", "x\x00", "İbrahim", "김\u200b"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, r := range judged(t, [2]string{"name", v}, [2]string{"email", "a@b.test"}) {
			n := r.Person.Name
			harmlessText(t, n)
			if strings.ContainsAny(n, "<>") || strings.Contains(n, "{{") {
				t.Fatalf("%q was taken as %q", v, n)
			}
			s := newSeen()
			if of, _ := s.find(1, &r.Person); of != 0 {
				t.Fatal("nobody was there")
			}
			if of, _ := s.find(2, &r.Person); of != 1 && breach.NameKey(n) != "" {
				t.Fatalf("%q was not found again", n)
			}
		}
	})
}

// Whatever a list holds, its doubts are counts within the list and never panic.
func FuzzDoubts(f *testing.F) {
	f.Add("Ann Lee,ann@x.test,+12025550101,US,2000-01-01\nBob Ray,ann@x.test,+12025550101,CN,2000-01-01", uint8(30))
	f.Add("4111111111111111,a@b.test,,,\n王,,,", uint8(200))
	f.Fuzz(func(t *testing.T, rows string, times uint8) {
		var list strings.Builder
		list.WriteString("name,email,phone,country,birth_date\n")
		for range int(times) + 1 {
			list.WriteString(rows + "\n")
		}
		s, err := Read(context.Background(), strings.NewReader(list.String()), Options{On: fuzzDay, Encoding: "utf-8", Delimiter: "comma"}, func(Row) error { return nil })
		if err != nil {
			return
		}
		for _, d := range s.Doubts {
			if d.Count < 1 || d.Count > d.Of || d.Of > s.Rows || d.Says() == "" || d.Do() == "" {
				t.Fatalf("%+v of %d rows", d, s.Rows)
			}
		}
	})
}
