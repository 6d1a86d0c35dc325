package store

import (
	"context"
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

// START opens what STOP closed and nothing else, as often as people change their minds, and the ledger keeps both.
func TestWhoAnswersStartGetsTextsAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a, other := someone(1), someone(2)
	b.load(listOf(a, other))
	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 2, Channel: breach.SMS, Reason: "third_party", At: day}}))
	answers := func(do func(context.Context, string, time.Time) (int, error), number string, want int) {
		t.Helper()
		n, err := do(b.ctx, number, day)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	answers(b.StartTexts, a.Phone, 0)
	for range 2 {
		answers(b.StopTexts, a.Phone, 1)
		require.Equal(t, reasonStopped, b.subject(1).Refused[breach.SMS])
		answers(b.StartTexts, a.Phone, 1)
		answers(b.StartTexts, a.Phone, 0)
		require.Empty(t, b.subject(1).Refused)
	}
	answers(b.StopTexts, other.Phone, 0)
	answers(b.StartTexts, other.Phone, 0)
	require.Equal(t, "third_party", b.subject(2).Refused[breach.SMS], "the policy's own refusal is not theirs to lift")

	require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{{Person: 1, Channel: breach.SMS, Reason: "objection", At: day}}))
	require.Equal(t, "objection", b.subject(1).Refused[breach.SMS], "what is refused after START is refused")
	found, err := b.FindPerson(b.ctx, b.id, PersonQuery{ID: 2}, wei, "a test", day)
	require.NoError(t, err)
	require.Len(t, found.History, 1)
	said := map[string]int{}
	entries, err := b.Timeline(b.ctx, b.id, 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		said[e.Action]++
	}
	require.Equal(t, []int{2, 2}, []int{said["texts.stopped"], said["texts.resumed"]})
	_, err = b.VerifyAudit(b.ctx, b.id)
	require.NoError(t, err)
}

// A child's answer is not the guardian's where they have numbers of their own, and the other way round.
func TestAStopIsOfTheNumberThatAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const parent = "+8613700000001"
	kid := func(n int, phone string) breach.Person {
		p := someone(n)
		p.BirthDate, p.Phone = "2018-01-01", phone
		p.Guardian = &breach.Guardian{Name: "G", Phone: parent}
		return p
	}
	adult := someone(4)
	adult.Phone = parent
	b.load(listOf(kid(1, "+8613700000002"), kid(2, ""), kid(3, parent), adult, someone(5)))
	for range 2 {
		n, err := b.StopTexts(b.ctx, "+8613700000002", day)
		require.NoError(t, err)
		if n > 0 {
			require.Equal(t, 1, n)
		}
	}
	require.Equal(t, []breach.Addressee{breach.ToSelf}, b.subject(1).Stopped)
	n, err := b.StopTexts(b.ctx, parent, day)
	require.NoError(t, err)
	require.Equal(t, 4, n, "with a number of the child's own, without one, with the same one, and whoever else it reaches")
	require.ElementsMatch(t, []breach.Addressee{breach.ToSelf, breach.ToGuardian}, b.subject(1).Stopped)
	require.Empty(t, b.subject(1).Refused, "the channel as a whole is not closed")
	for id := int64(2); id <= 4; id++ {
		require.Equal(t, reasonStopped, b.subject(id).Refused[breach.SMS], id)
		require.Empty(t, b.subject(id).Stopped)
	}
	require.Empty(t, b.subject(5).Refused)
	n, err = b.StartTexts(b.ctx, "+8613700000002", day)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []breach.Addressee{breach.ToGuardian}, b.subject(1).Stopped)
}
