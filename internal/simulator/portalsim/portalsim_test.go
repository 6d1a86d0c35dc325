package portalsim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

const token = "portal-token"

func start(t *testing.T, dir string) (*Service, *outbox.Box, string) {
	t.Helper()
	box, err := outbox.Open(dir)
	require.NoError(t, err)
	service, err := New(token, box)
	require.NoError(t, err)
	server := httptest.NewServer(service.Handler())
	t.Cleanup(func() { server.Close(); _ = box.Close() })
	return service, box, server.URL
}

func call(t *testing.T, method, address, key, bearer, body string) (int, map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var answer map[string]any
	require.NoError(t, json.Unmarshal(data, &answer), "%s", data)
	return res.StatusCode, answer, res.Header
}

func TestFilingIsAcknowledgedOncePerKeyOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, box, base := start(t, dir)
	const report = `{"authority":"cac","title":"First report","people":1000}`
	numbers := make(chan any, 6)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			status, answer, _ := call(t, http.MethodPost, base+"/filings", "k1", token, report)
			if status == 201 {
				numbers <- answer["acknowledgement"]
			}
		})
	}
	wg.Wait()
	close(numbers)
	first := <-numbers
	require.Regexp(t, `^CAC-20\d\d-000001$`, first)
	for n := range numbers {
		require.Equal(t, first, n)
	}
	require.Equal(t, 1, box.Counts().Channels[outbox.ChannelFiling])
	status, conflict, header := call(t, http.MethodPost, base+"/filings", "k1", token, `{"authority":"cac"}`)
	require.Equal(t, 409, status)
	require.Equal(t, "application/problem+json", header.Get("Content-Type"))
	require.EqualValues(t, 409, conflict["status"])
	require.NoError(t, box.Close())

	_, _, base = start(t, dir)
	status, answer, _ := call(t, http.MethodPost, base+"/filings", "k1", token, report)
	require.Equal(t, 201, status)
	require.Equal(t, first, answer["acknowledgement"])
	status, stored, _ := call(t, http.MethodGet, base+"/filings/"+first.(string), "", token, "")
	require.Equal(t, 200, status)
	require.Equal(t, "First report", stored["report"].(map[string]any)["title"])
	_, second, _ := call(t, http.MethodPost, base+"/filings", "k2", token, report)
	require.Regexp(t, `-000002$`, second["acknowledgement"])
}

func TestBadFilingsAreProblems(t *testing.T) {
	t.Parallel()
	_, box, base := start(t, "")
	for name, c := range map[string]struct {
		key, bearer, body string
		want              int
	}{
		"no key": {"", token, "{}", 400}, "no token": {"k", "x", "{}", 401}, "bad JSON": {"k", token, "{", 400},
		"not an object": {"k", token, "[1]", 400}, "null": {"k", token, "null", 400},
	} {
		status, answer, header := call(t, http.MethodPost, base+"/filings", c.key, c.bearer, c.body)
		require.Equal(t, c.want, status, name)
		require.Equal(t, "application/problem+json", header.Get("Content-Type"), name)
		require.NotEmpty(t, answer["detail"], name)
	}
	status, _, _ := call(t, http.MethodGet, base+"/filings/CAC-2026-000009", "", token, "")
	require.Equal(t, 404, status)
	require.Zero(t, box.Counts().Total)
}

func TestReportsByEmailAndThePage(t *testing.T) {
	t.Parallel()
	service, box, base := start(t, "")
	mail := outbox.Message{ID: "1", Channel: outbox.ChannelEmail, Recipient: "CAC@authority.simulator.test", Subject: "Report",
		MessageID: "<r1@x.test>", Raw: []byte("Subject: Report\r\n\r\nWhat happened.\r\n")}
	require.NoError(t, service.TakeEmail(mail))
	require.NoError(t, service.TakeEmail(mail), "a repeat is the same filing")
	mail.Recipient = "someone@x.test"
	require.NoError(t, service.TakeEmail(mail))
	page := box.List(outbox.Query{Channel: outbox.ChannelFiling})
	require.Equal(t, 1, page.Total)
	require.Regexp(t, `^CAC-20\d\d-000001$`, page.Messages[0].MessageID)

	res, err := http.Get(base + "/")
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), page.Messages[0].MessageID)
	require.Contains(t, string(body), "1 filing,")
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(`{"authority":"cac","title":"t"}`))
	f.Add([]byte(`{"addressee":{"a":1},"subject":["x"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		authority, _, err := readReport(body)
		if err == nil && (authority == "" || strings.Trim(authority, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "") {
			t.Fatalf("authority %q", authority)
		}
	})
}
