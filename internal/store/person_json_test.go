package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// sameAsJSON holds both ways of reading a record against each other.
func sameAsJSON(t require.TestingT, record []byte) {
	var want, got breach.Person
	wantErr, gotErr := json.Unmarshal(record, &want), decodePerson(record, &got)
	require.Equal(t, wantErr == nil, gotErr == nil, "%q: %v and %v", record, wantErr, gotErr)
	require.Equal(t, want, got, "%q", record)
}

func recordOf(t require.TestingT, p breach.Person) []byte {
	record, err := json.Marshal(p)
	require.NoError(t, err)
	return record
}

var oddStrings = []string{
	"", "Ana", "李小龙", "O'Brien & Söhne", "<b>", `a"b`, `a\b`, "a\tb", "\x00", "\x7f", "\u2028", "x\u2029", "\xe2\x80", "\u20a9", "\xff", "\xed\xa0\x80", "\ufffd", "🦉", "]", "}", "{", ",", `","`, ":", " ", "null",
}

func drawString() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(oddStrings), rapid.String(), rapid.StringMatching(`[a-zé李]{0,8}`))
}

func drawRecord(t *rapid.T) (p breach.Person) {
	fill := func(v reflect.Value) {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String && rapid.Bool().Draw(t, "filled") {
				f.SetString(drawString().Draw(t, "field"))
			}
		}
	}
	fill(reflect.ValueOf(&p).Elem())
	if rapid.Bool().Draw(t, "has a guardian") {
		p.Guardian = &breach.Guardian{}
		fill(reflect.ValueOf(p.Guardian).Elem())
	}
	p.DataClasses = rapid.SliceOfN(drawString(), 0, 4).Draw(t, "classes")
	for _, s := range rapid.SliceOfN(drawString(), 0, 3).Draw(t, "objections") {
		p.Objections = append(p.Objections, breach.Channel(s))
	}
	return p
}

// A record is written byte for byte as encoding/json writes it.
func TestPeopleAreWrittenAsJSONWritesThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawRecord(t)
		got, err := encodePerson([]byte("before"), &p)
		require.NoError(t, err)
		require.Equal(t, "before"+string(recordOf(t, p)), string(got))
	})
}

// What is not as the store writes it, from a stray space to half a record, is read as JSON reads it or refused.
func TestPeopleAreReadAsJSONReadsThem(t *testing.T) {
	t.Parallel()
	for _, record := range oddRecords {
		sameAsJSON(t, []byte(record))
	}
	rapid.Check(t, func(t *rapid.T) {
		record := recordOf(t, drawRecord(t))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			from := rapid.IntRange(0, len(record)).Draw(t, "from")
			to := rapid.IntRange(from, min(len(record), from+4)).Draw(t, "to")
			piece := rapid.OneOf(rapid.SampledFrom([]string{`"`, `,`, `:`, `{`, `}`, `[`, `]`, ` `, "\n", `null`, `1`, `\n`, `\u00e9`, `"name":"Eve",`, `"guardian":{"phone":"1"},`, `"data_classes":[],`, `"NAME":`}), drawString()).Draw(t, "piece")
			record = bytes.Join([][]byte{record[:from:from], []byte(piece), record[to:]}, nil)
		}
		sameAsJSON(t, record)
	})
}

// Every field that there is takes the short way, so that one that is added later is not forgotten.
func TestEveryFieldTakesTheShortWay(t *testing.T) {
	t.Parallel()
	full := breach.Person{Guardian: &breach.Guardian{}, DataClasses: []string{"email", "health"}, Objections: []breach.Channel{breach.SMS}}
	for _, v := range []reflect.Value{reflect.ValueOf(&full).Elem(), reflect.ValueOf(full.Guardian).Elem()} {
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.String {
				v.Field(i).SetString(v.Type().Field(i).Name + " é")
			}
			require.False(t, v.Field(i).IsZero(), "%s is filled in here", v.Type().Field(i).Name)
		}
	}
	record := recordOf(t, full)
	var got breach.Person
	r := personReader{s: string(record)}
	r.person(&got)
	require.Equal(t, len(r.s), r.i, "read to the end")
	require.Equal(t, full, got)
}

var oddRecords = []string{
	"", "{", "}", "{}", "{} ", " {}", "{}{}", "null", "[]", `""`, `{"`, `{"name`, `{"name"`, `{"name":`, `{"name":"`, `{"name":"Ana`, `{"name":"Ana"`, `{"name":"Ana",`, `{"name":"Ana",}`, `{,}`, `{"name":"Ana"}`,
	`{"name":"Ana"} `, `{"name": "Ana"}`, `{"name":"Ana"}}`, `{"name":"Ana"]`, `{"name":"Ana";`, `{"data_classes":["a"}}`, `{"guardian":{"name":"x"]}`, `{"name":"Ana","name":"Eve"}`, `{"name":null}`, `{"name":1}`, `{"name":["x"]}`, `{"NAME":"Ana"}`, `{"nom":"Ana"}`, `{"":""}`, `{"name":"A\u006ea"}`, "{\"name\":\"a\nb\"}", "{\"name\":\"a\xffb\"}", "{\"name\":\"\xed\xa0\x80\"}", "{\"name\":\"a\x7fb\"}",
	`{"guardian":{}}`, `{"guardian":null}`, `{"guardian":{"name":"x"}}`, `{"guardian":{"name":"x"},"guardian":{"phone":"y"}}`, `{"guardian":{"name":"x",}}`, `{"guardian":{"region":"x"}}`, `{"guardian":{"name":"x"}`, `{"guardian":"x"}`,
	`{"data_classes":[]}`, `{"data_classes":null}`, `{"data_classes":["a"]}`, `{"data_classes":["a","b","c","d","e"]}`, `{"data_classes":["a",]}`, `{"data_classes":["a"`, `{"data_classes":[`, `{"data_classes":["a"],"data_classes":["b"]}`, `{"data_classes":["a"],"data_classes":[]}`, `{"data_classes":["a",1]}`, `{"data_classes":["a"}`, `{"objections":["sms","sms"]}`,
}

func FuzzPersonRecord(f *testing.F) {
	for _, record := range oddRecords {
		f.Add([]byte(record))
	}
	f.Add([]byte(`{"external_id":"1","name":"李小龙","email":"a@b.test","guardian":{"name":"x","email":"y","phone":"z"},"data_classes":["email","health"],"objections":["sms"]}`))
	f.Fuzz(func(t *testing.T, record []byte) { sameAsJSON(t, record) })
}

func FuzzPersonFields(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(s, strings.ToUpper(s))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		sameAsJSON(t, recordOf(t, breach.Person{Name: a, Email: b, Guardian: &breach.Guardian{Phone: b}, DataClasses: []string{b, a}, Objections: []breach.Channel{breach.Channel(a)}}))
	})
}

func benchmarkPeople(b *testing.B, each func(b *testing.B, record []byte)) {
	latin := breach.Person{
		ExternalID: "learner-90210", Name: "Ana Brook", Email: "ana.brook@mail.test", Phone: "+14045550151", Locale: "en-US", Country: "US", BirthDate: "1984-08-17", DataClasses: []string{"email", "password_hash", "phone"},
	}
	chinese := breach.Person{
		ExternalID: "学员-90210", Name: "李小龙", Email: "li@mail.test", Phone: "+8613800000000", Locale: "zh-CN", Country: "CN", DataClasses: []string{"email", "phone"}, Guardian: &breach.Guardian{Name: "李振藩", Phone: "+8613800000001"},
	}
	escaped := latin
	escaped.Name = "Ana & Eve"
	for name, p := range map[string]breach.Person{"Latin": latin, "Chinese child": chinese, "escaped": escaped} {
		record, err := json.Marshal(p)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			each(b, record)
		})
	}
}

func BenchmarkDecodePerson(b *testing.B) {
	benchmarkPeople(b, func(b *testing.B, record []byte) {
		var p breach.Person
		for b.Loop() {
			p = breach.Person{}
			if err := decodePerson(record, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecodePersonByJSON(b *testing.B) {
	benchmarkPeople(b, func(b *testing.B, record []byte) {
		var p breach.Person
		for b.Loop() {
			p = breach.Person{}
			if err := json.Unmarshal(record, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
