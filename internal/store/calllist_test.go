package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Whoever takes the list of calls is on the record of the incident, and a call leaves it with its outcome.
func TestTheCallListIsTakenOnTheRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	l := b.lease(breach.Voice, 1, time.Minute)
	list := []breach.Intent{intent(1, breach.Voice, 1), intent(2, breach.Voice, 1), intent(3, breach.Voice, 1)}
	require.NoError(t, b.Intend(b.ctx, l, list))
	byPeople := breach.CallScript{Attempt: list[0].AttemptID, Locale: "en", Text: "script", Machine: "short", To: "+15005559876"}
	require.NoError(t, b.KeepCall(b.ctx, byPeople, day))
	require.NoError(t, b.KeepCall(b.ctx, breach.CallScript{Attempt: list[1].AttemptID, Text: "for the machine"}, day))
	got, err := b.CallList(b.ctx, "ada", nil, day, day.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []breach.ListedCall{{CallScript: byPeople, Incident: b.id, At: day.UTC()}}, got)
	var entries int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM audit WHERE incident = $1 AND action = 'calls.listed' AND actor = 'ada'`, b.id).Scan(&entries))
	require.Equal(t, 1, entries)

	require.NoError(t, b.KeepCall(b.ctx, breach.CallScript{Attempt: list[2].AttemptID, Locale: "en", Text: "script", Machine: "short", To: "+15005559877"}, day.Add(time.Second)))
	got, err = b.callList(b.ctx, "ada", nil, day.Add(time.Second), day.Add(time.Hour), 2)
	require.NoError(t, err)
	require.Len(t, got, 2, "calls of a machine take no place")
	got, err = b.callList(b.ctx, "ada", nil, day.Add(2*time.Second), day.Add(time.Hour), 1)
	require.NoError(t, err)
	require.Equal(t, []string{byPeople.Attempt}, []string{got[0].Attempt})
	require.NoError(t, b.TakeCallWord(b.ctx, list[2].AttemptID, breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered, Ended: true}, day))

	require.NoError(t, b.TakeCallWord(b.ctx, byPeople.Attempt, breach.CallWord{}, day)) // call back
	got, err = b.CallList(b.ctx, "ada", nil, day.Add(time.Minute), day.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.NoError(t, b.TakeCallWord(b.ctx, byPeople.Attempt, breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered, Ended: true}, day))
	got, err = b.CallList(b.ctx, "ada", nil, day.Add(2*time.Minute), day.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, got)
	for id, want := range map[string]bool{byPeople.Attempt: true, "nobody-1": false} {
		found, err := b.HasCall(b.ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
}
