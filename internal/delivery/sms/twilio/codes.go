package twilio

import (
	"fmt"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// meaning is what an error code of the vendor says about the message.
type meaning struct {
	reason    string
	temporary bool
}

// meanings: codes of answers (2xxxx) and of delivery (3xxxx), from the vendor's error dictionary
// (twilio.com/docs/api/errors). What is not listed is judged by the HTTP status.
var meanings = map[int]meaning{
	20003: {delivery.ReasonAuth, true},           // authentication error
	20005: {delivery.ReasonAuth, true},           // account not active
	20404: {delivery.ReasonAuth, true},           // no such account or service
	20429: {delivery.ReasonProviderBusy, true},   // too many requests
	21211: {delivery.ReasonNumberInvalid, false}, // invalid To number
	21212: {delivery.ReasonAuth, true},           // invalid From: our settings, not the person
	21217: {delivery.ReasonNumberInvalid, false},
	21265: {delivery.ReasonNumberInvalid, false}, // To is a short code
	21266: {delivery.ReasonNumberInvalid, false}, // To and From are the same
	21408: {delivery.ReasonSender, true},         // region not enabled for the account
	21601: {delivery.ReasonAuth, true},           // the sender cannot send text messages
	21602: {delivery.ReasonBadInput, false},      // no body
	21603: {delivery.ReasonAuth, true},           // no sender
	21604: {delivery.ReasonBadInput, false},      // no recipient
	21606: {delivery.ReasonAuth, true},           // the sender is not ours
	21608: {delivery.ReasonAuth, true},           // trial account: To is not verified
	21610: {delivery.ReasonOptedOut, false},      // STOP
	21611: {delivery.ReasonProviderBusy, true},   // the sender's queue is full
	21612: {delivery.ReasonSender, true},         // no route from this sender
	21614: {delivery.ReasonLandline, false},      // not a mobile number
	21617: {delivery.ReasonBadInput, false},      // longer than 1600 characters
	21635: {delivery.ReasonLandline, false},      // To is a landline
	21701: {delivery.ReasonAuth, true},           // no such messaging service
	21703: {delivery.ReasonAuth, true},           // the messaging service has no sender
	21704: {delivery.ReasonAuth, true},           // the messaging service has no sender for it
	21710: {delivery.ReasonAuth, true},
	30001: {delivery.ReasonProviderBusy, true},   // queue overflow
	30002: {delivery.ReasonAuth, true},           // account suspended
	30003: {delivery.ReasonHandsetOff, true},     // unreachable
	30004: {delivery.ReasonFiltered, false},      // message blocked
	30005: {delivery.ReasonNumberUnknown, false}, // unknown destination
	30006: {delivery.ReasonLandline, false},      // landline or unreachable carrier
	30007: {delivery.ReasonFiltered, false},      // carrier violation
	30008: {delivery.ReasonHandsetOff, true},     // unknown error at the carrier
	30009: {delivery.ReasonProviderDown, true},   // missing segment
	30010: {delivery.ReasonRejected, false},      // dearer than the highest price
	30017: {delivery.ReasonProviderBusy, true},   // carrier network congestion
	30022: {delivery.ReasonProviderBusy, true},   // rate of the registered sender exceeded
	30023: {delivery.ReasonProviderBusy, true},   // daily cap of the registered sender
	30024: {delivery.ReasonSender, true},         // numeric sender not provisioned at the carrier
	30032: {delivery.ReasonSender, true},         // toll-free number not verified
	30034: {delivery.ReasonSender, true},         // number not registered
	30036: {delivery.ReasonHandsetOff, true},     // the validity period ran out
	30410: {delivery.ReasonProviderDown, true},   // time-out at a provider behind
	30453: {delivery.ReasonFiltered, false},      // number blocked by the vendor's guard
	30454: {delivery.ReasonFiltered, false},      // the same text too often
	63038: {delivery.ReasonProviderBusy, true},   // daily limit of the account
}

// says is the meaning of a code.
func says(code int) (reason string, temporary, known bool) {
	m, known := meanings[code]
	return m.reason, m.temporary, known
}

// receiptOf turns a message status of the vendor into a receipt; false when there is no such status.
func receiptOf(status string, code int, ref string) (delivery.Receipt, bool) {
	r := delivery.Receipt{ProviderRef: ref}
	switch status {
	case "accepted", "scheduled", "queued", "sending":
		r.State = breach.HandedOver
	case "sent", "partially_delivered":
		r.State = breach.Accepted
	case "delivered", "read":
		r.State = breach.Delivered
	case "canceled":
		r.State, r.Reason = breach.FailedPermanent, delivery.ReasonRejected
	case "failed", "undelivered":
		known, listed := meanings[code]
		if !listed {
			known = meaning{reason: delivery.ReasonRejected}
		}
		r.State, r.Reason = breach.FailedPermanent, known.reason
		if known.temporary {
			r.State = breach.FailedTemporary
		}
		r.Detail = fmt.Sprintf("%s, error %d", status, code)
	default:
		return delivery.Receipt{}, false
	}
	return r, true
}
