package breach

import "strings"

// VariantOf names a notice by who is addressed and, where the people of a place have a text of their own because
// its law forbids what the others are told, by that place: "self", "guardian@US-MA".
func VariantOf(to Addressee, place string) string {
	if place == "" {
		return string(to)
	}
	return string(to) + "@" + place
}

// ReadVariant is the reverse: place is empty for the text of everybody else.
func ReadVariant(variant string) (to Addressee, place string) {
	who, place, _ := strings.Cut(variant, "@")
	return Addressee(who), place
}

// LivesIn says that a row itself names a place inside a jurisdiction; who may live there (MayLiveIn) does not.
func LivesIn(jurisdiction, country, region string) bool {
	if strings.TrimSpace(country) == "" || !KnownJurisdiction(jurisdiction) || !MayLiveIn(jurisdiction, country, region) {
		return false
	}
	of, part, within := strings.Cut(jurisdiction, "-")
	if !within || part == "*" {
		return true
	}
	m := regionPattern.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(region)))
	return m != nil && (m[1] == "" || m[1] == of+"-") && m[2] == part
}

// OwnTexts lists the places whose people need texts of their own: those of duties towards people that apply and
// forbid contents, with what they forbid. A law without a place of its own has none.
func OwnTexts(duties []Obligation) map[string][]string {
	out := map[string][]string{}
	for _, o := range duties {
		if o.Duty == "notify_individuals" && o.Verdict == Applies && o.StartsAtOnce() && len(o.Forbidden) > 0 && placePattern.MatchString(o.Jurisdiction) {
			out[o.Jurisdiction] = append(out[o.Jurisdiction], o.Forbidden...)
		}
	}
	return out
}
