package breach

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	maxFileBytes = 1 << 20 // larger files are a list of people or a dump, not facts
	maxDepth     = 16      // the deepest field of a file lies at 5
)

// tree is a document that came as JSON or YAML, before anything is made of its values. Both formats go
// through it so that they are equally strict and their errors equally silent about values.
type tree struct {
	kind   treeKind
	text   string // of a string, number or bool, as written
	keys   []string
	values []*tree // of an object (beside keys) or a list
}

type treeKind int

const (
	kindNull treeKind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindObject
)

func (k treeKind) String() string {
	return [...]string{"null", "true or false", "a number", "text", "a list", "an object"}[k]
}

// parseTree reads one JSON or YAML document. what names the file in errors ("fact file").
func parseTree(b []byte, what string) (*tree, error) {
	switch {
	case len(b) > maxFileBytes:
		return nil, Errorf(ErrInvalid, "the %s is larger than %d KiB; is it the right file?", what, maxFileBytes>>10)
	case !utf8.Valid(b):
		return nil, Errorf(ErrInvalid, "the %s is not UTF-8 text; save it as UTF-8", what)
	}
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, Errorf(ErrInvalid, "the %s is empty", what)
	}
	if first := bytes.TrimSpace(b)[0]; first == '{' || first == '[' {
		return parseJSON(b, what)
	}
	return parseYAML(b, what)
}

func parseJSON(b []byte, what string) (*tree, error) {
	var syntax *json.SyntaxError
	var whole json.RawMessage
	if err := json.Unmarshal(b, &whole); errors.As(err, &syntax) {
		line := 1 + bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n"))
		return nil, Errorf(ErrInvalid, "the %s is not well-formed JSON (line %d)", what, line)
	} else if err != nil {
		return nil, Errorf(ErrInvalid, "the %s is not well-formed JSON", what)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	t, err := jsonTree(dec, "", 0)
	if err != nil {
		return nil, Errorf(ErrInvalid, "the %s cannot be used", what).With(*err)
	}
	return t, nil
}

func jsonTree(dec *json.Decoder, path string, depth int) (*tree, *FieldError) {
	tok, err := dec.Token()
	if err != nil {
		return nil, &FieldError{where(path), "cannot be read"}
	}
	switch v := tok.(type) {
	case nil:
		return &tree{kind: kindNull}, nil
	case bool:
		return &tree{kind: kindBool, text: fmt.Sprint(v)}, nil
	case json.Number:
		return &tree{kind: kindNumber, text: v.String()}, nil
	case string:
		return &tree{kind: kindText, text: v}, nil
	case json.Delim:
		if depth == maxDepth {
			return nil, &FieldError{where(path), "is nested too deeply"}
		}
		return jsonContainer(dec, v, path, depth)
	}
	return nil, &FieldError{where(path), "cannot be read"}
}

func jsonContainer(dec *json.Decoder, open json.Delim, path string, depth int) (*tree, *FieldError) {
	t := &tree{kind: kindList}
	if open == '{' {
		t.kind = kindObject
	}
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if t.kind == kindObject {
			tok, err := dec.Token()
			key, ok := tok.(string)
			if err != nil || !ok {
				return nil, &FieldError{where(path), "cannot be read"}
			}
			at = join(path, key, i)
			if seen[key] {
				return nil, &FieldError{at, "is given twice"}
			}
			seen[key] = true
			t.keys = append(t.keys, key)
		}
		v, ferr := jsonTree(dec, at, depth+1)
		if ferr != nil {
			return nil, ferr
		}
		t.values = append(t.values, v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, &FieldError{where(path), "cannot be read"}
	}
	return t, nil
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

func parseYAML(b []byte, what string) (*tree, error) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		line := ""
		if m := yamlLine.FindString(err.Error()); m != "" {
			line = " (" + m + ")"
		}
		return nil, Errorf(ErrInvalid, "the %s is not well-formed YAML or JSON%s", what, line)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, Errorf(ErrInvalid, "the %s holds more than one document", what)
	}
	if len(doc.Content) != 1 {
		return nil, Errorf(ErrInvalid, "the %s is empty", what)
	}
	t, ferr := yamlTree(doc.Content[0], "", 0)
	if ferr != nil {
		return nil, Errorf(ErrInvalid, "the %s cannot be used", what).With(*ferr)
	}
	return t, nil
}

func yamlTree(n *yaml.Node, path string, depth int) (*tree, *FieldError) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, &FieldError{where(path), "uses an anchor or alias; write the value out"}
	}
	if depth == maxDepth {
		return nil, &FieldError{where(path), "is nested too deeply"}
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return yamlScalar(n, path)
	case yaml.SequenceNode:
		t := &tree{kind: kindList}
		for i, c := range n.Content {
			v, err := yamlTree(c, fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			t.values = append(t.values, v)
		}
		return t, nil
	case yaml.MappingNode:
		return yamlObject(n, path, depth)
	}
	return nil, &FieldError{where(path), "cannot be read"}
}

func yamlObject(n *yaml.Node, path string, depth int) (*tree, *FieldError) {
	t := &tree{kind: kindObject}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, at := n.Content[i], join(path, n.Content[i].Value, i/2)
		switch {
		case k.Kind != yaml.ScalarNode || k.Anchor != "" || k.ShortTag() == "!!merge" || k.ShortTag() == "!!null":
			return nil, &FieldError{where(path), "has a key that is not plain text"}
		case seen[k.Value]:
			return nil, &FieldError{at, "is given twice"}
		}
		seen[k.Value] = true
		v, err := yamlTree(n.Content[i+1], at, depth+1)
		if err != nil {
			return nil, err
		}
		t.keys, t.values = append(t.keys, k.Value), append(t.values, v)
	}
	return t, nil
}

func yamlScalar(n *yaml.Node, path string) (*tree, *FieldError) {
	switch n.ShortTag() {
	case "!!null":
		return &tree{kind: kindNull}, nil
	case "!!bool":
		return &tree{kind: kindBool, text: strings.ToLower(n.Value)}, nil
	case "!!int", "!!float":
		return &tree{kind: kindNumber, text: n.Value}, nil
	case "!!str", "!!timestamp": // a time without quotes
		return &tree{kind: kindText, text: n.Value}, nil
	}
	return nil, &FieldError{where(path), "has a YAML tag that is not used here"}
}

var plainKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}(/[a-z0-9_-]{1,60}){0,2}$`)

// join names a place. A key that does not look like one of ours is counted, not repeated: people paste
// contacts into wrong files.
func join(path, key string, index int) string {
	if !plainKey.MatchString(key) {
		key = fmt.Sprintf("key %d", index+1)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func where(path string) string {
	if path == "" {
		return "file"
	}
	return path
}
