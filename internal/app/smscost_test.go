package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The cost of telling a list by text message is counted from its people, and says what it does not know.
func TestTextMessagesOfAPlanAreCosted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	author := breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	incident := planOf(t, p, author)
	rec, texts, err := p.Desk.Plan(t.Context(), incident, 0)
	require.NoError(t, err)
	cost, err := p.Desk.SMSCost(t.Context(), incident, rec, texts)
	require.NoError(t, err)
	require.EqualValues(t, 1, cost.People, "one of five has a number")
	require.Equal(t, 1, cost.Lines[0].Parts)
	require.Equal(t, "en", cost.Lines[0].Locale)
	require.NotEmpty(t, cost.Lines[0].Provider)
	require.Nil(t, cost.Lines[0].Cost)
	require.EqualValues(t, 1, cost.Unpriced)
	none, err := p.Desk.SMSCost(t.Context(), incident, rec, nil)
	require.NoError(t, err)
	require.Nil(t, none)
}
