package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/httpapi"
)

func TestTheSameKeyIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	n := 0
	b.desk.open = func(breach.IncidentFile, breach.Actor) (breach.Opened, error) {
		n++
		return breach.Opened{Incident: strings.Repeat("i", n)}, nil
	}
	q := request{method: "POST", path: "/v1/incidents", body: incidentJSON, token: "lead-token", header: map[string]string{"Idempotency-Key": "k1"}}
	first := b.do(q)
	require.Equal(t, 201, first.Code)
	again := b.do(q)
	require.Equal(t, 201, again.Code)
	require.Equal(t, first.Body.String(), again.Body.String())
	require.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
	require.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	require.Equal(t, 1, n)

	other := q
	other.body = strings.Replace(incidentJSON, "Leak", "Other", 1)
	b.problem(b.do(other), breach.ErrKeyUsed)
	other = q
	other.path += "?from=veris"
	b.problem(b.do(other), breach.ErrKeyUsed)
	require.Equal(t, 1, n)

	other = q
	other.token = "responder-token" // keys belong to whoever sent them
	require.Equal(t, 201, b.do(other).Code)
	require.Equal(t, 2, n)
	q.header = map[string]string{"Idempotency-Key": "k2"}
	require.Equal(t, 201, b.do(q).Code)
	require.Equal(t, 3, n)
}

func TestAListIsLoadedOncePerKey(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	q := request{method: "POST", path: "/v1/incidents/i/people", body: "id\n1\n", token: "lead-token",
		header: map[string]string{"Idempotency-Key": "k", "Content-Type": "text/csv"}}
	first := b.do(q)
	require.Equal(t, 200, first.Code, first.Body)
	require.Equal(t, first.Body.String(), b.do(q).Body.String())
	require.Equal(t, 1, b.desk.count("load"))
	q.body = "id\n2\n"
	b.problem(b.do(q), breach.ErrKeyUsed)
	require.Equal(t, 1, b.desk.count("load"))
}

func TestAFailureMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	fail := true
	b.desk.verb = func(string) error {
		if fail {
			return breach.Errorf(breach.ErrUnavailable, "not now")
		}
		return nil
	}
	q := request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}}
	b.problem(b.do(q), breach.ErrUnavailable)
	fail = false
	require.Equal(t, 200, b.do(q).Code)
	fail = true
	require.Equal(t, 200, b.do(q).Code, "the success is remembered")
}

func TestAnAnswerThatCannotBeKeptIsGivenAllTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.answers.fail = errors.New("disk full")
	w := b.do(request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}})
	require.Equal(t, 200, w.Code)
	require.Contains(t, b.log.String(), "could not be kept")
}

func TestOneKeyAtATime(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.desk.verb = func(string) error { time.Sleep(10 * time.Millisecond); return nil }
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			w := b.do(request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}})
			require.Equal(t, 200, w.Code)
		})
	}
	wg.Wait()
	require.Equal(t, 1, b.desk.count("close"))
}

// A refused request may be corrected under the same key; one that failed on our side goes on as it is.
func TestWhatWasRefusedMayBeCorrected(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := breach.ErrInvalid
	b.desk.open = func(breach.IncidentFile, breach.Actor) (breach.Opened, error) {
		return breach.Opened{}, breach.Errorf(code, "no")
	}
	q := request{method: "POST", path: "/v1/incidents", body: incidentJSON, token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}}
	b.problem(b.do(q), breach.ErrInvalid)
	q.body = strings.Replace(incidentJSON, "Leak", "Other", 1)
	code = breach.ErrInternal
	b.problem(b.do(q), breach.ErrInternal)
	changed := q
	changed.body = incidentJSON
	b.problem(b.do(changed), breach.ErrKeyUsed)
	b.desk.open = nil
	require.Equal(t, 201, b.do(q).Code)
	require.Equal(t, []string{"deed-of-k", "deed-of-k", "deed-of-k"}, b.desk.deeds)
	q.header = nil
	require.Equal(t, 201, b.do(q).Code)
	require.Empty(t, b.desk.deeds[3])
}

func TestWhatIsUnderWayIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.KeyLease = 40 * time.Millisecond })
	begun, end := make(chan struct{}), make(chan struct{})
	b.desk.verb = func(string) error { close(begun); <-end; return nil }
	q := request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}}
	var wg sync.WaitGroup
	wg.Go(func() { require.Equal(t, 200, b.do(q).Code) })
	<-begun
	w := b.do(q)
	b.problem(w, breach.ErrUnderWay)
	require.Equal(t, "5", w.Header().Get("Retry-After"))
	close(end)
	wg.Wait()
	require.Equal(t, 200, b.do(q).Code)
	require.Equal(t, 1, b.desk.count("close"))
}

// A server that slept for too long does not go on with what another one has taken over.
func TestWhoLostARequestStops(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.KeyLease = 20 * time.Millisecond })
	b.answers.lost = true
	b.desk.load = func(csv io.Reader, _ breach.Reading) (any, breach.LoadReport, error) {
		time.Sleep(50 * time.Millisecond)
		return nil, breach.LoadReport{}, context.Canceled
	}
	b.problem(b.do(request{method: "POST", path: "/v1/incidents/i/people", body: "id\n1\n", token: "lead-token",
		header: map[string]string{"Idempotency-Key": "k", "Content-Type": "text/csv"}}), breach.ErrUnderWay)
}

func TestAPanicLetsTheNextTryBegin(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	fail := true
	b.desk.verb = func(string) error {
		if fail {
			panic("at the wrong moment")
		}
		return nil
	}
	q := request{method: "POST", path: "/v1/incidents/i/close", token: "lead-token", header: map[string]string{"Idempotency-Key": "k"}}
	b.problem(b.do(q), breach.ErrInternal)
	fail = false
	require.Equal(t, 200, b.do(q).Code)
}

func TestCallbacksReachTheAdapterAsTheyCame(t *testing.T) {
	t.Parallel()
	var got string
	err := error(nil)
	b := setup(t, func(c *httpapi.Config) {
		c.Callbacks = callbacks(func(provider, attempt string, r *http.Request) error {
			body, readErr := io.ReadAll(r.Body)
			require.NoError(t, readErr)
			got = provider + " " + attempt + " " + r.Header.Get("X-Twilio-Signature") + " " + string(body) + " " + r.URL.RawQuery
			return err
		})
	})
	q := request{method: "POST", path: "/callbacks/twilio/a1?extra=1", body: "MessageStatus=delivered",
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "sig"}}
	w := b.do(q)
	require.Equal(t, 204, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	require.Equal(t, "twilio a1 sig MessageStatus=delivered extra=1", got)
	err = breach.Errorf(breach.ErrForbidden, "the signature is wrong")
	b.problem(b.do(q), breach.ErrForbidden)
	err = breach.Errorf(breach.ErrNotFound, "no such provider")
	b.problem(b.do(q), breach.ErrNotFound)
	require.Zero(t, b.desk.count("authenticate"))
}

func TestDetectionsAreReadWithTheirType(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	b := setup(t, func(c *httpapi.Config) {
		c.Now = func() time.Time { return now }
		c.ParseDetection = func(kind string, body []byte, at time.Time) (breach.Detection, error) {
			require.Equal(t, now, at)
			if kind != "application/cloudevents+json; charset=utf-8" {
				return breach.Detection{}, breach.Errorf(breach.ErrInvalid, "not an event").With(breach.FieldError{Where: "specversion", What: "is missing"})
			}
			return breach.Detection{Raw: body}, nil
		}
	})
	var raw []byte
	b.desk.detect = func(d breach.Detection) (breach.Detected, error) {
		raw = d.Raw
		return breach.Detected{Incident: "i", First: true}, nil
	}
	w := b.do(request{method: "POST", path: "/v1/detections", body: `event {"id":"1"}`, token: "detector-token", header: map[string]string{"Content-Type": "application/cloudevents+json; charset=utf-8"}})
	require.Equal(t, 202, w.Code)
	require.JSONEq(t, `{"incident":"i","first":true}`, w.Body.String())
	b.do(request{method: "POST", path: "/v1/detections", body: strings.Repeat("x", 500), token: "detector-token"})
	require.Equal(t, `event {"id":"1"}`, string(raw), "what is kept is not a part of a buffer that is used again")
	p := b.problem(b.do(request{method: "POST", path: "/v1/detections", body: `{}`, token: "detector-token"}), breach.ErrInvalid)
	require.Equal(t, "specversion", p.Fields[0].Where)
}

// Notes of an imported file go to whoever opens the incident, and to the answer.
func TestNotesOfVERISReachTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) {
		c.ParseDraft = func(string, []byte) (breach.IncidentFile, []string, error) {
			return breach.IncidentFile{}, []string{"records, not people"}, nil
		}
	})
	b.desk.openDraft = func(_ breach.IncidentFile, notes []string) (breach.Opened, error) {
		return breach.Opened{Incident: "i", Notes: notes}, nil
	}
	w := b.do(request{method: "POST", path: "/v1/incidents?from=veris", body: "{}", token: "lead-token"})
	require.JSONEq(t, `{"incident":"i","missing":[],"notes":["records, not people"]}`, w.Body.String())
}

// An event stream is open for as long as its reader stays: it is counted while it is open.
func TestStreamsAreToldApart(t *testing.T) {
	t.Parallel()
	open, most := 0, 0
	b := setup(t, func(c *httpapi.Config) {
		c.Streams = func(change int) { open += change; most = max(most, open) }
		stream := func(end func()) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				_, _ = io.WriteString(w, "data: x\n\n")
				end()
			})
		}
		c.Pages = []httpapi.Page{
			{Pattern: "GET /events", Handler: stream(func() {})},
			{Pattern: "GET /cut", Handler: stream(func() { panic(http.ErrAbortHandler) })},
		}
	})
	b.do(request{method: "GET", path: "/events"})
	require.Panics(t, func() { b.do(request{method: "GET", path: "/cut"}) })
	b.do(request{method: "GET", path: "/healthz"})
	require.Equal(t, []int{0, 1}, []int{open, most})
	require.True(t, b.seen[0].Stream)
	require.True(t, b.seen[1].Stream)
	require.False(t, b.seen[2].Stream)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	broken := error(nil)
	b := setup(t, func(c *httpapi.Config) {
		c.Ready = []httpapi.Check{
			{Name: "ledger", Ready: func(context.Context) error { return nil }},
			{Name: "engine", Ready: func(context.Context) error { return broken }},
		}
	})
	w := b.do(request{method: "GET", path: "/healthz"})
	require.JSONEq(t, `{"ok":true,"version":"test"}`, w.Body.String())
	w = b.do(request{method: "GET", path: "/readyz"})
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"ready":true,"checks":{"ledger":"ok","engine":"ok"}}`, w.Body.String())
	broken = errors.New("dial 10.0.0.7")
	w = b.do(request{method: "GET", path: "/readyz"})
	require.Equal(t, 503, w.Code)
	require.JSONEq(t, `{"ready":false,"checks":{"ledger":"ok","engine":"does not answer"}}`, w.Body.String())
	require.Contains(t, b.do(request{method: "GET", path: "/metrics"}).Body.String(), "tocsin_up 1")
}

func TestHeadersLogAndMetrics(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w := b.do(request{method: "GET", path: "/v1/incidents/inc77/timeline?after=3", token: "reader-token"})
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
	} {
		require.Equal(t, want, w.Header().Get(name))
	}
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.NotEmpty(t, w.Header().Get("Strict-Transport-Security"))
	require.NotContains(t, b.log.String(), "inc77", "no ids, paths or query strings in the log")
	require.NotContains(t, b.log.String(), "after=")
	require.NotContains(t, b.log.String(), "reader-token")
	require.Contains(t, b.log.String(), `"route":"GET /v1/incidents/{id}/timeline"`)
	b.do(request{method: "BREW", path: "/coffee/inc77"})
	require.Len(t, b.seen, 2)
	require.Equal(t, "GET /v1/incidents/{id}/timeline", b.seen[0].Route)
	require.Equal(t, httpapi.Seen{Method: "other", Route: "none", Status: 404, Took: b.seen[1].Took}, b.seen[1])
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	_, err := httpapi.New(httpapi.Config{})
	require.ErrorContains(t, err, "Desk is missing")
	require.ErrorContains(t, err, "Log is missing")
}

// Mail that came back is taken as it came, with the address that it came to; where no mail is taken, there is no such
// address.
func TestMailThatCameBack(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	mail := request{method: "POST", path: "/v1/bounces", body: "Subject: back\r\n\r\n\xff", token: "detector-token", header: map[string]string{"Content-Type": "message/rfc822", "Envelope-To": "b-1-x@b.example"}}
	w := b.do(mail)
	require.Equal(t, 200, w.Code, w.Body)
	require.JSONEq(t, `{"kind":"failed","recorded":true}`, w.Body.String())
	require.Equal(t, 1, b.desk.count("bounce Subject: back\r\n\r\n\xff [b-1-x@b.example]"))
	mail.body = strings.Repeat("x", 2<<20+1)
	b.problem(b.do(mail), breach.ErrTooLarge)
	mail.body, mail.header["Content-Type"] = "{}", "application/json"
	b.problem(b.do(mail), breach.ErrMediaType)
	b = setup(t, func(c *httpapi.Config) { c.Bounces = nil })
	require.Equal(t, 404, b.do(mail).Code)
}
