package policy

import (
	"fmt"
	"slices"
	"strings"
)

const (
	holdStops = "stops"
	holdRuns  = "runs"
)

// further compiles the conditions of further contents. An unknown condition asks for more, as with remedies, so
// neither may use proven().
func (p *packCompiler) further(at string, d *PackDuty) (out []*rule) {
	for i, c := range d.ContentsIf {
		at := fmt.Sprintf("%s.contents_if[%d]", at, i)
		p.contents(at+".contents", c.Contents)
		if len(c.Contents) == 0 || strings.TrimSpace(c.Because) == "" {
			p.bad(at, "needs contents and because")
		}
		out = append(out, p.rule(at+".when", c.When, makesDuty))
	}
	if d.MinFontPt < 0 {
		p.bad(at+".min_font_pt", "must not be negative")
	}
	return out
}

func (p *packCompiler) remedies(at string, d *PackDuty) []*rule {
	out := make([]*rule, len(d.Remedies))
	for i, r := range d.Remedies {
		at := fmt.Sprintf("%s.remedies[%d]", at, i)
		if !packWord.MatchString(r.Offer) || strings.TrimSpace(r.Because) == "" || r.Months < 0 {
			p.bad(at, "needs an offer (a word in lower case) and because")
		}
		if PackContents[r.Offer] != "" {
			p.bad(at+".offer", "is the name of a content field; an offer needs a name of its own")
		}
		if r.When != "" {
			out[i] = p.rule(at+".when", r.When, makesDuty)
		}
	}
	return out
}

func (p *packCompiler) hold(at string, h PackHold) {
	if !h.LawEnforcement {
		if h.Clock != "" || h.Forbids || len(h.Limits) > 0 || h.After != nil {
			p.bad(at, "has terms of a hold, but law_enforcement is not true")
		}
		return
	}
	if h.Clock != "" && h.Clock != holdStops && h.Clock != holdRuns {
		p.bad(at+".clock", "must be stops or runs")
	}
	for i, l := range h.Limits {
		if l.Form != "written" && l.Form != "oral" || l.Days < 0 || slices.Min(append(slices.Clone(l.Extensions), 1)) < 1 {
			p.bad(fmt.Sprintf("%s.limits[%d]", at, i), "needs form (written or oral), and days above 0 where it has a limit")
		}
	}
	if h.After != nil {
		if what := h.After.term().check(); what != "" {
			p.bad(at+".after", "%s", what)
		}
	}
}
