package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The row is the clock: it runs from the instant of the answer although nothing else has happened, and
// neither a later start of the story nor an amendment moves it.
func TestPromise_M01_TheClockRunsFromTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, first, err := b.RecordDetection(b.ctx, breach.Detection{Source: "//detector.test", Type: "leak", EventID: "e1", DedupKey: "k1"}, "drafted", rules, day.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, first)

	waiting, err := b.Unstarted(b.ctx)
	require.NoError(t, err)
	require.Len(t, waiting, 2, "no worker runs, and both are in the ledger with their instants")
	require.Equal(t, b.id, waiting[0].ID)
	require.Equal(t, day, waiting[0].OpenedAt)
	require.Equal(t, day, *waiting[0].AwareAt)
	require.Equal(t, id, waiting[1].ID)
	require.Equal(t, day.Add(time.Minute), waiting[1].OpenedAt)
	require.Equal(t, breach.IncidentDraft, waiting[1].State)

	_, err = b.AmendFile(b.ctx, b.id, someFile(), 1, wei, day.Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, b.MarkStarted(b.ctx, b.id))
	after, err := b.Incident(b.ctx, b.id)
	require.NoError(t, err)
	require.Equal(t, day, after.OpenedAt)
	entries, err := b.Timeline(b.ctx, b.id, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "incident.opened", entries[0].Action)
	require.Equal(t, day, entries[0].At, "and the record says so")
}

// Every look at a person's contacts is on the record before anything is shown: who, by what, and why
// (sealed); also a look that finds nobody. Roles without need to know are refused.
func TestPromise_M19_EveryLookAtAPersonIsOnRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 3))
	looks := func() (n int) {
		entries, err := b.Timeline(b.ctx, b.id, 0, 100)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Action == "person.viewed" {
				require.Equal(t, noor.ID, e.Actor)
				require.NotContains(t, string(e.Data), "p2@example.org")
				require.NotContains(t, string(e.Data), "asked by phone")
				n++
			}
		}
		return n
	}
	_, err := b.FindPerson(b.ctx, b.id, PersonQuery{Email: "p2@example.org"}, noor, "asked by phone", day)
	require.NoError(t, err)
	require.Equal(t, 1, looks())
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: "nobody@example.org"}, noor, "asked by phone", day)
	requireCode(t, breach.ErrNotFound, err)
	require.Equal(t, 2, looks(), "looking for somebody who is not there is a look too")
	_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: "p2@example.org"}, noor, " ", day)
	requireCode(t, breach.ErrInvalid, err)
	for _, role := range []breach.Role{breach.RoleReader, breach.RoleDetector, ""} {
		_, err = b.FindPerson(b.ctx, b.id, PersonQuery{Email: "p2@example.org"}, breach.Actor{ID: "x", Role: role}, "curious", day)
		requireCode(t, breach.ErrForbidden, err)
	}
	require.Equal(t, 2, looks())
}

// A refusal is evidence: it is kept once per person, channel and provider, and leaves with the pack.
func TestPromise_M16_RefusalsAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.load(people(1, 2))
	refusal := breach.Refusal{Person: 2, Channel: breach.SMS, Provider: "twilio", Reason: "processor_abroad", At: day}
	for range 2 {
		require.NoError(t, b.Refuse(b.ctx, b.id, []breach.Refusal{refusal}))
	}
	blocks, err := b.Blocks(b.ctx, b.id, 1)
	require.NoError(t, err)
	subjects, err := b.Subjects(b.ctx, b.id, blocks[0])
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(map[breach.Channel]string{breach.SMS: "processor_abroad"}), fmt.Sprint(subjects[1].Refused))
	require.Empty(t, subjects[0].Refused)
	f, err := b.FindPerson(b.ctx, b.id, PersonQuery{ID: subjects[1].ID}, noor, "an inquiry", day)
	require.NoError(t, err)
	require.Len(t, f.History, 1)
	require.Equal(t, "refused", f.History[0].State)
}
