package breach

import (
	"strings"
	"time"
	"unicode"
)

// Verdict says whether a duty exists. There is no other vocabulary for it.
type Verdict string

const (
	Applies      Verdict = "applies"
	DoesNotApply Verdict = "does_not_apply"
	CannotTell   Verdict = "cannot_tell"
)

// Assessment is the severity of an incident by a named scheme, in quarter points shown as decimals.
// While facts are missing, Score is nil and Range holds the interval; its upper end drives.
type Assessment struct {
	Scheme  string    `json:"scheme"` // enisa-2013
	DPC     *int      `json:"dpc"`
	EI      *float64  `json:"ei"`
	CB      *float64  `json:"cb"`
	Score   *float64  `json:"score"`
	Range   []float64 `json:"range,omitempty"` // [low, high] while facts are missing
	Level   string    `json:"level"`           // low, medium, high, very high (of the upper end)
	Flags   []string  `json:"flags,omitempty"`
	Why     []string  `json:"why"`
	Missing []string  `json:"missing,omitempty"`
	// Cells are the parts of the score, each with its own reason, in the order of SeverityCellNames.
	Cells []SeverityCell `json:"cells,omitempty"`
}

// SeverityCell is one part of the score in points. Value is nil, and Range [low, high], while facts are
// missing.
type SeverityCell struct {
	Cell    string    `json:"cell"`
	Value   *float64  `json:"value"`
	Range   []float64 `json:"range,omitempty"`
	Why     string    `json:"why"`
	Missing []string  `json:"missing,omitempty"`
	// Derived is what the facts give where a person set the cell; Override says who and why.
	Derived  *SeverityCell     `json:"derived,omitempty"`
	Override *SeverityOverride `json:"override,omitempty"`
}

// Obligation is one duty: a regime x addressee x phase, with its verdict and its clock.
// The id is <regime>/<authority|individuals|media|public|other>/<phase>.
type Obligation struct {
	ID        string     `json:"id"`
	Regime    string     `json:"regime"`
	Duty      string     `json:"duty"` // notify_authority, notify_individuals, notify_media, public_notice, notify_other
	Addressee string     `json:"addressee"`
	Phase     string     `json:"phase"`
	Verdict   Verdict    `json:"verdict"`
	DueAt     *time.Time `json:"due_at,omitempty"` // UTC
	Clock     *Clock     `json:"clock,omitempty"`
	Binding   string     `json:"binding"` // law, house_policy: what the deadline rests on
	Basis     string     `json:"basis"`   // law, house_policy: what the duty itself rests on
	Overdue   bool       `json:"overdue"`
	Because   []string   `json:"because"`
	Missing   []string   `json:"missing,omitempty"`
	Questions []string   `json:"questions,omitempty"`
	Contents  []string   `json:"contents,omitempty"` // required content fields
	Citation  string     `json:"citation"`
	Verified  bool       `json:"verified"`
	Rules     RuleRef    `json:"rules"`
	// Title is the duty in plain words, for people.
	Title string `json:"title"`
	// What else the regime prescribes about texts.
	Deferrable  []string         `json:"deferrable,omitempty"` // contents that may be handed in later
	Forbidden   []string         `json:"forbidden,omitempty"`  // content fields that must not be in it
	Headings    []string         `json:"headings,omitempty"`   // literally, in this order
	Heading     string           `json:"heading,omitempty"`    // the title that the text itself must carry
	Substitutes []SubstituteForm `json:"substitutes,omitempty"`
	MinFontPt   int              `json:"min_font_pt,omitempty"` // smallest print of what people read, in points
	Remedies    []Remedy         `json:"remedies,omitempty"`    // what people must be offered at no cost to them
	// Jurisdiction is where the law binds, for example CN, EU/EEA or US-CA.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Hold is what the law says of waiting on request; nil when it knows no delay.
	Hold *HoldRule `json:"hold,omitempty"`
	// NotBefore are obligations that must be met before this one. Those that the facts say are met are left out.
	NotBefore []string `json:"not_before,omitempty"`
	// After are earlier reports of the same duty, which this one completes or confirms: what it says is known later.
	After []string `json:"after,omitempty"`
	// Late are contents that a late report or notice must carry besides.
	Late []string `json:"late_contents,omitempty"`
	// MetAt is when it was done by the facts: when it was filed, or when everybody was told; nil while it is to be done.
	MetAt *time.Time `json:"met_at,omitempty"`
	// DelayReason is why it is late, in the words of the person who put it on record. A judgement does not know it.
	DelayReason string `json:"delay_reason,omitempty"`
}

// FirstReport says that a first report to an authority is due. What completes or confirms one (the full report, the
// proof that people were told) is written when that is known, even where its clock starts at once.
func (o Obligation) FirstReport() bool {
	return o.Duty == "notify_authority" && o.Verdict == Applies && o.StartsAtOnce() && len(o.After) == 0
}

// StartsAtOnce says that a duty begins with the incident: its clock starts from noticing or judging it, not from
// an earlier filing, a request, or the end of the incident.
func (o Obligation) StartsAtOnce() bool {
	if o.Clock == nil {
		return false
	}
	switch o.Clock.From {
	case "aware_at", "detected_at", "determined_at", "classified_at", "assessed_at", "material_at":
		return true
	}
	return false
}

// NotBegun says that nothing about a duty can be late yet: its term is the house's own, and counts from an event that is
// still to come, such as the first report of which it is the follow-up. Its deadline is provisional.
func (o Obligation) NotBegun() bool {
	return o.Binding == "house_policy" && o.Clock != nil && o.Clock.Provisional && !o.StartsAtOnce()
}

// HeadingIn says that the prescribed title and headings are words of a language (BCP 47): Chinese where they are
// written in Han characters, else English.
func (o Obligation) HeadingIn(locale string) bool {
	language := "en"
	if strings.ContainsFunc(o.Heading+strings.Join(o.Headings, ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		language = "zh"
	}
	return locale == language || strings.HasPrefix(locale, language+"-")
}

// Clock says how a deadline was counted.
type Clock struct {
	From        string     `json:"from"` // the fact that starts it, for example aware_at
	StartedAt   *time.Time `json:"started_at,omitempty"`
	Value       int        `json:"value,omitempty"`
	Unit        string     `json:"unit,omitempty"`     // minutes, hours, calendar_days, business_days, months
	Counting    string     `json:"counting,omitempty"` // clock_hours, exclude_event_day, ...
	Provisional bool       `json:"provisional,omitempty"`
	Soft        string     `json:"soft,omitempty"` // the law's own words when it has no number
}

// RuleRef pins the exact bytes of the pack that gave a verdict, and of the holiday calendar that its business days
// were counted by.
type RuleRef struct {
	Version  string `json:"version"`
	SHA256   string `json:"sha256"`
	Calendar string `json:"calendar,omitempty"` // SHA-256; empty where no business days were counted
}

// Judgement is the answer of the assess stage.
type Judgement struct {
	Assessment  Assessment   `json:"assessment"`
	Obligations []Obligation `json:"obligations"`
	// LeftOut are obligations of rules that nobody verified, which the policy leaves out. They apply or may
	// apply by those rules, and are answered as does_not_apply with that reason alone.
	LeftOut []string `json:"left_out,omitempty"`
}

// SubstituteForm is a way that a regime gives in place of telling people one by one.
type SubstituteForm struct {
	Form           []string `json:"form"`
	AllForms       bool     `json:"all_forms,omitempty"` // every form is needed, not any of them
	DurationDays   int      `json:"duration_days,omitempty"`
	CallCentreDays int      `json:"call_centre_days,omitempty"` // for which a number answers
}

// Remedy is something that must be offered to people at no cost to them.
type Remedy struct {
	Offer   string `json:"offer"` // credit_monitoring, identity_theft_prevention, ...
	Months  int    `json:"months,omitempty"`
	Because string `json:"because"`
}
