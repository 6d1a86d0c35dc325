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

// With whom each channel begins is counted from the people of the plan, and everybody with a contact is counted once.
func TestThePlanSaysByWhatPeopleAreToldFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	incident := planOf(t, p, breach.Actor{ID: "wei.lin", Role: breach.RoleResponder})
	rec, _, err := p.Desk.Plan(t.Context(), incident, 0)
	require.NoError(t, err)
	ways, err := p.Desk.FirstWays(t.Context(), incident, rec)
	require.NoError(t, err)
	sum := ways.Nobody
	for _, f := range ways.First {
		require.Equal(t, f.Channel == breach.Push, f.Provider == "", "a push goes by the device")
		require.LessOrEqual(t, f.People, rec.Plan.People.Reachable[f.Channel])
		sum += f.People
	}
	require.Equal(t, rec.Plan.People.Total-rec.Plan.People.None, sum)
	require.Equal(t, rec.Plan.People.Reachable[breach.Email], ways.Begun(breach.Email), "the first channel of the policy")
	rec.Plan.People.Total = 0
	ways, err = p.Desk.FirstWays(t.Context(), incident, rec)
	require.NoError(t, err)
	require.Nil(t, ways, "reports alone")
}
