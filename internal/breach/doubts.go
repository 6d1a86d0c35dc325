package breach

import (
	"fmt"
	"maps"
	"slices"
)

// ListDoubt is a sign that a list would send notices to wrong people. It holds counts and no value of the list.
// Refused ones keep the list from being loaded; the others are gaps of its plan until somebody confirms them by name.
type ListDoubt struct {
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Count   int64  `json:"count"` // rows that speak for it, or percent for a change
	Of      int64  `json:"of"`    // rows that were compared, or percent in the earlier list
	Refused bool   `json:"refused,omitempty"`
}

// Codes of doubts.
const (
	DoubtShifted  = "columns_shifted"   // a person's e-mail address has the name of the row before or after
	DoubtCountry  = "country_and_phone" // phone numbers are of other countries than their rows say
	DoubtShared   = "one_address"       // one contact stands at many people
	DoubtRepeated = "repeated_value"    // one date of birth, which decides who is a child, stands at many people
	DoubtSecret   = "secret_value"      // a field that notices show holds passwords, card or identity numbers
	DoubtUnread   = "unread_contact"    // a column that is not read holds contacts, and none is read as such
	DoubtChanged  = "changed"           // the list is made up otherwise than the earlier one
)

var doubtWords = map[string]struct{ says, do string }{
	DoubtShifted:  {"E-mail addresses carry the name of the row before or after: a column has moved, and people would get each other's notices", "Sort or export the list anew with all columns together, and load it again"},
	DoubtCountry:  {"Phone numbers are of other countries than their rows say: one of the two columns may belong to other rows", "Compare some rows with the system that they come from"},
	DoubtShared:   {"One contact stands at many people: whoever has it would get the notices of all", "Look whether it is a placeholder or an office, and take it out of the list if it is"},
	DoubtRepeated: {"One date of birth stands at many people: it looks like a default, and it decides who is a child", "Leave the cell empty where the date is not known"},
	DoubtSecret:   {"A field that notices show holds what looks like passwords, card numbers or identity numbers", "Take that column out of the list, or name the right one with --map"},
	DoubtUnread:   {"A column whose name is not known holds what looks like contacts: people who can be told would count as out of reach", "Say with --map which field it is, or take that column out of the list"},
	DoubtChanged:  {"The list is made up quite otherwise than the earlier one: it may be another export, or columns may have moved", "Compare both files before anybody is told"},
}

// Name is what the doubt is confirmed by: the code, and the field after a dot.
func (d ListDoubt) Name() string {
	if d.Field == "" {
		return d.Code
	}
	return d.Code + "." + d.Field
}

// Says is one sentence without figures; Do is what a person should do.
func (d ListDoubt) Says() string { return doubtWords[d.Code].says }

// Do is what a person should do about it.
func (d ListDoubt) Do() string { return doubtWords[d.Code].do }

// Figures gives the counts.
func (d ListDoubt) Figures() string {
	if d.Code == DoubtChanged {
		return fmt.Sprintf("%s: %d %% → %d %%", d.Field, d.Of, d.Count)
	}
	return fmt.Sprintf("%s: %d / %d", d.Name(), d.Count, d.Of)
}

// ListProfile is what a list is made of, to hold a later one against it. It holds counts alone.
type ListProfile struct {
	People    int64            `json:"people"`
	Shares    map[string]int64 `json:"shares"`              // of people, in percent: with email, phone, push, letter; children; names that fit e-mail addresses
	Countries map[string]int64 `json:"countries,omitempty"` // percent of people, those of 1 percent and more
}

// leastCompared is from how many people on a list says anything about another.
const leastCompared = 50

// ChangedAt is by how many percent points a share may differ from the earlier list before somebody must look.
const ChangedAt = 30

// Changes compares a list with the one before. Short lists say nothing.
func (p ListProfile) Changes(earlier ListProfile) []ListDoubt {
	if p.People < leastCompared || earlier.People < leastCompared {
		return nil
	}
	var out []ListDoubt
	for _, pair := range []struct {
		prefix   string
		now, was map[string]int64
	}{{"", p.Shares, earlier.Shares}, {"country_", p.Countries, earlier.Countries}} {
		for _, k := range bothKeys(pair.now, pair.was) {
			if d := pair.now[k] - pair.was[k]; d >= ChangedAt || d <= -ChangedAt {
				out = append(out, ListDoubt{Code: DoubtChanged, Field: pair.prefix + k, Count: pair.now[k], Of: pair.was[k]})
			}
		}
	}
	return out
}

func bothKeys(a, b map[string]int64) []string {
	keys := slices.Collect(maps.Keys(a))
	for k := range b {
		if _, there := a[k]; !there {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// RefuseList is breach.ErrInvalid when a doubt is of the kind that nobody may confirm, or nil.
func RefuseList(doubts []ListDoubt) error {
	var err *Error
	for _, d := range doubts {
		if d.Refused {
			if err == nil {
				err = Errorf(ErrInvalid, "the list would tell wrong people, or not tell those whom it could; nothing was loaded")
			}
			err = err.With(FieldError{Where: d.Name(), What: d.Says() + " (" + d.Figures() + "). " + d.Do()})
		}
	}
	if err == nil {
		return nil
	}
	return err
}

// Gap is the doubt as something that blocks the plan of its list until it is confirmed by name.
func (d ListDoubt) Gap(wave int) ContentGap {
	return ContentGap{Obligation: fmt.Sprint("list-", wave), Field: d.Name(), Kind: GapList, Says: d.Says(), Citation: d.Figures(), Verified: true,
		Do: d.Do() + ", or confirm by name that it is right (tocsin plan waive)"}
}
