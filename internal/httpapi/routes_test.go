package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
)

const incidentJSON = `{"facts":{"incident":{"title":"Leak"}},"policy":"mooc"}`

// routes lists every route below /v1 with who may use it and what it calls.
var routes = []struct {
	method, path, body, kind string
	roles                    string // of l(ead) r(esponder) v(iewer) d(etector) a(pplication)
	status                   int
	calls                    string
}{
	{"POST", "/v1/incidents", incidentJSON, "", "lr", 201, "open"},
	{"POST", "/v1/incidents?from=hibp", "{}", "", "lr", 201, "open draft"},
	{"POST", "/v1/incidents?from=veris", "{}", "", "lr", 201, "open draft"},
	{"GET", "/v1/incidents", "", "", "lrv", 200, "incidents"},
	{"GET", "/v1/incidents/inc1", "", "", "lrv", 200, "overview"},
	{"PATCH", "/v1/incidents/inc1", `{"people":{"total":3}}`, "application/merge-patch+json", "lr", 200, "amend"},
	{"POST", "/v1/incidents/inc1/people", "id\n1\n", "text/csv", "lr", 200, "load"},
	{"POST", "/v1/incidents/inc1/plan", `{"wave":1}`, "", "lr", 200, "submit"},
	{"POST", "/v1/incidents/inc1/plan", `{"reports_alone":true}`, "", "lr", 200, "submit reports"},
	{"GET", "/v1/incidents/inc1/plan?wave=1", "", "", "lrv", 200, "plan"},
	{"GET", "/v1/incidents/inc1/plan?wave=1&revision=2", "", "", "lrv", 200, "plan 1 version 2"},
	{"GET", "/v1/incidents/inc1/notices/preview?wave=1&person=7&channel=sms", "", "", "lr", 200, "preview 1 7 false sms"},
	{"GET", "/v1/incidents/inc1/notices/preview?worst=true", "", "", "lr", 200, "preview 0 0 true "},
	{"POST", "/v1/incidents/inc1/notices/test", `{"to":"a@b.example","channel":"email","person":3,"locale":"de"}`, "", "lr", 200, "test 0 3 false email de a@b.example"},
	{"GET", "/v1/incidents/inc1/plan/check?wave=2", "", "", "lrv", 200, "check plan 2"},
	{"POST", "/v1/incidents/inc1/plan/waive", `{"gaps":[{"obligation":"a/b/c","field":"dpo"}],"reason":"no officer is appointed"}`, "", "lr", 200, "waive a/b/c dpo: no officer is appointed"},
	{"POST", "/v1/incidents/inc1/numbers", `{"field":"people.total","value":7,"reason":"the list has doubles"}`, "", "lr", 200, "decide people.total 7: the list has doubles"},
	{"POST", "/v1/incidents/inc1/plan/approve", `{"plan_hash":"abc"}`, "", "l", 200, "approve"},
	{"POST", "/v1/incidents/inc1/plan/approve", `{"plan_hash":"abc","accept_unreviewed":true}`, "", "l", 200, "approve with unreviewed texts"},
	{"POST", "/v1/incidents/inc1/plan/return", `{"plan_hash":"abc","comment":"no"}`, "", "l", 200, "return"},
	{"POST", "/v1/incidents/inc1/send/pause", "", "", "lr", 200, "pause"},
	{"POST", "/v1/incidents/inc1/send/resume", "", "", "lr", 200, "resume"},
	{"POST", "/v1/incidents/inc1/send/lift", `{"brake":2}`, "application/json", "lr", 200, "lift"},
	{"POST", "/v1/incidents/inc1/send/stop", "", "", "lr", 200, "stop"},
	{"POST", "/v1/incidents/inc1/close", "", "", "l", 200, "close"},
	{"POST", "/v1/incidents/inc1/close", `{"reason":"the authority closed its own file"}`, "", "l", 200, "close leaving: the authority closed its own file"},
	{"POST", "/v1/incidents/inc1/reopen", "", "", "l", 200, "reopen"},
	{"GET", "/v1/incidents/inc1/timeline?after=4&limit=2", "", "", "lrv", 200, "timeline"},
	{"POST", "/v1/incidents/inc1/decisions", `{"people":"unreachable","outcome":"exempt","reason":"no duty under any law"}`, "", "l", 200, "decide about"},
	{"GET", "/v1/incidents/inc1/unreached?outcome=unreachable&reason=failed_everywhere&after=zz&limit=7&contacts=true", "", "", "lr", 200, `unreached unreachable failed_everywhere "zz" 7 true`},
	{"GET", "/v1/incidents/inc1/unreached", "", "", "lr", 200, `unreached   "" 500 false`},
	{"GET", "/v1/incidents/inc1/send/again?reason=failed_everywhere", "", "", "lr", 200, "would try again failed_everywhere"},
	{"POST", "/v1/incidents/inc1/send/again", `{"channel":"email","why":"the relay was down"}`, "", "lr", 200, "try again email: the relay was down"},
	{"GET", "/v1/incidents/inc1/returns", "", "", "lrv", 200, "returns"},
	{"GET", "/v1/letters", "", "", "lrv", 200, "letters"},
	{"GET", "/v1/letters/inc1/manifest", "", "", "lr", 200, "letters of inc1"},
	{"POST", "/v1/letters/report", "letter_id,status\n", "text/csv", "lr", 200, "letters report 17"},
	{"POST", "/v1/letters/returned", "a-1\n", "text/plain", "lr", 200, "letters returned 4"},
	{"GET", "/v1/calls", "", "", "lrv", 200, "call queue"},
	{"POST", "/v1/calls/take", "", "", "lr", 200, "take  "},
	{"POST", "/v1/calls/take", `{"incident":"inc1","language":"zh-Hans"}`, "", "lr", 200, "take inc1 zh-Hans"},
	{"POST", "/v1/calls/inc1/number", "", "", "lr", 200, "number inc1"},
	{"POST", "/v1/calls/inc1/outcome", `{"outcome":"call_back","call_back_at":"2030-01-01T09:00:00+01:00"}`, "", "lr", 200, "outcome inc1 call_back 2030-01-01 08:00"},
	{"POST", "/v1/calls/inc1/outcome", `{"outcome":"reached"}`, "", "lr", 200, "outcome inc1 reached 0001-01-01 00:00"},
	{"POST", "/v1/calls/inc1/leave", "", "", "lr", 200, "leave inc1"},
	{"GET", "/v1/incidents/inc1/processors", "", "", "lrv", 200, "processors"},
	{"POST", "/v1/incidents/inc1/processors/erase", "", "", "l", 200, "erase"},
	{"POST", "/v1/incidents/inc1/processors/requested", `{"provider":"gateway","reference":"letter 7"}`, "", "lr", 200, "requested gateway: letter 7"},
	{"POST", "/v1/incidents/inc1/announce", `{"why":"the relay is too slow"}`, "", "l", 200, "announce now: the relay is too slow"},
	{"POST", "/v1/incidents/inc1/holds", `{"kind":"law_enforcement","form":"written","asked_by":"LKA","reference":"4","reason":"arrests are planned","until":"2030-01-01T00:00:00Z","obligations":["a/b/c"]}`, "", "lr", 201, "hold LKA"},
	{"POST", "/v1/incidents/inc1/holds/release", `{"hold":"h1","why":"the arrests are made"}`, "", "l", 200, "release h1"},
	{"POST", "/v1/incidents/inc1/done", `{"obligation":"us-hipaa/media/notice","said":"press release of today","done_at":"2026-03-02T10:00:00Z"}`, "", "l", 200, "done us-hipaa/media/notice: press release of today"},
	{"GET", "/v1/incidents/inc1/text?obligation=us-fl/other/consumer_reporting_agencies", "", "", "lr", 200, "text of us-fl/other/consumer_reporting_agencies"},
	{"POST", "/v1/incidents/inc1/answers", `{"question":"a/b","answer":true,"why":"counsel says so"}`, "", "lr", 200, "answer a/b true: counsel says so"},
	{"POST", "/v1/incidents/inc1/delays", `{"obligations":["a/b/c"],"why":"the list came late"}`, "", "lr", 200, "explain a/b/c: the list came late"},
	{"GET", "/v1/incidents/inc1/revisions", "", "", "lrv", 200, "revisions"},
	{"POST", "/v1/incidents/inc1/filings", `{"obligation":"a/b/c"}`, "", "l", 200, "file again"},
	{"POST", "/v1/incidents/inc1/acknowledgements", `{"obligation":"a/b/c","number":"7"}`, "", "l", 200, "acknowledge"},
	{"POST", "/v1/incidents/inc1/person", `{"email":"a@b.example","reason":"asked"}`, "", "lr", 200, "find"},
	{"GET", "/v1/incidents/inc1/invariant", "", "", "lrv", 200, "invariant"},
	{"POST", "/v1/incidents/inc1/evidence", "", "", "lr", 200, "seal"},
	{"GET", "/v1/incidents/inc1/evidence", "", "", "lr", 200, "evidence"},
	{"GET", "/v1/feed", "", "", "a", 200, "feed"},
	{"POST", "/v1/feed/lookup", `{"external_ids":["u-1","u-2"]}`, "", "a", 200, "feed for 2"},
	{"POST", "/v1/feed/acknowledgements", `{"acknowledgements":[{"external_id":"u-1","notice":"inc1.1.en"}]}`, "", "a", 200, "seen by application.one"},
	{"POST", "/v1/detections", "{}", "application/cloudevents+json", "lrd", 202, "detect"},
	{"POST", "/v1/bounces", "Subject: back", "message/rfc822", "lrd", 200, "bounce Subject: back []"},
}

func TestEveryRouteForEveryRole(t *testing.T) {
	t.Parallel()
	tokens := map[string]string{"l": "lead-token", "r": "responder-token", "v": "reader-token", "d": "detector-token", "a": "application-token"}
	for _, rt := range routes {
		b := setup(t, nil)
		for letter, token := range tokens {
			b.desk.calls = nil
			q := request{method: rt.method, path: rt.path, body: rt.body, token: token, header: map[string]string{}}
			if rt.kind != "" {
				q.header["Content-Type"] = rt.kind
			}
			w := b.do(q)
			if strings.Contains(rt.roles, letter) {
				require.Equal(t, rt.status, w.Code, "%s %s as %s: %s", rt.method, rt.path, token, w.Body)
				require.Equal(t, 1, b.desk.count(rt.calls), "%s %s", rt.method, rt.path)
				continue
			}
			b.problem(w, breach.ErrForbidden)
			require.Zero(t, b.desk.count(rt.calls), "%s %s as %s", rt.method, rt.path, token)
		}
		for _, token := range []string{"", "wrong", strings.Repeat("x", 600)} {
			b.desk.calls = nil
			w := b.do(request{method: rt.method, path: rt.path, body: rt.body, token: token})
			b.problem(w, breach.ErrUnauthorized)
			require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
			require.Zero(t, b.desk.count(rt.calls))
		}
	}
}

func TestTheDocumentListsEveryRoute(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) {
		c.Pages = []httpapi.Page{{Pattern: "GET /notices/{reference}", Summary: "An announcement", Handler: http.NotFoundHandler()}}
	})
	w := b.do(request{method: "GET", path: "/openapi.json"})
	require.Equal(t, 200, w.Code)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ OperationID string }
		Components struct{ Schemas map[string]any }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	listed := 0
	for _, methods := range doc.Paths {
		listed += len(methods)
	}
	ids := regexp.MustCompile(`/inc1`)
	want := map[string]bool{}
	for _, rt := range routes {
		path, _, _ := strings.Cut(ids.ReplaceAllString(rt.path, "/{id}"), "?")
		want[rt.method+" "+path] = true
		require.Contains(t, doc.Paths, path)
		require.Contains(t, doc.Paths[path], strings.ToLower(rt.method), path)
	}
	for _, other := range []string{
		"POST /callbacks/{provider}/{attempt}", "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json",
		"GET /errors", "GET /errors/{code}", "GET /notices/{reference}",
	} {
		want[other] = true
		method, path, _ := strings.Cut(other, " ")
		require.Contains(t, doc.Paths[path], strings.ToLower(method), path)
	}
	require.Equal(t, len(want), listed, "a route is in the document and not in this test")
	for _, name := range []string{"Overview", "IncidentFile", "Problem", "PlanRecord", "TextBody"} {
		require.Contains(t, doc.Components.Schemas, name)
	}
	require.NotContains(t, w.Body.String(), "octet-stream\":{\"schema", "a raw body is described by what it holds")
	refs := regexp.MustCompile(`"#/components/schemas/([A-Za-z0-9]+)"`).FindAllStringSubmatch(w.Body.String(), -1)
	require.NotEmpty(t, refs)
	for _, ref := range refs {
		require.Contains(t, doc.Components.Schemas, ref[1])
	}
}

func TestAnswersAreTheVocabularysOwnShapes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w := b.do(request{method: "GET", path: "/v1/incidents/inc1", token: "reader-token"})
	var v breach.Overview
	dec := json.NewDecoder(w.Body)
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&v))
	require.Equal(t, breach.Tally{breach.Reached: 3}, v.People)

	w = b.do(request{method: "GET", path: "/v1/incidents", token: "reader-token"})
	require.JSONEq(t, `{"incidents":[]}`, w.Body.String())
	w = b.do(request{method: "GET", path: "/v1/incidents/inc1/timeline", token: "reader-token"})
	require.JSONEq(t, `{"entries":[]}`, w.Body.String())
	w = b.do(request{method: "POST", path: "/v1/incidents/inc1/send/pause", token: "lead-token"})
	require.JSONEq(t, `{"ok":true}`, w.Body.String())
	w = b.do(request{method: "POST", path: "/v1/incidents", body: incidentJSON, token: "lead-token"})
	require.JSONEq(t, `{"incident":"inc1","missing":[]}`, w.Body.String())
}

func TestIncidentsArriveAsJSONAndYAML(t *testing.T) {
	t.Parallel()
	for kind, body := range map[string]string{
		"application/json":                incidentJSON,
		"application/yaml":                "facts:\n  incident:\n    title: Leak\npolicy: mooc\n",
		"text/yaml; charset=utf-8":        "facts: {incident: {title: Leak}}\npolicy: mooc\n",
		"application/json; charset=UTF-8": incidentJSON,
	} {
		b := setup(t, nil)
		var got breach.IncidentFile
		b.desk.open = func(f breach.IncidentFile, by breach.Actor) (breach.Opened, error) {
			got = f
			require.Equal(t, breach.RoleResponder, by.Role)
			return breach.Opened{Incident: "i"}, nil
		}
		w := b.do(request{method: "POST", path: "/v1/incidents", body: body, token: "responder-token", header: map[string]string{"Content-Type": kind}})
		require.Equal(t, 201, w.Code, w.Body)
		require.Equal(t, "Leak", *got.Facts.Incident.Title)
		require.Equal(t, "mooc", got.Policy)
	}
}

func TestAListIsStreamedToTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.desk.load = func(list io.Reader, how breach.Reading) (any, breach.LoadReport, error) {
		body, err := io.ReadAll(list)
		require.Equal(t, "a,手机号\n", string(body))
		require.Equal(t, breach.Reading{
			Country: "CN", Columns: map[string]string{"手机号": "phone", "a=b": "name"}, NoHeader: true, Format: "csv", Encoding: "gbk", Delimiter: "semicolon", Sheet: "2",
		}, how)
		return map[string]int{"rows": 0}, breach.LoadReport{Wave: 2, Added: 5, Duplicates: 1}, err
	}
	w := b.do(request{
		method: "POST", path: "/v1/incidents/inc1/people?country=cn&map=%E6%89%8B%E6%9C%BA%E5%8F%B7%3Dphone&map=a%3Db%3Dname&no_header=true&format=csv&encoding=gbk&delimiter=semicolon&sheet=2",
		body: "a,手机号\n", token: "responder-token", header: map[string]string{"Content-Type": "text/csv; charset=gbk"},
	})
	require.Equal(t, 200, w.Code, w.Body)
	require.JSONEq(t, `{"summary":{"rows":0},"wave":2,"added":5,"already_listed":1}`, w.Body.String())
	require.NotContains(t, b.log.String(), "手机号", "query strings are not logged")

	for _, query := range []string{"country=XX", "map=phone", "map=%3Dphone", "map=x%3D", "contry=CN", "format=xls", "no_header=perhaps", "encoding=klingon", "delimiter=x"} {
		w = b.do(request{method: "POST", path: "/v1/incidents/inc1/people?" + query, body: "x", token: "lead-token", header: map[string]string{"Content-Type": "text/csv"}})
		p := b.problem(w, breach.ErrInvalid)
		require.NotEmpty(t, p.Fields)
		require.NotContains(t, w.Body.String(), "contry")
	}
}

func TestAPlanShowsTheBytesThatWereHashed(t *testing.T) {
	t.Parallel()
	text, err := breach.NewText(breach.TextBody{Kind: "notice", Channel: "sms", Locale: "zh-Hans", Variant: "self", Parts: map[string]string{"text": "您好 <b> & \u2028"}})
	require.NoError(t, err)
	b := setup(t, nil)
	b.desk.plan = func(_ string, wave int) (breach.PlanRecord, []breach.Text, error) {
		require.Equal(t, 2, wave)
		return breach.PlanRecord{Hash: "abc"}, []breach.Text{text}, nil
	}
	w := b.do(request{method: "GET", path: "/v1/incidents/inc1/plan?wave=2", token: "reader-token"})
	require.Equal(t, 200, w.Code, w.Body)
	require.True(t, bytes.Contains(w.Body.Bytes(), text.Body), "the text's bytes are in the answer as they are")

	text.Body = append(bytes.Clone(text.Body[:len(text.Body)-1]), ' ', '}')
	w = b.do(request{method: "GET", path: "/v1/incidents/inc1/plan?wave=2", token: "reader-token"})
	b.problem(w, breach.ErrTampered)
}

func TestAnIncompletePlanNamesItsProblems(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.desk.submit = func(_ string, wave int) (breach.Submitted, error) {
		require.Zero(t, wave)
		return breach.Submitted{Problems: []string{"narrative.en.remedies", "contact.email: is not an address"}}, nil
	}
	w := b.do(request{method: "POST", path: "/v1/incidents/inc1/plan", token: "lead-token"})
	p := b.problem(w, breach.ErrIncomplete)
	require.Equal(t, []breach.FieldError{{Where: "narrative.en.remedies", What: "is missing"}, {Where: "contact.email", What: "is not an address"}}, p.Fields)
}

func TestAPersonWhoIsNotListedIsAnAnswer(t *testing.T) {
	t.Parallel()
	q := request{method: "POST", path: "/v1/incidents/inc1/person", body: `{"phone":"+15550100","reason":"asked"}`, token: "lead-token"}
	b := setup(t, nil)
	b.desk.find = func(q breach.PersonQuery, reason string) (breach.PersonView, error) {
		require.Equal(t, breach.PersonQuery{Phone: "+15550100"}, q)
		require.Equal(t, "asked", reason)
		return breach.PersonView{}, breach.Errorf(breach.ErrNotFound, "nobody")
	}
	require.JSONEq(t, `{"found":false}`, b.do(q).Body.String())

	b.desk.invariant = func(string) (breach.Invariant, error) {
		return breach.Invariant{}, breach.Errorf(breach.ErrNotFound, "there is no such incident")
	}
	b.problem(b.do(q), breach.ErrNotFound)

	for _, body := range []string{`{"reason":"x"}`, `{"email":"a@b.c","phone":"1","reason":"x"}`, `{"email":"a@b.c"}`} {
		q.body = body
		b.problem(b.do(q), breach.ErrInvalid)
	}
}

func TestEvidenceCanBeDownloadedInParts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w := b.do(request{method: "GET", path: "/v1/incidents/inc1/evidence", token: "lead-token"})
	require.Equal(t, "PK...", w.Body.String())
	require.Equal(t, "application/zip", w.Header().Get("Content-Type"))
	require.Equal(t, `attachment; filename=pack.zip`, w.Header().Get("Content-Disposition"))
	w = b.do(request{method: "GET", path: "/v1/incidents/inc1/evidence", token: "lead-token", header: map[string]string{"Range": "bytes=1-2"}})
	require.Equal(t, 206, w.Code)
	require.Equal(t, "K.", w.Body.String())
	b.desk.evidence = func() (string, io.ReadSeekCloser, error) {
		return "", nil, breach.Errorf(breach.ErrNotFound, "no evidence pack is sealed yet")
	}
	b.problem(b.do(request{method: "GET", path: "/v1/incidents/inc1/evidence", token: "lead-token"}), breach.ErrNotFound)
}
