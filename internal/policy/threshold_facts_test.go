package policy

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// limit is a number of the collected facts on the regimes with its operator, beside lawNumbers the second table that
// packs are held against: nobody copied it by hand.
type limit struct {
	operator string
	number   float64
}

// explained are differences between the facts file and a pack.
type explained struct {
	limits []limit
	why    string
}

func (e explained) holds(l limit) bool { return e.why != "" && slices.Contains(e.limits, l) }

// elsewhere are the numbers of the facts file that no condition of the pack compares a fact with.
var elsewhere = map[string]explained{
	"br-lgpd": {[]limit{{">=", 90}}, "days for which a substitute notice stands: duration_days of the pack"},
	"kr-pipa": {[]limit{{">=", 30}}, "days for which a substitute notice stands: duration_days of the pack"},
	"us-ma":   {[]limit{{">=", 18}}, "months of credit monitoring: a remedy of the pack"},
	"ph-dpa":  {[]limit{{">=", 100}}, "from there on the notice may not be put off, which is from memory: a note of the pack, which puts nothing off"},
	"cn-cac-incident-2025": {
		[]limit{{">=", 1e8}, {">=", 1e7}, {">=", 2e7}, {">=", 24}, {">=", 12}, {">=", 6}, {">=", 2}, {">=", 1e5}, {">=", 1e4}, {">=", 1e3}},
		"higher grades ask for the same report at the same time; main functions are not told apart from the whole, of which the number is lower; portals and unlawful content are asked",
	},
	"tw-pdpa-2025-pending": {[]limit{{">=", 10000}}, "records in the system are no fact: it is asked"},
	"us-state-generic":     {[]limit{{">=", 250}, {">", 5000}}, "Texas and New York have packs of their own"},
}

// fromProse are the numbers of packs that the facts file names in words only.
var fromProse = map[string]explained{
	"us-hipaa":         {[]limit{{"<=", 500}}, "the other side of more than 500 residents of one state"},
	"us-ny":            {[]limit{{">", 500}}, "of the exemption of inadvertent disclosures: its papers go to the attorney general"},
	"us-state-generic": {[]limit{{">", 250000}}, "substitute_cost_usd, typical"},
}

// A number of the facts file stands in its pack with the same operator, and the other way round; every difference has
// its explanation, and no explanation is left over.
func TestTheNumbersOfThePacksAreThoseOfTheFactsFile(t *testing.T) {
	t.Parallel()
	packs, facts := map[string][]limit{}, factLimits(t)
	for _, th := range thresholds(loadTestRules(t)) {
		if likelyNumbers[th.pack.ID] == nil && th.number != 0 {
			packs[th.pack.ID] = append(packs[th.pack.ID], limit{th.operator, th.number})
		}
	}
	held := func(from, in map[string][]limit, but map[string]explained) {
		for id, limits := range from {
			for _, l := range limits {
				require.NotEqual(t, slices.Contains(in[id], l), but[id].holds(l), "%s: %s %.15g", id, l.operator, l.number)
			}
		}
		for id, e := range but {
			for _, l := range e.limits {
				require.Contains(t, from[id], l, "%s: explained for nothing", id)
			}
		}
	}
	held(facts, packs, elsewhere)
	held(packs, facts, fromProse)
}

// factLimits are the numbers of the facts file by regime.
func factLimits(t *testing.T) map[string][]limit {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "facts", "regimes.yaml"))
	if err != nil {
		t.Skip("SKIPPED: ../shared/facts is not there; the numbers of the packs were not held against the facts file")
	}
	var file struct {
		Regimes []map[string]any `yaml:"regimes"`
	}
	require.NoError(t, yaml.Unmarshal(body, &file))
	out := map[string][]limit{}
	for _, r := range file.Regimes {
		id, _ := r["id"].(string)
		collectLimits(r, "", func(l limit) { out[id] = append(out[id], l) })
	}
	require.Greater(t, len(out), 15)
	return out
}

var factOperators = map[string]string{"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}

// collectLimits finds {gte: 500} below name, and lists of places under gte_500. Minutes are told in hours.
func collectLimits(node any, name string, found func(limit)) {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			collectLimits(n, name, found)
		}
	case map[string]any:
		for key, n := range node {
			op, number, _ := strings.Cut(key, "_")
			if v, ok := n.(int); ok && factOperators[key] != "" {
				l := limit{factOperators[key], float64(v)}
				if strings.HasSuffix(name, "_minutes") {
					l.number /= 60
				}
				found(l)
				continue
			}
			if v, err := strconv.ParseFloat(number, 64); err == nil && factOperators[op] != "" {
				found(limit{factOperators[op], v})
			}
			collectLimits(n, key, found)
		}
	}
}
