package store

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// decodePerson fills an empty person as json.Unmarshal does, and gives its error. A sealed record is the JSON of
// breach.Person as encoding/json writes it, and decoding it was a large part of what reading a block costs.
// What is common, an object of known fields without spaces and without escapes, is read here by hand;
// whatever else there is goes to encoding/json. So a field that is new to breach.Person works without a change
// here, only more slowly. The person's strings share one copy of the record.
func decodePerson(record []byte, p *breach.Person) error {
	if bare(record) {
		r := personReader{s: string(record)}
		if r.person(p); r.i == len(r.s) {
			return nil
		}
		*p = breach.Person{}
	}
	return json.Unmarshal(record, p)
}

// encodePerson appends a person as encoding/json writes them.
func encodePerson(to []byte, p *breach.Person) ([]byte, error) {
	w := personWriter{out: to, from: len(to), plain: true}
	w.person(p)
	if !w.plain {
		record, err := json.Marshal(p)
		return append(to, record...), err
	}
	return w.out, nil
}

// personWriter writes people in whom nothing needs an escape.
type personWriter struct {
	out   []byte
	from  int
	plain bool
}

func (w *personWriter) person(p *breach.Person) {
	w.out = append(w.out, '{')
	w.field("external_id", p.ExternalID)
	w.field("name", p.Name)
	w.field("email", p.Email)
	w.field("phone", p.Phone)
	w.field("locale", p.Locale)
	w.field("country", p.Country)
	w.field("region", p.Region)
	w.field("time_zone", p.TimeZone)
	w.field("birth_date", p.BirthDate)
	if g := p.Guardian; g != nil {
		w.key("guardian")
		w.out, w.from = append(w.out, '{'), len(w.out)
		w.field("name", g.Name)
		w.field("email", g.Email)
		w.field("phone", g.Phone)
		w.out = append(w.out, '}')
	}
	w.field("postal_address", p.PostalAddress)
	w.field("push_token", p.PushToken)
	w.field("push_platform", p.PushPlatform)
	writeList(w, "data_classes", p.DataClasses)
	writeList(w, "objections", p.Objections)
	w.out = append(w.out, '}')
}

func (w *personWriter) key(name string) {
	if len(w.out) > w.from+1 {
		w.out = append(w.out, ',')
	}
	w.out = append(append(append(w.out, '"'), name...), '"', ':')
}

func (w *personWriter) field(name, value string) {
	if value != "" {
		w.key(name)
		w.value(value)
	}
}

func writeList[S ~string](w *personWriter, name string, list []S) {
	if len(list) == 0 {
		return
	}
	w.key(name)
	for i, v := range list {
		w.out = append(w.out, "[,"[min(i, 1)])
		w.value(string(v))
	}
	w.out = append(w.out, ']')
}

func (w *personWriter) value(s string) {
	foreign := false
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			w.plain = false
			return
		}
		foreign = foreign || c >= utf8.RuneSelf
	}
	if foreign && (!utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")) {
		w.plain = false
		return
	}
	w.out = append(append(append(w.out, '"'), s...), '"')
}

// bare says that a record has no escapes, and nothing in it that encoding/json refuses or replaces in strings.
func bare(record []byte) bool {
	for _, c := range record {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(record)
}

// personReader stands before the byte i of s, which holds neither escapes nor control characters. What it does
// not expect moves it behind the end for good.
type personReader struct {
	s string
	i int
}

func (r *personReader) person(p *breach.Person) {
	for more := r.open('{', '}'); more; more = r.next('}') {
		switch r.key() {
		case "external_id":
			p.ExternalID = r.value()
		case "name":
			p.Name = r.value()
		case "email":
			p.Email = r.value()
		case "phone":
			p.Phone = r.value()
		case "locale":
			p.Locale = r.value()
		case "country":
			p.Country = r.value()
		case "region":
			p.Region = r.value()
		case "time_zone":
			p.TimeZone = r.value()
		case "birth_date":
			p.BirthDate = r.value()
		case "guardian":
			p.Guardian = r.guardian(p.Guardian)
		case "postal_address":
			p.PostalAddress = r.value()
		case "push_token":
			p.PushToken = r.value()
		case "push_platform":
			p.PushPlatform = r.value()
		case "data_classes":
			p.DataClasses = readList[string](r)
		case "objections":
			p.Objections = readList[breach.Channel](r)
		default:
			r.giveUp()
		}
	}
}

func (r *personReader) guardian(known *breach.Guardian) *breach.Guardian {
	g := new(breach.Guardian)
	for more := r.open('{', '}'); more; more = r.next('}') {
		switch r.key() {
		case "name":
			g.Name = r.value()
		case "email":
			g.Email = r.value()
		case "phone":
			g.Phone = r.value()
		default:
			r.giveUp()
		}
	}
	if known != nil { // encoding/json would merge the two
		r.giveUp()
	}
	return g
}

func readList[S ~string](r *personReader) (list []S) {
	for more := r.open('[', ']'); more; more = r.next(']') {
		if list == nil {
			list = make([]S, 0, 1+strings.Count(r.s[min(r.i, len(r.s)):], `","`)) // rarely too many
		}
		list = append(list, S(r.value()))
	}
	if list == nil { // encoding/json tells an empty list from none
		r.giveUp()
	}
	return list
}

func (r *personReader) giveUp() { r.i = len(r.s) + 1 }

// at gives the next byte, or 0 behind the end.
func (r *personReader) at() byte {
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

// open enters an object or list and says whether something is in it.
func (r *personReader) open(first, last byte) bool {
	if r.at() != first {
		r.giveUp()
		return false
	}
	r.i++
	if r.at() != last {
		return true
	}
	r.i++
	return false
}

// next goes on behind a value and says whether another one follows.
func (r *personReader) next(last byte) bool {
	c := r.at()
	if c != ',' && c != last {
		r.giveUp()
		return false
	}
	r.i++
	return c == ','
}

func (r *personReader) key() string {
	s := r.value()
	if r.at() != ':' {
		r.giveUp()
		return ""
	}
	r.i++
	return s
}

func (r *personReader) value() string {
	if r.at() != '"' {
		r.giveUp()
		return ""
	}
	n := strings.IndexByte(r.s[r.i+1:], '"')
	if n < 0 {
		r.giveUp()
		return ""
	}
	s := r.s[r.i+1 : r.i+1+n]
	r.i += n + 2
	return s
}
