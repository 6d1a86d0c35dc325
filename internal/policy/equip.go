package policy

import "slices"

// WhenConfigured is the value of Provider.When for one that is there only where the program has settings for its kind.
const WhenConfigured = "configured"

// Equipped is the profile of a program that has settings for some kinds of providers. Who is there only when
// configured, and is not, is in neither register nor routing. A routing rule that says nothing any more goes (nobody is
// left of it, or it names everybody who is left), and a channel that nobody is left for is closed as not_operated. Plans pin the result: a channel that is configured
// or taken away after an approval asks for a new one.
func (p Profile) Equipped(has func(kind string) bool) Profile {
	away := func(v Provider) bool { return v.When == WhenConfigured && !has(v.Kind) }
	if !slices.ContainsFunc(p.Providers, func(v Provider) bool { return v.When != "" }) {
		return p
	}
	all := p
	p.Providers, p.Routing, p.Channels, p.Closed = nil, nil, nil, slices.Clone(all.Closed)
	for _, v := range all.Providers {
		if !away(v) {
			v.When = ""
			p.Providers = append(p.Providers, v)
		}
	}
	for _, r := range all.Routing {
		r.Providers = slices.DeleteFunc(slices.Clone(r.Providers), func(id string) bool { _, there := p.Provider(id); return !there })
		if len(r.Providers) > 0 && (len(r.PeopleIn) > 0 || !slices.Equal(r.Providers, p.of(r.Channel))) {
			p.Routing = append(p.Routing, r)
		}
	}
	for _, c := range all.Channels {
		if slices.ContainsFunc(p.Providers, func(v Provider) bool { return v.Channel == c.Channel }) {
			p.Channels = append(p.Channels, c)
			continue
		}
		p.Closed = append(p.Closed, ClosedChannel{Channel: c.Channel, Reason: RefusedNotOperated})
	}
	return p
}
