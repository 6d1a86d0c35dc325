package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A person's word that a duty was carried out puts the instant into the facts and the duty where it belongs; the same
// word again changes nothing, another one does not replace it.
func TestADutyIsDoneByHand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const media, final, told, none = "us-hipaa/media/notice", "eu-gdpr/authority/final", "us-hipaa/individuals/notice", "us-ca/other/copy"
	j := breach.Judgement{Obligations: []breach.Obligation{
		{ID: final, Duty: "notify_authority", Verdict: breach.Applies}, {ID: media, Duty: "notify_media", Verdict: breach.CannotTell},
		{ID: told, Duty: "notify_individuals", Verdict: breach.Applies}, {ID: none, Duty: "notify_other", Verdict: breach.DoesNotApply},
	}}
	_, err := b.SaveJudgement(b.ctx, b.id, 1, j, map[string][]byte{hexSum([]byte("rules")): []byte("rules")}, day)
	require.NoError(t, err)
	lead := breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}
	const said = "press release to all papers of Austin"
	at := day.Add(-time.Hour)
	for range 2 {
		f, err := b.SaveDone(b.ctx, b.id, media, said, at, lead, day)
		require.NoError(t, err)
		require.Equal(t, said, f.Said)
	}
	_, err = b.SaveDone(b.ctx, b.id, media, "something else was published", at, lead, day)
	requireCode(t, breach.ErrConflict, err)
	have, rev := b.facts()
	require.Equal(t, 2, rev)
	require.Equal(t, map[string]time.Time{media: at}, have.Incident.FiledAt)
	require.Equal(t, breach.ObligationClosed, b.duty(media))
	require.Equal(t, 1, b.notes("duty.done_by_hand"))
	for _, action := range []string{"duty.done_by_hand", "facts.filed"} {
		var recorded time.Time
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT at FROM audit WHERE incident = $1 AND action = $2`, b.id, action).Scan(&recorded))
		require.Equal(t, day, recorded.UTC(), "%s is on record as of when it was said", action)
	}

	f, err := b.SaveDone(b.ctx, b.id, final, "form on the portal of the authority", day, lead, day)
	require.NoError(t, err)
	require.Equal(t, breach.ObligationFiled, b.duty(final))
	f.Acknowledgement, f.AcknowledgedAt = "A-7", &day
	require.NoError(t, b.Acknowledge(b.ctx, f, lead))
	require.Equal(t, breach.ObligationAcknowledged, b.duty(final))
	got, err := b.Filing(b.ctx, b.id, final)
	require.NoError(t, err)
	require.Equal(t, "A-7", got.Acknowledgement)
	require.Equal(t, breach.RouteByHand, got.Route)

	_, err = b.SaveDone(b.ctx, b.id, told, said, day, lead, day)
	requireCode(t, breach.ErrConflict, err)
	_, err = b.SaveDone(b.ctx, b.id, none, said, day, lead, day)
	requireCode(t, breach.ErrConflict, err)
	_, err = b.SaveDone(b.ctx, b.id, "no/such/duty", said, day, lead, day)
	requireCode(t, breach.ErrNotFound, err)
	require.NoError(t, b.exec(`UPDATE incident SET state = 'closed' WHERE id = $1`, b.id))
	_, err = b.SaveDone(b.ctx, b.id, media, said, at, lead, day)
	require.NoError(t, err, "the same word")
}
