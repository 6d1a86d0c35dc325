package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/standalone/demo"
)

// kase is one incident as its two people see it.
type kase struct {
	w            *world
	id           string
	author, lead caller
}

// example is the shipped incident, which was noticed a moment ago.
func example(t *testing.T) breach.IncidentFile {
	t.Helper()
	file, err := demo.Example(time.Now())
	require.NoError(t, err)
	return file
}

func (w *world) open(t *testing.T, file any) *kase {
	t.Helper()
	k := &kase{w: w, author: w.as(w.author), lead: w.as(w.lead)}
	var out breach.Opened
	k.author.do(t, http.MethodPost, "/v1/incidents", file, &out)
	require.NotEmpty(t, out.Incident)
	k.id = out.Incident
	return k
}

func (k *kase) path(rest string) string { return "/v1/incidents/" + k.id + rest }

// loaded is the answer to a list.
type loaded struct {
	Summary struct {
		File                                              struct{ Format, Encoding, SHA256 string }
		Rows                                              int64
		Accepted, Repaired, Flagged, Rejected, Duplicates int64
		SkippedBlank                                      int64            `json:"skipped_blank"`
		ByProblem                                         map[string]int64 `json:"by_problem"`
	} `json:"summary"`
	Wave          int   `json:"wave"`
	Added         int64 `json:"added"`
	AlreadyListed int64 `json:"already_listed"`
}

func (k *kase) load(t *testing.T, list []byte, query string) loaded {
	t.Helper()
	var out loaded
	k.author.do(t, http.MethodPost, k.path("/people"+query), sent{"text/csv", list}, &out)
	return out
}

// submit puts the newest list's plan up for approval and returns its hash.
func (k *kase) submit(t *testing.T) string {
	t.Helper()
	var out breach.Submitted
	require.Nil(t, k.eventually(t, k.author, http.MethodPost, k.path("/plan"), map[string]any{}, &out))
	require.NotEmpty(t, out.PlanHash)
	return out.PlanHash
}

// eventually asks again while the story has not begun to listen yet.
func (k *kase) eventually(t *testing.T, who caller, method, path string, body, answer any) *problem {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		p := who.try(t, method, path, body, answer)
		if p.code() == breach.ErrContents {
			k.waive(t, who, p)
			p = who.try(t, method, path, body, answer)
		}
		if p.code() != breach.ErrUnavailable || time.Now().After(end) {
			return p
		}
	}
}

// waive lets go what regimes ask of the texts and these stories do not tell.
func (k *kase) waive(t *testing.T, who caller, p *problem) {
	t.Helper()
	var gaps []map[string]string
	for _, e := range p.Fields {
		obligation, field, ok := strings.Cut(e.Where, ":")
		require.True(t, ok, "a gap is named by its duty and field: %s", e.Where)
		gaps = append(gaps, map[string]string{"obligation": obligation, "field": field})
	}
	who.do(t, http.MethodPost, k.path("/plan/waive"), map[string]any{"gaps": gaps, "reason": "this story is not about it"}, nil)
}

func (k *kase) approve(t *testing.T, hash string) {
	t.Helper()
	k.lead.do(t, http.MethodPost, k.path("/plan/approve"), map[string]any{"plan_hash": hash, "accept_unreviewed": true}, nil)
}

// tell loads a list and has its plan approved.
func (k *kase) tell(t *testing.T, people []human) {
	t.Helper()
	k.load(t, listOf(t, people), "")
	k.approve(t, k.submit(t))
}

func (k *kase) overview(t *testing.T) breach.Overview {
	t.Helper()
	var v breach.Overview
	k.lead.do(t, http.MethodGet, k.path(""), nil, &v)
	return v
}

// until looks at the incident again and again until what was waited for is there.
func (k *kase) until(t *testing.T, what string, there func(breach.Overview) bool) breach.Overview {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		v := k.overview(t)
		if there(v) {
			return v
		}
		if time.Now().After(end) {
			v.Waves, v.Duties = nil, nil
			b, err := json.Marshal(v)
			require.NoError(t, err)
			require.Fail(t, "waited in vain for "+what, "%s\n%s", b, k.story(t))
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// story is the record in short, for failed tests.
func (k *kase) story(t *testing.T) string {
	t.Helper()
	s := ""
	for _, e := range k.timeline(t) {
		s += fmt.Sprintf("%s %s %s %s\n", e.At.Format("15:04:05.000"), e.Actor, e.Action, e.Data)
	}
	return s
}

func (k *kase) timeline(t *testing.T) []breach.AuditEntry {
	t.Helper()
	var out struct{ Entries []breach.AuditEntry }
	k.lead.do(t, http.MethodGet, k.path("/timeline?limit=1000"), nil, &out)
	return out.Entries
}

// recorded reports whether an action is on the record.
func (k *kase) recorded(t *testing.T, action string) bool {
	t.Helper()
	return k.entries(t, action) > 0
}

// entries counts what stands on the record of one kind.
func (k *kase) entries(t *testing.T, action string) (n int) {
	t.Helper()
	for _, e := range k.timeline(t) {
		if e.Action == action {
			n++
		}
	}
	return n
}

func awaits(v breach.Overview, what string) bool {
	for _, a := range v.Awaited {
		if a.What == what {
			return true
		}
	}
	return false
}

// told waits until everybody was told, or nothing more can be done for them.
func (k *kase) told(t *testing.T) breach.Overview {
	t.Helper()
	return k.until(t, "the end of delivery", func(v breach.Overview) bool { return awaits(v, "close") || awaits(v, "mend") })
}

// closed closes the incident as soon as its reports are filed, and waits for its evidence. What the product does not
// carry out by itself is left with a reason: follow-up reports, and what people do by hand.
func (k *kase) closed(t *testing.T) breach.Overview {
	t.Helper()
	var reason any
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		p := k.lead.try(t, http.MethodPost, k.path("/close"), reason, nil)
		if p == nil {
			break
		}
		if strings.Contains(p.Detail, "close with a reason why") {
			require.True(t, filed(k.overview(t)), p.Detail)
			require.NotContains(t, p.Detail, "/individuals/")
			reason = map[string]any{"reason": "follow-ups and what is done by hand are not in this story"}
			continue
		}
		if !strings.Contains(p.Detail, "is being filed") || time.Now().After(end) {
			require.Fail(t, "the incident is not closed", "%s: %s", p.code(), p.Detail)
		}
	}
	return k.until(t, "sealed evidence", func(v breach.Overview) bool {
		return v.Incident.State == breach.IncidentClosed && v.Evidence != nil
	})
}
