package breach

import "strings"

// The closed vocabularies of the fact file. Sectors and people categories are open.
var (
	Natures        = []string{"confidentiality", "integrity", "availability"}
	Causes         = []string{"hacking", "malware", "social", "misuse", "error", "physical", "environmental"}
	Roles          = []string{"controller", "processor"}
	NIS2Entities   = []string{"none", "important", "essential"}
	HIPAARoles     = []string{"none", "covered_entity", "business_associate"}
	HashStrengths  = []string{"none", "weak", "strong"}
	Volumes        = []string{"single", "some", "profile"}
	Recipients     = []string{"none", "known_trusted", "known", "unknown"}
	YesNoUnknown   = []string{"yes", "no", "unknown"}
	ServiceImpacts = []string{"none", "limited", "serious"}
	OpenLists      = []string{"data.classes", "incident.nature"} // lists that a fact file may call incomplete
	DataClasses    = []string{"name", "email", "phone", "postal_address", "birth_date", "national_id", "passport",
		"password", "password_hash", "security_answer", "payment_card", "card_security_code", "bank_account",
		"transactions", "balance", "income", "location", "browsing", "communications", "biometric", "genetic",
		"health", "sex_life", "religion", "politics", "ethnicity", "union", "criminal", "education", "employment",
		"photo", "device_id", "account_id", "preferences", "insurance"}
)

// SeverityCellNames are the cells of the ENISA 2013 score in the order in which they are shown.
var SeverityCellNames = []string{"dpc", "ei", "confidentiality", "integrity", "availability", "malice"}

// SeverityCells are the values, in points, that each cell can have.
var SeverityCells = map[string][]float64{
	"dpc": {1, 2, 3, 4}, "ei": {0.25, 0.5, 0.75, 1}, "confidentiality": {0, 0.25, 0.5}, "integrity": {0, 0.25, 0.5},
	"availability": {0, 0.25, 0.5}, "malice": {0, 0.5},
}

// IsCountry reports whether c is a code of ISO 3166-1 alpha-2 (XK, in wide use for Kosovo, included).
func IsCountry(c string) bool { return len(c) == 2 && strings.Contains(countries, " "+c+" ") }

const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR " +
	"BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER " +
	"ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL " +
	"IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD " +
	"ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF " +
	"PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX " +
	"SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT " +
	"ZA ZM ZW "
