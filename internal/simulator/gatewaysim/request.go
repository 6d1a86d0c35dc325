package gatewaysim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

type request struct {
	ID          string `json:"id"`
	Channel     string `json:"channel"`
	To          string `json:"to"`
	Platform    string `json:"platform"`
	Title       string `json:"title"`
	Text        string `json:"text"`
	Link        string `json:"link"`
	Collapse    string `json:"collapse"`
	TTL         int64  `json:"ttl"` // seconds
	CallbackURL string `json:"callback_url"`
}

func (r request) push() bool { return r.Channel == outbox.ChannelPush }

func (r request) channel() string {
	if r.push() {
		return outbox.ChannelPush
	}
	return outbox.ChannelSMS
}

// same says whether another request with its id is about the same message.
func (r request) same(as request) bool {
	return r.channel() == as.channel() && r.To == as.To && r.Title == as.Title && r.Text == as.Text && r.Link == as.Link
}

var (
	attemptID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
	phone     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// parseRequest reads a request. Errors name the field, never its content.
func parseRequest(body []byte) (request, error) {
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return r, errors.New("the body is not the JSON object that is expected")
	}
	switch {
	case !attemptID.MatchString(r.ID):
		return r, errors.New("id must be 1 to 128 letters, digits or . _ : -")
	case r.Channel != "" && r.Channel != outbox.ChannelSMS && !r.push():
		return r, errors.New("channel must be sms or push")
	case r.To == "":
		return r, errors.New("to is missing")
	case r.Text == "" || utf8.RuneCountInString(r.Text) > 1000:
		return r, errors.New("text must be 1 to 1000 characters")
	}
	if err := r.checkPush(); err != nil {
		return r, err
	}
	if r.CallbackURL != "" {
		u, err := url.Parse(r.CallbackURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return r, errors.New("callback_url is not an http or https URL")
		}
	}
	return r, nil
}

// checkPush looks at what only pushes have.
func (r request) checkPush() error {
	if !r.push() {
		if r.Title != "" || r.Link != "" || r.Platform != "" || r.Collapse != "" || r.TTL != 0 {
			return errors.New("a text message has no title, link, platform, collapse and ttl")
		}
		return nil
	}
	link, err := url.Parse(r.Link)
	switch {
	case r.Title == "" || utf8.RuneCountInString(r.Title) > 100:
		return errors.New("title must be 1 to 100 characters")
	case err != nil || r.Link != "" && (link.Scheme != "http" && link.Scheme != "https" || link.Host == ""):
		return errors.New("link is not an http or https URL")
	case r.Platform != "" && !slices.Contains(platforms, r.Platform):
		return errors.New("platform is not one of " + strings.Join(platforms, ", "))
	case r.Collapse != "" && !attemptID.MatchString(r.Collapse):
		return errors.New("collapse must be 1 to 128 letters, digits or . _ : -")
	case r.TTL < 1 || r.TTL > 28*24*60*60:
		return errors.New("ttl must be from 1 second to 28 days")
	}
	return nil
}

var platforms = []string{"fcm", "apns", "hms", "webpush"}

// fate is what becomes of a message.
type fate struct {
	outcome string
	status  string // the last status; sent for ever when there is no receipt
	reason  string
	after   time.Duration
	drop    bool // first attempt: no answer
	refuse  *apiError
	once    bool // refuse only the first attempt
}

const soon = 60 * time.Millisecond

var (
	delivered     = fate{outcome: "delivered", status: "delivered", after: soon}
	invalidNumber = fate{outcome: "refused invalid_number", refuse: &apiError{http.StatusUnprocessableEntity, "invalid_number", "the number cannot receive messages"}}
)

var fates = map[string]fate{
	"00001": invalidNumber,
	"00002": {outcome: "undelivered unreachable", status: "undelivered", reason: "unreachable", after: soon},
	"00003": {outcome: "undelivered unknown_subscriber", status: "undelivered", reason: "unknown_subscriber", after: soon},
	"00004": {outcome: "refused opted_out", refuse: &apiError{http.StatusUnprocessableEntity, "opted_out", "the subscriber has opted out"}},
	"00005": {outcome: "accepted, connection dropped", status: "delivered", after: soon, drop: true},
	"00006": {outcome: "delivered late", status: "delivered", after: 3 * time.Second},
	"00007": {outcome: "no receipt", status: "sent"},
	"00008": {outcome: "refused rate_limited", refuse: &apiError{http.StatusTooManyRequests, "rate_limited", "too many requests; try again"}, once: true},
	"00009": {outcome: "refused server_error", refuse: &serverError, once: true},
}

var pushFates = map[string]fate{
	"gone":    {outcome: "refused token_gone", refuse: &apiError{http.StatusUnprocessableEntity, "token_gone", "the app was removed from the device"}},
	"invalid": {outcome: "refused bad_request", refuse: &apiError{http.StatusUnprocessableEntity, "bad_request", "this is no token"}},
	"removed": {outcome: "undelivered token_gone", status: "undelivered", reason: "token_gone", after: soon},
	"off":     {outcome: "undelivered expired", status: "undelivered", reason: "expired", after: soon},
	"optout":  {outcome: "refused opted_out", refuse: &apiError{http.StatusUnprocessableEntity, "opted_out", "the person has switched pushes off"}},
	"drop":    fates["00005"],
	"late":    fates["00006"],
	"silent":  fates["00007"],
	"quota":   fates["00008"],
	"server":  fates["00009"],
}

func (r request) fate() fate {
	if !r.push() {
		return fateOf(r.To)
	}
	prefix, _, _ := strings.Cut(r.To, "-")
	if f, ok := pushFates[prefix]; ok && prefix != r.To {
		return f
	}
	return delivered
}

func fateOf(to string) fate {
	if !phone.MatchString(to) {
		return invalidNumber
	}
	if f, ok := fates[to[len(to)-5:]]; ok {
		return f
	}
	return delivered
}

// start carries a message to its last status in the background.
func (s *Service) start(m *message) {
	f := m.request.fate()
	if f.refuse != nil {
		f = delivered
	}
	status := m.status
	s.poster.Go(func(ctx context.Context) {
		if status == "accepted" && (!faults.Sleep(ctx, 20*time.Millisecond) || !s.advance(m, "sent", "")) {
			return
		}
		if f.status == "sent" || !faults.Sleep(ctx, f.after) || !s.advance(m, f.status, f.reason) {
			return
		}
		s.receipt(ctx, m, f)
	})
}

func (s *Service) advance(m *message, status, reason string) bool {
	now := time.Now().UTC()
	if s.box.Note(m.boxID, outbox.Event{At: now, Kind: "status", Status: status, Detail: reason}) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.status, m.reason, m.updated = status, reason, now
	return true
}

// receipt posts the last status, signed anew for each try.
func (s *Service) receipt(ctx context.Context, m *message, f fate) {
	if m.request.CallbackURL == "" {
		return
	}
	body, err := json.Marshal(map[string]string{"id": m.request.ID, "status": f.status, "reason": f.reason})
	if err != nil {
		return
	}
	id := "msg_" + strings.ToLower(rand.Text())
	detail, _ := s.poster.Post(ctx, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.request.CallbackURL, strings.NewReader(string(body)))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		s.signer.Sign(req.Header, id, time.Now(), body)
		return req, nil
	})
	// The record is a help for people; a closing outbox may refuse it.
	_ = s.box.Note(m.boxID, outbox.Event{Kind: "receipt", Detail: f.status + ": " + detail})
}
