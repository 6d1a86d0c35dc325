package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
)

const canary = "KANARIENVOGEL"

// TestNothingOfTheInputComesBack sends a canary in every place where input can stand.
func TestNothingOfTheInputComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	q := func(method, path, body string, header ...string) request {
		r := request{method: method, path: path, body: body, token: "lead-token", header: map[string]string{}}
		for i := 0; i < len(header); i += 2 {
			r.header[header[i]] = header[i+1]
		}
		return r
	}
	for _, x := range []request{
		q("GET", "/v1/"+canary, ""),
		q("GET", "/v1/incidents/"+canary+".x", ""),
		q(canary, "/v1/incidents", ""),
		q("GET", "/v1/incidents?"+canary+"="+canary, ""),
		q("GET", "/v1/incidents/inc1/timeline?after="+canary, ""),
		q("GET", "/v1/incidents/inc1/timeline?limit=-1&"+canary+"=1", ""),
		q("POST", "/v1/incidents?from="+canary, incidentJSON),
		q("POST", "/v1/incidents", `{"`+canary+`":1,"facts":{"`+canary+`":"`+canary+`"}}`),
		q("POST", "/v1/incidents", `{"facts":{"incident":{"aware_at":"`+canary+`","cause":"`+canary+`"}}}`),
		q("POST", "/v1/incidents", canary),
		q("POST", "/v1/incidents", "a: &"+canary+" b\n", "Content-Type", "application/yaml"),
		q("POST", "/v1/incidents", incidentJSON, "Content-Type", "application/"+canary),
		q("POST", "/v1/incidents", incidentJSON, "Content-Type", canary),
		q("POST", "/v1/incidents", incidentJSON, "Content-Encoding", canary),
		q("POST", "/v1/incidents", incidentJSON, "Idempotency-Key", canary+" "+canary),
		q("POST", "/v1/incidents/inc1/plan", `{"wave":"`+canary+`"}`),
		q("POST", "/v1/incidents/inc1/plan", `{"`+canary+`":{"`+canary+`":1}}`),
		q("POST", "/v1/incidents/inc1/plan", canary),
		q("POST", "/v1/incidents/inc1/plan", `["`+canary+`"]`),
		q("POST", "/v1/incidents/inc1/plan/approve", `{"plan_hash":"`+strings.Repeat(canary, 20)+`"}`),
		q("POST", "/v1/incidents/inc1/plan/return", `{"plan_hash":{"`+canary+`":1},"comment":5}`),
		q("POST", "/v1/incidents/inc1/person", `{"email":"`+canary+`","phone":"`+canary+`","reason":"`+canary+`"}`),
		q("POST", "/v1/incidents/inc1/person", `{"email":"`+canary+`","reason":"\u0000`+canary+`"}`),
		q("POST", "/v1/incidents/inc1/people?country="+canary, "x", "Content-Type", "text/csv"),
		q("POST", "/v1/incidents/inc1/people?map="+canary, "x", "Content-Type", "text/csv"),
		q("GET", "/errors/"+canary, ""),
		q("GET", "/v1/incidents", "", "Authorization", "Basic "+canary),
		q("GET", "/v1/incidents", "", "Authorization", "Bearer "+canary),
		q("GET", "/v1/incidents/inc1", "", "Accept", "text/"+canary, "X-Request-Id", canary, "Authorization", "Bearer "+canary),
		q("POST", "/callbacks/"+canary+"~/x", "{}"),
	} {
		w := b.do(x)
		require.GreaterOrEqual(t, w.Code, 400, "%s %s", x.method, x.path)
		require.Less(t, w.Code, 500, "%s %s %s", x.method, x.path, w.Body)
		require.NotContains(t, w.Body.String(), canary, "%s %s", x.method, x.path)
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), "%s %s", x.method, x.path)
		for k, v := range w.Header() {
			require.NotContains(t, strings.Join(v, " "), canary, k)
		}
	}
	require.NotContains(t, b.log.String(), canary)
	for _, s := range b.seen {
		require.NotContains(t, s.Route+s.Method, canary)
	}
	require.Zero(t, b.desk.count("open")+b.desk.count("find")+b.desk.count("approve")+b.desk.count("load"))
}

func TestBodiesThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.MaxListBytes = 1000 })
	big := func(n int) string { return strings.Repeat(" ", n) }
	for name, x := range map[string]struct {
		path, body, kind string
		header           [2]string
		code             breach.Code
	}{
		"an empty incident":          {"/v1/incidents", "", "application/json", [2]string{}, breach.ErrInvalid},
		"an empty command":           {"/v1/incidents/i/plan/approve", "", "application/json", [2]string{}, breach.ErrInvalid},
		"a huge incident":            {"/v1/incidents", big(1<<20 + 1), "application/json", [2]string{}, breach.ErrTooLarge},
		"a huge detection":           {"/v1/detections", big(256<<10 + 1), "application/cloudevents+json", [2]string{}, breach.ErrTooLarge},
		"a huge command":             {"/v1/incidents/i/plan", big(16<<10 + 1), "application/json", [2]string{}, breach.ErrTooLarge},
		"a huge list":                {"/v1/incidents/i/people", big(1001), "text/csv", [2]string{}, breach.ErrTooLarge},
		"a huge callback":            {"/callbacks/x/y", big(64<<10 + 1), "application/json", [2]string{}, breach.ErrTooLarge},
		"a compressed body":          {"/v1/incidents", incidentJSON, "application/json", [2]string{"Content-Encoding", "gzip"}, breach.ErrMediaType},
		"a form":                     {"/v1/incidents", incidentJSON, "application/x-www-form-urlencoded", [2]string{}, breach.ErrMediaType},
		"another charset":            {"/v1/incidents", incidentJSON, "application/json; charset=utf-16", [2]string{}, breach.ErrMediaType},
		"a list that is no list":     {"/v1/incidents/i/people", "x", "application/json", [2]string{}, breach.ErrMediaType},
		"bytes that are not UTF-8":   {"/v1/incidents/i/plan/return", "{\"plan_hash\":\"a\",\"comment\":\"\xff\"}", "application/json", [2]string{}, breach.ErrInvalid},
		"a field that stands twice":  {"/v1/incidents/i/plan/approve", `{"plan_hash":"a","plan_hash":"b"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"a field in another case":    {"/v1/incidents/i/plan/approve", `{"plan_hash":"a","PLAN_HASH":"b"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"two values":                 {"/v1/incidents/i/plan/approve", `{"plan_hash":"a"}{}`, "application/json", [2]string{}, breach.ErrInvalid},
		"half a value":               {"/v1/incidents/i/plan/approve", `{"plan_hash":"a"`, "application/json", [2]string{}, breach.ErrInvalid},
		"a reopening with a reason":  {"/v1/incidents/i/reopen", `{"reason":"done"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"a stop with a huge body":    {"/v1/incidents/i/send/stop", big(10<<20) + "x", "application/json", [2]string{}, breach.ErrInvalid},
		"a close with a long reason": {"/v1/incidents/i/close", `{"reason":"` + strings.Repeat("x", 2001) + `"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"a close with another field": {"/v1/incidents/i/close", `{"because":"it is over"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"reports alone for a list":   {"/v1/incidents/i/plan", `{"wave":2,"reports_alone":true}`, "application/json", [2]string{}, breach.ErrInvalid},
		"evidence with a file":       {"/v1/incidents/i/evidence", "PK\x03\x04", "application/zip", [2]string{}, breach.ErrInvalid},
		"UTF-16":                     {"/v1/incidents/i/plan", "\xff\xfe{\x00}\x00", "application/json", [2]string{}, breach.ErrInvalid},
		"a number beyond all bounds": {"/v1/incidents/i/plan", `{"wave":1e999}`, "application/json", [2]string{}, breach.ErrInvalid},
		"a NUL":                      {"/v1/incidents/i/plan/approve", `{"plan_hash":"a\u0000"}`, "application/json", [2]string{}, breach.ErrInvalid},
		"null":                       {"/v1/incidents/i/plan/approve", `null`, "application/json", [2]string{}, breach.ErrInvalid},
		"a deep value":               {"/v1/incidents/i/plan/approve", strings.Repeat("[", 9000), "application/json", [2]string{}, breach.ErrInvalid},
		"an incident with two facts": {"/v1/incidents", `{"facts":{},"facts":{}}`, "application/json", [2]string{}, breach.ErrInvalid},
	} {
		q := request{method: "POST", path: x.path, body: x.body, token: "lead-token", header: map[string]string{"Content-Type": x.kind}}
		if x.header[0] != "" {
			q.header[x.header[0]] = x.header[1]
		}
		if strings.HasPrefix(x.path, "/callbacks") {
			x.code = breach.ErrTooLarge
		}
		t.Log(name)
		b.problem(b.do(q), x.code)
	}
	for _, what := range []string{"open", "approve", "return", "detect", "submit", "submit reports", "close", "reopen", "stop", "seal"} {
		require.Zero(t, b.desk.count(what), what)
	}
}

// TestEveryPostRefusesWhatItCannotUse sends every kind of bad body to every POST: each is refused with what
// happened, why and what to do, and nothing is done.
func TestEveryPostRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.MaxListBytes = 1 << 20 })
	b.desk.load = func(csv io.Reader, _ breach.Reading) (any, breach.LoadReport, error) {
		if _, err := io.Copy(io.Discard, csv); err != nil {
			return nil, breach.LoadReport{}, err
		}
		return nil, breach.LoadReport{}, breach.Errorf(breach.ErrInvalid, "this is no list") // its reader has tests of its own
	}
	bad := map[string]struct{ body, kind, encoding string }{
		"ten megabytes":         {body: strings.Repeat("x", 10<<20)},
		"Latin-1":               {body: "{\"reason\":\"caf\xe9\"}"},
		"UTF-16":                {body: "\xff\xfe{\x00}\x00"},
		"deep nesting":          {body: strings.Repeat(`{"a":[`, 1000)},
		"deep and whole":        {body: strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
		"another content type":  {body: "<html></html>", kind: "text/html"},
		"no content type":       {body: "x", kind: "///"},
		"another charset":       {body: "x", kind: "application/json; charset=utf-16"},
		"a compressed body":     {body: "\x1f\x8b\x08", encoding: "gzip"},
		"a field twice":         {body: `{"facts":{"people":{}},"facts":{},"plan_hash":"a","plan_hash":"b","wave":1,"wave":2}`},
		"a list":                {body: `[{}]`},
		"a text":                {body: `"x"`},
		"two values":            {body: `{} {}`},
		"half a value":          {body: `{"reason":`},
		"a control character":   {body: `{"plan_hash":"a\u0000"}`},
		"a field nobody knows":  {body: `{"colour":"red"}`},
		"an address in a field": {body: `{"` + canary + `@mail.test":1}`},
	}
	for _, rt := range routes {
		if rt.method != "POST" || rt.calls == "detect" || rt.calls == "open draft" || rt.kind == "message/rfc822" || strings.HasPrefix(rt.path, "/v1/letters/") { // their readers are in other packages
			continue
		}
		for name, x := range bad {
			q := request{method: "POST", path: rt.path, body: x.body, token: tokenFor(rt.roles), header: map[string]string{"Content-Type": "application/json"}}
			if rt.kind != "" {
				q.header["Content-Type"] = rt.kind
			}
			if x.kind != "" {
				q.header["Content-Type"] = x.kind
			}
			if x.encoding != "" {
				q.header["Content-Encoding"] = x.encoding
			}
			w := b.do(q)
			var p httpapi.Problem
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p), "%s with %s: %d %s", rt.path, name, w.Code, w.Body)
			require.Contains(t, []int{413, 415, 422}, w.Code, "%s with %s: %s", rt.path, name, w.Body)
			require.NotEmpty(t, p.Title, "what happened")
			require.NotEmpty(t, p.Detail, "why: %s with %s", rt.path, name)
			require.NotEmpty(t, p.Do, "what to do")
			require.NotContains(t, w.Body.String(), canary)
		}
	}
	for _, call := range b.desk.calls {
		require.Contains(t, []string{"authenticate", "load"}, call)
	}
}

// tokenFor is of somebody who may use a route.
func tokenFor(roles string) string {
	if roles == "a" {
		return "application-token"
	}
	return "lead-token"
}

// TestEveryPostIsDoneOnce sends each request eight times at once under one key.
func TestEveryPostIsDoneOnce(t *testing.T) {
	t.Parallel()
	for _, rt := range routes {
		if rt.method != "POST" {
			continue
		}
		b := setup(t, nil)
		q := request{method: "POST", path: rt.path, body: rt.body, token: tokenFor(rt.roles), header: map[string]string{"Idempotency-Key": "k"}}
		if rt.kind != "" {
			q.header["Content-Type"] = rt.kind
		}
		answers := make([]*httptest.ResponseRecorder, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = b.do(q) })
		}
		wg.Wait()
		for _, w := range answers {
			require.Equal(t, rt.status, w.Code, "%s: %s", rt.path, w.Body)
			require.Equal(t, answers[0].Body.String(), w.Body.String(), rt.path)
		}
		require.Equal(t, 1, b.desk.count(rt.calls), rt.path)
	}
}

// TestWhatIsMissingIsPointedAt: a field that is not there is named as the place, and a mark at the beginning
// of a file is no part of it.
func TestWhatIsMissingIsPointedAt(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	p := b.problem(b.do(request{method: "POST", path: "/v1/incidents/i/decisions", body: `{"people":"held"}`, token: "lead-token"}), breach.ErrInvalid)
	require.ElementsMatch(t, []breach.FieldError{{Where: "outcome", What: "is missing"}, {Where: "reason", What: "is missing"}}, p.Fields)
	w := b.do(request{method: "POST", path: "/v1/incidents/i/plan/approve", body: "\ufeff" + `{"plan_hash":"a"}`, token: "lead-token"})
	require.Equal(t, 200, w.Code, w.Body)
	for _, nothing := range []string{"", " \n", "{}", "null"} {
		for _, verb := range []string{"close", "reopen", "send/stop", "plan"} {
			w := b.do(request{method: "POST", path: "/v1/incidents/i/" + verb, body: nothing, token: "lead-token"})
			require.Equal(t, 200, w.Code, "%s with %q: %s", verb, nothing, w.Body)
		}
	}
}

// TestAListOfUnknownLengthIsCutOff: the limit holds while the list is read, too, and the desk gets an
// error, not an end.
func TestAListOfUnknownLengthIsCutOff(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.MaxListBytes = 1000 })
	var got error
	b.desk.load = func(csv io.Reader, _ breach.Reading) (any, breach.LoadReport, error) {
		var n int64
		n, got = io.Copy(io.Discard, csv)
		require.LessOrEqual(t, n, int64(1000))
		return nil, breach.LoadReport{}, fmt.Errorf("the list could not be read: %w", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/incidents/i/people", io.MultiReader(strings.NewReader(strings.Repeat("x", 1001))))
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Authorization", "Bearer lead-token")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	b.problem(w, breach.ErrTooLarge)
	require.Error(t, got)
}

// TestSlowSendersAreGivenUp uses a real connection: deadlines belong to it.
func TestSlowSendersAreGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.BodyTimeout = 50 * time.Millisecond })
	srv := httptest.NewUnstartedServer(b.handler)
	srv.Config = httpapi.NewServer(b.handler)
	srv.Start()
	defer srv.Close()
	for _, path := range []string{"/v1/incidents", "/v1/incidents/i/people"} {
		kind := "application/json"
		if strings.HasSuffix(path, "people") {
			kind = "text/csv"
		}
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer lead-token\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\nslow", path, kind)
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
		answer, err := io.ReadAll(io.LimitReader(c, 20))
		require.NoError(t, err)
		require.Contains(t, string(answer), " 408 ", path)
		require.NoError(t, c.Close())
	}
}

// TestALongAnswerOutlivesTheBodysDeadline: a deadline that was left on the connection would cancel the
// request while the desk works.
func TestALongAnswerOutlivesTheBodysDeadline(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.BodyTimeout = 30 * time.Millisecond })
	b.desk.open = func(breach.IncidentFile, breach.Actor) (breach.Opened, error) {
		time.Sleep(120 * time.Millisecond)
		return breach.Opened{Incident: "i"}, nil
	}
	srv := httptest.NewServer(b.handler)
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v1/incidents", strings.NewReader(incidentJSON))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer lead-token")
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 201, resp.StatusCode)
	require.NotContains(t, b.log.String(), "canceled")
}

func TestUnknownErrorsShowNothing(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("secret text"),
		fmt.Errorf("secret text: %w", errors.New("more of it")),
		breach.Errorf(breach.ErrInternal, "secret text"),
		breach.Errorf("no-such-code", "secret text"),
	} {
		b := setup(t, nil)
		b.desk.overview = func(string) (breach.Overview, error) { return breach.Overview{}, err }
		w := b.do(request{method: "GET", path: "/v1/incidents/i", token: "lead-token"})
		p := b.problem(w, breach.ErrInternal)
		require.Empty(t, p.Detail)
		require.NotContains(t, w.Body.String(), "secret")
		require.Contains(t, b.log.String(), p.Instance, "the log has the reference")
		require.Contains(t, b.log.String(), "secret text")
	}
}

func TestACauseIsForTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.desk.overview = func(string) (breach.Overview, error) {
		return breach.Overview{}, breach.Errorf(breach.ErrUnavailable, "the ledger does not answer: %w", errors.New("dial 10.0.0.7"))
	}
	w := b.do(request{method: "GET", path: "/v1/incidents/i", token: "lead-token"})
	require.Equal(t, "the ledger does not answer", b.problem(w, breach.ErrUnavailable).Detail)
	require.NotContains(t, w.Body.String(), "10.0.0.7")
	b.desk.overview = func(string) (breach.Overview, error) { return breach.Overview{}, context.DeadlineExceeded }
	b.problem(b.do(request{method: "GET", path: "/v1/incidents/i", token: "lead-token"}), breach.ErrUnavailable)
}

func TestAPanicIsAnInternalError(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) {
		c.Pages = []httpapi.Page{{Pattern: "GET /half", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(canary)
		})}}
	})
	b.desk.overview = func(string) (breach.Overview, error) { panic(canary) }
	w := b.do(request{method: "GET", path: "/v1/incidents/i", token: "lead-token"})
	p := b.problem(w, breach.ErrInternal)
	require.Contains(t, b.log.String(), p.Instance)
	require.NotContains(t, b.log.String(), canary, "what a panic says may be what was sent")
	require.Panics(t, func() { b.do(request{method: "GET", path: "/half"}) }, "half an answer is cut off")
}

func TestEveryKindOfErrorHasItsStatusAndPage(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for code, entry := range breach.Catalogue {
		b.desk.verb = func(string) error {
			return breach.Errorf(code, "because").With(breach.FieldError{Where: "facts.x", What: "is odd"})
		}
		w := b.do(request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token"})
		p := b.problem(w, code)
		if code != breach.ErrInternal {
			require.Equal(t, "because", p.Detail)
			require.Len(t, p.Fields, 1)
		}
		page := b.do(request{method: "GET", path: strings.TrimPrefix(p.Type, "https://tocsin.example")})
		require.Equal(t, 200, page.Code)
		require.Contains(t, page.Body.String(), strings.ReplaceAll(entry.Title, "'", "&#39;"))
	}
	all := b.do(request{method: "GET", path: "/errors"})
	require.Equal(t, len(breach.Catalogue), strings.Count(all.Body.String(), "<h2 "))
}

func TestAddressesAndMethodsThatDoNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.problem(b.do(request{method: "GET", path: "/nothing/here"}), breach.ErrNotFound)
	w := b.do(request{method: "DELETE", path: "/v1/incidents/i"})
	b.problem(w, breach.ErrMethod)
	require.Contains(t, w.Header().Get("Allow"), "PATCH")
	for _, id := range []string{"a%00b", "a%0Ab", "%E4%BA%8B", strings.Repeat("x", 65), "a.b"} {
		b.problem(b.do(request{method: "GET", path: "/v1/incidents/" + id, token: "lead-token"}), breach.ErrNotFound)
	}
	require.Zero(t, b.desk.count("overview"))
}

func FuzzCommand(f *testing.F) {
	f.Add([]byte(`{"plan_hash":"a"}`))
	f.Add([]byte(`{"plan_hash":"a","plan_hash":1}`))
	f.Add([]byte("\xff{}"))
	f.Add([]byte(`[[[["KANARIENVOGEL"]]]]`))
	var b *bench
	f.Fuzz(func(t *testing.T, body []byte) {
		if b == nil {
			b = setup(t, nil)
		}
		b.t = t
		w := b.do(request{method: "POST", path: "/v1/incidents/i/plan/approve", body: canary + string(body), token: "lead-token"})
		if w.Code >= 500 || strings.Contains(w.Body.String(), canary) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		w = b.do(request{method: "POST", path: "/v1/incidents/i/plan/approve", body: `{"plan_hash":"x","` + canary + `":` + string(body) + `}`, token: "lead-token"})
		if w.Code >= 500 || w.Code < 400 || strings.Contains(w.Body.String(), canary) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}
