package policy

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

const schemaID = "https://github.com/tocsin-engine/tocsin/blob/main/docs/rules.schema.json"

// PackSchema is the JSON Schema (draft 2020-12) of rule packs, indented, with a final newline. It is made from
// the Go types, so that it cannot fall behind them. It tells an editor what may stand where; what conditions
// mean and whether ids are known, LintPacks alone can say.
func PackSchema() ([]byte, error) {
	defs := map[string]any{}
	root := schemaOf(reflect.TypeFor[Pack](), defs)
	schema := map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schemaID,
		"title": "Tocsin rule pack", "$ref": root["$ref"], "$defs": defs}
	b, err := json.MarshalIndent(schema, "", "  ")
	return append(b, '\n'), err
}

// schemaOf describes a type of the pack; structs are put into defs and referred to.
func schemaOf(t reflect.Type, defs map[string]any) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), defs)
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0, "maximum": maxTerm}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), defs)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), defs)}
	case reflect.Struct:
		if _, ok := defs[t.Name()]; !ok {
			defs[t.Name()] = true // a type that contains itself must end
			defs[t.Name()] = structSchema(t, defs)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	default:
		return map[string]any{"type": "string"}
	}
}

func structSchema(t reflect.Type, defs map[string]any) map[string]any {
	properties := map[string]any{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := schemaOf(f.Type, defs)
		key := t.Name() + "." + name
		narrow := schemaLimits[key]
		if elem, ok := p["items"].(map[string]any); ok && narrow != nil {
			maps.Copy(elem, narrow)
		} else {
			maps.Copy(p, narrow)
		}
		if text := schemaTexts[key]; text != "" {
			p["description"] = text
		}
		properties[name] = p
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if required := schemaRequired[t.Name()]; len(required) > 0 {
		out["required"] = required
	}
	return out
}

// schemaRequired are the fields that the loader itself asks for.
var schemaRequired = map[string][]string{
	"Pack": {"format", "id", "name", "kind", "authority", "jurisdiction", "time_zone", "version", "binding", "citation", "last_checked",
		"source", "duties"},
	"PackDefinition": {"name", "when"}, "PackCondition": {"because"}, "PackDuty": {"addressee", "to", "phases"},
	"PackPhase": {"id", "title", "clock"}, "PackExemption": {"id", "test", "because", "citation"}, "PackClock": {"from"},
	"PackTerm": {"value", "unit"}, "PackVariant": {"when", "value", "unit"}, "PackCap": {"from", "value", "unit"},
	"PackSubstitute": {"form"}, "PackContentsIf": {"when", "contents", "because"}, "PackRemedy": {"offer", "because"},
	"PackExtension": {"value", "unit", "if"}, "PackHoldLimit": {"form"},
}

func enum(words ...string) map[string]any {
	slices.Sort(words)
	return map[string]any{"enum": words}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// schemaLimits narrow a field, or the entries of a list.
var schemaLimits = func() map[string]map[string]any {
	day := map[string]any{"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	word := map[string]any{"pattern": packWord.String()}
	field := enum(keys(PackContents)...)
	counting := map[string]bool{}
	for _, rules := range countings {
		for _, c := range rules {
			counting[c] = true
		}
	}
	unit, count, from := enum(keys(countings)...), enum(keys(counting)...), enum(keys(PackStarts)...)
	out := map[string]map[string]any{
		"Pack.format": enum(PackFormat), "Pack.id": {"pattern": packID.String()}, "Pack.kind": enum(slices.Clone(packKinds)...),
		"Pack.binding": enum(bindingLaw, bindingHouse), "Pack.last_checked": day, "PackInForce.from": day, "PackInForce.to": day,
		"PackDefinition.name": word, "PackPhase.id": word, "PackExemption.id": word, "PackRemedy.offer": word,
		"PackTest.question": word, "PackCondition.question": word,
		"PackDuty.addressee": enum(keys(packDuties)...), "PackDuty.contents": field, "PackDuty.forbidden": field,
		"PackDuty.deferrable": field, "PackContentsIf.contents": field, "PackPhase.contents": field, "PackPhase.late": field,
		"PackDuty.not_before": {"pattern": fullPhase.String()},
		"PackClock.batch":     enum(batchYear), "PackClock.override": enum(overridePrompt),
		"PackHold.clock": enum(holdStops, holdRuns), "PackHoldLimit.form": enum("oral", "written"),
	}
	for _, t := range []string{"PackClock", "PackTerm", "PackVariant", "PackCap", "PackExtension"} {
		out[t+".unit"], out[t+".counting"], out[t+".from"] = unit, count, from
	}
	return out
}()
