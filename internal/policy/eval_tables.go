package policy

import (
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// tableType is a map of which single entries may be unknown: t.count('CN'), t.amount('CNY'), t.label('dora').
var tableType = cel.OpaqueType("table")

// factTable answers for one entry: its value, or nil with the fact that is missing.
type factTable struct {
	entry  func(key string) (value any, missing string)
	listed func() string // what is listed, for reasons
}

func (t *factTable) lookup(key string) ref.Val {
	v, missing := t.entry(key)
	if v == nil {
		return unknownFact(missing)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

func countryTable(p breach.PeopleFacts) *factTable {
	c := newCounts(p)
	return &factTable{func(country string) (any, string) { return c.country(country) }, listedText(p.ByCountry)}
}

// counts are the numbers of people by where they are. What the tables add up to is known before anybody asks.
type counts struct {
	breach.PeopleFacts
	countries, regions bool             // they add up to the total, so that what is not listed is zero
	inRegions          map[string]int64 // by country
}

func newCounts(p breach.PeopleFacts) counts {
	c := counts{PeopleFacts: p}
	if p.Total != nil {
		c.countries, c.regions = addUp(p.ByCountry, "") == *p.Total, addUp(p.ByRegion, "") == *p.Total
	}
	if len(p.ByRegion) > 0 {
		c.inRegions = map[string]int64{}
	}
	for region, n := range p.ByRegion {
		if country, _, ok := strings.Cut(region, "-"); ok {
			c.inRegions[country] += n
		}
	}
	return c
}

// country is the number of people in a country. Not listed means zero only when the listed countries, or the
// listed regions, add up to the total.
func (c *counts) country(country string) (any, string) {
	if n, ok := c.ByCountry[country]; ok {
		return n, ""
	}
	if c.countries {
		return int64(0), ""
	}
	if c.regions {
		return c.inRegions[country], "" // everybody is in a region that is listed
	}
	if c.ByCountry == nil {
		return nil, "people.by_country"
	}
	return nil, "people.by_country." + country
}

// regionTable counts people in regions of a country. A country with nobody has nobody in its regions, and
// regions that add up to their country's count are complete.
func regionTable(p breach.PeopleFacts) *factTable {
	c := newCounts(p)
	return &factTable{func(region string) (any, string) {
		if n, ok := p.ByRegion[region]; ok {
			return n, ""
		}
		country, _, _ := strings.Cut(region, "-")
		n, missing := c.country(country)
		switch {
		case n == nil && p.ByRegion == nil:
			return nil, missing
		case n == nil:
			return nil, "people.by_region." + region
		case n.(int64) == 0 || (p.ByRegion != nil && c.inRegions[country] == n.(int64)):
			return int64(0), ""
		}
		return nil, "people.by_region." + region
	}, listedText(p.ByRegion)}
}

const maxListed = 12

// listedText shows a table in a reason, the first entries of it.
func listedText[V any](m map[string]V) func() string {
	return func() string {
		if m == nil {
			return ""
		}
		var out []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if len(out) == maxListed {
				out = append(out, "...")
				break
			}
			out = append(out, k+": "+valueText(m[k]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	}
}

func addUp(m map[string]int64, prefix string) int64 {
	var sum int64
	for k, n := range m {
		if strings.HasPrefix(k, prefix) {
			sum += n
		}
	}
	return sum
}

// moneyTable knows what is listed; an empty table is known to be empty.
func moneyTable(m map[string]float64) *factTable {
	return &factTable{func(currency string) (any, string) {
		if v, ok := m[currency]; ok {
			return v, ""
		}
		if m != nil && len(m) == 0 {
			return 0.0, ""
		}
		return nil, "impact.direct_loss." + currency
	}, listedText(m)}
}

// costTable answers for a channel and a currency: letter.USD.
func costTable(m map[string]map[string]float64) *factTable {
	var flat map[string]float64
	for channel, costs := range m {
		for currency, v := range costs {
			if flat == nil {
				flat = map[string]float64{}
			}
			flat[channel+"."+currency] = v
		}
	}
	return &factTable{func(key string) (any, string) {
		if v, ok := flat[key]; ok {
			return v, ""
		}
		return nil, "contacts.cost_per_person." + key
	}, listedText(flat)}
}

func labelTable(m map[string]string) *factTable {
	return &factTable{func(scheme string) (any, string) {
		if v, ok := m[scheme]; ok {
			return v, ""
		}
		if m != nil && len(m) == 0 {
			return "", ""
		}
		return nil, "incident.classification." + scheme
	}, listedText(m)}
}

func (t *factTable) text(r factRef) string {
	switch r.key {
	case "":
		return ""
	case wholeTable:
		if all := t.listed(); all != "" {
			return r.name + " = " + all
		}
		return ""
	}
	if v, _ := t.entry(r.key); v != nil {
		return r.name + "." + r.key + " = " + valueText(v)
	}
	return ""
}
