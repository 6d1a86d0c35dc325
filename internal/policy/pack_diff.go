package policy

import (
	"maps"
	"slices"
)

// PackChange is one thing that differs between two sets of packs. Before or After is empty where only one of
// them says something.
type PackChange struct {
	Pack   string   `json:"pack"`
	Of     string   `json:"of,omitempty"`     // duty or obligation; empty for the regime itself
	Aspect string   `json:"aspect,omitempty"` // empty for a pack, duty or obligation that is new or gone
	Before []string `json:"before,omitempty"` // what is said no longer
	After  []string `json:"after,omitempty"`  // what is said now
}

// DiffRules says in words what differs between two sets of packs, by pack, then in the order of the new file.
// What the words do not show (order, comments, other spelling of the same) is no difference.
func DiffRules(before, after *Rules) []PackChange {
	was, is := byPack(before), byPack(after)
	all := maps.Clone(was)
	maps.Copy(all, is)
	out := []PackChange{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		a, had := was[id]
		b, has := is[id]
		switch {
		case !had:
			out = append(out, PackChange{Pack: id, After: []string{b.Name}})
		case !has:
			out = append(out, PackChange{Pack: id, Before: []string{a.Name}})
		default:
			out = append(out, diffPack(a, b)...)
		}
	}
	return out
}

func byPack(r *Rules) map[string]Pack {
	out := map[string]Pack{}
	for _, p := range r.All() {
		out[p.ID] = p
	}
	return out
}

type aspectKey struct{ of, name string }

func diffPack(a, b Pack) (out []PackChange) {
	was, order := index(a.Aspects(), nil)
	is, _ := index(b.Aspects(), nil)
	_, order = index(b.Aspects(), order)
	whole := map[string]bool{} // obligations that are new or gone: one line for each
	for _, k := range order {
		x, y := was[k], is[k]
		if k.of != "" && has(was, k.of) != has(is, k.of) {
			if whole[k.of] || k.name != "duty" && k.name != "to" {
				continue
			}
			whole[k.of] = true
			out = append(out, PackChange{Pack: a.ID, Of: k.of, Before: x, After: y})
			continue
		}
		gone := without(x, y)
		fresh := without(y, x)
		if len(gone)+len(fresh) > 0 {
			out = append(out, PackChange{Pack: a.ID, Of: k.of, Aspect: k.name, Before: gone, After: fresh})
		}
	}
	return out
}

// index gathers what is said by aspect; order continues a list of aspects.
func index(aspects []Aspect, order []aspectKey) (map[aspectKey][]string, []aspectKey) {
	says := map[aspectKey][]string{}
	for _, a := range aspects {
		k := aspectKey{a.Of, a.Name}
		says[k] = append(says[k], a.Says...)
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	return says, order
}

func has(says map[aspectKey][]string, of string) bool {
	for k := range says {
		if k.of == of {
			return true
		}
	}
	return false
}

func without(list, other []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(other, s) {
			out = append(out, s)
		}
	}
	return out
}
