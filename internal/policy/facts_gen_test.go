package policy

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// leaf is one fact, found in the shape of breach.Facts itself, so that new facts are tested unasked.
type leaf struct {
	path  string
	index []int
	typ   reflect.Type
}

func (l leaf) in(f *breach.Facts) reflect.Value {
	return reflect.ValueOf(f).Elem().FieldByIndex(l.index)
}

func (l leaf) known(f *breach.Facts) bool { return !l.in(f).IsNil() }

// factLeaves are the facts that a file can leave unknown. Answers and decisions of people are no facts.
var factLeaves = func() (out []leaf) {
	var walk func(t reflect.Type, path string, index []int)
	walk = func(t reflect.Type, path string, index []int) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			at := strings.TrimPrefix(path+"."+name, ".")
			idx := append(slices.Clone(index), i)
			switch f.Type.Kind() {
			case reflect.Struct:
				walk(f.Type, at, idx)
			case reflect.Pointer, reflect.Slice, reflect.Map:
				if valueOf(at, f.Type) != nil {
					out = append(out, leaf{at, idx, f.Type})
				}
			}
		}
	}
	walk(reflect.TypeFor[breach.Facts](), "", nil)
	return out
}()

// factWords are the words of facts whose words are closed, and usual ones of the others.
var factWords = map[string][]string{
	"incident.nature": breach.Natures, "incident.cause": breach.Causes, "organisation.roles": breach.Roles,
	"organisation.attributes.nis2_entity": breach.NIS2Entities, "organisation.attributes.hipaa": breach.HIPAARoles,
	"data.hashed": breach.HashStrengths, "data.volume": breach.Volumes, "data.classes": breach.DataClasses,
	"exposure.recipients": breach.Recipients, "exposure.exfiltrated": breach.YesNoUnknown, "availability.service_impact": breach.ServiceImpacts,
	"organisation.country": genCountries, "organisation.regions": genRegions,
	"organisation.sectors":    {"education", "health", "finance", "telecom", "government", "energy", "digital_infrastructure"},
	"people.categories":       {"customers", "employees", "patients", "students", "children"},
	"incident.classification": {"major", "significant", "minor"},
}

var (
	genCountries = []string{"CN", "US", "DE", "GB", "BR", "JP", "KR", "SG", "IN", "CA", "TW", "HK", "AU", "NZ", "CH", "TR", "TH", "VN", "MY", "PH", "ID", "SA", "AE", "ZA", "MO"}
	genRegions   = []string{"US-CA", "US-NY", "US-TX", "US-FL", "US-WA", "US-CO", "US-MA", "US-VT", "CA-QC"}
	genKeys      = map[string][]string{
		"people.by_country": genCountries, "people.by_region": genRegions, "impact.direct_loss": {"CNY", "USD", "EUR"},
		"incident.classification": {"dora", "cn-cac"}, "contacts.cost_per_person": {"letter"},
	}
	genStart = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
)

func genInstants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return genStart.Add(time.Duration(rapid.Int64Range(0, 60*24*3600).Draw(t, "after")) * time.Second)
	})
}

func genCounts() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, 3), rapid.SampledFrom([]int64{9, 10, 99, 100, 101, 249, 250, 499, 500, 501, 999, 1000, 1001, 4999, 5001, 10000, 10001}), rapid.Int64Range(0, 200_000_000))
}

// valueOf generates what a fact may be, or is nil for a kind that is no fact.
func valueOf(path string, t reflect.Type) func(*rapid.T) any {
	words := factWords[path]
	if words == nil {
		words = []string{"other"}
	}
	switch reflect.Zero(t).Interface().(type) {
	case *string:
		return func(t *rapid.T) any { s := rapid.SampledFrom(words).Draw(t, path); return &s }
	case *bool:
		return func(t *rapid.T) any { b := rapid.Bool().Draw(t, path); return &b }
	case *int64:
		return func(t *rapid.T) any { n := genCounts().Draw(t, path); return &n }
	case *float64:
		return func(t *rapid.T) any {
			h := float64(rapid.IntRange(0, 800).Draw(t, path)) / 4
			return &h
		}
	case *time.Time:
		return func(t *rapid.T) any { at := genInstants().Draw(t, path); return &at }
	case []string:
		if path == "incomplete" {
			return nil
		}
		return func(t *rapid.T) any {
			return append([]string{}, rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, min(4, len(words)), rapid.ID).Draw(t, path)...)
		}
	case map[string]int64:
		return func(t *rapid.T) any {
			return rapid.MapOfN(rapid.SampledFrom(genKeys[path]), genCounts(), 0, 4).Draw(t, path)
		}
	case map[string]float64:
		return func(t *rapid.T) any {
			return rapid.MapOfN(rapid.SampledFrom(genKeys[path]), rapid.Float64Range(0, 2e8), 0, 2).Draw(t, path)
		}
	case map[string]string:
		if genKeys[path] == nil {
			return nil
		}
		return func(t *rapid.T) any {
			return rapid.MapOfN(rapid.SampledFrom(genKeys[path]), rapid.SampledFrom(words), 0, 2).Draw(t, path)
		}
	}
	return nil
}

// someFacts are facts of which each is known or not.
func someFacts() *rapid.Generator[breach.Facts] {
	return rapid.Custom(func(t *rapid.T) breach.Facts {
		var f breach.Facts
		for _, l := range factLeaves {
			if rapid.IntRange(0, 2).Draw(t, l.path+" known") > 0 {
				l.in(&f).Set(reflect.ValueOf(valueOf(l.path, l.typ)(t)).Convert(l.typ))
			}
		}
		if rapid.Bool().Draw(t, "countries are complete") {
			var sum int64
			for _, n := range f.People.ByCountry {
				sum += n
			}
			f.People.Total = &sum
		}
		return f
	})
}
