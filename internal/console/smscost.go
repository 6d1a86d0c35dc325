package console

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// smsCost says what telling everybody by text message would cost at most, a line for each language and country.
func (l speech) smsCost(c *breach.SMSCost) (out []string) {
	if c == nil || c.People == 0 {
		return nil
	}
	out = append(out, l.T("If all %s with a number get one: %s parts.", l.People(c.People), l.Num(c.Parts)))
	for _, line := range c.Lines {
		where := l.T("country not known")
		if line.Country != "" {
			where = l.Country(line.Country)
		}
		cost := l.T("price not known")
		if line.Cost != nil {
			cost = line.Currency + " " + strconv.FormatFloat(*line.Cost, 'f', 2, 64)
		}
		out = append(out, l.T("%s, %s, by %s: %s, %s parts each: %s", l.Language(line.Locale), where, cmp.Or(line.Provider, "-"), l.People(line.People), strconv.Itoa(line.Parts), cost))
	}
	for _, currency := range slices.Sorted(maps.Keys(c.Totals)) {
		out = append(out, l.T("Together: %s", currency+" "+strconv.FormatFloat(c.Totals[currency], 'f', 2, 64)))
	}
	if c.Unpriced > 0 {
		out = append(out, l.T("Not known for %s: the policy gives no price of a part for them.", l.People(c.Unpriced)))
	}
	return out
}
