package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild/pgtest"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// stories is a workflow engine that takes what it is told and remembers it.
type stories struct {
	client.Client
	mu      sync.Mutex
	began   []string
	signals []string
}

func (s *stories) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, o.ID)
	return nil, nil //nolint:nilnil // nobody looks at the run
}

func (s *stories) SignalWithStartWorkflow(_ context.Context, id, _ string, _ any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, id)
	return nil, nil //nolint:nilnil // nobody looks at the run
}

func (s *stories) SignalWorkflow(_ context.Context, id, _, name string, _ any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signals = append(s.signals, name+" to "+id)
	return nil
}

func (s *stories) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, temporal.NewNonRetryableApplicationError("no story is told here", string(breach.ErrConflict), nil)
}

func (s *stories) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, nil
}

func (s *stories) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, serviceerror.NewNotFound("no story is told here")
}

func (s *stories) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.signals...)
}

// house is one ledger on which servers are built.
type house struct {
	t       testing.TB
	store   store.Config
	stories *stories
}

const (
	leadToken     = "the-token-of-a-lead"
	detectorToken = "the-token-of-a-detector"
)

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, stories: &stories{}, store: store.Config{
		DatabaseURL: pgtest.New(t, func(dsn string) error { return store.Migrate(context.Background(), dsn) }),
		KeyDir:      t.TempDir(), DefaultPolicy: "mooc",
	}}
	s, err := store.Open(t.Context(), h.store)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.PutToken(t.Context(), leadToken, breach.Actor{ID: "ana.sousa", Name: "Ana Sousa", Role: breach.RoleLead}))
	require.NoError(t, s.PutToken(t.Context(), detectorToken, breach.Actor{ID: "scanner", Name: "Scanner", Role: breach.RoleDetector}))
	return h
}

// server builds a whole server of its own: pool, handlers, everything but the worker.
func (h *house) server(change func(*Settings)) *Product {
	h.t.Helper()
	return h.serverOn(h.stories, change)
}

func ask(p *Product, method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, in)
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h, err := p.Handler()
	if err != nil {
		panic(err)
	}
	h.ServeHTTP(w, r)
	return w
}

const anIncident = `{"facts":{"incident":{"title":"Leak"}},"policy":"mooc"}`

// Two servers that get the same request at the same instant carry it out once.
func TestTwoServersDoItOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	servers := []*Product{h.server(nil), h.server(nil)}
	const each = 8
	answers := make([]*httptest.ResponseRecorder, 2*each)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range answers {
		wg.Go(func() {
			<-begin
			answers[i] = ask(servers[i%2], http.MethodPost, "/v1/incidents", leadToken, anIncident, "Idempotency-Key", "the-same")
		})
	}
	close(begin)
	wg.Wait()
	replayed := 0
	for _, a := range answers {
		require.Equal(t, http.StatusCreated, a.Code, a.Body)
		require.Equal(t, answers[0].Body.String(), a.Body.String())
		if a.Header().Get("Idempotent-Replayed") != "" {
			replayed++
		}
	}
	require.Equal(t, len(answers)-1, replayed)
	all, err := servers[0].Store.Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)

	other := ask(servers[1], http.MethodPost, "/v1/incidents", leadToken, strings.Replace(anIncident, "Leak", "Other", 1), "Idempotency-Key", "the-same")
	require.Equal(t, http.StatusConflict, other.Code)
	require.Contains(t, other.Body.String(), "/errors/key-used")
}

// A server that dies after the incident is in the ledger and before its answer is kept has opened the one
// that the next try answers with.
func TestAServerThatDiedOpenedTheSameIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dead, heir := h.server(nil), h.server(nil)
	keys := breach.KeyedRequest{Actor: "ana.sousa", Key: "k", RequestHash: "h", Owner: "dead"}
	first, err := dead.Store.ReserveKey(t.Context(), keys, time.Millisecond)
	require.NoError(t, err)
	file, err := breach.ParseIncident([]byte(anIncident))
	require.NoError(t, err)
	lead := breach.Actor{ID: "ana.sousa", Role: breach.RoleLead}
	opened, err := dead.Desk.Open(breach.WithDeed(t.Context(), first.Deed), file, lead)
	require.NoError(t, err)
	require.Equal(t, first.Deed, opened.Incident)

	time.Sleep(5 * time.Millisecond)
	keys.Owner = "heir"
	second, err := heir.Store.ReserveKey(t.Context(), keys, time.Minute)
	require.NoError(t, err)
	require.True(t, second.Yours)
	again, err := heir.Desk.Open(breach.WithDeed(t.Context(), second.Deed), file, lead)
	require.NoError(t, err)
	require.Equal(t, opened, again)
	all, err := heir.Store.Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	_, err = heir.Desk.Open(t.Context(), file, lead)
	require.NoError(t, err)
	all, err = heir.Store.Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2, "what is not tried again is another incident")
}
