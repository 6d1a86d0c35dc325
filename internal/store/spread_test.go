package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Domains and countries that many share are counted, over all lists; what would point at few is not written down.
func TestHowPeopleAreSpread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list := func(from, n int, domain, country string) []breach.Person {
		out := make([]breach.Person, n)
		for i := range out {
			out[i] = someone(from + i)
			out[i].Email, out[i].Country = fmt.Sprintf("p%d@%s", from+i, domain), country
		}
		return out
	}
	b.load(listOf(append(list(1, 150, "Mail.Example", "DE"), list(151, 99, "few.example", "DE")...)...))
	b.load(listOf(list(1001, 100, "mail.example", "FR")...))
	got, err := b.Spread(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, breach.Spread{People: 349, Domains: map[string]int64{"mail.example": 250}, Countries: map[string]int64{"DE": 249, "FR": 100}}, got)
	none, err := b.Spread(b.ctx, "nobody")
	require.NoError(t, err)
	require.Zero(t, none.People)
}
