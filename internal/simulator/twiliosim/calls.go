package twiliosim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// VoiceProvider is the name under which calls stand in the outbox.
const VoiceProvider = "twilio-voice"

// manner is what somebody who is called does.
type manner struct {
	outcome    string
	status     string   // the last status: completed, busy, no-answer, failed, canceled
	sip        int      // answer of the far end's network, of a call that failed
	by         string   // who answers, in the vendor's words; empty: nobody does
	keys       []string // pressed one after the other, each after a text; "" listens to the end
	recordings int      // that the account makes of the call
	leaves     bool     // hangs up in the middle of the first text
}

var pressed = manner{outcome: "understood", status: "completed", by: "human", keys: []string{"2"}}

// manners, by the last five digits of the number.
var manners = map[string]manner{
	"00011": {outcome: "busy", status: "busy"},
	"00012": {outcome: "nobody answers", status: "no-answer"},
	"00013": {outcome: "number not in use", status: "failed", sip: 404},
	"00014": {outcome: "answering machine", status: "completed", by: "machine_end_beep"},
	"00015": {outcome: "listens, no key", status: "completed", by: "human", keys: []string{""}},
	"00016": {outcome: "hears it again, understood", status: "completed", by: "human", keys: []string{"1", "2"}},
	"00017": {outcome: "hangs up", status: "completed", by: "human", leaves: true},
	"00018": {outcome: "fax", status: "completed", by: "fax"},
	"00019": {outcome: "canceled", status: "canceled"},
	"00020": {outcome: "blocked by the carrier", status: "failed", sip: 608},
	"00022": {outcome: "nobody can tell who answers", status: "completed", by: "unknown"},
	"00021": {outcome: "understood, recorded", status: "completed", by: "human", keys: []string{"2"}, recordings: 2},
}

func mannerOf(to string) manner {
	if len(to) >= 5 {
		if m, ok := manners[to[len(to)-5:]]; ok {
			return m
		}
	}
	return pressed
}

// phoneCall is one Call resource. Its fields are guarded by Service.mu.
type phoneCall struct {
	boxID, sid, to, from, answeredBy, status string
	form                                     url.Values
	created, started, ended                  time.Time
	events                                   []callEvent
	recordings                               []string // their ids
}

// callEvent is one request that was made to the caller's server during a call.
type callEvent struct {
	url    string
	digits string
	status int
}

var callerID = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// callProblem judges a request as the vendor does.
func callProblem(form url.Values) *apiError {
	bad := func(code int, text string) *apiError { return &apiError{http.StatusBadRequest, code, text} }
	to := form.Get("To")
	switch {
	case to == "":
		return bad(21201, "No 'To' number specified")
	case form.Get("From") == "":
		return bad(21213, "'From' phone number is required")
	case !callerID.MatchString(form.Get("From")):
		return bad(21212, "Invalid 'From' Phone Number")
	case !phone.MatchString(to) || fateOf(to).outcome == "refused 21211":
		return bad(21211, "Invalid 'To' Phone Number: "+to)
	case form.Get("Url") == "" && form.Get("Twiml") == "" && form.Get("ApplicationSid") == "":
		return bad(21205, "Url parameter is required.")
	case len(form.Get("Twiml")) > 4000:
		return bad(21264, "'Twiml' parameter is longer than 4000 characters")
	}
	for _, name := range []string{"Url", "StatusCallback"} {
		if u, err := url.Parse(form.Get(name)); form.Get(name) != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			return bad(21205, name+" is not a valid URL")
		}
	}
	if t := form.Get("Timeout"); t != "" {
		if n, err := strconv.Atoi(t); err != nil || n < 0 || n > 600 {
			return bad(21221, "Timeout is not valid")
		}
	}
	if md := form.Get("MachineDetection"); md != "" && md != "Enable" && md != "DetectMessageEnd" {
		return bad(20001, "MachineDetection must be Enable or DetectMessageEnd")
	}
	return nil
}

func (s *Service) createCall(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeError(w, apiError{http.StatusBadRequest, 20001, "The form cannot be read"})
		return
	}
	form := r.PostForm
	to := form.Get("To")
	f := fateOf(to)
	key := "twilio-voice/" + f.outcome + "/" + to
	refusal := callProblem(form)
	if refusal == nil && f.refuse != nil && f.once && s.box.First(key) {
		refusal = f.refuse
	}
	record := outbox.Message{
		Channel: outbox.ChannelVoice, Provider: VoiceProvider, Sender: form.Get("From"), Recipient: to,
		Outcome: mannerOf(to).outcome, Transport: "http", Raw: []byte(form.Encode()),
	}
	for _, name := range []string{"Url", "StatusCallback"} {
		if v := form.Get(name); v != "" {
			record.Headers = append(record.Headers, outbox.Header{Name: name, Value: v})
		}
	}
	drop := f.drop && s.box.First(key)
	if drop || refusal != nil && f.once {
		record.FaultKey = key
	}
	if refusal != nil {
		record.Outcome = "refused " + refusal.codeText()
		if _, err := s.box.Append(record); err != nil {
			refusal = &internalError
		}
		if refusal.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		writeError(w, *refusal)
		return
	}
	c := &phoneCall{sid: newID("CA"), to: to, from: form.Get("From"), status: "queued", form: form, created: time.Now().UTC()}
	record.MessageID, record.Taken, record.Status = c.sid, true, c.status
	stored, err := s.box.Append(record)
	if err != nil {
		writeError(w, internalError)
		return
	}
	c.boxID = stored.ID
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	answer := s.callResource(c)
	s.poster.Go(func(ctx context.Context) { s.ring(ctx, c) })
	if drop {
		faults.Drop()
	}
	writeJSON(w, http.StatusCreated, answer)
}

func newID(prefix string) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	return prefix + hex.EncodeToString(id[:])
}

// callResource is a Call as the API shows it.
func (s *Service) callResource(c *phoneCall) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	base := "/" + apiVersion + "/Accounts/" + s.config.AccountSID + "/Calls/" + c.sid
	out := map[string]any{
		"sid": c.sid, "account_sid": s.config.AccountSID, "to": c.to, "from": c.from, "to_formatted": c.to, "from_formatted": c.from,
		"status": c.status, "direction": "outbound-api", "api_version": apiVersion, "uri": base + ".json",
		"date_created": c.created.Format(time.RFC1123Z), "date_updated": c.created.Format(time.RFC1123Z),
		"start_time": nil, "end_time": nil, "duration": nil, "answered_by": nil, "price": nil, "price_unit": "USD",
		"parent_call_sid": nil, "phone_number_sid": nil, "forwarded_from": nil, "group_sid": nil, "caller_name": nil,
		"queue_time": "0", "trunk_sid": nil,
		"subresource_uris": map[string]string{"events": base + "/Events.json"},
	}
	if !c.started.IsZero() {
		out["start_time"] = c.started.Format(time.RFC1123Z)
	}
	if !c.ended.IsZero() {
		out["end_time"], out["date_updated"], out["duration"] = c.ended.Format(time.RFC1123Z), c.ended.Format(time.RFC1123Z), "0"
		if !c.started.IsZero() {
			out["duration"] = strconv.Itoa(int(c.ended.Sub(c.started).Seconds() + 0.999))
		}
	}
	if c.answeredBy != "" {
		out["answered_by"] = c.answeredBy
	}
	return out
}

// listCalls gives calls newest first, all on one page.
func (s *Service) listCalls(w http.ResponseWriter, r *http.Request) {
	to, status := r.URL.Query().Get("To"), r.URL.Query().Get("Status")
	s.mu.Lock()
	var found []*phoneCall
	for i := len(s.calls) - 1; i >= 0; i-- {
		if c := s.calls[i]; (to == "" || c.to == to) && (status == "" || c.status == status) {
			found = append(found, c)
		}
	}
	s.mu.Unlock()
	out := make([]map[string]any, len(found))
	for i, c := range found {
		out[i] = s.callResource(c)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"calls": out, "page": 0, "page_size": max(len(out), 50), "start": 0, "end": max(len(out)-1, 0),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

// oneCall serves a call, and what was requested of the caller's server during it.
func (s *Service) oneCall(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("name"), ".json")
	c := s.callOf(sid)
	if !isJSON || c == nil {
		notFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, s.callResource(c))
}

func (s *Service) callOf(sid string) *phoneCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c.sid == sid {
			return c
		}
	}
	return nil
}

func (s *Service) callEvents(w http.ResponseWriter, r *http.Request) {
	c := s.callOf(r.PathValue("name"))
	if c == nil {
		notFound(w, r)
		return
	}
	s.mu.Lock()
	events := make([]map[string]any, len(c.events))
	for i, e := range c.events {
		parameters := map[string]any{"call_sid": c.sid, "account_sid": s.config.AccountSID}
		if e.digits != "" {
			parameters["digits"] = e.digits
		}
		events[i] = map[string]any{
			"request":  map[string]any{"method": "POST", "url": e.url, "parameters": parameters},
			"response": map[string]any{"response_code": e.status, "content_type": "text/xml"},
		}
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"events": events, "page": 0, "page_size": 50, "start": 0, "end": max(len(events)-1, 0),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

// removeCall deletes a call that is over, and what was recorded of it stays, as with the vendor.
func (s *Service) removeCall(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("name"), ".json")
	c := s.callOf(sid)
	if !isJSON || c == nil {
		notFound(w, r)
		return
	}
	s.mu.Lock()
	over := !c.ended.IsZero()
	s.mu.Unlock()
	if !over {
		writeError(w, apiError{http.StatusBadRequest, 20009, "Call is in progress and cannot be deleted"})
		return
	}
	if err := s.box.Note(c.boxID, outbox.Event{Kind: "deleted"}); err != nil {
		writeError(w, internalError)
		return
	}
	s.mu.Lock()
	s.calls = slices.DeleteFunc(s.calls, func(other *phoneCall) bool { return other == c })
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Service) recordings(w http.ResponseWriter, r *http.Request) {
	c := s.callOf(r.PathValue("name"))
	if c == nil {
		notFound(w, r)
		return
	}
	s.mu.Lock()
	list := []map[string]any{}
	for _, sid := range c.recordings {
		list = append(list, map[string]any{
			"sid": sid, "call_sid": c.sid, "account_sid": s.config.AccountSID, "api_version": apiVersion, "status": "completed",
			"source": "OutboundAPI", "channels": 1, "duration": "1", "date_created": c.created.Format(time.RFC1123Z),
			"uri": "/" + apiVersion + "/Accounts/" + s.config.AccountSID + "/Recordings/" + sid + ".json",
		})
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"recordings": list, "page": 0, "page_size": 50, "start": 0, "end": max(len(list)-1, 0),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

func (s *Service) removeRecording(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("name"), ".json")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if i := slices.Index(c.recordings, sid); isJSON && i >= 0 {
			c.recordings = slices.Delete(c.recordings, i, i+1)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	notFound(w, r)
}

// restoreCall takes a call of an earlier run; one that had no end then has lost its line.
func (s *Service) restoreCall(stored outbox.Message) error {
	form, err := url.ParseQuery(string(stored.Raw))
	if err != nil || !stored.Taken {
		return err
	}
	c := &phoneCall{boxID: stored.ID, sid: stored.MessageID, to: form.Get("To"), from: form.Get("From"), status: stored.Status,
		form: form, created: stored.ReceivedAt, ended: stored.ReceivedAt}
	for _, e := range stored.Events {
		if e.Kind == "deleted" {
			return nil
		}
		c.ended = e.At
		if e.Kind == "requested" {
			c.events = append(c.events, callEvent{url: e.Detail, status: http.StatusOK})
		}
	}
	if c.status == "queued" || c.status == "in-progress" {
		c.status = "failed"
	}
	s.calls = append(s.calls, c)
	return nil
}
