package policy

import (
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// enisaFacts are the facts that the score looks at, all of them known.
type enisaFacts struct {
	classes    []string
	anyClasses int // 0: classes are known; else they are not, and this is the worst or the best case
	volume     string
	minors     bool
	vulnerable bool
	public     bool
	encrypted  bool
	key        bool // the key is compromised
	hashed     string
	nature     []string
	recipients string
	malicious  bool
	backup     bool
	restored   restoring
	house      houseKind // what it says of somebody to be in the organisation's files
	bank       bool      // behind its logins lies money
	kinds      *enisaKinds
}

// houseKind is what the mere presence in somebody's files lets one guess. It raises the score only where the
// sector is known: nothing else of a fact file speaks of it, and an unknown sector is no reason to assume one.
type houseKind int

const (
	plainHouse     houseKind = iota
	luxuryHouse              // social or financial standing
	sensitiveHouse           // health, sex life, politics, religion
)

var sensitiveSectors = []string{"health", "pharmacy", "rehabilitation", "adult", "dating", "religion", "politics", "union"}

type restoring int

const (
	restoredQuickly restoring = iota // within the hour: another copy was at hand
	restoredLater
	notRestored
)

const (
	bestClasses  = 1
	worstClasses = 2
)

// sealed: encrypted, and nobody else has the key.
func (f enisaFacts) sealed() bool { return f.encrypted && !f.key }

// onlyHashed: nothing but credentials and pseudonyms, and the credentials are strongly hashed.
func (f enisaFacts) onlyHashed() bool {
	hidden := []string{"password", "password_hash", "security_answer", "account_id", "device_id"}
	return f.anyClasses == 0 && f.hashed == "strong" && len(f.classes) > 0 && subset(f.classes, hidden)
}

func (f enisaFacts) has(nature string) bool { return slices.Contains(f.nature, nature) }

func subset(a, of []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(of, s) })
}

func among(a, of []string) []string {
	var out []string
	for _, s := range a {
		if slices.Contains(of, s) {
			out = append(out, s)
		}
	}
	return out
}

// enisaInput takes the facts that are known, and a variable for each one that is not.
func enisaInput(f *breach.Facts) (enisaFacts, map[string]enisaVar) {
	e, vars := enisaFacts{}, map[string]enisaVar{}
	if e.classes = f.Data.Classes; e.classes == nil {
		vars["data.classes"] = enisaVar{func(e *enisaFacts) { e.anyClasses = bestClasses }, func(e *enisaFacts) { e.anyClasses = worstClasses }}
	} else if slices.Contains(f.Incomplete, "data.classes") {
		vars["data.classes"] = enisaVar{func(*enisaFacts) {}, func(e *enisaFacts) { e.anyClasses = worstClasses }}
	}
	words := func(path string, v *string, into func(e *enisaFacts) *string, all []string) {
		if v != nil {
			*into(&e) = *v
			return
		}
		for _, w := range all {
			vars[path] = append(vars[path], func(e *enisaFacts) { *into(e) = w })
		}
	}
	switches := func(path string, v *bool, into func(e *enisaFacts) *bool) {
		if v != nil {
			*into(&e) = *v
			return
		}
		vars[path] = enisaVar{func(e *enisaFacts) { *into(e) = false }, func(e *enisaFacts) { *into(e) = true }}
	}
	words("data.volume", f.Data.Volume, func(e *enisaFacts) *string { return &e.volume }, breach.Volumes)
	words("data.hashed", f.Data.Hashed, func(e *enisaFacts) *string { return &e.hashed }, breach.HashStrengths)
	words("exposure.recipients", f.Exposure.Recipients, func(e *enisaFacts) *string { return &e.recipients }, breach.Recipients)
	switches("people.vulnerable", f.People.Vulnerable, func(e *enisaFacts) *bool { return &e.vulnerable })
	switches("data.public_before", f.Data.PublicBefore, func(e *enisaFacts) *bool { return &e.public })
	switches("data.encrypted", f.Data.Encrypted, func(e *enisaFacts) *bool { return &e.encrypted })
	switches("data.key_compromised", f.Data.KeyCompromised, func(e *enisaFacts) *bool { return &e.key })
	switches("incident.malicious", f.Incident.Malicious, func(e *enisaFacts) *bool { return &e.malicious })
	switches("availability.backup", f.Availability.Backup, func(e *enisaFacts) *bool { return &e.backup })
	var minors *bool
	if f.People.Minors != nil {
		some := *f.People.Minors > 0
		minors = &some
	}
	switches("people.minors", minors, func(e *enisaFacts) *bool { return &e.minors })
	if e.nature = f.Incident.Nature; e.nature == nil {
		vars["incident.nature"] = enisaVar{func(e *enisaFacts) { e.nature = nil }, func(e *enisaFacts) { e.nature = breach.Natures }}
	} else if slices.Contains(f.Incomplete, "incident.nature") {
		vars["incident.nature"] = enisaVar{func(*enisaFacts) {}, func(e *enisaFacts) { e.nature = breach.Natures }}
	}
	e.kinds = newEnisaKinds(e.classes)
	enisaHouse(f, &e, vars)
	if h := f.Availability.RestoredAfterHours; h != nil {
		e.restored = restoredLater
		if *h < 1 {
			e.restored = restoredQuickly
		}
	} else {
		for _, r := range []restoring{restoredQuickly, restoredLater, notRestored} {
			vars["availability.restored_after_hours"] = append(vars["availability.restored_after_hours"], func(e *enisaFacts) { e.restored = r })
		}
	}
	return e, vars
}

// enisaHouse looks at the sector. Staff are in the files of a clinic for another reason than patients.
func enisaHouse(f *breach.Facts, e *enisaFacts, vars map[string]enisaVar) {
	is := func(s string) bool { return slices.Contains(f.Organisation.Sectors, s) }
	e.bank = is("finance")
	switch {
	case slices.ContainsFunc(sensitiveSectors, is):
		e.house = sensitiveHouse
	case is("luxury"):
		e.house = luxuryHouse
	default:
		return
	}
	switch who := f.People.Categories; {
	case who == nil:
		house := e.house
		vars["people.categories"] = enisaVar{func(e *enisaFacts) { e.house = plainHouse }, func(e *enisaFacts) { e.house = house }}
	case len(who) > 0 && subset(who, []string{"employees", "applicants", "suppliers"}):
		e.house = plainHouse
	}
}

// enisaDPC scores every category that the classes belong to and takes the highest. Credentials are scored
// as simple data, unless they open accounts with money or health data: what else lies behind a login is in
// the classes when it was open.
func enisaDPC(f enisaFacts) (int, string) {
	switch f.anyClasses {
	case bestClasses:
		return 1, "the kinds of data are not known"
	case worstClasses:
		return 4, "the kinds of data are not known and may be the most sensitive"
	}
	best, why := 1, "simple data without an aggravating factor"
	if len(f.classes) == 0 {
		why = "no personal data are named"
	}
	for _, c := range []func(enisaFacts) (int, string){dpcSimple, dpcBehavioural, dpcFinancial, dpcSensitive, dpcLogins} {
		if v, w := c(f); v > best {
			best, why = min(v, 4), w
		}
	}
	return best, why
}

// traits adds what the people and the amount of data aggravate.
func (f enisaFacts) traits(v int, why string) (int, string) {
	if f.volume == "profile" {
		v, why = v+1, why+", enough of it for a profile"
	}
	if f.vulnerable || f.minors {
		v, why = v+1, why+", of people who need special care"
	}
	return v, why
}

func dpcSimple(f enisaFacts) (int, string) {
	if !f.kinds.simple {
		return 0, ""
	}
	if f.vulnerable {
		return 4, "simple data of vulnerable people, for whom it can touch their safety"
	}
	v, why := 1, "simple data"
	switch f.house {
	case sensitiveHouse:
		v, why = 3, why+", which shows that somebody is with an organisation that lets one guess health, sex life or conviction"
	case luxuryHouse:
		v, why = 2, why+", which lets one guess the financial standing"
	}
	return f.traits(v, why)
}

// dpcLogins scores credentials by what is known to lie behind them.
func dpcLogins(f enisaFacts) (int, string) {
	if f.hashed == "strong" || !f.kinds.logins {
		return 0, ""
	}
	switch {
	case f.bank:
		return 4, "credentials that open accounts with money"
	case f.house == sensitiveHouse:
		return 4, "credentials that open accounts with sensitive data"
	}
	return 0, ""
}

func dpcBehavioural(f enisaFacts) (int, string) {
	if len(f.kinds.behavioural.found) == 0 {
		return 0, ""
	}
	v, why := 2, f.kinds.behavioural.why
	if f.volume == "single" {
		v, why = v-1, why+", too little of it for insight"
	}
	if f.public {
		v, why = v-1, why+", public before"
	}
	if f.house == sensitiveHouse {
		v, why = v+2, why+", with an organisation that lets one guess health, sex life or conviction"
	}
	v, why = f.traits(v, why)
	return max(v, 1), why
}

func dpcFinancial(f enisaFacts) (int, string) {
	found := f.kinds.financial.found
	if len(found) == 0 {
		return 0, ""
	}
	v, why := 3, f.kinds.financial.why
	switch {
	case slices.Contains(found, "payment_card") && slices.Contains(found, "card_security_code"):
		v, why = 4, why+", complete enough for fraud"
	case subset(found, []string{"bank_account", "insurance"}),
		subset(found, []string{"bank_account", "insurance", "transactions"}) && f.volume == "single":
		v, why = 2, why+", without insight into the situation"
	}
	if f.public {
		v, why = v-2, why+", public before"
	}
	if f.house == sensitiveHouse && slices.Contains(found, "transactions") {
		v, why = v+1, why+", which tell what somebody had from an organisation that lets one guess health, sex life or conviction"
	}
	v, why = f.traits(v, why)
	return max(v, 1), why
}

func dpcSensitive(f enisaFacts) (int, string) {
	if len(f.kinds.sensitive.found) == 0 {
		return 0, ""
	}
	why := f.kinds.sensitive.why
	if f.public {
		v, why := f.traits(1, why+", public before")
		return v, why
	}
	return 4, why
}

// enisaEI takes the best identifier and raises it where identifiers combine.
func enisaEI(f enisaFacts) (int, string) {
	switch {
	case f.sealed():
		return 1, "encrypted, and the key is safe"
	case f.anyClasses == bestClasses:
		return 1, "the kinds of data are not known"
	case f.anyClasses == worstClasses:
		return 4, "the kinds of data are not known and may name people"
	case f.onlyHashed():
		return 1, "pseudonyms and strongly hashed credentials only"
	}
	return f.kinds.identifies, f.kinds.identifiesBy
}

// enisaConfidentiality asks who may read the data now. Nature is authoritative: without confidentiality
// in it, nobody does.
func enisaConfidentiality(f enisaFacts) (int, string) {
	switch {
	case !f.has("confidentiality"):
		return 0, "confidentiality was not affected"
	case f.sealed():
		return 0, "encrypted, and the key is safe"
	}
	switch f.recipients {
	case "none":
		return 0, "nobody is known to have the data"
	case "known_trusted", "known":
		return 1, "known, limited recipients"
	}
	return 2, "unknown or unlimited recipients"
}

func enisaIntegrity(f enisaFacts) (int, string) {
	if !f.has("integrity") {
		return 0, "integrity was not affected"
	}
	v, how := f.recovery()
	return v, "data were altered, " + how
}

func enisaAvailability(f enisaFacts) (int, string) {
	if !f.has("availability") {
		return 0, "availability was not affected"
	}
	v, how := f.recovery()
	return v, "data were lost or locked, " + how
}

func (f enisaFacts) recovery() (int, string) {
	switch {
	case f.backup && f.restored == restoredQuickly:
		return 0, "and another copy was at hand within the hour"
	case f.backup, f.restored != notRestored:
		return 1, "and can be restored with some work"
	}
	return 2, "and there is no copy to restore"
}

func enisaMalice(f enisaFacts) (int, string) {
	if f.malicious {
		return 2, "it was deliberate"
	}
	return 0, "it was not deliberate"
}
