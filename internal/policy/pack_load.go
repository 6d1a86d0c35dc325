package policy

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // deadlines must not depend on what the machine has installed

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

//go:embed packs/*.yaml packs/calendars/*.yaml
var packFiles embed.FS

const maxPackBytes = 256 << 10

// Rules are loaded, checked and compiled rule packs. They are immutable and safe for concurrent use.
type Rules struct {
	packs   []*compiledPack  // by id
	ordered []*compiledPhase // by obligation id
	phases  map[string]*compiledPhase
	bytes   map[string][]byte // of packs and of calendars, by SHA-256
	// how many there are: of conditions, each once, of the places where they stand, and so on
	conditions, places, tests, exemptions int
	shown                                 []factRef // what reasons show, by its number
	spare                                 sync.Pool // of *judging, between judgements
	// questions and open are the texts of questions, and that they are open, by full id
	questions, open map[string]string
}

type compiledPack struct {
	Pack
	index     int // in Rules.packs
	sha       string
	raw       []byte
	zone      *time.Location
	calendar  *DeadlineCalendar
	from, to  time.Time // zero means open; to is the first instant after
	defs      map[string]*rule
	own       ruleCache
	scope     *compiledTest
	phases    []*compiledPhase
	questions map[string]string // full id -> text
}

type compiledPhase struct {
	id         string
	index      int // in Rules.ordered
	pack       *compiledPack
	duty       *PackDuty
	phase      *PackPhase
	follows    []string // full ids
	prior      []string // full ids
	appliesTo  *compiledTest
	trigger    *compiledTest
	exemptions []*compiledTest
	variants   []*rule
	caps       []*rule // nil where a cap has no condition
	substitute []*compiledTest
	contentsIf []*rule
	remedies   []*rule // nil where one has no condition
	exempt     int     // index of its first exemption in Rules.exemptions
	said       phaseSaid
}

type compiledTest struct {
	index     int    // from 0 to Rules.tests
	question  string // full id, or ""
	anyOf     []compiledCondition
	noneIf    []compiledCondition
	otherwise string
}

type compiledCondition struct {
	index    int   // from 0 to Rules.places
	rule     *rule // nil for a bare question
	question string
	test     *compiledTest // nil without a shared test
	because  string
}

// LoadRules loads the packs of this program and then those of further file systems (*.yaml at their root,
// calendars in calendars/*.yaml); a pack or calendar with the id of an earlier one replaces it. Everything
// that is wrong comes at once, as field errors of a breach.ErrInvalid that name file and place.
func LoadRules(more ...fs.FS) (*Rules, error) {
	own, err := fs.Sub(packFiles, "packs")
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "the rule packs are missing from this program: %w", err)
	}
	return loadRules(append([]fs.FS{own}, more...))
}

func loadRules(all []fs.FS) (*Rules, error) {
	env, err := ruleEnv()
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "the rule language cannot be set up: %w", err)
	}
	l := newPackLoader(env)
	r := l.load(all)
	if len(l.faults) > 0 {
		errs := make([]breach.FieldError, len(l.faults))
		for i, f := range l.faults {
			errs[i] = breach.FieldError{Where: f.where(), What: f.What}
		}
		slices.SortStableFunc(errs, func(a, b breach.FieldError) int { return strings.Compare(a.Where, b.Where) })
		return nil, breach.Errorf(breach.ErrInvalid, "the rule packs cannot be used as they are").With(errs...)
	}
	return r, nil
}

func newPackLoader(env *cel.Env) *packLoader {
	return &packLoader{env: env, shared: ruleCache{}, shown: map[factRef]int{}, packs: map[string]*compiledPack{}, files: map[string]string{}, calendars: map[string]*DeadlineCalendar{}}
}

// load reads calendars first, because packs refer to them.
func (l *packLoader) load(all []fs.FS) *Rules {
	for _, fsys := range all {
		l.readAll(fsys, "calendars/*.yaml", l.calendar)
	}
	for _, fsys := range all {
		l.readAll(fsys, "*.yaml", l.pack)
	}
	return l.finish()
}

type packLoader struct {
	env    *cel.Env
	shared ruleCache // conditions without definitions
	shown  map[factRef]int
	// that were compiled
	tests, places, exemptions int
	packs                     map[string]*compiledPack
	files                     map[string]string // pack id -> file
	calendars                 map[string]*DeadlineCalendar
	file                      string
	body                      []byte            // of the present file, to find lines in
	here                      map[string]string // id -> file, of the present file system
	faults                    []PackFault
}

// bad records what is wrong at a place of the present file.
func (l *packLoader) bad(at, format string, args ...any) {
	l.faults = append(l.faults, PackFault{File: l.file, Line: lineOf(l.body, at), Place: at, What: fmt.Sprintf(format, args...)})
}

// once refuses an id that another file of the same directory has: which of them would count was chance.
func (l *packLoader) once(id string) {
	if before, ok := l.here[id]; ok {
		l.bad("id", "is that of %s too; one directory holds an id once", before)
	}
	l.here[id] = l.file
}

func (l *packLoader) readAll(fsys fs.FS, pattern string, use func(b []byte)) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		l.bad(pattern, "cannot be listed")
	}
	slices.Sort(names)
	l.here = map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		l.file, l.body = path.Base(name), b
		switch {
		case err != nil:
			l.bad("", "cannot be read")
		case len(b) > maxPackBytes:
			l.bad("", "is larger than %d KiB", maxPackBytes>>10)
		default:
			use(b)
		}
	}
}

// decodeStrict reads exactly one YAML document without unknown or doubled fields.
func decodeStrict(b []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("is empty")
		}
		return errors.New(yamlFault(err))
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("holds more than one YAML document")
	}
	return nil
}

var (
	noSuchField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongKind   = regexp.MustCompile("cannot unmarshal (?:!!\\S+)(?: `[^`]*`)? into \\S+")
)

// yamlFault says what is wrong with a file in the words of who wrote it: each fault with its line, and no type of ours.
func yamlFault(err error) string {
	faults := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several := new(yaml.TypeError); errors.As(err, &several) {
		faults = several.Errors
	}
	for i, f := range faults {
		f = noSuchField.ReplaceAllString(f, "$1 is not a field that is known here")
		faults[i] = wrongKind.ReplaceAllString(f, "holds another kind of value than belongs there")
	}
	return strings.Join(faults, "; ")
}

func (l *packLoader) calendar(b []byte) {
	var c DeadlineCalendar
	if err := decodeStrict(b, &c); err != nil {
		l.bad("", "%v", err)
		return
	}
	if !packID.MatchString(c.ID) || c.Version == "" || len(c.Source) == 0 || c.Name == "" {
		l.bad("", "a calendar needs id, name, version and source")
	}
	sum := sha256.Sum256(b)
	c.raw, c.sha = b, hex.EncodeToString(sum[:])
	l.once(c.ID)
	if err := c.prepare(); err != nil {
		l.bad("", "%v", err)
	}
	l.calendars[c.ID] = &c
}

func (l *packLoader) pack(b []byte) {
	var p Pack
	if err := decodeStrict(b, &p); err != nil {
		l.bad("", "%v", err)
		return
	}
	before := len(l.faults)
	l.checkHead(&p)
	l.once(p.ID)
	if len(l.faults) > before {
		return // without a sound head the rest only repeats the complaint
	}
	sum := sha256.Sum256(b)
	c := &compiledPack{Pack: p, sha: hex.EncodeToString(sum[:]), raw: b, defs: map[string]*rule{}, own: ruleCache{}, questions: map[string]string{}}
	l.compile(c)
	l.packs[p.ID], l.files[p.ID] = c, l.file
}

// finish links packs with each other and indexes them.
func (l *packLoader) finish() *Rules {
	r := &Rules{tests: l.tests, places: l.places, exemptions: l.exemptions, shown: make([]factRef, len(l.shown)), phases: map[string]*compiledPhase{}, bytes: map[string][]byte{}, questions: map[string]string{}, open: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(l.packs)) {
		p := l.packs[id]
		p.index = len(r.packs)
		r.packs = append(r.packs, p)
		r.bytes[p.sha] = p.raw
		if p.calendar != nil {
			r.bytes[p.calendar.sha] = p.calendar.raw
		}
		for _, c := range p.own {
			if c.index == 0 {
				r.conditions++
				c.index = r.conditions
			}
		}
		for q, text := range p.questions {
			r.questions[q], r.open[q] = text, "Open question "+q+": "+text
		}
		for _, ph := range p.phases {
			r.phases[ph.id] = ph
		}
	}
	for ref, n := range l.shown {
		r.shown[n] = ref
	}
	for i, id := range slices.Sorted(maps.Keys(r.phases)) {
		r.phases[id].index = i
		r.ordered = append(r.ordered, r.phases[id])
	}
	for _, p := range r.packs {
		l.file, l.body = l.files[p.ID], p.raw
		for _, ph := range p.phases {
			for _, id := range append(slices.Clone(ph.follows), ph.prior...) {
				if r.phases[id] == nil {
					l.bad(ph.id, "refers to %s, which no pack has", id)
				}
			}
		}
	}
	if len(l.faults) == 0 {
		for _, ph := range r.ordered {
			ph.say()
		}
		for _, p := range r.packs {
			for _, ph := range p.phases {
				if r.circular(ph, nil) {
					l.file = l.files[p.ID]
					l.bad(ph.id, "follows itself")
				}
			}
		}
	}
	return r
}

func (r *Rules) circular(ph *compiledPhase, seen []string) bool {
	if slices.Contains(seen, ph.id) {
		return true
	}
	return slices.ContainsFunc(ph.follows, func(id string) bool { return r.circular(r.phases[id], append(seen, ph.id)) })
}
