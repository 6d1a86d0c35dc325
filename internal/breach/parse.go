package breach

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ParseFacts reads a fact file, JSON or YAML, at most 1 MiB of UTF-8. It is strict: unknown fields, wrong
// types, values outside the vocabulary, negative counts, times without a zone, duplicate keys, anchors and
// aliases are refused, all at once, as field errors of an ErrInvalid. They name dotted paths
// (people.by_country) and never repeat values. Absent and null both mean unknown.
func ParseFacts(b []byte) (Facts, error) {
	t, err := parseTree(b, "fact file")
	if err != nil {
		return Facts{}, err
	}
	return factsOf(t)
}

func factsOf(t *tree) (Facts, error) {
	if _, ok := t.get("facts"); ok {
		return Facts{}, Errorf(ErrInvalid, "this is an incident file, not a fact file; give the part below facts")
	}
	var f Facts
	r := reader{}
	r.object(t, reflect.ValueOf(&f).Elem(), "")
	r.errs = append(r.errs, checkFacts(f, "")...)
	if len(r.errs) > 0 {
		return Facts{}, Errorf(ErrInvalid, "the facts cannot be used as they are").With(r.errs...)
	}
	return f, nil
}

// ParseIncident reads an incident file with the same strictness; paths start with facts, narrative or
// contact. The facts must be there; policy, narrative and contact may be missing or incomplete, because
// that blocks approval, not opening.
func ParseIncident(b []byte) (IncidentFile, error) {
	t, err := parseTree(b, "incident file")
	if err != nil {
		return IncidentFile{}, err
	}
	return incidentOf(t)
}

// ParseNewIncident reads the file of an incident that is to be opened: what the product counts itself is not in it.
func ParseNewIncident(b []byte) (IncidentFile, error) {
	f, err := ParseIncident(b)
	if err == nil && f.Facts.List != nil {
		err = counted("facts.list")
	}
	return f, err
}

func incidentOf(t *tree) (IncidentFile, error) {
	facts, ok := t.get("facts")
	if !ok || facts.kind == kindNull {
		return IncidentFile{}, Errorf(ErrInvalid, "the incident file has no facts").With(
			FieldError{"facts", "is missing; the facts of the incident belong below it"})
	}
	var f IncidentFile
	r := reader{}
	r.object(t, reflect.ValueOf(&f).Elem(), "")
	r.errs = append(r.errs, checkFacts(f.Facts, "facts.")...)
	r.errs = append(r.errs, checkWords(&f)...)
	if len(r.errs) > 0 {
		return IncidentFile{}, Errorf(ErrInvalid, "the incident file cannot be used as it is").With(r.errs...)
	}
	return f, nil
}

// MergeFacts applies a JSON merge patch (RFC 7396; JSON or YAML) to facts with the strictness of
// ParseFacts: null makes a fact unknown again, lists are replaced as a whole (but for determinations: an answer to
// one question leaves those to others where they are), and a field that facts do not
// have is an error even when it is null. base is not changed.
func MergeFacts(base Facts, patch []byte) (Facts, error) {
	p, err := parseTree(patch, "change of facts")
	if err != nil {
		return Facts{}, err
	}
	if _, err := factsOf(p); err != nil {
		return Facts{}, err
	}
	if err := notCounted(p, "list"); err != nil {
		return Facts{}, err
	}
	b, err := json.Marshal(base)
	if err != nil {
		return Facts{}, Errorf(ErrInternal, "the facts at hand cannot be written: %w", err)
	}
	t, err := parseJSON(b, "facts at hand")
	if err != nil {
		return Facts{}, err
	}
	return factsOf(merge(t, keepAnswers(t, p)))
}

func merge(base, patch *tree) *tree {
	if patch.kind != kindObject {
		return patch
	}
	out := &tree{kind: kindObject}
	if base != nil && base.kind == kindObject {
		for i, k := range base.keys {
			p, changed := patch.get(k)
			switch {
			case !changed:
				out.put(k, base.values[i])
			case p.kind != kindNull:
				out.put(k, merge(base.values[i], p))
			}
		}
	}
	for i, k := range patch.keys {
		if _, old := base.get(k); !old && patch.values[i].kind != kindNull {
			out.put(k, merge(nil, patch.values[i]))
		}
	}
	return out
}

func (t *tree) get(key string) (*tree, bool) {
	if t == nil || t.kind != kindObject {
		return nil, false
	}
	for i, k := range t.keys {
		if k == key {
			return t.values[i], true
		}
	}
	return nil, false
}

func (t *tree) put(key string, v *tree) { t.keys, t.values = append(t.keys, key), append(t.values, v) }

const maxErrors = 50 // more help nobody

// reader fills Go values from a tree by their json tags and collects what does not fit.
type reader struct{ errs []FieldError }

func (r *reader) bad(path, what string) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, FieldError{where(path), what})
	}
}

var (
	timeType          = reflect.TypeFor[time.Time]()
	determinationType = reflect.TypeFor[Determination]()
	overrideType      = reflect.TypeFor[SeverityOverride]()
)

func (r *reader) value(t *tree, v reflect.Value, path string) {
	if t.kind == kindNull {
		return // unknown
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		r.value(t, p.Elem(), path)
		v.Set(p)
	case reflect.Struct:
		if v.Type() == timeType {
			r.instant(t, v, path)
			return
		}
		r.object(t, v, path)
	case reflect.Slice:
		r.list(t, v, path)
	case reflect.Map:
		r.table(t, v, path)
	default:
		r.scalar(t, v, path)
	}
}

func (r *reader) object(t *tree, v reflect.Value, path string) {
	if t.kind != kindObject {
		r.bad(path, "must be an object, not "+t.kind.String())
		return
	}
	fields := map[string]int{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = i
	}
	for i, k := range t.keys {
		at := join(path, k, i)
		if n, ok := fields[k]; ok {
			r.value(t.values[i], v.Field(n), at)
		} else {
			r.bad(at, "is not a field that is known here")
		}
	}
	if answer, ok := t.get("answer"); v.Type() == determinationType && (!ok || answer.kind == kindNull) {
		r.bad(join(path, "answer", 0), "is missing; an open question needs no determination at all")
	}
	if value, ok := t.get("value"); v.Type() == overrideType && (!ok || value.kind == kindNull) {
		r.bad(join(path, "value", 0), "is missing; a cell that is left to the facts needs no override at all")
	}
}

func (r *reader) list(t *tree, v reflect.Value, path string) {
	if t.kind != kindList {
		r.bad(path, "must be a list, not "+t.kind.String())
		return
	}
	out := reflect.MakeSlice(v.Type(), len(t.values), len(t.values))
	for i, e := range t.values {
		at := path + "[" + strconv.Itoa(i) + "]"
		if e.kind == kindNull {
			r.bad(at, "must not be null")
			continue
		}
		r.value(e, out.Index(i), at)
	}
	v.Set(out)
}

// table fills a map. A null entry is left out: not listed is how a map says unknown.
func (r *reader) table(t *tree, v reflect.Value, path string) {
	if t.kind != kindObject {
		r.bad(path, "must be an object, not "+t.kind.String())
		return
	}
	out := reflect.MakeMap(v.Type())
	for i, k := range t.keys {
		if t.values[i].kind == kindNull {
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		r.value(t.values[i], e, join(path, k, i))
		out.SetMapIndex(reflect.ValueOf(k), e)
	}
	v.Set(out)
}

func (r *reader) instant(t *tree, v reflect.Value, path string) {
	if t.kind != kindText {
		r.bad(path, "must be a time such as 2026-03-01T09:30:00+08:00, not "+t.kind.String())
		return
	}
	at, err := time.Parse(time.RFC3339Nano, t.text)
	if err != nil || at.Year() < 1970 || at.Year() > 2199 {
		r.bad(path, "must be a time with date, time of day and zone, such as 2026-03-01T09:30:00+08:00")
		return
	}
	v.Set(reflect.ValueOf(at.UTC()))
}

const maxCount = 1 << 53 // JSON numbers are exact up to here

func (r *reader) scalar(t *tree, v reflect.Value, path string) {
	want := map[reflect.Kind]treeKind{reflect.String: kindText, reflect.Bool: kindBool, reflect.Int: kindNumber, reflect.Int64: kindNumber, reflect.Float64: kindNumber}[v.Kind()]
	if t.kind != want {
		r.bad(path, "must be "+want.String()+", not "+t.kind.String())
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(t.text)
	case reflect.Bool:
		v.SetBool(t.text == "true")
	case reflect.Int, reflect.Int64:
		f, err := decimal(t.text)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > maxCount {
			r.bad(path, "must be a whole number that is not too large")
			return
		}
		v.SetInt(int64(f))
	case reflect.Float64:
		f, err := decimal(t.text)
		if err != nil {
			r.bad(path, "must be a decimal number")
			return
		}
		v.SetFloat(f)
	}
}

var plainDecimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

// decimal reads a plain decimal number: YAML's other spellings (hexadecimal, octal, underscores, .inf) are
// mistakes in a fact file.
func decimal(s string) (float64, error) {
	if !plainDecimal.MatchString(s) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64) // out of range is an error
}
