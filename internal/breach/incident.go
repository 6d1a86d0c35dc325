package breach

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// IncidentFile is what a responder opens an incident with: facts, the policy that binds the
// organisation, and what people are told, per language (BCP 47).
type IncidentFile struct {
	Facts     Facts                `json:"facts"`
	Policy    string               `json:"policy"`
	Narrative map[string]Narrative `json:"narrative,omitempty"`
	Contact   Contact              `json:"contact"`
	// Contents are words for fields that a regime asks for and neither facts nor narrative hold (dpo,
	// legal_rights, systems, ...): language -> field -> Markdown without links.
	Contents map[string]map[string]string `json:"contents,omitempty"`
	// Offers are what people are offered at no cost to them. Every notice and the announcement name them.
	Offers []Offer `json:"offers,omitempty"`
}

// Offer is one thing that people get at no cost to them, such as 18 months of credit_monitoring.
type Offer struct {
	Offer  string `json:"offer"`            // a word of the rule packs' remedies
	Months int    `json:"months,omitempty"` // for how long; 0: no term is stated
}

// Narrative is the part of a notice that only the organisation can write, in one language, as Markdown
// without links. Each field is one required section (promises M02-M05).
type Narrative struct {
	Summary         string `json:"summary"`
	Consequences    string `json:"consequences"`
	MeasuresTaken   string `json:"measures_taken"`
	MeasuresPlanned string `json:"measures_planned"`
	IndividualSteps string `json:"individual_steps"`
	Remedies        string `json:"remedies"`
}

// Sections lists the narrative's fields by their stable names, in the order in which people read them.
func (n Narrative) Sections() []Section {
	return []Section{
		{"summary", n.Summary}, {"consequences", n.Consequences}, {"measures_taken", n.MeasuresTaken},
		{"measures_planned", n.MeasuresPlanned}, {"individual_steps", n.IndividualSteps}, {"remedies", n.Remedies},
	}
}

// Section is one named part of a text.
type Section struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Contact is the handler's contact that PIPL 57 requires in every notice. It is the organisation's, not a
// person's of the list.
type Contact struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Phone   string `json:"phone"`
	Address string `json:"address"`
}

// Incident is the head of one case as the ledger holds it. Times are UTC.
type Incident struct {
	ID           string        `json:"id"` // opaque, random
	Title        string        `json:"title"`
	Policy       string        `json:"policy"`
	State        IncidentState `json:"state"`
	OpenedBy     string        `json:"opened_by"`
	OpenedAt     time.Time     `json:"opened_at"`
	AwareAt      *time.Time    `json:"aware_at,omitempty"`
	FactRevision int           `json:"fact_revision"`
	ClosedAt     *time.Time    `json:"closed_at,omitempty"`
}

// Actor is an authenticated person or machine that does something to an incident.
type Actor struct {
	ID   string `json:"id"`   // stable, for example "wei.lin"
	Name string `json:"name"` // shown on screen
	Role Role   `json:"role"`
}

// Role is what an actor may do.
type Role string

const (
	RoleResponder Role = "responder" // opens, amends, loads lists, submits plans, pauses and stops
	RoleLead      Role = "lead"      // all of that, approves, files and acknowledges reports, closes, exports
	RoleDetector  Role = "detector"  // posts detections only
	RoleReader    Role = "reader"    // looks at counts and states, never at contacts
	// RoleApplication asks what to show to the users of the organisation's application, and nothing else.
	RoleApplication Role = "application"
)

// AgesOn is the day on which the ages of the incident's people are counted: the day of awareness, or of
// opening while that is unknown.
func (i Incident) AgesOn() time.Time {
	if i.AwareAt != nil {
		return *i.AwareAt
	}
	return i.OpenedAt
}

// Missing lists what must still be known or written before a plan can be approved. It names fields, never
// their values.
func (f IncidentFile) Missing() []string {
	var out []string
	if f.Facts.Incident.Title == nil {
		out = append(out, "facts.incident.title")
	}
	if f.Facts.Incident.AwareAt == nil && f.Facts.Incident.DetectedAt == nil {
		out = append(out, "facts.incident.aware_at or detected_at: until then deadlines are provisional")
	}
	if f.Facts.Data.Classes == nil {
		out = append(out, "facts.data.classes")
	}
	if f.Contact.Name == "" {
		out = append(out, "contact.name")
	}
	if f.Contact.Email == "" && f.Contact.Phone == "" {
		out = append(out, "contact.email or contact.phone")
	}
	if len(f.Narrative) == 0 {
		out = append(out, "narrative: nothing is written yet")
	}
	for _, lang := range slices.Sorted(maps.Keys(f.Narrative)) {
		for _, s := range f.Narrative[lang].Sections() {
			if strings.TrimSpace(s.Text) == "" {
				out = append(out, "narrative."+lang+"."+s.Name)
			}
		}
	}
	return out
}
