package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Which text somebody gets follows from where their row says that they live.
func TestTextsOfAPlaceGoToItsPeople(t *testing.T) {
	t.Parallel()
	l := &lane{places: []string{"US-MA"}}
	require.Equal(t, "US-MA", l.place(&breach.Person{Country: "US", Region: "MA"}))
	require.Empty(t, l.place(&breach.Person{Country: "US", Region: "US-CA"}))
	require.Empty(t, l.place(&breach.Person{Country: "US"}), "a row without a region")
	require.Empty(t, (&lane{}).place(&breach.Person{Country: "US", Region: "MA"}), "a plan without such texts")
}
