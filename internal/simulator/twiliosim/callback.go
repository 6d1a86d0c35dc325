package twiliosim

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// callBack posts one status to the URL that the request gave.
func (s *Service) callBack(ctx context.Context, m *message, status string, code int) {
	form := url.Values{
		"MessageSid": {m.sid}, "SmsSid": {m.sid}, "MessageStatus": {status}, "SmsStatus": {status},
		"To": {m.to}, "From": {m.from}, "AccountSid": {s.config.AccountSID}, "ApiVersion": {apiVersion},
	}
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	detail, _ := s.poster.Post(ctx, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.callback, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", Signature(s.config.AuthToken, m.callback, form))
		req.Header.Set("User-Agent", "TwilioProxy/1.1")
		return req, nil
	})
	// The record is a help for people; a closing outbox may refuse it.
	_ = s.box.Note(m.boxID, outbox.Event{Kind: "receipt", Detail: status + ": " + detail})
}

// Signature is X-Twilio-Signature: base64(HMAC-SHA1(token, URL followed by
// every parameter's name and value, sorted by name)).
func Signature(authToken, callback string, form url.Values) string {
	var text strings.Builder
	text.WriteString(callback)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			text.WriteString(name + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Answer is the request by which the vendor hands over what somebody wrote back to the sender of a message.
func Answer(ctx context.Context, c Config, address, from, to, text string) (*http.Request, error) {
	form := url.Values{
		"MessageSid": {newID("SM")}, "AccountSid": {c.AccountSID}, "ApiVersion": {apiVersion}, "From": {from}, "To": {to},
		"Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", Signature(c.AuthToken, address, form))
	return req, nil
}
