package policy

import (
	"fmt"
	"slices"
	"strings"
)

var (
	enisaBehavioural = []string{"location", "browsing", "communications", "preferences"}
	enisaFinancial   = packGroups["group.financial"]
	enisaSensitive   = packGroups["group.special"]
)

// enisaKinds is what the classes of data come to, whatever else is known or not.
type enisaKinds struct {
	simple, logins                    bool
	behavioural, financial, sensitive enisaKind
	identifies                        int // in quarter points
	identifiesBy                      string
}

type enisaKind struct {
	found []string
	why   string
}

func newEnisaKinds(classes []string) *enisaKinds {
	kind := func(name string, of []string) enisaKind {
		found := among(classes, of)
		return enisaKind{found, name + " data (" + strings.Join(found, ", ") + ")"}
	}
	k := &enisaKinds{
		behavioural: kind("behavioural", enisaBehavioural), financial: kind("financial", enisaFinancial), sensitive: kind("sensitive", enisaSensitive),
		logins: len(among(classes, packGroups["group.credentials"])) > 0,
	}
	k.simple = len(classes) > len(k.behavioural.found)+len(k.financial.found)+len(k.sensitive.found)
	k.identifies, k.identifiesBy = identify(classes)
	return k
}

// identify says how easily readable data of these classes lead to a person.
func identify(classes []string) (int, string) {
	is := func(c string) bool { return slices.Contains(classes, c) }
	direct := among(classes, []string{"name", "email", "phone", "postal_address", "photo", "birth_date", "national_id", "passport", "biometric"})
	beside := among(classes, []string{"email", "phone", "postal_address", "photo", "birth_date", "national_id", "passport", "biometric", "income", "employment"})
	numbers := among(classes, []string{"national_id", "passport", "payment_card", "bank_account", "account_id", "device_id", "insurance"})
	credentials := []string{"password", "password_hash", "security_answer"}
	others := len(classes) - len(among(classes, credentials))
	switch {
	case is("name") && len(beside) > 0:
		return 4, fmt.Sprintf("full name with %s", strings.Join(beside, ", "))
	case is("photo") && len(direct) > 1 || len(direct) >= 3:
		return 4, fmt.Sprintf("identifiers that name a person together: %s", strings.Join(direct, ", "))
	case is("name"), is("email"), is("photo"), is("biometric"):
		return 3, fmt.Sprintf("%s names most people with little research", direct[0])
	case len(numbers) > 0 && others > 1:
		return 3, fmt.Sprintf("%s tied to other data", strings.Join(numbers, ", "))
	case len(direct) >= 2:
		return 3, "several traces that lead to a person together"
	case is("phone"), is("postal_address"), is("location"), is("communications"), is("genetic"):
		return 2, "leads to a person with some research"
	}
	return 1, "hardly leads to a person without another source"
}
