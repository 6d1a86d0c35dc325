package intake

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const maxHIBP = 1 << 20 // bytes of one record; real ones are under 4 kB

// hibpRecord is the part of a breach record of Have I Been Pwned (API version 3) that this package reads.
// The description is free text and left alone.
type hibpRecord struct {
	Name         string
	Title        string
	Domain       string
	BreachDate   string
	AddedDate    string
	PwnCount     *int64
	DataClasses  []string
	IsVerified   *bool
	IsFabricated *bool
	IsSensitive  *bool
	IsRetired    *bool
	IsSpamList   *bool
	IsMalware    *bool
	IsStealerLog *bool
}

// FromHIBP reads one breach record of Have I Been Pwned as a draft. The notes say what it holds that is
// close to a fact and not one; they hold no free text of the record. Above all:
//
//   - PwnCount counts accounts that were loaded, not people: people.total stays unknown, as do countries;
//   - BreachDate is a day and often a guess, AddedDate is when the collector got it: no clock starts;
//   - a domain is no organisation: who answers for the data, where, and in which role stays unknown;
//   - nothing says whether data were also altered or lost, so incident.nature is incomplete.
//
// Errors are breach.ErrInvalid and hold no value of the record.
func FromHIBP(b []byte) (breach.IncidentFile, []string, error) {
	if len(b) > maxHIBP {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the record is larger than a breach record of Have I Been Pwned can be")
	}
	b, ok := plainJSON(b)
	if !ok {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the record is not UTF-8 text: save it as UTF-8")
	}
	if repeats(b) {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "the record names a field twice in one place, so that it can be read in two ways: correct it")
	}
	var in hibpRecord
	if err := json.Unmarshal(b, &in); err != nil {
		return breach.IncidentFile{}, nil, hibpError(err)
	}
	if in.Name == "" || in.PwnCount == nil || in.DataClasses == nil {
		return breach.IncidentFile{}, nil, breach.Errorf(breach.ErrInvalid, "this is not a breach record of Have I Been Pwned: Name, PwnCount or DataClasses is missing")
	}
	r := hibpReader{in: in}
	r.incident()
	r.standing()
	r.classes()
	r.rest()
	return breach.IncidentFile{Facts: r.facts}, r.notes, nil
}

func hibpError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return breach.Errorf(breach.ErrInvalid, "this is not a breach record of Have I Been Pwned").With(breach.FieldError{Where: wrong.Field, What: "is of another type than in such a record"})
	}
	return breach.Errorf(breach.ErrInvalid, "this is not a breach record of Have I Been Pwned: its JSON cannot be read")
}

type hibpReader struct {
	in    hibpRecord
	facts breach.Facts
	notes []string
}

func (r *hibpReader) note(s string) { r.notes = append(r.notes, s) }

func is(v *bool) bool { return v != nil && *v }

// incident: data of these accounts are in the hands of people who must not have them; that is what a record
// says, and nothing of what else was done to the data.
func (r *hibpReader) incident() {
	f := &r.facts
	if t := strings.TrimSpace(r.in.Title); goodTitle(t) {
		title := t + " (Have I Been Pwned)"
		f.Incident.Title = &title
	}
	f.Incident.Nature = []string{"confidentiality"}
	f.Incomplete = append(f.Incomplete, "incident.nature")
	if is(r.in.IsMalware) || is(r.in.IsStealerLog) {
		f.Incident.Cause, f.Incident.Malicious = ptr("malware"), ptr(true)
		r.note("IsMalware or IsStealerLog: malware took the data, often from the devices of the people themselves; check whether any organisation had a breach")
	} else {
		r.note("how the data got out, and whether on purpose, is only in the description: incident.cause and incident.malicious stay unknown")
	}
}

// standing is how sure the collector is that there was a breach of this place at all.
func (r *hibpReader) standing() {
	f := &r.facts
	doubt := false
	for _, d := range []struct {
		flag *bool
		note string
	}{
		{r.in.IsFabricated, "IsFabricated: the data were probably not taken from this place and many of them are made up"},
		{r.in.IsSpamList, "IsSpamList: a list that spammers use, collected from unknown places, and no breach of one system"},
	} {
		if is(d.flag) {
			doubt = true
			r.note(d.note + "; whether it was a breach is only possible, and who has the data stays unknown")
		}
	}
	switch {
	case doubt, r.in.IsVerified != nil && !*r.in.IsVerified:
		f.Incident.PossibleOnly = ptr(true)
		if !doubt {
			r.note("IsVerified is false: it is not established that the data came from this place; whether it was a breach is only possible")
		}
	case is(r.in.IsVerified):
		f.Incident.PossibleOnly = ptr(false)
		f.Exposure.Exfiltrated, f.Exposure.Recipients = ptr("yes"), ptr("unknown")
	}
	if is(r.in.IsRetired) {
		r.note("IsRetired: the record was withdrawn for good, commonly because the data are no longer to be had anywhere; check whether it is still needed")
	}
	if is(r.in.IsSensitive) {
		r.note("IsSensitive: to be among these people can itself hurt them; the record does not say in what, so no class of data follows from it")
	}
}

// classes maps the kinds of data. What has no class of ours is noted; what may hide one makes the list
// incomplete.
func (r *hibpReader) classes() {
	f := &r.facts
	var none, vague []string
	unknown := false
	for _, name := range r.in.DataClasses {
		k, known := hibpClasses[name]
		switch {
		case !known:
			unknown = true
		case k.vague:
			vague = append(vague, name)
		case k.class == "":
			none = append(none, name)
		case !slices.Contains(f.Data.Classes, k.class):
			f.Data.Classes = append(f.Data.Classes, k.class)
		}
		if k.note != "" && !slices.Contains(r.notes, k.note) {
			r.note(k.note)
		}
	}
	if len(none) > 0 {
		r.note("no class of data here: " + strings.Join(none, ", "))
	}
	if len(vague) > 0 {
		r.note("may hold classes of data that are not listed: " + strings.Join(vague, ", "))
	}
	if unknown {
		r.note("a data class is not one that this version knows")
	}
	switch {
	case len(f.Data.Classes) == 0: // an empty list would say that no personal data are concerned
		r.note("no data class is one of ours: data.classes stays unknown")
	case unknown || len(vague) > 0:
		f.Incomplete = append(f.Incomplete, "data.classes")
		r.note("data.classes is not complete")
	}
}

// rest notes what is close to a fact.
func (r *hibpReader) rest() {
	r.note("PwnCount counts accounts, not people: people.total stays unknown")
	if _, err := time.Parse(time.DateOnly, r.in.BreachDate); err == nil {
		r.note("BreachDate is " + r.in.BreachDate + ": a day without time and often a guess, so incident.occurred_from stays unknown")
	}
	if at, err := time.Parse(time.RFC3339, r.in.AddedDate); err == nil {
		r.note("AddedDate is " + at.UTC().Format(time.RFC3339) + ": when the collector got the data, so no clock starts at it")
	}
	if r.in.Domain != "" {
		r.note("Domain names a website: which organisation answers for it, and in which country, stays unknown")
	}
}
