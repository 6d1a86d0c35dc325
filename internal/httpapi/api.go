package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type server struct {
	cfg  Config
	base string
	mux  *http.ServeMux
	api  huma.API
}

// New builds the handler for everything that one server answers: the API, health, metrics, the OpenAPI
// document, the pages about errors, and the pages that are given. The error names ports that are missing.
func New(cfg Config) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &server{cfg: cfg, base: strings.TrimRight(cfg.PublicURL, "/"), mux: http.NewServeMux()}
	s.api = humago.New(s.mux, s.document())
	s.incidents()
	s.plans()
	s.contents()
	s.people()
	s.unreached()
	s.calls()
	s.letters()
	s.returns()
	s.processors()
	s.feed()
	s.running()
	s.evidence()
	s.machines()
	s.health()
	s.errorPages()
	for _, p := range cfg.Pages {
		s.page(p)
	}
	s.openAPI()
	return s.outer(http.HandlerFunc(s.route)), nil
}

// NewServer wraps a handler in an http.Server that slow or huge senders cannot occupy. Bodies have
// deadlines of their own.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
}

func (s *server) document() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Tocsin", Version: s.cfg.Version,
			Description: "Incidents, the people affected by them, what they are told and the proof of it. " +
				"Errors are application/problem+json; every kind has a page below /errors. " +
				"Every POST below /v1 takes an Idempotency-Key: the same key and body give the same answer.",
		},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A token with a person or machine and a role."},
			},
		},
	}
	if s.base != "" {
		doc.Servers = []*huma.Server{{URL: s.base}}
	}
	format := huma.Format{Marshal: func(w io.Writer, v any) error { return writeJSON(w, v) }, Unmarshal: strictJSON}
	return huma.Config{
		OpenAPI: doc, DefaultFormat: "application/json",
		Formats: map[string]huma.Format{"application/json": format, "json": format}, // the second one is for +json
	}
}

// route answers with our own problems where nothing matches.
func (s *server) route(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := &recorder{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		w.Header().Set("Allow", allow)
		writeProblem(w, r, breach.Errorf(breach.ErrMethod, "this address takes %s", allow))
		return
	}
	writeProblem(w, r, breach.Errorf(breach.ErrNotFound, "there is nothing at this address"))
}

// route describes one operation.
type route struct {
	method, path  string
	id            string // of the operation
	summary, text string
	tag           string
	roles         []breach.Role // nil: anybody, without a token
	body          *bodyRule
	content       map[string]*huma.MediaType // documents a body that the framework does not read
	status        int                        // of success, default 200
}

// command is the rule for small JSON bodies.
var command = &bodyRule{types: []string{"application/json"}, max: maxCommandBytes}

func add[I, O any](s *server, rt route, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		Method: rt.method, Path: rt.path, OperationID: rt.id, Summary: rt.summary, Description: rt.text,
		Tags: []string{rt.tag}, DefaultStatus: rt.status, MaxBodyBytes: -1, BodyReadTimeout: -1, // takeBody does both
		RejectUnknownQueryParameters: rt.roles != nil, // providers add parameters of their own
		Middlewares:                  huma.Middlewares{s.guard(rt)},
		Metadata:                     map[string]any{"fields": bodyFields(reflect.TypeFor[I]())},
	}
	if rt.roles != nil {
		op.Security = []map[string][]string{{"token": {}}}
		op.Description = strings.TrimSpace(op.Description + " For the role " + roleNames(rt.roles) + ".")
	}
	streams := rt.body != nil && rt.body.stream
	if rt.content != nil && !streams {
		op.RequestBody = &huma.RequestBody{Required: true, Content: rt.content}
		op.SkipValidateBody = true // it is handed on as it is, to a stricter reader
	}
	if rt.method == http.MethodPost && rt.roles != nil {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "The same key and body give the same answer, without doing it again.",
		})
	}
	huma.Register(s.api, op, handle)
	switch {
	case streams: // documented afterwards: the framework would read a body that it knows of into memory
		if item := s.api.OpenAPI().Paths[rt.path]; item != nil && item.Post != nil {
			item.Post.RequestBody = &huma.RequestBody{Required: true, Content: rt.content}
		}
	case rt.content != nil:
		delete(op.RequestBody.Content, "application/octet-stream") // the framework's guess for raw bodies
	}
}

// bodyFields lists the JSON names of the field Body of an input.
func bodyFields(input reflect.Type) []string {
	f, ok := input.FieldByName("Body")
	if !ok {
		return nil
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// answer is a JSON answer.
type answer[T any] struct{ Body T }

func reply[T any](v T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{v}, nil
}

// done is the answer of what only succeeds or fails.
type done struct {
	OK bool `json:"ok"`
}

func did(err error) (*answer[done], error) { return reply(done{true}, err) }

// OfIncident is the incident that an address names. What cannot be an id does not exist. The framework
// reads embedded structs only when they are exported.
type OfIncident struct {
	ID string `path:"id" doc:"Id of the incident."`
}

// Resolve implements huma.Resolver.
func (a *OfIncident) Resolve(huma.Context) []error {
	if plainID(a.ID) {
		return nil
	}
	return []error{breach.Errorf(breach.ErrNotFound, "there is no incident with this id")}
}

func plainID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

// schema describes a type of ours that the framework does not read itself.
func (s *server) schema(t reflect.Type) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(t, true, "")
}

func (s *server) page(p Page) {
	s.mux.Handle(p.Pattern, p.Handler)
	if p.Summary == "" {
		return
	}
	method, path, ok := strings.Cut(p.Pattern, " ")
	if !ok {
		method, path = http.MethodGet, p.Pattern
	}
	s.api.OpenAPI().AddOperation(&huma.Operation{
		Method: method, Path: strings.ReplaceAll(path, "{$}", ""), Summary: p.Summary, Tags: []string{"pages"},
		OperationID: "page" + url.PathEscape(strings.ReplaceAll(path, "/", "-")), Responses: map[string]*huma.Response{"200": {Description: "OK"}},
	})
}

// openAPI serves the document, which is complete by now.
func (s *server) openAPI() {
	s.api.OpenAPI().AddOperation(&huma.Operation{
		Method: http.MethodGet, Path: "/openapi.json", OperationID: "openapi", Summary: "This document", Tags: []string{"operation"},
		Responses: map[string]*huma.Response{"200": {Description: "OK"}},
	})
	b, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		panic("an OpenAPI document of our own cannot fail to encode: " + err.Error())
	}
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json;version=3.1")
		_, _ = w.Write(b) // a client that is gone needs no answer
	})
}
