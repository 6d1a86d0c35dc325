package twiliosim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// fate is what becomes of a message.
type fate struct {
	outcome   string
	status    string // the last status: delivered, undelivered, or sent for ever
	errorCode int
	after     time.Duration // from sent to the last status
	silent    bool          // no callbacks
	drop      bool          // first attempt: no answer
	refuse    *apiError
	once      bool // refuse only the first attempt
}

const soon = 60 * time.Millisecond

var delivered = fate{outcome: "delivered", status: "delivered", after: soon}

var fates = map[string]fate{
	"00001": {outcome: "refused 21211", refuse: &apiError{http.StatusBadRequest, 21211, ""}},
	"00002": {outcome: "undelivered 30003", status: "undelivered", errorCode: 30003, after: soon},
	"00003": {outcome: "undelivered 30005", status: "undelivered", errorCode: 30005, after: soon},
	"00004": {outcome: "refused 21610", refuse: &apiError{http.StatusBadRequest, 21610, "Attempt to send to unsubscribed recipient"}},
	"00005": {outcome: "accepted, connection dropped", status: "delivered", after: soon, drop: true},
	"00006": {outcome: "delivered late", status: "delivered", after: 3 * time.Second},
	"00007": {outcome: "no receipt", status: "sent", silent: true},
	"00008": {outcome: "refused 20429", refuse: &apiError{http.StatusTooManyRequests, 20429, "Too Many Requests"}, once: true},
	"00009": {outcome: "refused 20500", refuse: &internalError, once: true},
}

func fateOf(to string) fate {
	if len(to) >= 5 {
		if f, ok := fates[to[len(to)-5:]]; ok {
			return f
		}
	}
	return delivered
}

var (
	phone    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	senderID = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 &_+-]{1,11})$`)
)

// problem judges a request as Twilio does: its codes, its words where a client
// might look for them, the number in the message.
func problem(form url.Values) *apiError {
	bad := func(code int, text string) *apiError { return &apiError{http.StatusBadRequest, code, text} }
	to, from, body := form.Get("To"), form.Get("From"), form.Get("Body")
	switch {
	case to == "":
		return bad(21604, "A 'To' phone number is required.")
	case from == "" && form.Get("MessagingServiceSid") == "":
		return bad(21603, "A 'From' phone number is required.")
	case body == "":
		return bad(21602, "Message body is required.")
	case utf8.RuneCountInString(body) > 1600:
		return bad(21617, "The concatenated message body exceeds the 1600 character limit.")
	case !phone.MatchString(to) || fateOf(to).outcome == "refused 21211":
		return bad(21211, "Invalid 'To' Phone Number: "+to)
	case from != "" && !senderID.MatchString(from):
		return bad(21212, "The 'From' number "+from+" is not a valid phone number, shortcode, or alphanumeric sender ID.")
	}
	if callback := form.Get("StatusCallback"); callback != "" {
		u, err := url.Parse(callback)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return bad(21609, "The 'StatusCallback' URL is not a valid URL.")
		}
	}
	return nil
}

func (s *Service) create(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeError(w, apiError{http.StatusBadRequest, 20001, "The form cannot be read"})
		return
	}
	form := r.PostForm
	f := fateOf(form.Get("To"))
	key := "twilio/" + f.outcome + "/" + form.Get("To")
	refusal := problem(form)
	if refusal == nil && f.refuse != nil && (!f.once || s.box.First(key)) {
		refusal = f.refuse
	}
	if refusal != nil {
		s.refuse(w, form, f, key, *refusal)
		return
	}
	if f.refuse != nil {
		f = delivered
	}
	if f.drop && !s.box.First(key) {
		f = delivered
	}
	now := time.Now().UTC()
	m := newMessage(form, newSID(), now)
	record := s.record(form, f)
	record.MessageID, record.Taken, record.Status = m.sid, true, m.status
	if f.drop {
		record.FaultKey = key
	}
	stored, err := s.box.Append(record)
	if err != nil {
		writeError(w, internalError)
		return
	}
	m.boxID = stored.ID
	s.mu.Lock()
	s.keep(m)
	s.mu.Unlock()
	answer := s.resource(m)
	s.start(m)
	if f.drop {
		faults.Drop()
	}
	writeJSON(w, http.StatusCreated, answer)
}

func (s *Service) refuse(w http.ResponseWriter, form url.Values, f fate, key string, e apiError) {
	record := s.record(form, f)
	if f.refuse == nil || f.refuse.code != e.code {
		record.Outcome = "refused " + e.codeText()
	} else if f.once {
		record.FaultKey = key
	}
	if _, err := s.box.Append(record); err != nil {
		e = internalError
	}
	if e.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	writeError(w, e)
}

func (s *Service) record(form url.Values, f fate) outbox.Message {
	m := outbox.Message{
		Channel: outbox.ChannelSMS, Provider: Provider, Sender: form.Get("From"), Recipient: form.Get("To"),
		Text: form.Get("Body"), Outcome: f.outcome, Transport: "http", Raw: []byte(form.Encode()),
	}
	if callback := form.Get("StatusCallback"); callback != "" {
		m.Headers = []outbox.Header{{Name: "StatusCallback", Value: callback}}
	}
	return m
}

func newSID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	return "SM" + hex.EncodeToString(id[:])
}

// start carries a message through its statuses in the background, from where
// it is.
func (s *Service) start(m *message) {
	s.mu.Lock()
	status, to := m.status, m.to
	s.mu.Unlock()
	f := fateOf(to)
	if f.refuse != nil {
		f = delivered
	}
	s.poster.Go(func(ctx context.Context) {
		if status == "queued" {
			if !faults.Sleep(ctx, 20*time.Millisecond) || !s.advance(ctx, m, "sent", 0, f.silent) {
				return
			}
		}
		if f.status != "sent" && faults.Sleep(ctx, f.after) {
			s.advance(ctx, m, f.status, f.errorCode, f.silent)
		}
	})
}

// advance gives a message its next status and tells the sender. It gives false
// when the simulator is closing.
func (s *Service) advance(ctx context.Context, m *message, status string, code int, silent bool) bool {
	now := time.Now().UTC()
	if s.box.Note(m.boxID, outbox.Event{At: now, Kind: "status", Status: status}) != nil {
		return false
	}
	s.mu.Lock()
	m.status, m.errorCode, m.updated = status, code, now
	if status == "sent" {
		m.sent = now
	}
	s.mu.Unlock()
	if !silent && m.callback != "" {
		s.callBack(ctx, m, status, code)
	}
	return ctx.Err() == nil
}
