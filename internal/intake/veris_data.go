package intake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// verisClasses are the varieties of data that are one class of ours. Credentials are what one signs in
// with; whether the passwords were hashed is another fact, and stays unknown.
var verisClasses = map[string]string{
	"Bank": "bank_account", "Credentials": "password", "Medical": "health", "Payment": "payment_card",
}

// notPersonal are varieties that are about no person.
var notPersonal = []string{
	"Classified", "Copyrighted", "Digital certificate", "Internal", "Multi-factor credential", "Secrets", "Source code", "System", "Virtual currency",
}

var verisPeople = map[string]string{"Customer": "customers", "Employee": "employees", "Patient": "patients", "Student": "students"}

// data reads which data were concerned, in which state, and whose.
func (r *verisReader) data() {
	if r.in.Attribute == nil || r.in.Attribute.Confidentiality == nil {
		return
	}
	c := r.in.Attribute.Confidentiality
	f := &r.facts
	var vague []string
	for _, d := range c.Data {
		class, known := verisClasses[d.Variety]
		switch {
		case known && !slices.Contains(f.Data.Classes, class):
			f.Data.Classes = append(f.Data.Classes, class)
			if class == "password" {
				r.note("data variety Credentials was read as password; whether it was hashed stays unknown")
			}
		case known || slices.Contains(notPersonal, d.Variety) || slices.Contains(vague, d.Variety):
		case slices.Contains([]string{"Personal", "Sensitive Personal", "Other", "Unknown"}, d.Variety):
			vague = append(vague, d.Variety)
		default:
			r.note("a data variety is not one that this version knows")
		}
	}
	if len(vague) > 0 {
		r.note("data variety %s does not say which classes", strings.Join(vague, ", "))
	}
	if len(f.Data.Classes) > 0 { // whether names stood beside them, say, no variety tells
		f.Incomplete = append(f.Incomplete, "data.classes")
		r.note("varieties are coarser than classes: data.classes is not complete")
	}
	if c.DataTotal != nil && *c.DataTotal >= 0 {
		r.note("data_total is %.0f: VERIS counts records, not people, so people.total stays unknown", *c.DataTotal)
	}
	for _, v := range c.DataVictim {
		if who, ok := verisPeople[v]; ok && !slices.Contains(f.People.Categories, who) {
			f.People.Categories = append(f.People.Categories, who)
		}
	}
	r.encrypted(c.State)
	switch r.plus.Attribute.Confidentiality.DataAbuse {
	case "Yes":
		f.Exposure.MisuseSeen = ptr(true)
	case "No":
		f.Exposure.MisuseSeen = ptr(false)
	}
}

// encrypted is known only when every state says the same.
func (r *verisReader) encrypted(states []string) {
	var yes, no, open int
	for _, s := range states {
		switch s {
		case "Stored encrypted", "Transmitted encrypted":
			yes++
		case "Stored unencrypted", "Transmitted unencrypted", "Printed":
			no++
		default:
			open++
		}
	}
	switch {
	case open > 0 || yes+no == 0:
	case no == 0:
		r.facts.Data.Encrypted = ptr(true)
	case yes == 0:
		r.facts.Data.Encrypted = ptr(false)
	default:
		r.note("some data were encrypted and some not, so data.encrypted stays unknown")
	}
}

// sectors by the beginning of the NAICS code, the longest first.
var sectors = []struct{ naics, sector string }{
	{"2211", "energy"}, {"2212", "energy"}, {"517", "telecom"},
	{"52", "finance"}, {"61", "education"}, {"62", "health"}, {"92", "government"},
}

// organisation reads the victim.
func (r *verisReader) organisation() {
	v := r.in.Victim
	o := &r.facts.Organisation
	if id := strings.TrimSpace(v.VictimID); id != "" && id != "Unknown" && goodTitle(id) {
		o.Name = &id
	}
	countries := slices.DeleteFunc(slices.Clone(v.Country), func(c string) bool { return !breach.IsCountry(c) })
	switch {
	case len(countries) == 1 && len(v.Country) == 1:
		o.Country = &countries[0]
		r.state(countries[0], v.State)
	case len(countries) > 1:
		r.note("victim names %d countries, so organisation.country stays unknown", len(countries))
	default:
		r.note("the victim's country is unknown")
	}
	for _, s := range sectors {
		if strings.HasPrefix(v.Industry, s.naics) {
			o.Sectors = []string{s.sector}
			return
		}
	}
	if v.Industry != "" {
		r.note("the victim's industry (NAICS) is none of the sectors that rules ask for, so organisation.sectors stays unknown")
	}
}

// state takes a state of the United States, the only country whose states VERIS codes without doubt.
func (r *verisReader) state(country, state string) {
	state = strings.TrimPrefix(state, "US-")
	if country == "US" && twoLetters(state) {
		r.facts.Organisation.Regions = []string{"US-" + state}
	}
}

// times notes what VERIS says of when. A date without time and zone is no instant, and a deadline that
// starts at a guess is worse than one that is missing.
func (r *verisReader) times() {
	t := r.in.Timeline
	if s := t.Incident.String(); s != "" {
		r.note("timeline.incident is %s: not an instant, so incident.occurred_from stays unknown", s)
	}
	for _, d := range []struct {
		name string
		d    verisDuration
		fact string
	}{{"discovery", t.Discovery, "incident.detected_at"}, {"containment", t.Containment, "incident.handled_at"}} {
		if _, known := hoursPer[d.d.Unit]; known || d.d.Unit == "Months" || d.d.Unit == "Years" {
			r.note("timeline.%s is a span in %s, so %s stays unknown", d.name, strings.ToLower(d.d.Unit), d.fact)
		}
	}
	if s := r.plus.Timeline.Notification.String(); s != "" {
		r.note("plus.timeline.notification is %s: not an instant, so incident.individuals_notified_at stays unknown", s)
	}
	if r.in.Impact.OverallAmount != nil {
		r.note("impact.overall_amount has no currency and is not the direct loss alone, so impact.direct_loss stays unknown")
	}
}

// String gives a date with the precision that it has, or "".
func (d verisDate) String() string {
	switch {
	case d.Year < 1900 || d.Year > 9999:
		return ""
	case d.Month < 1 || d.Month > 12:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day < 1 || d.Day > 31:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}
