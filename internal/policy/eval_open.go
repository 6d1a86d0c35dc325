package policy

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// openList is a list of which only a part is known (Facts.Incomplete): whatever it does not hold may still
// belong to it.
type openList struct {
	path   string
	listed []string
}

// openListed is a list that a fact file may call incomplete; one that is absent is unknown as a whole.
func openListed(f *breach.Facts, path string, words []string) any {
	switch {
	case !slices.Contains(f.Incomplete, path):
		return listed(words)
	case len(words) == 0:
		return nil
	}
	return openList{path, words}
}

// value is what conditions see: the words, and an unknown one behind them, so that exists and all give
// unknown where a further word could change the answer. Its size counts the unknown one: it is only good for
// telling whether there is any at all.
func (o openList) value() ref.Val {
	all := make([]ref.Val, 0, len(o.listed)+1)
	for _, w := range o.listed {
		all = append(all, types.String(w))
	}
	unknown := unknownFact(o.path)
	all = append(all, unknown)
	return openValue{newWordList(o.listed), types.NewRefValList(types.DefaultTypeAdapter, all), all, unknown}
}

type openValue struct {
	known wordList
	traits.Lister
	members []ref.Val
	unknown *types.Unknown
}

// Contains never says no.
func (v openValue) Contains(word ref.Val) ref.Val {
	if v.known.Contains(word) == types.True {
		return types.True
	}
	return v.unknown
}

// wordList is a list of words that was taken apart once: conditions go through it again and again.
type wordList struct {
	traits.Lister
	words   []string
	members []ref.Val
}

func newWordList(words []string) wordList {
	l := wordList{types.NewStringList(types.DefaultTypeAdapter, words), words, make([]ref.Val, len(words))}
	for i, w := range words {
		l.members[i] = types.String(w)
	}
	return l
}

// Contains says what the list itself says.
func (l wordList) Contains(word ref.Val) ref.Val {
	if w, ok := word.(types.String); ok {
		return types.Bool(slices.Contains(l.words, string(w)))
	}
	return l.Lister.Contains(word)
}
