package policy

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// PackFault is one thing that is wrong with a file of packs, or (as advice) that its author should look at.
// Line is 0 where no line can be named; Place is the path of the field inside the file.
type PackFault struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Place string `json:"place,omitempty"`
	What  string `json:"what"`
}

func (f PackFault) where() string {
	if f.Place == "" {
		return f.File
	}
	return f.File + ": " + f.Place
}

// PackLint is what there is to say about further packs. Faults keep them from being used, Advice does not.
type PackLint struct {
	Packs  []string    `json:"packs"` // ids of the packs that were looked at
	Faults []PackFault `json:"faults"`
	Advice []PackFault `json:"advice"`
}

// LintPacks judges packs of further file systems as LoadRules would take them, beside those of this program.
// Without any it judges those of this program. now decides whether a last check is long ago.
func LintPacks(now time.Time, more ...fs.FS) (PackLint, error) {
	own, err := fs.Sub(packFiles, "packs")
	if err != nil {
		return PackLint{}, breach.Errorf(breach.ErrInternal, "the rule packs are missing from this program: %w", err)
	}
	env, err := ruleEnv()
	if err != nil {
		return PackLint{}, breach.Errorf(breach.ErrInternal, "the rule language cannot be set up: %w", err)
	}
	l := newPackLoader(env)
	l.load(append([]fs.FS{own}, more...))
	out := PackLint{Packs: []string{}, Faults: l.faults, Advice: []PackFault{}}
	if out.Faults == nil {
		out.Faults = []PackFault{}
	}
	if len(more) == 0 {
		more = []fs.FS{own}
	}
	for _, fsys := range more {
		names, err := fs.Glob(fsys, "*.yaml")
		if err != nil {
			return PackLint{}, breach.Errorf(breach.ErrInvalid, "the directory of packs cannot be listed")
		}
		for _, name := range names {
			for id, p := range l.packs {
				if l.files[id] == name {
					out.Packs = append(out.Packs, id)
					for _, a := range advise(name, p, now) {
						a.Line = lineOf(p.raw, a.Place)
						out.Advice = append(out.Advice, a)
					}
				}
			}
		}
	}
	slices.Sort(out.Packs)
	byPlace := func(a, b PackFault) int {
		return strings.Compare(fmt.Sprintf("%s %8d %s", a.File, a.Line, a.Place), fmt.Sprintf("%s %8d %s", b.File, b.Line, b.Place))
	}
	slices.SortStableFunc(out.Faults, byPlace)
	slices.SortStableFunc(out.Advice, byPlace)
	return out, nil
}

// longAgo is how old the last check of a law may be before an author is reminded.
const longAgo = 366 * 24 * time.Hour

// advise lists what is allowed and yet seldom meant.
func advise(file string, p *compiledPack, now time.Time) (out []PackFault) {
	say := func(at, what string) {
		out = append(out, PackFault{File: path.Base(file), Place: at, What: what})
	}
	if p.scope.empty() && p.Kind != "self_imposed_promise" {
		say("scope", "is empty, so it binds everybody everywhere; say whom it binds")
	}
	if at, err := time.Parse(dayFormat, p.LastChecked); err == nil && now.Sub(at) > longAgo {
		say("last_checked", "is more than a year ago; read the source again")
	} else if at.After(now.AddDate(0, 0, 1)) {
		say("last_checked", "lies in the future")
	}
	if !p.Verified && len(p.Unverified) == 0 {
		say("unverified", "is empty although the pack is not verified; say what nobody has checked")
	}
	used := p.used()
	for q := range p.questions {
		if !used[q] {
			say("questions."+strings.TrimPrefix(q, p.ID+"/"), "is asked nowhere")
		}
	}
	for _, ph := range p.phases {
		switch none := len(ph.phase.Contents) == 0 && len(ph.duty.Contents) == 0; {
		case none && ph.duty.ContentsNote == "":
			say(ph.id, "has no contents, so nobody is told what to write; where the law names none, say so in contents_note")
		case !none && ph.duty.ContentsNote != "":
			say(ph.id, "has contents, and a contents_note that says why it has none")
		}
	}
	return out
}

func (t *compiledTest) empty() bool {
	return t.question == "" && len(t.anyOf) == 0 && len(t.noneIf) == 0
}

// used are the questions that some test asks.
func (p *compiledPack) used() map[string]bool {
	out := map[string]bool{}
	var look func(t *compiledTest)
	look = func(t *compiledTest) {
		out[t.question] = true
		for _, c := range slices.Concat(t.anyOf, t.noneIf) {
			out[c.question] = true
			if c.test != nil {
				look(c.test)
			}
		}
	}
	look(p.scope)
	for _, ph := range p.phases {
		for _, t := range slices.Concat([]*compiledTest{ph.appliesTo, ph.trigger}, ph.exemptions, ph.substitute) {
			look(t)
		}
	}
	return out
}

// lineOf finds the line of a place such as duties[0].phases[1].clock, or of the nearest place around it that
// is there. 0 when the file cannot be read that far.
func lineOf(body []byte, place string) int {
	var doc yaml.Node
	if place == "" || yaml.Unmarshal(body, &doc) != nil || len(doc.Content) == 0 {
		return 0
	}
	n, line := doc.Content[0], 0
	for _, step := range strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(place), ".") {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
				line = next.Line
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}
