package twiliosim

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// longestCall is how many documents one call may lead through.
const longestCall = 20

// verb is one element of the vendor's markup.
type verb struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Verbs   []verb     `xml:",any"`
}

func (v verb) attr(name string) string {
	for _, a := range v.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// documents fetches what comes next in a call.
var documents = &http.Client{Timeout: 15 * time.Second}

var errMarkup = errors.New("12100 document parse failure")

// ring carries a call from ringing to its end, as the one who is called behaves.
func (s *Service) ring(ctx context.Context, c *phoneCall) {
	m := mannerOf(c.to)
	if !faults.Sleep(ctx, 20*time.Millisecond) {
		return
	}
	if m.by != "" {
		s.mu.Lock()
		c.started, c.status = time.Now().UTC(), "in-progress"
		if c.form.Get("MachineDetection") != "" {
			c.answeredBy = m.by
		}
		s.mu.Unlock()
		if s.box.Note(c.boxID, outbox.Event{Kind: "status", Status: "in-progress"}) != nil {
			return
		}
		if err := s.talk(ctx, c, m); err != nil {
			_ = s.box.Note(c.boxID, outbox.Event{Kind: "error", Detail: err.Error()}) // a help for people
		}
	}
	s.mu.Lock()
	c.ended, c.status = time.Now().UTC(), m.status
	for range m.recordings {
		c.recordings = append(c.recordings, newID("RE"))
	}
	s.mu.Unlock()
	if s.box.Note(c.boxID, outbox.Event{Kind: "status", Status: m.status}) != nil || c.form.Get("StatusCallback") == "" {
		return
	}
	form := s.callForm(c)
	form.Set("CallDuration", "1")
	if m.sip != 0 {
		form.Set("SipResponseCode", strconv.Itoa(m.sip))
	}
	detail, _ := s.poster.Post(ctx, func(ctx context.Context) (*http.Request, error) {
		return s.signed(ctx, c.form.Get("StatusCallback"), form)
	})
	_ = s.box.Note(c.boxID, outbox.Event{Kind: "receipt", Detail: m.status + ": " + detail}) // a help for people
}

// callForm is what every request about a call says.
func (s *Service) callForm(c *phoneCall) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	form := url.Values{
		"CallSid": {c.sid}, "AccountSid": {s.config.AccountSID}, "To": {c.to}, "From": {c.from}, "Called": {c.to}, "Caller": {c.from},
		"CallStatus": {c.status}, "Direction": {"outbound-api"}, "ApiVersion": {apiVersion},
	}
	if c.answeredBy != "" {
		form.Set("AnsweredBy", c.answeredBy)
	}
	return form
}

func (s *Service) signed(ctx context.Context, to string, form url.Values) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", Signature(s.config.AuthToken, to, form))
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	return req, nil
}

// talk leads a call through its documents.
func (s *Service) talk(ctx context.Context, c *phoneCall, m manner) error {
	document := []byte(c.form.Get("Twiml"))
	if address := c.form.Get("Url"); address != "" {
		var err error
		if document, err = s.fetchDocument(ctx, c, address, ""); err != nil {
			return err
		}
	}
	keys := slices.Clone(m.keys)
	for range longestCall {
		var doc verb
		if err := xml.Unmarshal(document, &doc); err != nil || doc.XMLName.Local != "Response" {
			return errMarkup
		}
		next, digits, err := s.perform(c, doc.Verbs, &keys, m.leaves)
		if err != nil || next == "" {
			return err
		}
		if document, err = s.fetchDocument(ctx, c, next, digits); err != nil {
			return err
		}
	}
	return errors.New("the call leads in circles")
}

// perform carries verbs out and gives where the call goes on, if it does.
func (s *Service) perform(c *phoneCall, verbs []verb, keys *[]string, leaves bool) (next, digits string, err error) {
	for _, v := range verbs {
		switch v.XMLName.Local {
		case "Say":
			if strings.TrimSpace(v.Text) == "" {
				return "", "", errMarkup
			}
			if err := s.box.Note(c.boxID, outbox.Event{Kind: "spoken", Detail: v.attr("language") + ": " + v.Text}); err != nil {
				return "", "", err
			}
			if leaves {
				return "", "", nil
			}
		case "Pause":
		case "Hangup":
			return "", "", nil
		case "Redirect":
			return strings.TrimSpace(v.Text), "", nil
		case "Gather":
			if _, _, err := s.perform(c, v.Verbs, keys, leaves); err != nil || leaves {
				return "", "", err
			}
			key := ""
			if len(*keys) > 0 {
				key, *keys = (*keys)[0], (*keys)[1:]
			}
			if key != "" {
				return v.attr("action"), key, nil
			}
		default:
			return "", "", errMarkup
		}
	}
	return "", "", nil
}

// fetchDocument asks the caller's server what comes next.
func (s *Service) fetchDocument(ctx context.Context, c *phoneCall, address, digits string) ([]byte, error) {
	form := s.callForm(c)
	if digits != "" {
		form.Set("Digits", digits)
	}
	limited, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := s.signed(limited, address, form)
	if err != nil {
		return nil, err
	}
	resp, err := documents.Do(req)
	if err != nil {
		return nil, errors.New("11200 HTTP retrieval failure")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	s.mu.Lock()
	c.events = append(c.events, callEvent{url: address, digits: digits, status: resp.StatusCode})
	s.mu.Unlock()
	if err := s.box.Note(c.boxID, outbox.Event{Kind: "requested", Detail: address}); err != nil {
		return nil, err
	}
	switch {
	case err != nil || resp.StatusCode/100 != 2:
		return nil, errors.New("11200 HTTP retrieval failure, HTTP " + strconv.Itoa(resp.StatusCode))
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/xml"):
		return nil, errors.New("12300 invalid content type")
	}
	return body, nil
}
