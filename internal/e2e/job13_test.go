package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/standalone"
)

// Every personal field of everybody holds a string that is nowhere else; so do questions about people, rows
// that were not taken, and requests that make no sense. After a whole incident, up to sealed evidence, none
// of them is in Temporal, in logs, traces, metrics, answers or evidence, nor readable in the database. The
// far ends of the wires do have what is written to people, and nothing else of them.
func TestMainJob13CanaryStringsStayWhereTheyBelong(t *testing.T) {
	// The product finds its collector of traces by a variable of the whole process, so it starts before the
	// tests that run side by side do.
	seen := newCollector(t)
	w := seen.world(t)
	t.Parallel()

	c := newCage()
	people := c.flock()
	var answers listener
	k := w.open(t, example(t))
	k.author.client, k.lead.client = answers.client(), answers.client()
	list := k.load(t, append(listOf(t, people), c.rejected()...), "")
	require.EqualValues(t, len(people), list.Added)
	require.EqualValues(t, 2, list.Summary.Rejected)
	k.approve(t, k.submit(t))
	k.told(t)
	c.ask(t, k, people)
	c.nonsense(t, w, k, &answers)
	v := k.closed(t)
	k.lead.raw(t, http.MethodGet, k.path("/evidence"), nil)
	c.pages(t, w, k, &answers)
	require.True(t, v.Balanced)

	c.atTheFarEnds(t, w, people)
	for line, answer := range answers.answers {
		c.none(t, "the answer to "+short(c, line), answer)
	}
	c.inTemporal(t, w, k)
	_, metrics, _ := w.as("").raw(t, http.MethodGet, "/metrics", nil)
	require.Contains(t, string(metrics), "tocsin_people")
	c.none(t, "the metrics", metrics)
	c.inTables(t, w, k)
	c.inEvidence(t, w, v)

	w.Stop() // everything is written out now
	c.inTraces(t, seen, k)
	c.inFiles(t, w.dir)
}

// short takes canaries out of an address, which the test itself put there.
func short(c *cage, line string) string {
	if len(c.in([]byte(line))) > 0 {
		return line[:strings.LastIndexByte(line, '/')+1] + "..."
	}
	return line
}

// flock are people with every way in which sending can end, so that every kind of failure is recorded.
func (c *cage) flock() []human {
	var out []human
	for _, as := range []birdAs{
		{who: "somebody with everything", country: "GB", domain: "mail.test", ending: "12345", token: "fine-"},
		{who: "somebody who bounces everywhere", country: "GB", domain: "bounce.simulator.test", ending: "00001", token: "gone-"},
		{who: "a suspected spammer", country: "GB", domain: "spam.simulator.test", ending: "00004", token: "invalid-"},
		{who: "a lost answer", country: "GB", domain: "drop.simulator.test"},
		{who: "a full mailbox", country: "GB", domain: "full.simulator.test"},
		{who: "a phone abroad", country: "GB", ending: "12345"},
		{who: "a phone whose answer is lost", country: "GB", ending: "00005"},
		{who: "a handset that is off", country: "GB", ending: "00002"},
		{who: "a phone in China", country: "CN", ending: "12345"},
		{who: "a wrong number in China", country: "CN", ending: "00001"},
		{who: "a push token", country: "GB", token: "fine-"},
		{who: "a push token that is gone", country: "GB", token: "gone-"},
		{who: "a child", country: "GB", domain: "mail.test", child: true},
		{who: "a child whose guardian has a phone", country: "GB", child: true, guardianPhone: true},
		{who: "nobody's contact", country: "GB"},
	} {
		out = append(out, human{why: as.who, Person: c.person(as)})
	}
	name := c.watch("a Chinese name", pick(8, "澹臺鍾離軒轅鶴翎霽曜璟琰頊翀"))
	out = append(out, human{why: "a Chinese name", Person: breach.Person{
		ExternalID: c.word("the external id of a Chinese name"), Name: name, Country: "CN", Locale: "zh-CN",
		Email: c.word("the email address of a Chinese name") + "@mail.test",
	}})
	return out
}

// rejected are rows of which nothing is taken.
func (c *cage) rejected() []byte {
	many := c.word("the id of a row with too many cells") + "," + c.word("the name of a row with too many cells") + "," +
		c.word("the email address of a row with too many cells") + "@mail.test" + strings.Repeat(",", 40) + "one more\n"
	few := c.word("the id of a row with too few cells") + "," + c.phone("the phone number of a row with too few cells", "GB", "") + "\n"
	return []byte(many + few)
}

// ask looks people up, those that are listed and those that are not.
func (c *cage) ask(t *testing.T, k *kase, people []human) {
	t.Helper()
	for _, query := range []map[string]string{
		{"email": people[0].Email}, {"phone": people[0].Phone}, {"external_id": people[0].ExternalID},
		{"email": c.word("an email address that was asked about") + "@mail.test"},
		{"phone": c.phone("a phone number that was asked about", "GB", "")},
		{"external_id": c.word("an external id that was asked about")},
		{"email": c.word("an email address that makes no sense")},
	} {
		query["reason"] = "they called"
		k.lead.try(t, http.MethodPost, k.path("/person"), query, nil)
	}
}

// nonsense sends what cannot be understood, with strings everywhere that only the sender knows.
func (c *cage) nonsense(t *testing.T, w *world, k *kase, l *listener) {
	t.Helper()
	refused := func(who caller, method, path string, body any, header ...string) {
		t.Helper()
		who.client = l.client()
		status, answer, _ := who.raw(t, method, path, body, header...)
		require.GreaterOrEqual(t, status, 400, "%s", answer)
	}
	say := func() string { return c.word("a string in a request that was refused") }
	refused(k.author, http.MethodPost, "/v1/incidents", map[string]any{"facts": map[string]any{say(): say()}, say(): say()})
	refused(k.author, http.MethodPost, "/v1/incidents", sent{"application/json", []byte(`{"facts": ` + say())})
	refused(k.author, http.MethodPost, "/v1/incidents", sent{"application/" + say(), []byte(say())})
	refused(k.author, http.MethodPatch, k.path(""), map[string]any{"people": say(), say(): say()})
	refused(k.author, http.MethodPost, k.path("/people"), sent{"text/csv", []byte(say() + "," + say() + "\n" + say() + "," + say() + "\n")})
	refused(k.author, http.MethodPost, k.path("/people?map="+say()), sent{"text/csv", []byte(say())})
	refused(k.lead, http.MethodPost, k.path("/person"), map[string]string{"email": say() + "@mail.test", "phone": say(), say(): say()})
	refused(k.lead, http.MethodPost, k.path("/plan/approve"), map[string]string{"plan_hash": say()})
	refused(k.lead, http.MethodGet, "/v1/incidents/"+say(), nil)
	refused(k.lead, http.MethodGet, "/"+say()+"?"+say()+"="+say(), nil)
	refused(w.as(say()), http.MethodGet, "/v1/incidents", nil)
	refused(w.as(w.detector), http.MethodPost, "/v1/detections", sent{"application/cloudevents+json", []byte(`{"` + say() + `": "` + say() + `"}`)})
	refused(w.as(""), http.MethodPost, "/callbacks/twilio/"+say(), sent{"application/x-www-form-urlencoded", []byte("To=" + say())}, "X-Twilio-Signature", say())
	refused(w.as(""), http.MethodGet, "/notices/"+say(), nil)

	// A finding may name people; it is kept, and nobody can read it in the database.
	finding := `{"specversion": "1.0", "type": "com.example.dlp.breach.suspected.v1", "source": "urn:example:dlp", "id": "` + say() + `", "subject": "` + say() +
		`", "time": "2026-11-01T10:00:00Z", "datacontenttype": "application/json", "data": {"estimated_people": 3, "affected_user": "` + say() + `@mail.test"}}`
	detector := w.as(w.detector)
	detector.client = l.client()
	detector.do(t, http.MethodPost, "/v1/detections", sent{"application/cloudevents+json", []byte(finding)}, nil)
}

// pages reads what people and strangers may look at.
func (c *cage) pages(t *testing.T, w *world, k *kase, l *listener) {
	t.Helper()
	c.watch("the token of the approver", w.lead)
	c.watch("the token of the author", w.author)
	who := w.as("")
	who.client = l.client()
	for _, path := range []string{"/", "/console/", "/notices/feed.atom", "/verify", "/healthz", "/readyz", "/openapi.json"} {
		who.raw(t, http.MethodGet, path, nil)
	}
	for _, path := range []string{"", "/plan", "/timeline?limit=1000", "/invariant"} {
		k.lead.raw(t, http.MethodGet, k.path(path), nil)
	}
}

// atTheFarEnds shows that the search finds what is there, and that providers get what they need and no more.
func (c *cage) atTheFarEnds(t *testing.T, w *world, people []human) {
	t.Helper()
	there := map[string]bool{}
	require.NoError(t, w.sims.Outbox().Each(outbox.Query{Refused: true}, func(m outbox.Message) error {
		mail := outbox.ParseEmail(m.Raw)
		for _, what := range c.in([]byte(m.Recipient + "\n" + string(m.Raw) + "\n" + mail.Text + "\n" + mail.HTML + "\n" + m.Text)) {
			there[what] = true
		}
		return nil
	}))
	for _, what := range []string{
		"the name of somebody with everything", "the email address of somebody with everything", "the email address of somebody who bounces everywhere",
		"the phone number of a phone abroad", "the phone number of a phone in China", "the push token of a push token",
		"the guardian's email address of a child", "the guardian's phone number of a child whose guardian has a phone", "a Chinese name",
	} {
		require.True(t, there[what], "%s is in no message: the search finds nothing", what)
	}
	for what := range there {
		for _, never := range []string{"external id", "postal address", "asked about", "refused", "row with", "token of the"} {
			require.NotContains(t, what, never, "it went to a provider")
		}
	}
}

// inTemporal looks through everything that Temporal tells, encrypted as it is stored and decrypted.
func (c *cage) inTemporal(t *testing.T, w *world, k *kase) {
	t.Helper()
	var page []byte
	runs, decrypted := 0, false
	for {
		list, err := w.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: standalone.Namespace, PageSize: 100, NextPageToken: page})
		require.NoError(t, err)
		raw, err := proto.Marshal(list)
		require.NoError(t, err)
		c.none(t, "Temporal's visibility", raw)
		for _, x := range list.GetExecutions() {
			runs++
			h, err := w.history(t.Context(), x.GetExecution().GetWorkflowId(), x.GetExecution().GetRunId())
			require.NoError(t, err)
			raw, err := proto.Marshal(h)
			require.NoError(t, err)
			require.NotContains(t, string(raw), `"incident":"`, "payloads are encrypted")
			c.none(t, "a history of "+x.GetType().GetName(), raw)
			require.NoError(t, w.readable(t.Context(), h))
			raw, err = proto.Marshal(h)
			require.NoError(t, err)
			decrypted = decrypted || bytes.Contains(raw, []byte(`"incident":"`+k.id))
			c.none(t, "a decrypted history of "+x.GetType().GetName(), raw)
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	require.GreaterOrEqual(t, runs, 4)
	require.True(t, decrypted, "the decrypted histories hold what is known to be in them")
}

func (c *cage) inTables(t *testing.T, w *world, k *kase) {
	t.Helper()
	ours := false
	tables := eachRow(t, w.sql(t), func(table string, row []byte) {
		c.none(t, "table "+table, row)
		ours = ours || bytes.Contains(row, []byte(k.id))
	})
	require.Greater(t, tables, 15)
	require.True(t, ours, "the tables hold what is known to be in them")
}

func (c *cage) inEvidence(t *testing.T, w *world, v breach.Overview) {
	t.Helper()
	require.NotNil(t, v.Evidence)
	pack, err := zip.OpenReader(filepath.Join(w.Dir.Evidence(), v.Evidence.File))
	require.NoError(t, err)
	defer pack.Close()
	require.Greater(t, len(pack.File), 5)
	for _, f := range pack.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		c.none(t, "the evidence's "+f.Name, append([]byte(f.Name+"\n"), content...))
	}
}

func (c *cage) inTraces(t *testing.T, seen *traces, k *kase) {
	t.Helper()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	require.Greater(t, seen.count, 20)
	require.True(t, bytes.Contains(seen.raw, []byte(k.id)), "the traces hold what is known to be in them")
	c.none(t, "the traces", seen.raw)
}

// inFiles looks through everything on disk but what the far ends keep: logs, Temporal's SQLite file,
// announcements, PostgreSQL's own files and its log of changes.
func (c *cage) inFiles(t *testing.T, dir string) {
	t.Helper()
	read := map[string]int{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel == "outbox":
			return fs.SkipDir
		case !d.Type().IsRegular() || rel == "keys/demo-tokens.json":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read[filepath.Base(path)] += len(b)
		c.none(t, "the file "+rel, append([]byte(rel+"\n"), b...))
		return nil
	}))
	for _, file := range []string{"tocsin.log", "temporal.sqlite", "postgres.log"} {
		require.Positive(t, read[file], "%s was looked at; files: %d", file, len(read))
	}
}

// traces is a collector of traces that keeps them.
type traces struct {
	collector.UnimplementedTraceServiceServer
	address string

	mu    sync.Mutex
	count int
	raw   []byte
}

func newCollector(t *testing.T) *traces {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s, out := grpc.NewServer(), &traces{address: "http://" + l.Addr().String()}
	collector.RegisterTraceServiceServer(s, out)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return out
}

// Export implements the collector's service.
func (x *traces) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	raw, err := proto.Marshal(r)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, of := range r.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			x.count += len(scope.GetSpans())
		}
	}
	x.raw = append(x.raw, raw...)
	return &collector.ExportTraceServiceResponse{}, nil
}

// world starts a product whose traces come here.
func (x *traces) world(t *testing.T) *world {
	t.Helper()
	const variable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	before, was := os.LookupEnv(variable)
	require.NoError(t, os.Setenv(variable, x.address)) //nolint:usetesting // t.Setenv would keep this test from running beside others
	defer func() {
		if was {
			_ = os.Setenv(variable, before) //nolint:usetesting // as above
		} else {
			_ = os.Unsetenv(variable)
		}
	}()
	began := time.Now()
	w := ownWorld(t, dataDir(t), nil)
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	return w
}
