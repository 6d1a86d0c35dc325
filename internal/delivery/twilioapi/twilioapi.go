// Package twilioapi is what the adapters for Twilio's texts and calls share: what an answer means that is no success,
// and which requests are the vendor's.
//
// Imports of ours: delivery.
package twilioapi

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's signature, not ours to choose
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Refusal is an answer of the vendor that is no success. Its text as an error holds no contact.
type Refusal struct {
	Status  int
	Code    int    // vendor's code, 0 when there is none
	Message string // as it came: may hold contacts
	After   time.Duration
}

func (e *Refusal) Error() string { return "twilio: the API refused the call" }

// ReadRefusal reads one; the caller closes the body.
func ReadRefusal(resp *http.Response, now time.Time) *Refusal {
	e := &Refusal{Status: resp.StatusCode, After: delivery.RetryAfter(resp.Header, now)}
	var body struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.NewDecoder(resp.Body).Decode(&body) == nil {
		e.Code, e.Message = body.Code, body.Message
	}
	return e
}

// Judge turns a refusing answer into a failure, by what the codes of this kind of message mean. 503 and 429 are given
// before anything is done with a request; after any other answer of 5xx the vendor may have the message.
func (e *Refusal) Judge(m delivery.Message, meaning func(code int) (reason string, temporary, known bool)) *delivery.Failure {
	detail := fmt.Sprintf("HTTP %d", e.Status)
	if e.Code != 0 {
		detail = fmt.Sprintf("error %d, HTTP %d", e.Code, e.Status)
	}
	if text := delivery.Redact(e.Message, m); text != "" {
		detail += ": " + text
	}
	if runes := []rune(detail); len(runes) > delivery.MaxDetail {
		detail = string(runes[:delivery.MaxDetail])
	}
	reason, temporary, known := meaning(e.Code)
	switch {
	case e.Status == http.StatusTooManyRequests:
		return delivery.Temporary(delivery.ReasonProviderBusy, detail, e.After)
	case e.Status == http.StatusServiceUnavailable:
		return delivery.Temporary(delivery.ReasonProviderDown, detail, e.After)
	case e.Status/100 != 4 || e.Status == http.StatusRequestTimeout:
		return delivery.NoAnswer(detail)
	case known:
		return &delivery.Failure{Reason: reason, Retryable: temporary, Detail: detail, After: e.After}
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, e.Status == http.StatusNotFound:
		// The account or its address is wrong; that says nothing about the person.
		return delivery.Temporary(delivery.ReasonAuth, detail, e.After)
	}
	return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: detail}
}

// inUse is the vendor's code for what goes on and cannot be deleted yet.
const inUse = 20009

// Erased says what became of asking to delete something: nil when it is gone, also before. Else a *delivery.Failure,
// temporary when it could not be done now.
func Erased(err error) error {
	var refused *Refusal
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return delivery.Temporary(delivery.ReasonProviderDown, "the provider did not answer; deleting again does no harm", 0)
	case refused.Status == http.StatusNotFound:
		return nil
	case refused.Status == http.StatusTooManyRequests, refused.Status >= http.StatusInternalServerError,
		refused.Status == http.StatusUnauthorized, refused.Status == http.StatusConflict, refused.Code == inUse:
		return delivery.Temporary(delivery.ReasonProviderBusy, "the provider could not delete it now", refused.After)
	}
	return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: "the provider refused to delete it"}
}

// Signed checks X-Twilio-Signature over an address of ours and the form that came with it. Forms that name a field twice
// are refused: the vendor sends none, and its signature would not tell which of the two is meant.
func Signed(token, address string, form url.Values, signature string) bool {
	names := make([]string, 0, len(form))
	for name, values := range form {
		if len(values) != 1 {
			return false
		}
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range names {
		mac.Write([]byte(name + form.Get(name)))
	}
	given, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}
