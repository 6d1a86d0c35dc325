package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is what was given for one setting, and where.
type value struct {
	text  string
	from  string // default, environment, file, or the name of a file that a secret was read from
	byEnv bool   // by a variable, not the settings file
}

// name is how whoever gave it called the setting.
func (v value) name(s setting) string {
	if v.byEnv {
		return s.env()
	}
	return s.key
}

const maxFile = 1 << 20

// elsewhere are variables that begin like ours and are read by other parts of the product.
var elsewhere = []string{
	"TOCSIN_CONFIG", "TOCSIN_SERVER", "TOCSIN_TOKEN", "TOCSIN_TOKEN_FILE", "TOCSIN_VERSION", "TOCSIN_POSTGRES_BIN", "TOCSIN_RECORD_HISTORIES",
}

// clusterVariable matches what container platforms set for a service that is named like the product.
var clusterVariable = regexp.MustCompile(`^TOCSIN_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)$`)

// gather collects what the environment and the file give; the environment wins.
func gather(environ []string, path string) (map[string]value, []error) {
	given, errs := fromFile(path)
	byName := map[string]setting{}
	for _, s := range settings {
		byName[s.env()] = s
	}
	seen := map[string]string{}
	for _, line := range environ {
		name, text, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, prefix) || text == "" || slices.Contains(elsewhere, name) || clusterVariable.MatchString(name) {
			continue // an empty variable is one that is not set
		}
		s, direct := byName[name]
		v := value{text: text, from: "environment", byEnv: true}
		if !direct {
			var known bool
			if s, known = byName[strings.TrimSuffix(name, "_FILE")]; !known || !strings.HasSuffix(name, "_FILE") {
				errs = append(errs, fmt.Errorf("%s: is not a setting%s", name, suggest(name, slices.Collect(maps.Keys(byName)))))
				continue
			}
			var err error
			if v, err = fromSecretFile(text, true); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				continue
			}
		}
		if other, twice := seen[s.key]; twice {
			errs = append(errs, fmt.Errorf("%s and %s: give one of them", other, name))
			continue
		}
		seen[s.key] = name
		given[s.key] = v
	}
	return given, errs
}

func fromSecretFile(path string, byEnv bool) (value, error) {
	b, err := readLimited(path)
	if err != nil {
		return value{}, err
	}
	return value{text: strings.TrimRight(string(b), "\r\n"), from: "file " + path, byEnv: byEnv}, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if len(b) > maxFile {
		return nil, errors.New("the file is larger than 1 MiB")
	}
	return b, nil
}

// fromFile reads the YAML file. Keys may be nested (smtp: {addr: ...}) or dotted (smtp.addr: ...).
func fromFile(path string) (map[string]value, []error) {
	given := map[string]value{}
	if path == "" {
		return given, nil
	}
	b, err := readLimited(path)
	if err != nil {
		return given, []error{fmt.Errorf("settings file %s: %w", path, err)}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return given, []error{fmt.Errorf("settings file %s: is not YAML (look for wrong indentation or a missing quotation mark)", path)}
	}
	if doc.Kind == 0 {
		return given, nil // an empty file
	}
	f := flattener{given: given, known: map[string]setting{}}
	for _, s := range settings {
		f.known[s.key] = s
	}
	f.mapping(doc.Content[0], "")
	return given, f.errs
}

type flattener struct {
	given map[string]value
	known map[string]setting
	errs  []error
}

func (f *flattener) complain(line int, format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("settings file, line %d: %s", line, fmt.Sprintf(format, args...)))
}

func (f *flattener) mapping(n *yaml.Node, at string) {
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		f.complain(n.Line, "must be names with values below each other, without anchors")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := at+n.Content[i].Value, n.Content[i+1]
		switch {
		case val.Kind == yaml.MappingNode:
			f.mapping(val, key+".")
		case val.Kind == yaml.ScalarNode && val.Anchor == "":
			f.scalar(key, val)
		default:
			f.complain(val.Line, "the value must be one text, number or yes/no")
		}
	}
}

func (f *flattener) scalar(key string, n *yaml.Node) {
	v := value{text: n.Value, from: "settings file"}
	if n.Tag == "!!null" {
		return
	}
	if _, ok := f.known[key]; !ok {
		base := strings.TrimSuffix(key, "_file")
		if _, ok := f.known[base]; !ok || base == key {
			f.complain(n.Line, "%q is not a setting%s", key, suggest(key, slices.Collect(maps.Keys(f.known))))
			return
		}
		var err error
		if v, err = fromSecretFile(n.Value, false); err != nil {
			f.complain(n.Line, "%s: %s", key, err)
			return
		}
		key = base
	}
	if _, twice := f.given[key]; twice {
		f.complain(n.Line, "%s is given twice", key)
		return
	}
	f.given[key] = v
}

// suggest finds the known name that is nearest to a wrong one.
func suggest(wrong string, known []string) string {
	best, least := "", len(wrong)/3+2
	slices.Sort(known)
	for _, k := range known {
		if d := distance(wrong, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; `tocsin config check` lists all"
	}
	return "; did you mean " + best + "?"
}

// distance counts the letters to change, add or take away to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
