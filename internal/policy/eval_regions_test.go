package policy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Regions that hold everybody leave nobody for anywhere else; what a letter costs is asked by channel and currency.
func TestRegionsThatHoldEverybody(t *testing.T) {
	t.Parallel()
	env, err := ruleEnv()
	require.NoError(t, err)
	const cost = "double(people.by_region.count('US-CA')) * contacts.cost_per_person.amount('letter.USD') > 250000.0"
	for _, c := range []struct {
		facts, expr string
		want        truth
		missing     string
	}{
		{"people: {total: 600, by_region: {US-CA: 600}}", "people.by_region.count('US-NV') > 0", truthNo, ""},
		{"people: {total: 600, by_region: {US-CA: 600}}", "people.by_country.count('CN') > 0", truthNo, ""},
		{"people: {total: 600, by_region: {US-CA: 600}}", "people.by_country.count('US') == 600", truthYes, ""},
		{"people: {total: 601, by_region: {US-CA: 600}}", "people.by_region.count('US-NV') > 0", truthUnknown, "people.by_region.US-NV"},
		{"people: {by_region: {US-CA: 600}}", "people.by_region.count('US-NV') > 0", truthUnknown, "people.by_region.US-NV"},
		{"people: {by_region: {US-CA: 250000}}\ncontacts: {cost_per_person: {letter: {USD: 1.0}}}", cost, truthNo, ""},
		{"people: {by_region: {US-CA: 250001}}\ncontacts: {cost_per_person: {letter: {USD: 1.0}}}", cost, truthYes, ""},
		{"people: {by_region: {US-CA: 250001}}\ncontacts: {cost_per_person: {letter: {CNY: 9.0}}}", cost, truthUnknown, "contacts.cost_per_person.letter.USD"},
		{"people: {total: 1}", cost, truthUnknown, "contacts.cost_per_person.letter.USD,people.by_country"},
	} {
		f := testFacts(t, c.facts)
		r, err := compileRule(env, c.expr, nil, eitherSide)
		require.NoError(t, err)
		got, missing, err := newFactView(&f, 0).ask(r)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s: %s", c.facts, c.expr)
		require.Equal(t, c.missing, strings.Join(missing, ","), c.expr)
	}
}

func TestAnEventWithoutAFactOfItsOwn(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "from: awareness", "from: own_event")
	facts := "incident: {aware_at: 2026-01-01T00:00:00Z}\npeople: {total: 501}"
	o := obligation(t, judge(t, r, testFacts(t, facts)), "xx-test/authority/first")
	require.True(t, o.Clock.Provisional)
	require.False(t, o.Overdue, "the event is still to come")
	require.Empty(t, o.Missing)
	o = obligation(t, judge(t, r, amended(t, facts, `{"incident":{"event_at":{"xx-test/authority/first":"2026-01-02T00:00:00Z"}}}`)), "xx-test/authority/first")
	require.False(t, o.Clock.Provisional)
	require.Equal(t, "2026-01-02T04:00:00Z", o.DueAt.Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, "event_at[xx-test/authority/first]", o.Clock.From)
	require.True(t, o.Overdue)
}
