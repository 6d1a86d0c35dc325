// Package render turns approved templates and an incident's own words into texts, and an approved text
// and one person into a message. It decides nothing about who is told; it sees to it that nothing in a
// person's fields can become markup, header, template or link, and that no required section is empty.
//
// Imports of ours: breach, delivery, templates.
package render

import (
	"io/fs"
	"sort"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/templates"
)

// Engine holds the parsed templates and the texts that were compiled for sending. It is safe for use by
// many goroutines.
type Engine struct {
	languages map[string]*tongue // by BCP 47 tag
	tags      []string           // sorted
	reports   map[string]*report // by file name below report/, without .txt

	gives map[string][]string // block -> content fields, as contents.yaml declares
	shows sync.Map            // executable -> []string: the blocks that a template shows

	units []Unit           // sorted by name: what a reviewer signs off
	uses  map[string][]use // file -> where it shows variables

	// Now is the clock by which messages are dated.
	Now func() time.Time

	compiled memo[*compiled] // by the SHA-256 of a text
	locales  memo[string]    // the best tag by the wanted one and those that there are; matching anew costs 70 µs
}

// New parses the shipped templates.
func New() (*Engine, error) { return NewFrom(templates.FS) }

// NewFrom parses templates from another tree of the same shape. A file that is missing or cannot be parsed
// is an error that names it.
func NewFrom(files fs.FS) (*Engine, error) {
	entries, err := fs.ReadDir(files, "notice")
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "templates: the folder notice cannot be read: %w", err)
	}
	e := &Engine{Now: time.Now, languages: map[string]*tongue{}, reports: map[string]*report{}}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		l, err := loadLanguage(files, entry.Name())
		if err != nil {
			return nil, err
		}
		e.languages[entry.Name()] = l
		e.tags = append(e.tags, entry.Name())
	}
	sort.Strings(e.tags)
	if err := e.loadContents(files); err != nil {
		return nil, err
	}
	if err := e.loadReports(files); err != nil {
		return nil, err
	}
	if err := e.loadUses(files); err != nil {
		return nil, err
	}
	return e, e.loadUnits(files)
}

// Scope is what the policy in force says about words. The composition root fills it from the profile.
type Scope struct {
	Policy       string // name of the profile
	Title        string // of the incident, for reports only; it may be internal
	Organisation string // used when the facts do not name one

	DefaultLocale string           // BCP 47
	Locales       []string         // BCP 47, those that the policy offers; empty means all that templates exist for
	Channels      []breach.Channel // that texts are needed for; channels without templates are passed over
	Guardian      bool             // children are concerned: texts for guardians are needed as well
	MinorAge      int              // full years below which a guardian acts, 0 when the policy names none

	ContactRequired []string // fields of breach.Contact beside the name that must be filled: email, phone, address
	AnswerDays      int      // calendar days in which a question is answered, 0 when nothing was promised

	// PublicBaseURL is where /notices and /verify are reached from outside, without a trailing slash.
	PublicBaseURL string
	// PageReference is the public reference of the incident's page, if it will have one: SMS and push point
	// to <PublicBaseURL>/notices/<PageReference>, else to /verify.
	PageReference string
}
