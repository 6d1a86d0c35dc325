package breach

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTextsOfAPlaceAreForThoseWhoseRowNamesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		place, country, region string
		want                   bool
	}{
		{"US-MA", "US", "US-MA", true}, {"US-MA", "us", " ma ", true}, {"US-MA", "US", "US-CA", false}, {"US-MA", "US", "", false},
		{"US-MA", "", "US-MA", false}, {"US-MA", "US", "Massachusetts", false}, {"US-MA", "MA", "", false}, {"US-MA", "CN", "CN-MA", false},
		{"US", "US", "", true}, {"US", "CN", "", false}, {"EU/EEA", "DE", "", true}, {"anywhere", "US", "US-MA", false},
	} {
		require.Equal(t, c.want, LivesIn(c.place, c.country, c.region), "%+v", c)
	}
}

func TestVariantsKeepWhoAndWhere(t *testing.T) {
	t.Parallel()
	for _, to := range []Addressee{ToSelf, ToGuardian} {
		for _, place := range []string{"", "US-MA", "CN"} {
			who, where := ReadVariant(VariantOf(to, place))
			require.Equal(t, to, who)
			require.Equal(t, place, where)
		}
	}
	require.Equal(t, "self", VariantOf(ToSelf, ""), "texts of earlier plans keep their name")
}

func TestOwnTextsAreOfDutiesThatApplyAndForbid(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	o := Obligation{Duty: "notify_individuals", Verdict: Applies, Jurisdiction: "US-MA", Forbidden: []string{"nature"}, Clock: &Clock{From: "detected_at", StartedAt: &at}}
	require.Equal(t, map[string][]string{"US-MA": {"nature"}}, OwnTexts([]Obligation{o}))
	for name, change := range map[string]func(*Obligation){
		"nobody can tell": func(o *Obligation) { o.Verdict = CannotTell }, "nothing is forbidden": func(o *Obligation) { o.Forbidden = nil },
		"an authority's": func(o *Obligation) { o.Duty = "notify_authority" }, "without a place": func(o *Obligation) { o.Jurisdiction = "card brands" },
	} {
		p := o
		change(&p)
		require.Empty(t, OwnTexts([]Obligation{p}), name)
	}
}
