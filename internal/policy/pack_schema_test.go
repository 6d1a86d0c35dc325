package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// against validates a document by as much of draft 2020-12 as the schema uses. It knows nothing of Go types, so
// it is an independent reader of what is published.
func against(root, s map[string]any, v any, at string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	known := []string{"$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "pattern", "minimum", "maximum",
		"items", "properties", "additionalProperties", "required"}
	for k := range s {
		if !slices.Contains(known, k) {
			say("the schema uses %s, which this test cannot read", k)
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		target, ok := root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if !ok {
			say("%s leads nowhere", ref)
			return wrong
		}
		wrong = append(wrong, against(root, target, v, at)...)
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, v) {
		say("%v is none of %v", v, list)
	}
	if want, ok := s["type"].(string); ok {
		kinds := map[string]bool{"string": is[string](v), "boolean": is[bool](v), "integer": is[int](v), "array": is[[]any](v), "object": is[map[string]any](v)}
		if !kinds[want] {
			say("is no %s", want)
			return wrong
		}
	}
	switch v := v.(type) {
	case string:
		if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			say("does not fit %s", p)
		}
	case int:
		if least, ok := s["minimum"].(float64); ok && float64(v) < least {
			say("is below %v", least)
		}
		if most, ok := s["maximum"].(float64); ok && float64(v) > most {
			say("is above %v", most)
		}
	case []any:
		for i, e := range v {
			if items, ok := s["items"].(map[string]any); ok {
				wrong = append(wrong, against(root, items, e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		wrong = append(wrong, againstObject(root, s, v, at)...)
	}
	return wrong
}

func againstObject(root, s, v map[string]any, at string) (wrong []string) {
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, r := range required {
		if _, ok := v[r.(string)]; !ok {
			wrong = append(wrong, at+": lacks "+r.(string))
		}
	}
	for k, e := range v {
		p, ok := properties[k].(map[string]any)
		if !ok {
			switch more := s["additionalProperties"].(type) {
			case map[string]any:
				p = more
			case bool:
				wrong = append(wrong, at+": has no field "+k)
				continue
			default:
				continue
			}
		}
		wrong = append(wrong, against(root, p, e, at+"."+k)...)
	}
	return wrong
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

func publishedSchema(t *testing.T) map[string]any {
	t.Helper()
	file := filepath.Join("..", "..", "docs", "rules.schema.json")
	want, err := PackSchema()
	require.NoError(t, err)
	if os.Getenv("UPDATE_SCHEMA") != "" {
		require.NoError(t, os.WriteFile(file, want, 0o644))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	if !bytes.Equal(want, b) {
		t.Error("docs/rules.schema.json is behind the Go types; write it anew: UPDATE_SCHEMA=1 go test ./internal/policy/ -run Schema")
	}
	var s map[string]any
	require.NoError(t, json.Unmarshal(b, &s))
	return s
}

func generic(t *testing.T, b []byte) any {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal(b, &n))
	plainDays(&n)
	var v any
	require.NoError(t, n.Decode(&v))
	return v
}

// plainDays keeps YAML's dates what they are in JSON: text.
func plainDays(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		plainDays(c)
	}
}

func TestEveryPackFitsThePublishedSchema(t *testing.T) {
	t.Parallel()
	s := publishedSchema(t)
	for _, p := range loadTestRules(t).packs {
		require.Empty(t, against(s, s, generic(t, p.raw), p.ID))
	}
	full := strings.Replace(testPack, "contents: [summary]", "contents: [summary]"+testTerms, 1)
	require.Empty(t, against(s, s, generic(t, []byte(full)), "xx"))
	for from, to := range map[string]string{
		"tocsin-rules/1": "tocsin-rules/2", "name: A test": "nam: A test", "kind: law": "kind: rumour", "source: [nowhere]": "source: nowhere",
		"unit: hours": "unit: moons", "value: 4": "value: -4", "[summary]\n": "[gossip]\n", "addressee: authority": "addressee: everybody",
		"id: first": "id: First!", "verified: false": "verified: perhaps", "months: 18": "months: long", "citation: Test act 1": "language: x",
	} {
		require.Contains(t, full, from)
		require.NotEmpty(t, against(s, s, generic(t, []byte(strings.Replace(full, from, to, 1))), "xx"), "%s -> %s", from, to)
	}
}

// Every field of a pack is described and narrowed where the loader narrows it.
func TestTheSchemaKnowsEveryField(t *testing.T) {
	t.Parallel()
	fields := map[string]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
			require.NotEmpty(t, name, "%s.%s has no yaml name", typ.Name(), typ.Field(i).Name)
			key := typ.Name() + "." + name
			if !fields[key] {
				fields[key] = true
				walk(typ.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[Pack]())
	for f := range fields {
		require.NotEmpty(t, schemaTexts[f], "say in pack_schema_texts.go what %s is", f)
	}
	for f := range schemaTexts {
		require.True(t, fields[f], "%s is described and does not exist", f)
	}
	for typ, required := range schemaRequired {
		for _, f := range required {
			require.True(t, fields[typ+"."+f], "%s.%s is required and does not exist", typ, f)
		}
	}
}
