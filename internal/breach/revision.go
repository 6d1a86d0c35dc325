package breach

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Revision is one state of the facts with what it changed: who amended what, and what followed for the duties.
type Revision struct {
	Revision int          `json:"revision"`
	By       string       `json:"by"`
	At       time.Time    `json:"at"`
	Facts    []FactChange `json:"facts"`
	// JudgedAt is nil while these facts were not judged.
	JudgedAt  *time.Time   `json:"judged_at,omitempty"`
	LevelFrom string       `json:"level_from,omitempty"`
	Level     string       `json:"level,omitempty"`
	Changes   []DutyChange `json:"changes"`
}

// FactChange is one fact that was amended. What is free text, or may name somebody, is shown without its values.
type FactChange struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"` // empty: unknown before, or not shown
	To   string `json:"to,omitempty"`   // empty: unknown now, or not shown
}

// DutyChange is one difference between two judgements. From is empty for a duty that is new, To for one that is no
// longer judged.
type DutyChange struct {
	Obligation string     `json:"obligation"`
	From       Verdict    `json:"from,omitempty"`
	To         Verdict    `json:"to,omitempty"`
	DueFrom    *time.Time `json:"due_from,omitempty"`
	DueTo      *time.Time `json:"due_to,omitempty"`
	Why        string     `json:"why,omitempty"`

	ReasonsAdded    []string `json:"reasons_added,omitempty"`
	ReasonsRemoved  []string `json:"reasons_removed,omitempty"`
	ContentsAdded   []string `json:"contents_added,omitempty"`
	ContentsRemoved []string `json:"contents_removed,omitempty"`
	MissingAdded    []string `json:"missing_added,omitempty"`
	MissingRemoved  []string `json:"missing_removed,omitempty"`
	RulesFrom       string   `json:"rules_from,omitempty"` // versions, where the rules themselves are others
	RulesTo         string   `json:"rules_to,omitempty"`
}

// Weighty says that the verdict or the deadline is another one.
func (c DutyChange) Weighty() bool { return c.From != c.To || !sameInstant(c.DueFrom, c.DueTo) }

// Brief leaves out what the ledger shows in full.
func (c DutyChange) Brief() DutyChange {
	return DutyChange{Obligation: c.Obligation, From: c.From, To: c.To, DueFrom: c.DueFrom, DueTo: c.DueTo, Why: c.Why}
}

// Says is the change in one line of plain words, without its reasons.
func (c DutyChange) Says() string {
	word := func(v Verdict) string { return strings.ReplaceAll(string(v), "_", " ") }
	var parts []string
	switch {
	case c.From == "":
		parts = append(parts, word(c.To)+", new")
	case c.To == "":
		parts = append(parts, "no longer judged, before "+word(c.From))
	case c.From != c.To:
		parts = append(parts, word(c.To)+", before "+word(c.From))
	}
	due := func(t *time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	switch {
	case sameInstant(c.DueFrom, c.DueTo):
	case c.DueTo == nil:
		parts = append(parts, "no deadline, before "+due(c.DueFrom))
	case c.DueFrom == nil:
		parts = append(parts, "due "+due(c.DueTo))
	default:
		parts = append(parts, "due "+due(c.DueTo)+", before "+due(c.DueFrom))
	}
	if n := len(c.ContentsAdded) + len(c.ContentsRemoved); n > 0 {
		parts = append(parts, "other contents")
	}
	if len(parts) == 0 {
		parts = append(parts, "other reasons")
	}
	return c.Obligation + ": " + strings.Join(parts, "; ")
}

// DiffJudgements lists the duties that differ, in order of id. Of those that did not apply and do not apply, other
// reasons are no difference.
func DiffJudgements(before, after Judgement) (out []DutyChange) {
	was, is := map[string]Obligation{}, map[string]Obligation{}
	for _, o := range before.Obligations {
		was[o.ID] = o
	}
	for _, o := range after.Obligations {
		is[o.ID] = o
	}
	ids := maps.Clone(was)
	maps.Copy(ids, is)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if c, differs := diffDuty(was[id], is[id]); differs {
			c.Obligation = id
			out = append(out, c)
		}
	}
	return out
}

func diffDuty(a, b Obligation) (c DutyChange, differs bool) {
	c = DutyChange{From: a.Verdict, To: b.Verdict, DueFrom: a.DueAt, DueTo: b.DueAt}
	c.ReasonsAdded, c.ReasonsRemoved = otherReasons(b.Because, a.Because), otherReasons(a.Because, b.Because)
	c.ContentsAdded, c.ContentsRemoved = without(b.Contents, a.Contents), without(a.Contents, b.Contents)
	c.MissingAdded, c.MissingRemoved = without(b.Missing, a.Missing), without(a.Missing, b.Missing)
	if a.Verdict != "" && b.Verdict != "" && a.Rules.SHA256 != b.Rules.SHA256 {
		c.RulesFrom, c.RulesTo = a.Rules.Version, b.Rules.Version
	}
	c.Why = c.why(a, b)
	if c.Weighty() {
		return c, true
	}
	return c, b.Verdict != DoesNotApply &&
		len(c.ReasonsAdded)+len(c.ReasonsRemoved)+len(c.ContentsAdded)+len(c.ContentsRemoved)+len(c.MissingAdded)+len(c.MissingRemoved) > 0
}

// why names the reasons that are new; when all were there before, those that fell away.
func (c DutyChange) why(a, b Obligation) string {
	switch {
	case len(c.ReasonsAdded) > 0:
		return strings.Join(c.ReasonsAdded, "; ")
	case len(c.ReasonsRemoved) > 0:
		return "No longer: " + strings.Join(c.ReasonsRemoved, "; ")
	}
	if a.Rules.SHA256 == b.Rules.SHA256 && a.Rules.Calendar != b.Rules.Calendar {
		return "The calendar of holidays is another version"
	}
	return fmt.Sprintf("The rules are another version (%s, before %s)", b.Rules.Version, a.Rules.Version)
}

// origin is where a number in a reason comes from. Another origin of the same number changes nothing about a duty.
var origin = regexp.MustCompile(`(\d) \[[^\]]*\]`)

// otherReasons are those of a list that are not among others, whatever they say of where a number comes from.
func otherReasons(list, others []string) []string {
	var out, known []string
	for _, s := range others {
		known = append(known, origin.ReplaceAllString(s, "$1"))
	}
	for _, s := range list {
		if !slices.Contains(known, origin.ReplaceAllString(s, "$1")) {
			out = append(out, s)
		}
	}
	return out
}

func without(list, others []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(others, s) {
			out = append(out, s)
		}
	}
	return out
}

func sameInstant(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// maxFactText keeps a value readable on one line.
const maxFactText = 80

// DiffFiles lists what was amended in an incident file, in order of path. Texts that people wrote, names and
// contacts are listed without their values.
func DiffFiles(before, after IncidentFile) (out []FactChange) {
	was, is := flatten(before), flatten(after)
	paths := maps.Clone(was)
	maps.Copy(paths, is)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if was[p] == is[p] {
			continue
		}
		c := FactChange{Path: p}
		if shown(p) {
			c.From, c.To = was[p], is[p]
		}
		out = append(out, c)
	}
	return out
}

// shown says that a value is a fact of the vocabulary and no free text.
func shown(path string) bool {
	for _, hidden := range []string{"narrative.", "contact.", "facts.organisation.name", "facts.incident.title"} {
		if strings.HasPrefix(path, hidden) {
			return false
		}
	}
	return !strings.HasPrefix(path, "facts.determinations") || strings.HasSuffix(path, "]")
}

// flatten gives every known value by its path. Determinations are listed by their question, lists whole.
func flatten(f IncidentFile) map[string]string {
	out := map[string]string{}
	for _, d := range f.Facts.Determinations { // a later answer replaces an earlier one
		at := "facts.determinations[" + d.Question + "]"
		out[at], out[at+".reason"] = strconv.FormatBool(d.Answer), d.Reason
	}
	f.Facts.Determinations = nil
	raw, err := json.Marshal(f)
	if err != nil {
		return out
	}
	var tree any
	if json.Unmarshal(raw, &tree) == nil {
		flattenInto(out, "", tree)
	}
	return out
}

func flattenInto(out map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			at := k
			if path != "" {
				at = path + "." + k
			}
			flattenInto(out, at, x)
		}
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = fmt.Sprint(x)
		}
		out[path] = short("[" + strings.Join(words, ", ") + "]")
	case string:
		if v != "" {
			out[path] = short(v)
		}
	case float64:
		out[path] = strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		out[path] = strconv.FormatBool(v)
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > maxFactText {
		return string(r[:maxFactText-1]) + "…"
	}
	return s
}
