package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// meaning is what a code of the gateway says about the message.
type meaning struct {
	reason    string
	temporary bool
}

// meanings: codes of refusals (422) and reasons of receipts, which share one vocabulary.
var meanings = map[string]meaning{
	"invalid_number":     {delivery.ReasonNumberInvalid, false},
	"opted_out":          {delivery.ReasonOptedOut, false},
	"landline":           {delivery.ReasonLandline, false},
	"filtered":           {delivery.ReasonFiltered, false},
	"unknown_subscriber": {delivery.ReasonNumberUnknown, false},
	"unreachable":        {delivery.ReasonHandsetOff, true},
	"expired":            {delivery.ReasonHandsetOff, true},
	"token_gone":         {delivery.ReasonTokenGone, false},
	"rate_limited":       {delivery.ReasonProviderBusy, true},
	"too_long":           {delivery.ReasonBadInput, false},
	"bad_request":        {delivery.ReasonBadInput, false},
}

// judge turns a refusing answer into a failure.
func (s *Sender) judge(got *replied, m delivery.Message) *delivery.Failure {
	detail := fmt.Sprintf("HTTP %d", got.status)
	if text := delivery.Redact(got.Code+" "+got.Message, m); text != "" {
		detail += ": " + text
	}
	if runes := []rune(detail); len(runes) > delivery.MaxDetail {
		detail = string(runes[:delivery.MaxDetail])
	}
	after := delivery.RetryAfter(got.header, s.now())
	known, listed := meanings[got.Code]
	switch code := got.status; {
	case code == http.StatusTooManyRequests:
		return delivery.Temporary(delivery.ReasonProviderBusy, detail, after)
	case code == http.StatusServiceUnavailable:
		return delivery.Temporary(delivery.ReasonProviderDown, detail, after)
	case code/100 != 4 || code == http.StatusRequestTimeout:
		return delivery.NoAnswer(detail)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone && !listed:
		// Secret, clock or address are wrong; that says nothing about the person.
		return delivery.Temporary(delivery.ReasonAuth, detail, after)
	case listed:
		return &delivery.Failure{Reason: known.reason, Retryable: known.temporary, Detail: detail, After: after}
	}
	return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: detail}
}

func handedOver(id string) delivery.Receipt {
	return delivery.Receipt{State: breach.HandedOver, ProviderRef: id}
}

// receiptOf turns a status of the gateway into a receipt; false when there is no such status.
func receiptOf(got answer) (delivery.Receipt, bool) {
	r := handedOver(got.ID)
	switch got.Status {
	case "accepted":
	case "sent":
		r.State = breach.Accepted
	case "delivered":
		r.State = breach.Delivered
	case "undelivered":
		known, listed := meanings[got.Reason]
		if !listed {
			known = meaning{reason: delivery.ReasonRejected}
		}
		r.State, r.Reason = breach.FailedPermanent, known.reason
		if known.temporary {
			r.State = breach.FailedTemporary
		}
		r.Detail = delivery.Redact("undelivered: "+got.Reason, delivery.Message{})
	default:
		return delivery.Receipt{}, false
	}
	return r, true
}

var errCallback = errors.New("gateway: the callback is not a message status")

// ParseCallback reads a callback that was verified, and gives the attempt that it is about. The caller
// compares that with the attempt in the address: a signature covers the body, not the address. Errors name
// no value.
func (s *Sender) ParseCallback(body []byte) (attemptID string, r delivery.Receipt, err error) {
	var got answer
	decoder := json.NewDecoder(bytes.NewReader(body))
	if decoder.Decode(&got) != nil || decoder.More() || !delivery.PlainID(got.ID) {
		return "", delivery.Receipt{}, errCallback
	}
	receipt, known := receiptOf(got)
	if !known {
		return "", delivery.Receipt{}, errCallback
	}
	return got.ID, receipt, nil
}

const maxReport = 64 << 10

// TakeReport takes a callback.
func (s *Sender) TakeReport(attempt string, r *http.Request) (delivery.Receipt, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReport))
	if err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrInvalid, "the receipt could not be read")
	}
	if err := s.VerifyCallback(r.Header, body); err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "the receipt's signature does not hold")
	}
	id, word, err := s.ParseCallback(body)
	if err != nil {
		return word, breach.Errorf(breach.ErrInvalid, "the receipt cannot be read")
	}
	if id != attempt {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "the receipt is about another message")
	}
	return word, nil
}
