package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// STOP closes text messages to all who share the number, once, whatever was refused before, and the record says so
// without saying who.
func TestWhoAnswersStopIsRefusedTexts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a, same := someone(1), someone(2)
	same.Phone = a.Phone
	b.load(listOf(a, same, someone(3)))
	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 1, Channel: breach.SMS, Provider: "twilio", Reason: "processor_abroad", At: day.Add(time.Hour)}}))
	for _, number := range []string{"+15005550000", "", "'; --"} {
		n, err := b.StopTexts(b.ctx, number, day)
		if number != "" {
			require.NoError(t, err)
		}
		require.Zero(t, n)
	}
	for _, want := range []int{2, 0} {
		n, err := b.StopTexts(b.ctx, a.Phone, day)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	who, err := b.Subjects(b.ctx, b.id, blocks[0])
	require.NoError(t, err)
	for i, want := range []string{reasonStopped, reasonStopped, ""} {
		require.Equal(t, want, who[i].Refused[breach.SMS], i)
		require.Empty(t, who[i].Refused[breach.Voice], "it is about texts alone")
	}
	said := 0
	entries, err := b.Timeline(b.ctx, b.id, 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Action == "texts.stopped" {
			said++
			raw, err := json.Marshal(e)
			require.NoError(t, err)
			require.NotContains(t, string(raw), a.Phone[3:])
			require.Contains(t, string(raw), `"people":2`)
		}
	}
	require.Equal(t, 1, said)
}
