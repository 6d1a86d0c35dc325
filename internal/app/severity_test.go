package app

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// A cell that a person sets is a revision of the facts with who, when and why; the overview shows it beside
// what the facts give, and the stored judgement holds none of the words.
func TestACellSetByHandIsRecordedAndShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	lead := breach.Actor{ID: "ana.sousa", Role: breach.RoleLead}
	opened, err := p.Desk.Open(t.Context(), breach.IncidentFile{}, lead)
	require.NoError(t, err)
	id := opened.Incident
	set := func(cell string, value float64, reason string, by breach.Actor) error {
		_, err := p.Desk.SetSeverityCell(t.Context(), id, breach.SeverityOverride{Cell: cell, Value: value, Reason: reason, By: "somebody else"}, by)
		return err
	}
	require.NoError(t, set("dpc", 2, "customers of a luxury seller", lead))
	require.NoError(t, set("malice", 0, "it was a mistake", lead))
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(set("dpc", 5, "beyond the scale", lead)))
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(set("dpc", 3, " ", lead)))
	require.Equal(t, breach.ErrForbidden, breach.CodeOf(set("dpc", 3, "no business of a reader", breach.Actor{ID: "r", Role: breach.RoleReader})))

	file, revision, err := p.Store.File(t.Context(), id, 0)
	require.NoError(t, err)
	require.Equal(t, 3, revision, "each of them is a revision of its own")
	require.Len(t, file.Facts.SeverityOverrides, 2)
	require.Equal(t, lead.ID, file.Facts.SeverityOverrides[0].By)
	require.NotNil(t, file.Facts.SeverityOverrides[0].At)

	rules, err := policy.LoadRules()
	require.NoError(t, err)
	j, err := rules.Judge(file.Facts, policy.Profile{}, time.Now())
	require.NoError(t, err)
	require.Nil(t, j.Assessment.Cells[0].Override)
	_, err = p.Store.SaveJudgement(t.Context(), id, revision, j, rules.Packs(), time.Now())
	require.NoError(t, err)
	a := h.overview(p, id).Assessment
	require.Equal(t, "customers of a luxury seller", a.Cells[0].Override.Reason)
	require.Equal(t, []float64{1, 4}, a.Cells[0].Derived.Range)
	require.Equal(t, 2.0, *a.Cells[0].Value)

	w := ask(p, http.MethodPatch, "/v1/incidents/"+id, leadToken, `{"severity_overrides":[{"cell":"ei","value":1}]}`, "Content-Type", "application/merge-patch+json", "Idempotency-Key", "k1")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "severity_overrides[0].reason")
}
