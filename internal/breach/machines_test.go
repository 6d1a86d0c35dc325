package breach

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn is one machine as docs/STATES.md shows it.
type drawn struct {
	states   []StateInfo // the table, in its order
	edges    map[string][]string
	starts   []string
	ends     []string
	repeated []string // edges that are drawn twice
}

var (
	diagram  = regexp.MustCompile("(?s)```mermaid\n(.*?)```")
	title    = regexp.MustCompile(`(?m)^%% machine: (\w+)$`)
	arrow    = regexp.MustCompile(`^(\w+|\[\*\]) --> (\w+|\[\*\])$`)
	tableRow = regexp.MustCompile("^\\| `(\\w+)` \\| (.+?) \\| (.+?) \\|$")
	tableTop = regexp.MustCompile(`^\| (\w+) \| shown as \| meaning \|$`)
)

// readStates reads the diagrams and tables of a page. What it does not understand it gives back as odd.
func readStates(page string) (machines map[string]*drawn, odd []string) {
	machines = map[string]*drawn{}
	for _, m := range diagram.FindAllStringSubmatch(page, -1) {
		name := title.FindStringSubmatch(m[1])
		if name == nil {
			odd = append(odd, "a diagram without %% machine: name")
			continue
		}
		if machines[name[1]] != nil {
			odd = append(odd, "two diagrams of "+name[1])
		}
		d := &drawn{edges: map[string][]string{}}
		machines[name[1]] = d
		for _, line := range strings.Split(strings.TrimSpace(m[1]), "\n") {
			odd = append(odd, d.take(strings.TrimSpace(line))...)
		}
	}
	var at *drawn
	for _, line := range strings.Split(page, "\n") {
		if top := tableTop.FindStringSubmatch(line); top != nil {
			if at = machines[top[1]]; at == nil {
				odd = append(odd, "a table of "+top[1]+", which has no diagram")
			}
			continue
		}
		if row := tableRow.FindStringSubmatch(line); row != nil && at != nil {
			at.states = append(at.states, StateInfo{row[1], row[2], row[3]})
		} else if !strings.HasPrefix(line, "|") {
			at = nil
		}
	}
	return machines, odd
}

func (d *drawn) take(line string) (odd []string) {
	e := arrow.FindStringSubmatch(line)
	switch {
	case line == "stateDiagram-v2", strings.HasPrefix(line, "direction "), strings.HasPrefix(line, "%% "):
	case e == nil:
		odd = append(odd, line)
	case e[1] == "[*]":
		d.starts = append(d.starts, e[2])
	case e[2] == "[*]":
		d.ends = append(d.ends, e[1])
	case slices.Contains(d.edges[e[1]], e[2]):
		d.repeated = append(d.repeated, line)
	default:
		d.edges[e[1]] = append(d.edges[e[1]], e[2])
	}
	return odd
}

// differences says everything in which a machine is not what is drawn.
func (d *drawn) differences(m Machine) (out []string) {
	if !slices.Equal(d.states, m.States) {
		out = append(out, "the table and the states with their words and meanings differ")
	}
	ids := idsOf(m)
	for _, from := range slices.Sorted(maps.Keys(d.edges)) {
		for _, to := range d.edges[from] {
			if !m.Allows(from, to) {
				out = append(out, "drawn, but not allowed: "+from+" --> "+to)
			}
		}
	}
	for _, from := range slices.Sorted(maps.Keys(m.Edges)) {
		for _, to := range m.Edges[from] {
			if !slices.Contains(d.edges[from], to) {
				out = append(out, "allowed, but not drawn: "+from+" --> "+to)
			}
			if !slices.Contains(ids, from) || !slices.Contains(ids, to) {
				out = append(out, "an edge of no state: "+from+" --> "+to)
			}
		}
	}
	for _, s := range ids {
		if last := len(m.Edges[s]) == 0; last != slices.Contains(d.ends, s) {
			out = append(out, "drawn as an end and not one, or the other way round: "+s)
		}
	}
	for _, s := range d.starts {
		if !slices.Contains(ids, s) {
			out = append(out, "begins in a state that is none: "+s)
		}
	}
	if len(d.starts) == 0 {
		out = append(out, "begins nowhere")
	}
	for _, r := range d.repeated {
		out = append(out, "drawn twice: "+r)
	}
	return out
}

func idsOf(m Machine) (ids []string) {
	for _, s := range m.States {
		ids = append(ids, s.ID)
	}
	return ids
}

func statesPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "STATES.md"))
	require.NoError(t, err)
	return string(b)
}

func TestMachinesAreDrawnAsTheyAre(t *testing.T) {
	t.Parallel()
	machines, odd := readStates(statesPage(t))
	require.Empty(t, odd, "lines of docs/STATES.md that nobody understands")
	require.Len(t, machines, len(Machines))
	for _, m := range Machines {
		require.Contains(t, machines, m.Name)
		require.Empty(t, machines[m.Name].differences(m), m.Name)
	}
}

// The comparison itself must see every kind of difference.
func TestDrawnDifferencesAreSeen(t *testing.T) {
	t.Parallel()
	page := statesPage(t)
	for what, spoil := range map[string]func(string) string{
		"an edge is missing": func(s string) string { return strings.Replace(s, "    open --> assessing\n", "", 1) },
		"an edge too many":   func(s string) string { return strings.Replace(s, "closed --> monitoring", "closed --> draft", 1) },
		"an edge twice": func(s string) string {
			return strings.Replace(s, "draft --> open", "draft --> open\n    draft --> open", 1)
		},
		"a meaning":            func(s string) string { return strings.Replace(s, "People are being told.", "People were told.", 1) },
		"a word":               func(s string) string { return strings.Replace(s, "| Draft |", "| New |", 1) },
		"a state in the table": func(s string) string { return strings.Replace(s, "| `notifying` |", "| `telling` |", 1) },
		"the order":            func(s string) string { return strings.Replace(s, "| `draft` |", "| `open` |", 1) },
		"a wrong beginning":    func(s string) string { return strings.Replace(s, "[*] --> draft", "[*] --> born", 1) },
		"an end that is none":  func(s string) string { return strings.Replace(s, "closed --> monitoring", "closed --> [*]", 1) },
	} {
		spoiled := spoil(page)
		require.NotEqual(t, page, spoiled, what)
		machines, odd := readStates(spoiled)
		require.NotEmpty(t, append(odd, machines[IncidentMachine.Name].differences(IncidentMachine)...), what)
	}
	_, odd := readStates(strings.Replace(page, "draft --> open", "draft ==> open", 1))
	require.NotEmpty(t, odd)
}

// Every constant of a state type is a state of its machine, and the other way round.
func TestMachinesHoldEveryConstant(t *testing.T) {
	t.Parallel()
	constants := constantsByType(t, "state.go")
	for name, m := range map[string]Machine{
		"IncidentState": IncidentMachine, "ObligationState": ObligationMachine, "Outcome": PersonMachine, "AttemptState": AttemptMachine,
	} {
		require.ElementsMatch(t, constants[name], idsOf(m), name)
	}
	outcomes, attempts := make([]string, len(Outcomes)), make([]string, len(AttemptStates))
	for i, o := range Outcomes {
		outcomes[i] = string(o)
	}
	for i, a := range AttemptStates {
		attempts[i] = string(a)
	}
	require.ElementsMatch(t, constants["Outcome"], outcomes, "Outcomes lists all of them")
	require.ElementsMatch(t, constants["AttemptState"], attempts, "AttemptStates lists all of them")
	for _, s := range constants["Settlement"] {
		require.Contains(t, statesPage(t), "`"+s+"`", "docs/STATES.md explains every settlement")
	}
}

func constantsByType(t *testing.T, file string) map[string][]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	out := map[string][]string{}
	for _, d := range parsed.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			typ, ok := v.Type.(*ast.Ident)
			if !ok {
				continue
			}
			for _, x := range v.Values {
				value, err := strconv.Unquote(x.(*ast.BasicLit).Value)
				require.NoError(t, err)
				out[typ.Name] = append(out[typ.Name], value)
			}
		}
	}
	return out
}
