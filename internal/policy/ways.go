package policy

import (
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Ways says how this policy begins with groups of people: by the first channel of each that somebody may use, or by all
// of them where the strategy is blast. Channels and providers stand in the policy's order.
func (p Profile) Ways(groups []breach.ContactGroup) breach.Ways {
	out := breach.Ways{First: []breach.FirstWay{}}
	for _, c := range p.Order() {
		for _, v := range p.of(c) {
			out.Add(c, v, 0)
		}
		out.Add(c, "", 0)
	}
	for _, g := range groups {
		begun := false
		for _, c := range p.Order() {
			if begun && p.Strategy != Blast || !slices.Contains(g.Channels, c) {
				continue
			}
			r := p.routeFor(breach.Person{Country: g.Country}, c)
			if v, _ := p.Provider(r.provider); slices.Contains(breach.PushPlatforms, v.Kind) {
				out.Add(c, "", g.People)
			} else if r.provider != "" {
				out.Add(c, r.provider, g.People)
			}
			begun = begun || r.provider != ""
		}
		if !begun && len(g.Channels) > 0 {
			out.Nobody += g.People
		}
	}
	out.First = slices.DeleteFunc(out.First, func(f breach.FirstWay) bool { return f.People == 0 })
	return out
}
