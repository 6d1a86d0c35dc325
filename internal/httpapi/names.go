package httpapi

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// unnamed stands for a name that is not ours: people paste contacts into wrong files.
const unnamed = "…"

// ownNames leaves of the places in an error about a sent file only names that are part of its format. The
// command line reads files before it sends them, so whoever wrote one sees its own names there.
func ownNames(err error) error {
	var e *breach.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := breach.Errorf(e.Code, "%s", e.Detail)
	for _, f := range e.Fields {
		parts := strings.Split(f.Where, ".")
		for i, p := range parts {
			name, _, _ := strings.Cut(p, "[")
			if !names[name] && !breach.IsCountry(name) && !keyNumber.MatchString(p) {
				parts[i] = unnamed
			}
		}
		out = out.With(breach.FieldError{Where: strings.Join(parts, "."), What: f.What})
	}
	return out
}

var keyNumber = regexp.MustCompile(`^(key|line) [0-9]{1,9}$`)

// names are all names of the incident file and of a CloudEvent.
var names = func() map[string]bool {
	all := map[string]bool{}
	collect(reflect.TypeFor[breach.IncidentFile](), all)
	for _, n := range slices.Concat([]string{
		"file", "body", "en", "zh-Hans", "specversion", "id", "source", "type", "subject", "time", "data",
		"data_base64", "datacontenttype", "dataschema", "attribute",
	}, breach.DataClasses) {
		all[n] = true
	}
	for _, c := range breach.Channels {
		all[string(c)] = true
	}
	return all
}()

func collect(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		collect(t.Elem(), into)
	case reflect.Struct:
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" {
				into[name] = true
				collect(t.Field(i).Type, into)
			}
		}
	}
}
