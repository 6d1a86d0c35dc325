package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lawNumbers are the numbers that laws name, written by hand from the collected facts on the regimes and not from the
// packs: what is counted, from where on, and how much. A number of people of one country stands beside the total
// where a pack must hold while nobody knows where people live.
var lawNumbers = map[string][]string{
	"cn-cac-incident-2025": {"people.total >= 1000000", "impact.direct_loss.CNY >= 5000000", "impact.outage_hours >= 0.5"},
	"jp-appi":              {"people.total > 1000", "people.by_country.JP > 1000"},
	"kr-pipa":              {"people.total >= 1000", "people.by_country.KR >= 1000"},
	"kr-pipa-2023":         {"people.total >= 1000", "people.by_country.KR >= 1000"},
	"my-pdpa":              {"people.total > 1000", "people.by_country.MY > 1000"},
	"sg-pdpa":              {"people.total >= 500", "people.by_country.SG >= 500"},
	"tw-pdpa-2025-pending": {"people.total >= 100"},
	"us-ca":                {"people.by_region.US-CA > 500", "people.by_region.US-CA > 500000", "cost of people.by_region.US-CA > 250000"},
	"us-co":                {"people.by_region.US-CO >= 500", "people.by_region.US-CO > 1000", "people.by_region.US-CO > 250000", "cost of people.by_region.US-CO > 250000"},
	"us-fl":                {"people.by_region.US-FL >= 500", "people.by_region.US-FL > 1000", "people.by_region.US-FL > 500000", "cost of people.by_region.US-FL > 250000"},
	"us-ftc-hbnr":          {"people.total >= 500", "people.total < 500", "any people.by_region.US-ME >= 500"},
	"us-glba-ftc":          {"people.total >= 500"},
	// The media of a state are told of more than 500 residents, so that up to 500 people everywhere rule it out.
	"us-hipaa": {"people.total >= 500", "people.total < 500", "people.total <= 500", "any people.by_region.US-ME > 500", "contacts.missing >= 10", "contacts.missing < 10"},
	"us-ma":    {"people.by_region.US-MA > 500000", "cost of people.by_region.US-MA > 250000"},
	"us-ny":    {"people.by_region.US-NY > 500", "people.by_region.US-NY > 5000", "people.by_region.US-NY > 500000", "cost of people.by_region.US-NY > 250000"},
	"us-tx":    {"people.by_region.US-TX >= 250", "people.by_region.US-TX > 500000", "people.total > 10000", "cost of people.by_region.US-TX > 250000"},
	"us-wa":    {"people.by_region.US-WA > 500", "people.by_region.US-WA > 500000", "cost of people.by_region.US-WA > 250000"},
	"us-state-generic": {
		"any people.by_region.US-ME > 1000", "people.by_region.US-GA > 10000", "people.by_region.US-MN > 500", // credit bureaus
		"any people.by_region.US-ND > 250", "any people.by_region.US-OR > 250", "any people.by_region.US-SD > 250", // attorneys general
		"any people.by_region.US-DE > 500", "any people.by_region.US-RI > 500", "people.by_region.US-IA >= 500", "people.by_region.US-AZ > 1000",
		"cost of people.total > 250000",
	},
}

// likelyNumbers are no law: from where on a small mistake stops being one, or a harm starts being likely, where the
// law only says "likely". For the GDPR they lie around the numbers of the EDPB's examples.
var likelyNumbers = map[string][]string{
	"eu-gdpr":         gdprNumbers,
	"uk-gdpr":         gdprNumbers,
	"au-ndb":          {"people.total <= 100"},
	"br-lgpd":         {"people.total <= 100"},
	"ca-pipeda":       {"people.total <= 100"},
	"ca-qc-law25":     {"people.total <= 100"},
	"nz-privacy-2020": {"people.total <= 100"},
	"ch-fadp":         {"people.total < 1000"},
}

var gdprNumbers = []string{
	"people.total <= 10", "people.total <= 20", "people.total <= 100", "people.total <= 1000", "people.total < 1000", "people.total < 10000",
	"people.total >= 1000", "people.total >= 10000",
	"availability.restored_after_hours <= 24", "availability.restored_after_hours > 24", "availability.restored_after_hours <= 168",
}

// No number stands in a pack that nobody wrote down here, and none of these is missing. Zero is no threshold: it tells
// nobody from somebody.
func TestTheNumbersOfThePacksAreThoseOfTheLaws(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, th := range thresholds(loadTestRules(t)) {
		says := fmt.Sprintf("%s %s %s", th.compared, th.operator, strings.TrimSuffix(fmt.Sprintf("%.1f", th.number), ".0"))
		if th.number != 0 && !slices.Contains(found[th.pack.ID], says) {
			found[th.pack.ID] = append(found[th.pack.ID], says)
		}
	}
	for pack, numbers := range found {
		require.ElementsMatch(t, slices.Concat(lawNumbers[pack], likelyNumbers[pack]), numbers, pack)
	}
	require.Len(t, found, len(lawNumbers)+len(likelyNumbers), "no pack has lost its numbers")
}
