package policy

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// rulesOf are the conditions of every pack, definitions included, by pack and text.
func rulesOf(r *Rules, each func(p *compiledPack, expr string, c *rule)) {
	for _, p := range r.packs {
		for _, expr := range slices.Sorted(maps.Keys(p.own)) {
			each(p, expr, p.own[expr])
		}
	}
}

// A plan is only another way to come to what CEL's interpreter says: the same answer, and the same facts missing.
func TestPlansSayWhatCELSays(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	planned, interpreted := 0, []string{}
	rulesOf(r, func(p *compiledPack, expr string, c *rule) {
		if c.plan == nil {
			interpreted = append(interpreted, expr)
			return
		}
		planned++
	})
	require.Greater(t, planned, 500)
	require.Empty(t, interpreted, "the interpreter is slow")
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts().Draw(t, "facts")
		if rapid.Bool().Draw(t, "sparse") {
			for _, l := range factLeaves {
				if rapid.IntRange(0, 3).Draw(t, "forgotten") > 0 {
					l.in(&f).SetZero()
				}
			}
		}
		f.Incomplete = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"data.classes", "incident.nature"}), rapid.ID).Draw(t, "incomplete")
		sameAsCEL(t, r, f)
	})
}

func sameAsCEL(t *rapid.T, r *Rules, f breach.Facts) {
	j := r.newJudging()
	j.begin(&f, Profile{}, testNow)
	rulesOf(r, func(p *compiledPack, expr string, c *rule) {
		v := j.view(p)
		got, err := v.answer(c)
		require.NoError(t, err)
		want, err := v.interpret(c)
		require.NoError(t, err)
		require.Equal(t, want.truth, got.truth, "%s: %s", p.ID, expr)
		require.ElementsMatch(t, want.missing(), got.missing(), "%s: %s", p.ID, expr)
	})
}

// What packs of others may write: nested loops over the same name, a loop over an incomplete list, what has no plan.
func TestPlansOfUncommonConditions(t *testing.T) {
	t.Parallel()
	env, err := ruleEnv()
	require.NoError(t, err)
	f := testFacts(t, "data: {classes: [health, email]}\npeople: {total: 10, by_country: {DE: 4}}\nincomplete: [data.classes]\n")
	for expr, want := range map[string]truth{
		"group.special.exists(c, c == 'health' && data.classes.exists(c, c == 'email') && c == 'health')":   truthYes,
		"group.special.exists(a, group.contact.exists(b, a in data.classes && b in data.classes))":          truthYes,
		"group.contact.all(b, b in data.classes)":                                                           truthUnknown,
		"group.eea.exists(c, people.by_country.count(c) > 3)":                                               truthYes,
		"group.eea.exists(c, people.by_country.count(c) > 4)":                                               truthUnknown,
		"group.us.exists(a, group.us.exists(b, group.us.exists(c, group.us.exists(d, a == b && c == d))))":  truthYes,
		"group.us.exists_one(c, c == 'US')":                                                                 truthYes,
		"size(group.us.filter(c, c.startsWith('U'))) == 2":                                                  truthYes,
		"(people.total > 5 ? people.minors > 0 : true)":                                                     truthUnknown,
		"people.minors > 0 || incident.malicious || people.total == 10":                                     truthYes,
		"(people.minors > 0 || incident.malicious) && people.total == 11":                                   truthNo,
		"incident.malicious == data.encrypted":                                                              truthUnknown,
		"double(people.total) >= 10.0 && -1 < people.total && organisation.country != organisation.country": truthUnknown,
	} {
		r, err := compileRule(env, expr, nil, eitherSide)
		require.NoError(t, err, expr)
		v := newFactView(&f, 0)
		got, err := v.answer(r)
		require.NoError(t, err, expr)
		said, err := v.interpret(r)
		require.NoError(t, err, expr)
		require.Equal(t, want, got.truth, expr)
		require.Equal(t, said.truth, got.truth, expr)
		require.ElementsMatch(t, said.missing(), got.missing(), expr)
	}
}
