package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/worker"
)

// failsLate posts, as the SMS provider would days after, that the message to a number did not arrive.
func (w *world) failsLate(t *testing.T, phone string) {
	t.Helper()
	sent := w.sentTo(t, phone)
	require.NotEmpty(t, sent)
	at, callback := w.sims.Endpoints().Twilio, ""
	for _, h := range sent[0].Headers {
		if h.Name == "StatusCallback" {
			callback = h.Value
		}
	}
	require.NotEmpty(t, callback)
	form := url.Values{"MessageSid": {sent[0].MessageID}, "AccountSid": {at.AccountSID}, "MessageStatus": {"undelivered"}, "ErrorCode": {"30005"}, "To": {phone}}
	post := func(signature string) int {
		status, _, _ := w.as("").raw(t, http.MethodPost, strings.TrimPrefix(callback, w.BaseURL), formed(form), "X-Twilio-Signature", signature)
		return status
	}
	require.Equal(t, http.StatusForbidden, post(twiliosim.Signature("another token", callback, form)))
	for range 2 { // providers repeat themselves
		require.Equal(t, http.StatusNoContent, post(twiliosim.Signature(at.AuthToken, callback, form)))
	}
}

func formed(form url.Values) sent {
	return sent{"application/x-www-form-urlencoded", []byte(form.Encode())}
}

// A provider that says days later that a message failed makes the person's next channel be tried by itself;
// who has none left is covered by an announcement that nobody needed before.
func TestMainJob04AFailureDaysLaterGoesOnByItself(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	person := func(id, token string) human {
		return human{Person: breach.Person{ExternalID: c.tag + id, Name: "Kim Doe", Phone: c.british("12345"), PushToken: token, Country: "GB", Locale: "en-GB"}}
	}
	pushed, alone, fine := person("a", c.token("fine-")), person("b", ""), person("c", "")
	k := w.open(t, example(t))
	k.tell(t, []human{pushed, alone, fine})
	v := k.told(t)
	require.Equal(t, breach.Tally{breach.Reached: 3}, counted(v.People))
	require.Nil(t, v.Announcement)
	require.Zero(t, w.taken(pushed.PushToken))

	w.failsLate(t, pushed.Phone)
	w.failsLate(t, alone.Phone)
	v = k.until(t, "both to be taken care of", func(v breach.Overview) bool {
		return v.People[breach.Attempted] == 1 && v.People[breach.Covered] == 1 && awaits(v, "close")
	})
	require.Equal(t, breach.Tally{breach.Reached: 1, breach.Attempted: 1, breach.Covered: 1}, counted(v.People))
	require.True(t, v.Balanced)
	require.NotNil(t, v.Announcement)
	require.Equal(t, 1, w.taken(pushed.PushToken))
	for _, h := range []human{pushed, alone, fine} {
		require.Equal(t, 1, w.taken(h.Phone), "nobody is sent the same message again")
	}
	require.Equal(t, breach.Covered, k.find(t, alone).Outcome)
	require.Equal(t, 1, k.count(t, "plan.approved"), "the approval covers it")
	require.True(t, k.closed(t).Balanced)
}

// counted leaves outcomes out that nobody has.
func counted(t breach.Tally) breach.Tally {
	out := breach.Tally{}
	for o, n := range t {
		if n > 0 {
			out[o] = n
		}
	}
	return out
}

func (k *kase) count(t *testing.T, action string) (n int) {
	t.Helper()
	for _, e := range k.timeline(t) {
		if e.Action == action {
			n++
		}
	}
	return n
}

// reportsAlone has the reports that are owed approved, without a list of people.
func (k *kase) reportsAlone(t *testing.T) breach.PlanRecord {
	t.Helper()
	k.until(t, "the reports to be asked for", func(v breach.Overview) bool { return awaits(v, "submit_reports") })
	var out breach.Submitted
	require.Nil(t, k.eventually(t, k.author, http.MethodPost, k.path("/plan"), map[string]any{"reports_alone": true}, &out))
	var plan struct{ Plan breach.PlanRecord }
	k.lead.do(t, http.MethodGet, k.path("/plan"), nil, &plan)
	require.Equal(t, out.PlanHash, plan.Plan.Hash)
	require.Zero(t, plan.Plan.Plan.People.Total)
	require.Empty(t, plan.Plan.Plan.Notices)
	k.approve(t, out.PlanHash)
	return plan.Plan
}

// An authority does not wait until the people are known: its reports go out first, then the list; in the end
// both are done.
func TestMainJob04ReportsBeforeTheList(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	k.until(t, "the list to be asked for", func(v breach.Overview) bool { return awaits(v, "load_people") })
	plan := k.reportsAlone(t)
	reports := map[string]bool{}
	for _, r := range plan.Plan.Reports {
		reports[r.Channel] = true
	}
	require.NotEmpty(t, reports)
	v := k.until(t, "the reports to be filed", func(v breach.Overview) bool { return len(v.Filings) == len(reports) })
	require.Zero(t, v.Total)
	require.False(t, awaits(v, "submit_reports"))
	require.True(t, awaits(v, "load_people"))
	require.Equal(t, breach.IncidentAssessing, v.Incident.State, "nobody is being told yet")
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/plan"), map[string]any{"reports_alone": true}, nil).code(), "none is owed any more")

	people := newCrowd().some(2)
	require.Equal(t, 2, k.load(t, listOf(t, people), "").Wave)
	k.approve(t, k.submit(t))
	v = k.told(t)
	require.Empty(t, v.Waves[1].Plan.Plan.Reports, "they are filed once")
	require.Len(t, v.Filings, len(reports))
	for _, h := range people {
		require.Equal(t, 1, w.taken(h.Email))
	}
	v = k.closed(t)
	for _, d := range v.Duties {
		switch {
		case d.Verdict != breach.Applies:
		case d.Duty == "notify_individuals":
			require.Equal(t, breach.ObligationClosed, d.State, d.ID)
		case d.FirstReport():
			require.Contains(t, []breach.ObligationState{breach.ObligationFiled, breach.ObligationAcknowledged}, d.State, d.ID)
		}
	}
	require.Empty(t, firsts(k.lastMove(t).Undone, v))
	_, pack, _ := k.lead.raw(t, http.MethodGet, k.path("/evidence"), nil)
	proof, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	require.True(t, proof.Verified, "%v", proof.Problems)
	require.Equal(t, 2, bytes.Count(unzipped(t, pack)["approvals.jsonl"], []byte(`"plan_hash"`)), "the reports' approval is evidence as well")
}

// lastMove is how the incident moved last, and who moved it.
func (k *kase) lastMove(t *testing.T) (m struct {
	By, To string
	Undone []string
},
) {
	t.Helper()
	for _, e := range k.timeline(t) {
		if e.Action != "incident.moved" {
			continue
		}
		var d struct {
			To     string   `json:"to"`
			Undone []string `json:"open_duties"`
		}
		require.NoError(t, json.Unmarshal(e.Data, &d))
		m.By, m.To, m.Undone = e.Actor, d.To, d.Undone
	}
	return m
}

// toldInChina tells people under the laws of mainland China alone, and then learns that people in the EU are
// concerned too.
func toldInChina(t *testing.T) (*kase, []human) {
	t.Helper()
	w := theWorld(t)
	people := newCrowd().some(2)
	for i := range people {
		people[i].Email, people[i].Phone = "", newCrowd().british("12345") // no wait for bounces
	}
	k := w.open(t, example(t))
	k.until(t, "the story", func(v breach.Overview) bool { return v.Assessment != nil && v.EngineAnswers })
	k.author.do(t, http.MethodPatch, k.path(""), onlyChina(), nil)
	k.tell(t, people)
	k.told(t)
	v := k.until(t, "the reports of China to be filed", filed)
	require.Equal(t, breach.DoesNotApply, verdict(v, "eu-gdpr/authority/initial"))
	var out breach.Amended
	k.author.do(t, http.MethodPatch, k.path(""), map[string]any{"people": map[string]any{"by_country": map[string]any{"DE": 120}, "total": 1120}}, &out)
	require.True(t, slices.ContainsFunc(out.Changes, func(c breach.DutyChange) bool {
		return c.Obligation == "eu-gdpr/authority/initial" && c.To == breach.Applies
	}), "%+v", out.Changes)
	return k, people
}

// filed says that every first report that applies was filed.
func filed(v breach.Overview) bool {
	return !slices.ContainsFunc(v.Duties, func(d breach.Duty) bool {
		return d.FirstReport() && !slices.ContainsFunc(v.Filings, func(f breach.Filing) bool { return f.Obligation == d.ID })
	})
}

// firsts are those of some duties that are first reports.
func firsts(ids []string, v breach.Overview) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return !slices.ContainsFunc(v.Duties, func(d breach.Duty) bool { return d.ID == id && d.FirstReport() })
	})
}

// A duty to report that appears after the people were told: the incident is not closed over it; the report is
// submitted alone, approved and filed, and nobody is told again.
func TestMainJob04AFurtherReportAfterThePeopleWereTold(t *testing.T) {
	t.Parallel()
	k, people := toldInChina(t)
	p := k.lead.try(t, http.MethodPost, k.path("/close"), nil, nil)
	require.Equal(t, breach.ErrConflict, p.code())
	require.Contains(t, p.Detail, "eu-gdpr/authority/initial")
	plan := k.reportsAlone(t)
	for _, r := range plan.Plan.Reports {
		require.Contains(t, r.Channel, "eu-gdpr/", "the others are filed")
	}
	v := k.until(t, "the report to be filed", filed)
	require.Len(t, v.Waves, 2)
	require.Zero(t, v.Waves[1].Total)
	for _, h := range people {
		require.Equal(t, 1, k.w.taken(h.Phone))
	}
	v = k.closed(t)
	require.Empty(t, firsts(k.lastMove(t).Undone, v))
}

// Closing names who closed. A report that was not filed takes a reason, which stands on the record.
func TestMainJob04ClosingOverAReportTakesAReason(t *testing.T) {
	t.Parallel()
	k, _ := toldInChina(t)
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/close"), map[string]any{}, nil).code())
	require.Equal(t, breach.ErrInvalid, k.lead.try(t, http.MethodPost, k.path("/close"), map[string]any{"reason": "because"}, nil).code())
	require.Equal(t, breach.ErrForbidden, k.author.try(t, http.MethodPost, k.path("/close"), map[string]any{"reason": "not mine to decide"}, nil).code())
	require.False(t, k.recorded(t, "close.reasoned"))
	reason := map[string]any{"reason": "the authority said that the report of the group covers it"}
	k.lead.do(t, http.MethodPost, k.path("/close"), reason, nil, "Idempotency-Key", "close-"+k.id)
	k.lead.do(t, http.MethodPost, k.path("/close"), reason, nil, "Idempotency-Key", "close-"+k.id)
	v := k.until(t, "sealed evidence", func(v breach.Overview) bool { return v.Incident.State == breach.IncidentClosed && v.Evidence != nil })
	m := k.lastMove(t)
	require.Equal(t, v.Waves[0].Plan.DecidedBy, m.By, "the same lead approved and closed")
	require.Equal(t, "closed", m.To)
	require.Equal(t, []string{"eu-gdpr/authority/initial"}, firsts(m.Undone, v))
	require.Contains(t, m.Undone, "eu-gdpr/authority/phased", "what follows it is named as well")
	require.Equal(t, 1, k.count(t, "close.reasoned"))
}

// gateOf asks the story what it knows of pause and stop.
func (k *kase) gateOf(t *testing.T) (paused, stopped bool) {
	t.Helper()
	got, err := k.w.Product.Desk.Status(t.Context(), k.id)
	if err != nil {
		return false, false
	}
	return got.Paused, got.Stopped
}

// Pause and stop take effect while the workflow engine is away, and the story takes them up later.
func TestMainJob04PauseAndStopWithoutTheWorkflowEngine(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	off := deaf(t, w)
	people := slowly(newCrowd(), 600)
	sent := func() (n int) {
		for _, h := range people {
			n += w.taken(h.Email)
		}
		return n
	}
	k := w.open(t, example(t))
	k.tell(t, people)
	k.until(t, "the first messages", func(breach.Overview) bool { return sent() > 0 })
	off.do(t, http.MethodPost, k.path("/send/pause"), nil, nil)
	require.True(t, k.overview(t).Paused)
	at := steady(t, sent)
	require.Less(t, at, len(people))
	require.Eventually(t, func() bool { paused, _ := k.gateOf(t); return paused }, patience, 50*time.Millisecond)

	off.do(t, http.MethodPost, k.path("/send/stop"), nil, nil)
	require.Eventually(t, func() bool { _, stopped := k.gateOf(t); return stopped }, patience, 50*time.Millisecond)
	v := k.until(t, "the end of delivery", func(v breach.Overview) bool { return v.Stopped && v.Incident.State == breach.IncidentMonitoring })
	require.Equal(t, at, sent(), "nothing leaves after a stop")
	require.EqualValues(t, len(people), v.People.Sum())
	require.True(t, v.Balanced)
	require.Equal(t, 1, k.count(t, "send.paused"))
	require.Equal(t, 1, k.count(t, "send.stopped"))
}

// A stop that is asked for while no worker runs is taken up by the next one, which sends nothing more.
func TestMainJob04StopWhileNoWorkerRuns(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, dataDir(t), nil)
	people := slowly(newCrowd(), 600)
	sent := func() (n int) {
		for _, h := range people {
			n += w.taken(h.Email)
		}
		return n
	}
	k := w.open(t, example(t))
	k.tell(t, people)
	k.until(t, "the first messages", func(breach.Overview) bool { return sent() > 0 })
	w.rest()
	hasty := k.author
	hasty.client = &http.Client{Timeout: time.Second}                                                       // the story's answer is not waited for
	for asked := time.Now(); !one[bool](t, w.sql(t), `SELECT stopped FROM incident WHERE id = $1`, k.id); { // a busy machine may need longer to write it down
		require.Less(t, time.Since(asked), patience)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hasty.base+k.path("/send/stop"), nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+hasty.token)
		if res, err := hasty.client.Do(req); err == nil {
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.NoError(t, res.Body.Close())
		}
	}
	at := sent()
	require.Less(t, at, len(people))

	require.NoError(t, w.begin())
	v := k.until(t, "the next worker to take it up", func(v breach.Overview) bool { return v.Stopped && v.Incident.State == breach.IncidentMonitoring })
	require.Eventually(t, func() bool { _, stopped := k.gateOf(t); return stopped }, patience, 50*time.Millisecond) // the lanes heed the ledger before
	require.Equal(t, at, sent())
	require.EqualValues(t, len(people), v.People.Sum())
	require.True(t, v.Balanced)
}

// begin starts the workers of a product whose workers rest.
func (w *world) begin() (err error) {
	w.endWorkers, err = worker.Start(w.Client, w.Product.Ports)
	return err
}

// rest ends the workers; everything else goes on.
func (w *world) rest() {
	if w.endWorkers != nil {
		w.endWorkers()
	}
	w.endWorkers = nil
}
