package render

import (
	"maps"
	"slices"
	"strings"
)

// reportFields says what is known, by the field keys of the rule packs. A key that is not in the map is
// not known yet; one that is there and empty must be written by somebody before the report can be filed.
// A report never holds anything about a single affected person.
func (d *draft) reportFields(l *tongue) map[string]string {
	p := d.proseFor(l.tag)
	contact := joined("\n", d.contact.Name, d.contact.Email, d.contact.Phone, d.contact.Address)
	f := map[string]string{
		"controller_id": d.org + suffix(" (", deref(d.facts.Organisation.Country), ")"), "contact_point": contact,
		"summary": p["summary"].Text, "consequences": p["consequences"].Text,
		"measures_taken": p["measures_taken"].Text, "measures_planned": p["measures_planned"].Text,
		"individual_steps": p["individual_steps"].Text, "remedies": p["remedies"].Text, "remedies_offered": p["remedies"].Text,
		"recurrence_prevention": p["measures_planned"].Text, "notify_status": l.words.Affirmed["people_will_be_told"],
	}
	if d.facts.Incident.IndividualsNotifiedAt != nil {
		f["notify_status"] = l.words.Affirmed["people_told"]
	}
	if d.org == "" {
		f["controller_id"] = ""
	}
	maps.Copy(f, d.knownFacts(l))
	return f
}

// knownFacts are the fields that facts answer; an unknown fact has no entry.
func (d *draft) knownFacts(l *tongue) map[string]string {
	in, out := d.facts.Incident, map[string]string{}
	put := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	put("detected_at", l.instant(in.DetectedAt))
	put("aware_at", l.instant(in.AwareAt))
	put(noticeDate, l.instant(in.IndividualsNotifiedAt))
	occurred := joined(" – ", l.instant(in.OccurredFrom), l.instant(in.OccurredTo))
	put("occurred_at", occurred)
	put("nature", joined("\n", strings.Join(l.worded(l.words.Nature, in.Nature), l.words.Join), l.affirm(in.PossibleOnly, "possible_only", "")))
	if in.Cause != nil {
		put("cause", strings.Join(l.worded(l.words.Cause, []string{*in.Cause}), l.words.Join))
	}
	if len(d.classes) > 0 {
		put("data_categories", l.dataWords(d.classes))
	}
	people := d.facts.People
	if people.Total != nil {
		put("subject_count", l.count(*people.Total))
	}
	put("subject_categories", strings.Join(l.worded(l.words.Categories, people.Categories), l.words.Join))
	put("cross_border", l.counted(people.ByCountry))
	put("prior_safeguards", d.safeguards(l))
	put("risk_reasoning", joined(" ", l.affirm(yes(d.facts.Exposure.Exfiltrated), "exfiltrated_yes", "exfiltrated_no"), l.affirm(d.facts.Exposure.MisuseSeen, "misuse_seen", "")))
	if delay := d.facts.LawEnforcement.DelayRequested; delay != nil {
		put("law_enforcement", l.affirm(delay, "delay_requested", ""))
		if !*delay {
			out["law_enforcement"] = l.words.None
		}
	}
	return out
}

func (d *draft) safeguards(l *tongue) string {
	data := d.facts.Data
	parts := []string{l.affirm(data.Encrypted, "data_encrypted", "data_not_encrypted"), l.affirm(data.KeyCompromised, "key_compromised", "")}
	if data.Hashed != nil {
		parts = append(parts, l.words.Affirmed["hashed_"+*data.Hashed])
	}
	return joined(" ", parts...)
}

// proseFor is the narrative in a language, or in the first that there is.
func (d *draft) proseFor(tag string) map[string]prose {
	if p, ok := d.prose[tag]; ok {
		return p
	}
	if told := d.told(); len(told) > 0 {
		return d.prose[told[0]]
	}
	return nil
}

// writtenFor is what the organisation wrote for a field, in a language or in the first that it wrote in.
func (d *draft) writtenFor(tag, field string) prose {
	if p, ok := d.written[tag][field]; ok {
		return p
	}
	for _, t := range d.told() {
		if p, ok := d.written[t][field]; ok {
			return p
		}
	}
	return prose{}
}

// worded puts values of a fact into words; what has no word is shown as it is.
func (l *tongue) worded(words map[string]string, values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		if w := words[v]; w != "" {
			out = append(out, w)
		} else {
			out = append(out, oneLine(v))
		}
	}
	return out
}

func (l *tongue) counted(by map[string]int64) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(by)) {
		out = append(out, oneLine(k)+l.words.Between+l.count(by[k]))
	}
	return strings.Join(out, l.words.Join)
}

// affirm says what a fact means, and nothing while it is unknown.
func (l *tongue) affirm(fact *bool, ifTrue, ifFalse string) string {
	switch {
	case fact == nil:
		return ""
	case *fact:
		return l.words.Affirmed[ifTrue]
	default:
		return l.words.Affirmed[ifFalse]
	}
}

// yes reads the three-valued yes, no, unknown.
func yes(s *string) *bool {
	if s == nil || (*s != "yes" && *s != "no") {
		return nil
	}
	b := *s == "yes"
	return &b
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return oneLine(*s)
}

func suffix(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
