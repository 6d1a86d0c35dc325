package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func n64(n int64) *int64 { return &n }

var listLoaded = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

func listOf(total int64, countries map[string]int64, nowhere int64) *breach.ListFacts {
	return &breach.ListFacts{LoadedAt: listLoaded, Lists: 1, Total: total, ByCountry: countries, NoCountry: nowhere}
}

// What drives, and what of it is open, for each way in which an estimate and a list can differ.
func TestNumbersOfListAndEstimate(t *testing.T) {
	t.Parallel()
	type want struct {
		drives int64 // -1: unknown
		open   bool
		says   string
	}
	for name, c := range map[string]struct {
		people breach.PeopleFacts
		list   *breach.ListFacts
		number []breach.NumberDecision
		field  string
		want   want
	}{
		"the list holds more": {breach.PeopleFacts{Total: n64(900)}, listOf(1203, nil, 1203), nil, "people.total",
			want{1203, true, "1,203 from the list loaded at 2026-11-20T08:00:00Z, the estimate said 900"}},
		"the estimate is higher": {breach.PeopleFacts{Total: n64(1500)}, listOf(1203, nil, 1203), nil, "people.total",
			want{1500, true, "1,500 as the facts estimate; the list loaded at 2026-11-20T08:00:00Z holds 1,203"}},
		"they agree":       {breach.PeopleFacts{Total: n64(1203)}, listOf(1203, nil, 1203), nil, "people.total", want{1203, false, "as the facts estimate and"}},
		"only the list":    {breach.PeopleFacts{}, listOf(1203, nil, 1203), nil, "people.total", want{1203, false, "the facts gave no number"}},
		"a list of nobody": {breach.PeopleFacts{Total: n64(0)}, listOf(5, nil, 5), nil, "people.total", want{5, true, ""}},
		"a country of the list alone": {breach.PeopleFacts{Total: n64(10)}, listOf(10, map[string]int64{"CN": 7, "DE": 3}, 0), nil, "people.by_country.DE",
			want{3, false, "3 from the list"}},
		"a list without countries says nothing of them": {breach.PeopleFacts{Total: n64(10)}, listOf(10, nil, 10), nil, "people.by_country.DE", want{drives: -1}},
		"some rows without a country": {breach.PeopleFacts{Total: n64(10)}, listOf(10, map[string]int64{"CN": 7}, 3), nil, "people.by_country.CN",
			want{7, false, "at least 7 from the list"}},
		"a person decided": {breach.PeopleFacts{Total: n64(900)}, listOf(1203, nil, 1203),
			[]breach.NumberDecision{{Field: "people.total", Value: 1100, Reason: "r", At: listLoaded.Add(time.Hour)}}, "people.total",
			want{1100, false, "1,100 as a person decided, with a recorded reason; the list loaded at 2026-11-20T08:00:00Z holds 1,203, and the estimate said 900"}},
		"a later list holds more than was decided": {breach.PeopleFacts{Total: n64(900)}, listOf(1203, nil, 1203),
			[]breach.NumberDecision{{Field: "people.total", Value: 1100, Reason: "r", At: listLoaded.Add(-time.Hour)}}, "people.total", want{1203, true, ""}},
		"a later list holds no more than was decided": {breach.PeopleFacts{Total: n64(900)}, listOf(1000, nil, 1000),
			[]breach.NumberDecision{{Field: "people.total", Value: 1100, Reason: "r", At: listLoaded.Add(-time.Hour)}}, "people.total", want{1100, false, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := breach.Facts{People: c.people, List: c.list, Numbers: c.number}
			var got *breach.NumberCount
			for _, n := range reckon(f).counts {
				if n.Field == c.field {
					got = &n
				}
			}
			if c.want.drives < 0 {
				require.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			require.Equal(t, c.want.drives, *got.Drives)
			require.Equal(t, c.want.open, got.Open)
			require.Contains(t, got.Says, c.want.says)
		})
	}
}

// A list whose every row names its country, and that holds as many as the facts know of, completes the table: what it
// does not name is zero. One with open rows, or with fewer people, proves no zero.
func TestAListProvesZeroOnlyWhenItIsComplete(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		total *int64
		list  *breach.ListFacts
		known bool
	}{
		"every row, all people":  {n64(10), listOf(10, map[string]int64{"CN": 10}, 0), true},
		"nothing was estimated":  {nil, listOf(10, map[string]int64{"CN": 10}, 0), true},
		"a row names none":       {n64(10), listOf(10, map[string]int64{"CN": 9}, 1), false},
		"fewer than estimated":   {n64(11), listOf(10, map[string]int64{"CN": 10}, 0), false},
		"no row names a country": {n64(10), listOf(10, nil, 10), false},
	} {
		f := Effective(breach.Facts{People: breach.PeopleFacts{Total: c.total}, List: c.list})
		counts := newCounts(f.People)
		_, missing := counts.country("FR")
		require.Equal(t, c.known, missing == "", name)
	}
}

// The reason of a verdict says where its number came from.
func TestVerdictsSayWhereNumbersCameFrom(t *testing.T) {
	t.Parallel()
	r := loadTestRules(t)
	f := amended(t, "incident: {}\n", `{"organisation":{"country":"US"},"people":{"total":900},"data":{"classes":["name","health"]},"incident":{"nature":["confidentiality"],"aware_at":"2026-11-19T08:00:00Z"}}`)
	f.List = listOf(1203, map[string]int64{"CN": 1203}, 0)
	j, err := r.Judge(f, Profile{}, testNow)
	require.NoError(t, err)
	for _, o := range j.Obligations {
		if o.ID == "cn-pipl-57/individuals/notice" {
			require.Equal(t, breach.Applies, o.Verdict)
			require.Contains(t, strings.Join(o.Because, "\n"), "people.by_country.CN = 1203 [1,203 from the list loaded at 2026-11-20T08:00:00Z, the facts gave no number]")
			return
		}
	}
	t.Fatal("the duty is not in the answer")
}

// Rows without a country leave a threshold open that they could carry a country over, and no other.
func TestRowsWithoutACountryLeaveThresholdsOpen(t *testing.T) {
	t.Parallel()
	low := breach.Judgement{Obligations: []breach.Obligation{{ID: "a", Verdict: breach.DoesNotApply}, {ID: "b", Verdict: breach.Applies}}}
	high := breach.Judgement{Obligations: []breach.Obligation{{ID: "a", Verdict: breach.Applies, Clock: &breach.Clock{}}, {ID: "b", Verdict: breach.Applies}}}
	got := between(low, high).Obligations
	require.Equal(t, breach.CannotTell, got[0].Verdict)
	require.True(t, got[0].Clock.Provisional)
	require.Contains(t, got[0].Missing, "people.by_country")
	require.Equal(t, breach.Applies, got[1].Verdict)

	f := breach.Facts{People: breach.PeopleFacts{Total: n64(500)}, List: listOf(500, map[string]int64{"CN": 480}, 20)}
	n := reckon(f)
	require.True(t, n.spread)
	require.EqualValues(t, 480, n.low.People.ByCountry["CN"])
	require.EqualValues(t, 500, n.high.People.ByCountry["CN"])
}

// Without a decision no number that drives is lower than the estimate or than the list.
func TestNoNumberIsLowered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(0, 3000)
		table := rapid.MapOfN(rapid.SampledFrom([]string{"CN", "DE", "US", "FR"}), count, 0, 4)
		var f breach.Facts
		if rapid.Bool().Draw(t, "estimate") {
			f.People = breach.PeopleFacts{Total: n64(count.Draw(t, "total")), ByCountry: table.Draw(t, "countries"), Minors: n64(count.Draw(t, "minors"))}
		}
		l := &breach.ListFacts{LoadedAt: listLoaded, Lists: 1, ByCountry: table.Draw(t, "list"), NoCountry: count.Draw(t, "nowhere"), ChildAge: 14, Minors: count.Draw(t, "children")}
		l.Total = l.NoCountry + addUp(l.ByCountry, "")
		f.List = l
		got := Effective(f)
		require.GreaterOrEqual(t, *got.People.Total, l.Total)
		if f.People.Total != nil {
			require.GreaterOrEqual(t, *got.People.Total, *f.People.Total)
			require.GreaterOrEqual(t, *got.People.Minors, *f.People.Minors)
		}
		for c, n := range l.ByCountry {
			require.GreaterOrEqual(t, got.People.ByCountry[c], n)
		}
		for c, n := range f.People.ByCountry {
			require.GreaterOrEqual(t, got.People.ByCountry[c], n)
		}
		require.Equal(t, got, Effective(f), "the same facts, the same numbers")
	})
}
