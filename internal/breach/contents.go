package breach

import (
	"slices"
	"time"
)

// ContentGap is something that a regime wants of the texts of a plan and they do not give, or must not hold
// and they do. It blocks approval until it is mended, or let go by name with a reason.
type ContentGap struct {
	Obligation string   `json:"obligation"`
	Field      string   `json:"field"` // of the rule packs, or title, headings, font_size, posting_days, call_centre, an offer
	Kind       string   `json:"kind"`  // missing, forbidden, conflict, title, headings, font_size, remedy, posting_days, call_centre, list
	Says       string   `json:"says"`  // what it is about, in plain words
	Texts      []string `json:"texts,omitempty"`
	Citation   string   `json:"citation"`
	Verified   bool     `json:"verified"` // false: the rule was not verified against its source
	// With names the duties that ask for the opposite; people of several regimes get one text.
	With   []string `json:"with,omitempty"`
	Do     string   `json:"do"`
	Waived *Waiver  `json:"waived,omitempty"`
}

// Kinds of gaps.
const (
	GapMissing    = "missing"
	GapForbidden  = "forbidden"
	GapConflict   = "conflict"
	GapTitle      = "title"
	GapHeadings   = "headings"
	GapFont       = "font_size"
	GapRemedy     = "remedy" // nothing of the kind is offered, or not for long enough
	GapPosting    = "posting_days"
	GapCallCentre = "call_centre"
	GapList       = "list" // not of the texts: the list would perhaps tell wrong people
)

// ContentNote is worth knowing before approval and blocks nothing.
type ContentNote struct {
	Kind        string   `json:"kind"` // not_known_yet, may_be_required, may_be_forbidden, no_text, hand_over, keep_answering, own_text
	Field       string   `json:"field,omitempty"`
	Says        string   `json:"says"`
	Obligations []string `json:"obligations"`
}

// Kinds of notes.
const (
	NoteNotKnownYet    = "not_known_yet"
	NoteMayBeRequired  = "may_be_required"
	NoteMayBeForbidden = "may_be_forbidden"
	NoteNoText         = "no_text"
	NoteHandOver       = "hand_over" // the page is what media get, and a person has to give it to them
	NoteKeepAnswering  = "keep_answering"
	NoteOwnText        = "own_text"
)

// ContentCheck compares the texts of a plan with what the regimes that apply ask for.
type ContentCheck struct {
	Checked []string      `json:"checked"` // obligations
	Gaps    []ContentGap  `json:"gaps,omitempty"`
	Notes   []ContentNote `json:"notes,omitempty"`
}

// Blocking are the gaps that nobody let go.
func (c ContentCheck) Blocking() []ContentGap {
	return slices.DeleteFunc(slices.Clone(c.Gaps), func(g ContentGap) bool { return g.Waived != nil })
}

// Waiver lets one gap go by name. It is recorded, stands in the plan that another person approves, and is
// part of the evidence.
type Waiver struct {
	Obligation string    `json:"obligation"`
	Field      string    `json:"field"`
	Reason     string    `json:"reason"`
	By         string    `json:"by"`
	At         time.Time `json:"at"` // UTC
}

// Place is what the gap is called where it is waived: the duty and the field.
func (g ContentGap) Place() string { return g.Obligation + ":" + g.Field }

// What says the gap in one line, with its source and what to do.
func (g ContentGap) What() string {
	s := gapWords[g.Kind] + ": " + g.Says + " (" + g.Citation
	if !g.Verified {
		s += "; this rule has not been verified"
	}
	return s + "). " + g.Do
}

var gapWords = map[string]string{
	GapMissing: "is not in what people or the authority read", GapForbidden: "must not be in it", GapConflict: "is asked for by one regime and forbidden by another",
	GapTitle: "the prescribed title is not in it", GapHeadings: "the prescribed headings are not in it in their order",
	GapFont: "is in print that is too small", GapRemedy: "must be offered, and the texts do not say so",
	GapList:    "the list would perhaps tell wrong people",
	GapPosting: "the page would be taken down too early", GapCallCentre: "there is no number to call",
}

// PlanCheck is what would keep a plan from being approved if it were submitted now.
type PlanCheck struct {
	Wave     int           `json:"wave"`
	Problems []string      `json:"problems"` // what is missing or empty; nobody can let it go
	Contents ContentCheck  `json:"contents"`
	Numbers  []NumberCount `json:"numbers,omitempty"`
}

// Ready says that the plan would be put up for approval.
func (p PlanCheck) Ready() bool { return len(p.Problems) == 0 && len(p.Contents.Blocking()) == 0 }
