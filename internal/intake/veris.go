package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const maxVERIS = 4 << 20 // bytes; real incidents are under 20 kB

// FromVERIS reads one incident in VERIS JSON (1.3 and 1.4). The result opens as a draft: VERIS says
// nothing of measures and remedies, and its summary is not a text for the people concerned. The notes say
// what it holds that is close to a fact and not one; they hold no free text of the file. Above all:
//
//   - it gives dates, at best, without time and zone: no instant becomes known;
//   - it counts records, not people;
//   - its "Personal" data has no class of its own here.
//
// Errors are breach.ErrInvalid and hold no value of the file.
func FromVERIS(b []byte) (breach.IncidentFile, []string, error) {
	if len(b) > maxVERIS {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the file is larger than an incident in VERIS can be")
	}
	b, ok := plainJSON(b)
	if !ok {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the file is not UTF-8 text: save it as UTF-8")
	}
	if repeats(b) {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the file names a field twice in one place, so that it can be read in two ways: correct it")
	}
	var in verisIncident
	if err := json.Unmarshal(b, &in); err != nil {
		return breach.IncidentFile{}, nil, verisError(err)
	}
	if in.SchemaVersion == "" || in.Action == nil && in.Attribute == nil {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "this is not an incident in VERIS: it has no schema_version, or neither action nor attribute")
	}
	r := verisReader{in: in}
	if json.Unmarshal(in.Plus, &r.plus) != nil { // not part of the standard: another shape is no error
		r.plus = verisPlus{}
	}
	r.incident()
	r.data()
	r.organisation()
	r.times()
	return breach.IncidentFile{Facts: r.facts}, r.notes, nil
}

func verisError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return breach.Errorf(breach.ErrInvalid, "this is not an incident in VERIS").With(breach.FieldError{Where: wrong.Field, What: "is of another type than in VERIS"})
	}
	return breach.Errorf(breach.ErrInvalid, "this is not an incident in VERIS: its JSON cannot be read")
}

type verisReader struct {
	in    verisIncident
	plus  verisPlus
	facts breach.Facts
	notes []string
}

func (r *verisReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// incident reads what happened and whether on purpose.
func (r *verisReader) incident() {
	f := &r.facts.Incident
	if id := r.in.IncidentID; id != "" && len(id) <= 64 && !strings.ContainsFunc(id, notIDLetter) {
		title := "VERIS incident " + id
		f.Title = &title
	}
	r.cause()
	r.motives()
	r.nature()
	switch r.in.SecurityIncident {
	case "Suspected":
		f.PossibleOnly = ptr(true)
		r.note("security_incident is Suspected: the incident is taken as possible only")
	case "False positive", "Near miss":
		r.note("security_incident says that it was none (false positive or near miss): check whether this belongs here at all")
	}
}

func notIDLetter(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

var verisActions = []string{"hacking", "malware", "social", "misuse", "error", "physical", "environmental"}

func (r *verisReader) cause() {
	var found []string
	exfiltrated := false
	for _, name := range verisActions {
		if _, ok := r.in.Action[name]; ok {
			found = append(found, name)
		}
	}
	for _, a := range r.in.Action {
		exfiltrated = exfiltrated || slices.Contains(a.Result, "Exfiltrate")
	}
	switch len(found) {
	case 0:
		r.note("action is unknown, so incident.cause stays unknown")
	case 1:
		r.facts.Incident.Cause = &found[0]
	default:
		r.note("action names %s: incident.cause takes one, so it stays unknown", strings.Join(found, ", "))
	}
	if exfiltrated {
		r.facts.Exposure.Exfiltrated = ptr("yes")
	}
}

// onPurpose are the motives that mean intent; NA means that there was none.
var onPurpose = []string{"Espionage", "Fear", "Financial", "Fun", "Grudge", "Ideology", "Secondary"}

func (r *verisReader) motives() {
	var all []string
	for _, a := range []verisActor{r.in.Actor.External, r.in.Actor.Internal, r.in.Actor.Partner} {
		all = append(all, a.Motive...)
	}
	switch {
	case slices.ContainsFunc(all, func(m string) bool { return slices.Contains(onPurpose, m) }):
		r.facts.Incident.Malicious = ptr(true)
	case len(all) > 0 && !slices.ContainsFunc(all, func(m string) bool { return m != "NA" }):
		r.facts.Incident.Malicious = ptr(false)
	default:
		r.note("actor gives no motive that says whether it was on purpose, so incident.malicious stays unknown")
	}
}

func (r *verisReader) nature() {
	f := &r.facts.Incident
	a := r.in.Attribute
	if a == nil {
		return
	}
	if c := a.Confidentiality; c != nil {
		switch c.DataDisclosure {
		case "Yes":
			f.Nature = append(f.Nature, "confidentiality")
			f.PossibleOnly = ptr(false)
		case "Potentially":
			f.Nature = append(f.Nature, "confidentiality")
			f.PossibleOnly = ptr(true)
		case "No":
			r.note("data_disclosure is No: confidentiality is not counted as affected")
			r.facts.Exposure.Exfiltrated = ptr("no")
		default:
			f.Nature = append(f.Nature, "confidentiality")
			r.note("whether data were disclosed is unknown: incident.possible_only stays unknown")
		}
	}
	if a.Integrity != nil {
		f.Nature = append(f.Nature, "integrity")
	}
	if a.Availability != nil {
		f.Nature = append(f.Nature, "availability")
		r.outage(a.Availability.Duration)
	}
}

// hoursPer are the units that have a fixed length.
var hoursPer = map[string]float64{"Seconds": 1. / 3600, "Minutes": 1. / 60, "Hours": 1, "Days": 24, "Weeks": 24 * 7}

func (r *verisReader) outage(d verisDuration) {
	hours, fixed := hoursPer[d.Unit]
	switch {
	case fixed && d.Value != nil && *d.Value >= 0:
		r.facts.Impact.OutageHours = ptr(*d.Value * hours)
	case d.Unit != "" && d.Unit != "Unknown" && d.Unit != "NA":
		r.note("availability.duration has no fixed length in hours, so impact.outage_hours stays unknown")
	}
}

func ptr[T any](v T) *T { return &v }
