package breach

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// HoldKind says what keeps people from being told for a while.
type HoldKind string

const (
	// HoldLawEnforcement is a delay that police or a prosecutor asked for. It stops the clocks of the duties that it
	// covers, and nobody in their jurisdictions is told by any channel. Only where the law itself knows such a delay.
	HoldLawEnforcement HoldKind = "law_enforcement"
	// HoldChannel keeps some channels from being used, for example because the breach compromised them. It stops no
	// clock.
	HoldChannel HoldKind = "channel"
	// HoldOrder is no row: a law wants another duty met before people are told.
	HoldOrder HoldKind = "order"
)

// Hold is a typed reason to wait that a person put on record. It ends by itself. Times are UTC.
type Hold struct {
	ID            string     `json:"id"`
	Kind          HoldKind   `json:"kind"`
	Form          string     `json:"form,omitempty"` // of the request: written, oral
	AskedBy       string     `json:"asked_by"`       // the office that asked, never a person
	Reference     string     `json:"reference"`      // its file number
	Reason        string     `json:"reason"`
	Obligations   []string   `json:"obligations"`   // whose clocks stand still
	Jurisdictions []string   `json:"jurisdictions"` // whose people are not told; empty means everybody
	Channels      []Channel  `json:"channels"`      // that are not used; empty means all
	By            string     `json:"by"`
	At            time.Time  `json:"at"`
	Until         time.Time  `json:"until"`
	ReleasedAt    *time.Time `json:"released_at,omitempty"`
	ReleasedBy    string     `json:"released_by,omitempty"`
	ReleaseReason string     `json:"release_reason,omitempty"`
}

// End is when it ended or ends.
func (h Hold) End() time.Time {
	if h.ReleasedAt != nil && h.ReleasedAt.Before(h.Until) {
		return *h.ReleasedAt
	}
	return h.Until
}

// Active says that it holds at an instant.
func (h Hold) Active(now time.Time) bool { return !now.Before(h.At) && now.Before(h.End()) }

// alarmTime is how long the end of a hold stands where everybody looks.
const alarmTime = 3 * 24 * time.Hour

// Alarm says that a hold ended by itself not long ago. Nobody did that, so somebody must see it: who was kept is told
// again, and the clocks run on.
func (h Hold) Alarm(now time.Time) bool {
	return h.ReleasedAt == nil && !now.Before(h.Until) && now.Before(h.Until.Add(alarmTime))
}

// HoldRule is what a law says of waiting on request.
type HoldRule struct {
	LawEnforcement bool        `json:"law_enforcement,omitempty"`
	Terms          string      `json:"terms,omitempty"`
	ClockRuns      bool        `json:"clock_runs,omitempty"` // the deadline stays where it is
	Forbids        bool        `json:"forbids,omitempty"`    // nothing may go out; else the organisation may wait
	Limits         []HoldLimit `json:"limits,omitempty"`     // none: as long as the request says
	After          *HoldTerm   `json:"after,omitempty"`      // that runs once it is over; none: as much as was left
}

// HoldLimit is how long one request may last, by its form.
type HoldLimit struct {
	Form       string `json:"form"`                 // written, oral
	Days       int    `json:"days,omitempty"`       // calendar days; 0: as long as it says
	Extensions []int  `json:"extensions,omitempty"` // calendar days of each further one
}

// HoldTerm is a length of time from the end of a hold.
type HoldTerm struct {
	Value int    `json:"value"`
	Unit  string `json:"unit"` // minutes, hours, calendar_days, business_days, months
	Zone  string `json:"zone"` // whose days count
	// Calendar says which days are business days; nil: every day is one, which is never too late.
	Calendar *HoldCalendar `json:"calendar,omitempty"`
}

// HoldCalendar is a calendar of business days as it was when the duty was judged. Days are 2006-01-02.
type HoldCalendar struct {
	ID       string         `json:"id"`
	SHA256   string         `json:"sha256"`
	Weekend  []time.Weekday `json:"weekend"` // 0 is Sunday
	Holidays []string       `json:"holidays,omitempty"`
	Workdays []string       `json:"workdays,omitempty"` // weekend days on which work is made up
}

// business says that a local day is one on which the authority works.
func (c *HoldCalendar) business(day time.Time) bool {
	key := day.Format(time.DateOnly)
	return c == nil || slices.Contains(c.Workdays, key) || !slices.Contains(c.Weekend, day.Weekday()) && !slices.Contains(c.Holidays, key)
}

// after counts business days: day 0 is the day of the release, whatever day that is. A calendar may have at most
// three weekend days, so it comes to an end.
func (c *HoldCalendar) after(y int, m time.Month, d, n int) (int, time.Month, int) {
	day := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	for left := n; left > 0 || n == 0 && !c.business(day); {
		day = day.AddDate(0, 0, 1)
		if c.business(day) {
			left--
		}
	}
	return day.Date()
}

// From is the last instant of the term (UTC). Days end with the local day.
func (t HoldTerm) From(end time.Time) time.Time {
	zone, err := time.LoadLocation(t.Zone) //nolint:forbidigo // asked by activities and pages; a workflow gets the instant
	if err != nil {
		zone = time.UTC
	}
	y, m, d := end.In(zone).Date()
	switch t.Unit {
	case "minutes":
		return end.Add(time.Duration(t.Value) * time.Minute).UTC()
	case "hours":
		return end.Add(time.Duration(t.Value) * time.Hour).UTC()
	case "months":
		last := time.Date(y, m+time.Month(t.Value)+1, 0, 0, 0, 0, 0, zone).Day()
		m, d = m+time.Month(t.Value), min(d, last)
	case "business_days":
		y, m, d = t.Calendar.after(y, m, d, t.Value)
	default:
		d += t.Value
	}
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone).Add(-time.Second).UTC()
}

// Span is a length of time in which a clock stands still.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Holds are those of an incident, ended ones too.
type Holds []Hold

// Spans are the times in which the clock of an obligation stands still.
func (hs Holds) Spans(obligation string) (out []Span) {
	for _, h := range hs {
		if h.Kind == HoldLawEnforcement && slices.Contains(h.Obligations, obligation) {
			out = append(out, Span{h.At, h.End()})
		}
	}
	return out
}

// On is the hold that stops the clock of an obligation at an instant, of several the one that lasts longest; nil
// when it runs.
func (hs Holds) On(obligation string, now time.Time) (on *Hold) {
	for i, h := range hs {
		if h.Kind == HoldLawEnforcement && h.Active(now) && slices.Contains(h.Obligations, obligation) && (on == nil || h.End().After(on.End())) {
			on = &hs[i]
		}
	}
	return on
}

// DueAfter is when a duty is due whose clock stood still, or stands still until a known end (UTC): as much time is
// left afterwards as was left before, or the term that the law gives from then on. Time that passed twice at once
// counts once. What was overdue before a hold began stays overdue.
func DueAfter(start, due time.Time, after *HoldTerm, spans []Span) time.Time {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	due, counted := due.UTC(), start
	for _, s := range spans {
		from := s.From
		if from.Before(counted) {
			from = counted
		}
		if !from.Before(s.To) || !from.Before(due) {
			continue
		}
		if due = due.Add(s.To.Sub(from)); after != nil {
			due = after.From(s.To)
		}
		counted = s.To
	}
	return due
}

// Waits are those that keep people from being told at an instant. One that holds reports to authorities alone keeps
// nobody.
func (hs Holds) Waits(now time.Time) (out Waits) {
	for _, h := range hs {
		if !h.Active(now) || h.Kind == HoldLawEnforcement && len(h.Jurisdictions) == 0 {
			continue
		}
		end := h.End()
		out = append(out, Wait{Kind: h.Kind, Ref: h.ID, Jurisdictions: h.Jurisdictions, Channels: h.Channels, Until: &end})
	}
	return out
}

// DueAt is when an obligation is due after what held its clock; nil without a deadline (UTC).
func (hs Holds) DueAt(o Obligation) *time.Time {
	if o.DueAt == nil || o.Clock == nil || o.Clock.StartedAt == nil || o.Hold == nil || o.Hold.ClockRuns {
		return o.DueAt
	}
	due := DueAfter(*o.Clock.StartedAt, *o.DueAt, o.Hold.After, hs.Spans(o.ID))
	return &due
}

// Wait keeps people from being told for now.
type Wait struct {
	Kind HoldKind `json:"kind"`
	// Ref is the id of a hold, or the obligation that must be met first.
	Ref string `json:"ref"`
	// Obligation is the duty to people that waits for the other one; of kind order only.
	Obligation    string     `json:"obligation,omitempty"`
	Jurisdictions []string   `json:"jurisdictions,omitempty"` // empty means everybody
	Channels      []Channel  `json:"channels,omitempty"`      // empty means all
	Until         *time.Time `json:"until,omitempty"`         // nil: until the other duty is met
}

// Covers says that a message must wait. Somebody of whom it is not known where they live waits too: who was told
// cannot be untold.
func (w Wait) Covers(country, region string, c Channel) bool {
	if len(w.Channels) > 0 && !slices.Contains(w.Channels, c) {
		return false
	}
	return len(w.Jurisdictions) == 0 || slices.ContainsFunc(w.Jurisdictions, func(j string) bool { return MayLiveIn(j, country, region) })
}

// Waits are all that hold somebody.
type Waits []Wait

// On is the first that keeps a message to a person from going out now.
func (ws Waits) On(p Person, c Channel, now time.Time) (Wait, bool) {
	for _, w := range ws {
		if (w.Until == nil || now.Before(*w.Until)) && w.Covers(p.Country, p.Region, c) {
			return w, true
		}
	}
	return Wait{}, false
}

// Of are those of one kind.
func (ws Waits) Of(kind HoldKind) Waits {
	return slices.DeleteFunc(slices.Clone(ws), func(w Wait) bool { return w.Kind != kind })
}

// Unfiled leaves out those whose first duty was filed.
func (ws Waits) Unfiled(filed []string) Waits {
	return slices.DeleteFunc(slices.Clone(ws), func(w Wait) bool { return w.Kind == HoldOrder && slices.Contains(filed, w.Ref) })
}

// Public says that the public may not be told now: whoever must not be told would read it.
func (ws Waits) Public(now time.Time) (Wait, bool) {
	for _, w := range ws {
		if w.Kind != HoldChannel && (w.Until == nil || now.Before(*w.Until)) {
			return w, true
		}
	}
	return Wait{}, false
}

// Orders are the waits that laws ask for by their order, until what comes first is filed. Both duties must apply: a
// report of which nobody can tell whether it is owed, or that starts from a later event, is not filed now either, and
// people would wait for ever.
func (j Judgement) Orders() Waits {
	out := Waits{}
	owed := map[string]bool{}
	for _, o := range j.Obligations {
		owed[o.ID] = o.FirstReport()
	}
	for _, o := range j.Obligations {
		if o.Duty != "notify_individuals" || o.Verdict != Applies {
			continue
		}
		for _, first := range o.NotBefore {
			if owed[first] {
				out = append(out, Wait{Kind: HoldOrder, Ref: first, Obligation: o.ID, Jurisdictions: places(o.Jurisdiction)})
			}
		}
	}
	return out
}

func places(jurisdiction string) []string {
	if !KnownJurisdiction(jurisdiction) {
		return nil // nobody can tell whom it is about: everybody
	}
	return []string{jurisdiction}
}

// EEA are the countries in which the GDPR applies: the Member States with Iceland, Liechtenstein and Norway, and
// the territories with a country code of their own that belong to a Member State under article 355 TFEU (Åland,
// French overseas departments, Saint Martin).
var EEA = []string{"AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
	"LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO",
	"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}

// usTerritories have a country code of their own.
var usTerritories = []string{"AS", "GU", "MP", "PR", "UM", "VI"}

var (
	placePattern  = regexp.MustCompile(`^[A-Z]{2}(-([A-Z0-9]{1,3}|\*))?$`)
	regionPattern = regexp.MustCompile(`^([A-Z]{2}-)?([A-Z0-9]{1,3})$`)
)

// KnownJurisdiction says that it names people by where they live: EU/EEA, EU, a country (ISO 3166-1 alpha-2), its
// region (ISO 3166-2), or all regions (US-*).
func KnownJurisdiction(j string) bool {
	return j == "EU/EEA" || placePattern.MatchString(j)
}

// MayLiveIn says that somebody lives in a jurisdiction, or that nobody knows. Regions are ISO 3166-2, with or
// without the country; one that is written otherwise is not known.
func MayLiveIn(jurisdiction, country, region string) bool {
	country = strings.ToUpper(strings.TrimSpace(country))
	switch {
	case country == "" || !KnownJurisdiction(jurisdiction):
		return true
	case jurisdiction == "EU/EEA" || jurisdiction == "EU":
		return slices.Contains(EEA, country)
	}
	of, part, within := strings.Cut(jurisdiction, "-")
	if of == "US" && (!within || part == "*") && slices.Contains(usTerritories, country) {
		return true
	}
	if country != of || !within || part == "*" {
		return country == of
	}
	m := regionPattern.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(region)))
	return m == nil || m[1] != "" && m[1] != of+"-" || m[2] == part
}
