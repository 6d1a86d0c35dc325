package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The ENISA 2013 severity score: SE = DPC x EI + CB, with DPC in 1..4, EI in 0.25..1 and CB in 0..2, all in
// steps of a quarter. Everything here counts in quarter points (EI of 0.75 is 3), because sums of quarters
// must not depend on rounding. Unknown facts widen a cell to an interval: it is evaluated for every value
// that they can have.

const enisaScheme = "enisa-2013"

// Flags beside the score; they do not change it.
const (
	FlagCount          = "FLAG_COUNT"          // more than 100 people
	FlagUnintelligible = "FLAG_UNINTELLIGIBLE" // nobody can read the data: good encryption or hash
)

// enisaCell is one factor as an interval of quarter points.
type enisaCell struct {
	low, high int
	why       string // of the upper end
	missing   []string
	derived   *enisaCell // what the facts give, where a person set the cell
}

func (c enisaCell) exact() bool { return c.low == c.high }

// enisaScore is the whole score.
type enisaScore struct {
	cells     []enisaCell // in the order of breach.SeverityCellNames; DPC counts in whole points
	low, high int         // quarter points
	flags     []string
}

func quarters(q int) float64 { return float64(q) / 4 }

// enisaLevel names the band of a score in quarter points.
func enisaLevel(score int) string {
	switch {
	case score < 8:
		return "low"
	case score < 12:
		return "medium"
	case score < 16:
		return "high"
	}
	return "very high"
}

func assessEnisa(f *breach.Facts) enisaScore {
	base, vars := enisaInput(f)
	s := sumEnisa(overrideEnisa(f.SeverityOverrides, []enisaCell{
		enisaSpan(base, vars, []string{"data.classes", "data.volume", "people.minors", "people.vulnerable", "data.public_before", "data.hashed", "people.categories"}, enisaDPC),
		enisaSpan(base, vars, []string{"data.classes", "data.encrypted", "data.key_compromised", "data.hashed"}, enisaEI),
		enisaSpan(base, vars, []string{"incident.nature", "exposure.recipients", "data.encrypted", "data.key_compromised"}, enisaConfidentiality),
		enisaSpan(base, vars, []string{"incident.nature", "availability.backup", "availability.restored_after_hours"}, enisaIntegrity),
		enisaSpan(base, vars, []string{"incident.nature", "availability.backup", "availability.restored_after_hours"}, enisaAvailability),
		enisaSpan(base, vars, []string{"incident.malicious"}, enisaMalice),
	}))
	if f.People.Total != nil && *f.People.Total > 100 {
		s.flags = append(s.flags, FlagCount)
	}
	if vars["data.encrypted"] == nil && vars["data.key_compromised"] == nil && base.sealed() ||
		vars["data.classes"] == nil && vars["data.hashed"] == nil && base.onlyHashed() {
		s.flags = append(s.flags, FlagUnintelligible)
	}
	return s
}

// overrideEnisa puts what a person set in the place of what the facts give, and keeps that beside it. The
// reason stays with the facts: it is free text.
func overrideEnisa(overrides []breach.SeverityOverride, cells []enisaCell) []enisaCell {
	for _, o := range overrides {
		i := slices.Index(breach.SeverityCellNames, o.Cell)
		derived := &cells[i]
		if derived.derived != nil { // a later one replaces an earlier one
			derived = derived.derived
		}
		kept, v := *derived, int(o.Value*enisaUnit(i))
		cells[i] = enisaCell{low: v, high: v, why: "a person set it, with a recorded reason; the facts give " + kept.points(i) + " (" + kept.why + ")", derived: &kept}
	}
	return cells
}

// enisaUnit is how many steps of a cell make a point.
func enisaUnit(cell int) float64 {
	if breach.SeverityCellNames[cell] == "dpc" {
		return 1
	}
	return 4
}

// points shows a cell's value.
func (c enisaCell) points(cell int) string {
	if unit := enisaUnit(cell); !c.exact() {
		return valueText(float64(c.low)/unit) + " to " + valueText(float64(c.high)/unit)
	}
	return valueText(float64(c.high) / enisaUnit(cell))
}

// sumEnisa adds the factors up. The ends of the interval are exact: what two factors share (encryption, a
// backup) moves both in the same direction.
func sumEnisa(cells []enisaCell) enisaScore {
	s := enisaScore{cells: cells, low: cells[0].low * cells[1].low, high: cells[0].high * cells[1].high}
	for _, c := range cells[2:] {
		s.low, s.high = s.low+c.low, s.high+c.high
	}
	return s
}

// missing are the facts that would narrow the score, sorted.
func (s enisaScore) missing() []string {
	var out []string
	for _, c := range s.cells {
		out = append(out, c.missing...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var enisaNames = []string{"DPC (kind of data)", "EI (ease of identification)", "CB, confidentiality", "CB, integrity", "CB, availability", "CB, malice"}

// assessment is the score as the world sees it.
func (s enisaScore) assessment() breach.Assessment {
	a := breach.Assessment{Scheme: enisaScheme, Level: enisaLevel(s.high), Flags: s.flags, Missing: s.missing()}
	dpc, ei := s.cells[0], s.cells[1]
	if dpc.exact() {
		a.DPC = &dpc.low
	}
	if ei.exact() {
		v := quarters(ei.low)
		a.EI = &v
	}
	var cb enisaCell
	for _, c := range s.cells[2:] {
		cb.low, cb.high = cb.low+c.low, cb.high+c.high
	}
	if cb.exact() {
		v := quarters(cb.low)
		a.CB = &v
	}
	if s.low == s.high {
		v := quarters(s.low)
		a.Score = &v
	} else {
		a.Range = []float64{quarters(s.low), quarters(s.high)}
	}
	for i, c := range s.cells {
		why := fmt.Sprintf("%s %s: %s", enisaNames[i], c.points(i), c.why)
		if len(c.missing) > 0 {
			why += " (unknown: " + strings.Join(c.missing, ", ") + ")"
		}
		a.Why, a.Cells = append(a.Why, why), append(a.Cells, c.shown(i))
	}
	return a
}

// shown is a cell as the world sees it.
func (c enisaCell) shown(cell int) breach.SeverityCell {
	unit := enisaUnit(cell)
	out := breach.SeverityCell{Cell: breach.SeverityCellNames[cell], Why: c.why, Missing: c.missing}
	if v := float64(c.high) / unit; c.exact() {
		out.Value = &v
	} else {
		out.Range = []float64{float64(c.low) / unit, v}
	}
	if c.derived != nil {
		derived := c.derived.shown(cell)
		out.Derived = &derived
	}
	return out
}

// enisaPoint gives a factor for facts that are all known, with the reason.
type enisaPoint func(f enisaFacts) (value int, why string)

// enisaVar sets a fact that is unknown to each of the values that it can have. The least is first.
type enisaVar []func(f *enisaFacts)

// enisaSpan evaluates a factor for every value of the unknown facts among those that it depends on.
// Missing are those that make a difference.
func enisaSpan(base enisaFacts, vars map[string]enisaVar, depends []string, point enisaPoint) enisaCell {
	names, cases := make([]string, 0, len(depends)), 1
	for _, d := range depends {
		if vars[d] != nil {
			names, cases = append(names, d), cases*len(vars[d])
		}
	}
	results := make([]int, 0, cases)
	cell := enisaCell{low: -1}
	at := new(enisaFacts) // one place for all combinations
	*at = base
	var walk func(n int)
	walk = func(n int) {
		if n == len(names) {
			v, why := point(*at)
			results = append(results, v)
			if cell.low < 0 || v < cell.low {
				cell.low = v
			}
			if cell.why == "" || v > cell.high {
				cell.high, cell.why = v, why
			}
			return
		}
		before := *at
		for _, set := range vars[names[n]] {
			set(at)
			walk(n + 1)
			*at = before
		}
	}
	walk(0)
	stride := len(results)
	for _, name := range names {
		options := len(vars[name])
		stride /= options
		for i := range results {
			if next := i + stride; (i/stride)%options+1 < options && results[i] != results[next] {
				cell.missing = append(cell.missing, name)
				break
			}
		}
	}
	return cell
}
