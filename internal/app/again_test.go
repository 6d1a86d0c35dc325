package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/obs"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/worker"
)

// updates takes updates as the workflow engine does: the same id has the same answer, also a failure.
type updates struct {
	stories
	mu       sync.Mutex
	ids      []string
	failures map[string]error // by id
	fail     error            // of ids that are new
}

func (u *updates) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids = append(u.ids, o.UpdateName+" "+o.UpdateID)
	if _, before := u.failures[o.UpdateID]; !before {
		u.failures[o.UpdateID] = u.fail
	}
	return &updated{id: o.UpdateID, err: u.failures[o.UpdateID]}, nil
}

type updated struct {
	client.WorkflowUpdateHandle
	id  string
	err error
}

func (u *updated) Get(_ context.Context, answer any) error {
	if out, ok := answer.(*breach.Submitted); ok {
		out.PlanHash = "plan of " + u.id
	}
	return u.err
}

// reportsPlan puts a plan of one report up for approval.
func reportsPlan(t *testing.T, p *Product, incident string, author breach.Actor) string {
	t.Helper()
	ctx := t.Context()
	wave, err := p.Store.EmptyList(ctx, incident, author, time.Now())
	require.NoError(t, err)
	body := []byte(`{"kind":"report","parts":{"text":"Initial report."}}`)
	sum := sha256.Sum256(body)
	ref := breach.NoticeRef{Kind: "report", Channel: "eu-gdpr/authority/initial", Locale: "en", SHA256: hex.EncodeToString(sum[:])}
	require.NoError(t, p.Store.SaveTexts(ctx, incident, []breach.Text{{Ref: ref, Body: body}}))
	people, err := p.Store.Snapshot(ctx, incident, wave)
	require.NoError(t, err)
	plan := breach.Plan{Incident: incident, Wave: wave, Revision: 1, Reports: []breach.NoticeRef{ref}, People: people}
	require.NoError(t, p.Store.SavePlan(ctx, plan, author.ID, time.Now()))
	return plan.Hash()
}

func TestADecisionThatIsTriedAgainAnswersAsAtFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	engine := &updates{failures: map[string]error{}}
	p := h.serverOn(engine, nil)
	author, lead := breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}, breach.Actor{ID: "ana.sousa", Role: breach.RoleLead}
	other := breach.Actor{ID: "noor.ali", Role: breach.RoleLead}
	opened, err := p.Desk.Open(t.Context(), breach.IncidentFile{}, author)
	require.NoError(t, err)
	id := opened.Incident
	again := func(deed string) context.Context { return breach.WithDeed(t.Context(), deed) }

	one, err := p.Desk.Submit(again("s1"), id, 1, author)
	require.NoError(t, err)
	same, err := p.Desk.Submit(again("s1"), id, 1, author)
	require.NoError(t, err)
	require.Equal(t, one, same)
	next, err := p.Desk.Submit(t.Context(), id, 1, author)
	require.NoError(t, err)
	require.NotEqual(t, one, next, "what is not tried again is another command")

	hash := reportsPlan(t, p, id, author)
	first, err := p.Desk.Approve(again("a1"), id, breach.Consent{PlanHash: hash, Unreviewed: true}, lead)
	require.NoError(t, err)
	second, err := p.Desk.Approve(again("a1"), id, breach.Consent{PlanHash: hash, Unreviewed: true}, lead)
	require.NoError(t, err)
	require.Equal(t, first.Hash, second.Hash)
	require.Equal(t, first.State, second.State)
	for ctx, who := range map[context.Context]breach.Actor{t.Context(): lead, again("a2"): other} {
		_, err = p.Desk.Approve(ctx, id, breach.Consent{PlanHash: hash, Unreviewed: true}, who)
		require.Equal(t, breach.ErrAlreadyDecided, breach.CodeOf(err))
	}
	_, err = p.Desk.Return(again("a1"), id, hash, "no", lead)
	require.Equal(t, breach.ErrAlreadyDecided, breach.CodeOf(err), "another decision is not the same")

	require.NoError(t, p.Store.CloseIncident(t.Context(), id, lead.ID, breach.Left{}, time.Now()))
	require.NoError(t, p.Desk.Close(again("c1"), id, lead))
	require.Equal(t, breach.ErrConflict, breach.CodeOf(p.Desk.Close(t.Context(), id, lead)))
	require.Equal(t, breach.ErrConflict, breach.CodeOf(p.Desk.CloseLeaving(again("c1"), id, "closed by somebody else", other)))
	list, err := p.Store.LastEntryOf(t.Context(), id, "close.reasoned")
	require.NoError(t, err)
	require.Zero(t, list.Seq, "a closed incident takes no reason")
}

// A failure is remembered by the workflow engine too; who tries again must not be answered with it for ever.
func TestWhatBrokeDownIsCarriedOutAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	engine := &updates{failures: map[string]error{}, fail: temporal.NewApplicationError("the ledger was away", string(breach.ErrInternal))}
	p := h.serverOn(engine, nil)
	lead := breach.Actor{ID: "ana.sousa", Role: breach.RoleLead}
	opened, err := p.Desk.Open(t.Context(), breach.IncidentFile{}, lead)
	require.NoError(t, err)
	ctx := breach.WithDeed(t.Context(), "c1")
	require.Equal(t, breach.ErrInternal, breach.CodeOf(p.Desk.Close(ctx, opened.Incident, lead)))
	engine.mu.Lock()
	engine.fail = nil
	engine.mu.Unlock()
	require.NoError(t, p.Desk.Close(ctx, opened.Incident, lead))
	require.Equal(t, protocol.UpdateClose+" c1", engine.ids[0])
	require.NotEqual(t, engine.ids[0], engine.ids[len(engine.ids)-1])
}

// Without a workflow engine, what is asked for is recorded or refused; nothing breaks.
func TestWithoutAWorkflowEngine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(nil, nil)
	first := h.detect(p, finding("1", 12))
	require.True(t, first.First)
	require.False(t, h.detect(p, finding("1", 900)).First, "and the story that is not there hears nothing")
	v := h.overview(p, first.Incident)
	require.False(t, v.EngineAnswers)
	require.Len(t, v.Notes, 3)
	for _, path := range []string{"/plan", "/close", "/reopen", "/send/pause"} {
		w := ask(p, http.MethodPost, "/v1/incidents/"+first.Incident+path, leadToken, "")
		require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusConflict, http.StatusUnprocessableEntity}, w.Code, "%s: %s", path, w.Body)
	}
	_, err := p.Desk.CatchUp(t.Context())
	require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err))
	require.Equal(t, breach.ErrUnavailable, breach.CodeOf(p.Desk.Resync(t.Context())))
	_, err = p.Desk.Status(t.Context(), first.Incident)
	require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err))
}

func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.server(nil)
	open := func() string {
		w := ask(p, http.MethodPost, "/v1/incidents", leadToken, anIncident, "Idempotency-Key", "k")
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		return w.Body.String()
	}
	first := open()
	p.tidy(t.Context(), slog.New(slog.DiscardHandler))
	require.Equal(t, first, open(), "a key of today stays")
	n, err := p.Store.ForgetKeys(t.Context(), -time.Hour)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NotEqual(t, first, open())
}

// serverOn is a server with another workflow engine, or none.
func (h *house) serverOn(engine client.Client, change func(*Settings)) *Product {
	h.t.Helper()
	s := Settings{
		Store: h.store, PublicBaseURL: "http://tocsin.test", Announcements: h.t.TempDir(), Evidence: h.t.TempDir(),
		Policies: &worker.Policies{}, DefaultPolicy: "mooc", Log: slog.New(slog.DiscardHandler), Metrics: obs.NewMetrics(), Now: time.Now,
	}
	if change != nil {
		change(&s)
	}
	p, err := Build(h.t.Context(), s, engine)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = p.Close() })
	return p
}
