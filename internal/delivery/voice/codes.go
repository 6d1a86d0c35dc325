package voice

import (
	"fmt"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// meaning is what an error code of the vendor says about the call.
type meaning struct {
	reason    string
	temporary bool
}

// meanings: codes from the vendor's error dictionary (twilio.com/docs/api/errors).
var meanings = map[int]meaning{
	10001: {delivery.ReasonAuth, true},           // account not active
	20003: {delivery.ReasonAuth, true},           // authentication error
	20005: {delivery.ReasonAuth, true},           // account not active
	20404: {delivery.ReasonAuth, true},           // no such account
	20429: {delivery.ReasonProviderBusy, true},   // too many requests
	13223: {delivery.ReasonNumberInvalid, false}, // invalid number format
	13224: {delivery.ReasonNumberInvalid, false}, // number not valid
	13225: {delivery.ReasonRejected, false},      // number is blocked
	13227: {delivery.ReasonSender, true},         // no permission for the region
	21201: {delivery.ReasonBadInput, false},      // no To
	21203: {delivery.ReasonSender, true},         // international calling not enabled
	21205: {delivery.ReasonBadInput, false},      // invalid URL
	21210: {delivery.ReasonAuth, true},           // caller number not verified
	21211: {delivery.ReasonNumberInvalid, false}, // invalid To
	21212: {delivery.ReasonAuth, true},           // invalid From
	21214: {delivery.ReasonNumberUnknown, false}, // To cannot be reached
	21215: {delivery.ReasonSender, true},         // region not authorised
	21216: {delivery.ReasonRejected, false},      // on the vendor's list of numbers that are not called
	21217: {delivery.ReasonNumberInvalid, false}, // not a phone number
	21219: {delivery.ReasonAuth, true},           // To not verified, trial account
	32201: {delivery.ReasonProviderDown, true},   // connection to the carrier failed
	32202: {delivery.ReasonNumberInvalid, false}, // carrier: bad user credentials or number
	32203: {delivery.ReasonPolicyBlock, false},   // blocked by the carrier
	32205: {delivery.ReasonSender, true},         // region not allowed
}

// sip: what the far end's network answered to a call that failed (RFC 3261).
var sip = map[int]meaning{
	403: {delivery.ReasonPolicyBlock, false}, 404: {delivery.ReasonNumberUnknown, false}, 410: {delivery.ReasonNumberUnknown, false},
	480: {delivery.ReasonHandsetOff, true}, 484: {delivery.ReasonNumberInvalid, false}, 486: {delivery.ReasonBusy, true},
	600: {delivery.ReasonBusy, true}, 603: {delivery.ReasonPolicyBlock, false}, 604: {delivery.ReasonNumberUnknown, false},
	607: {delivery.ReasonPolicyBlock, false}, 608: {delivery.ReasonPolicyBlock, false},
}

// says is the meaning of a code.
func says(code int) (reason string, temporary, known bool) {
	m, known := meanings[code]
	return m.reason, m.temporary, known
}

// wordOf says what a status of the vendor means; known is false for one that does not exist. Of a call that is still
// going on it says nothing but that the vendor has it. answeredBy and response may be empty.
func wordOf(status, answeredBy, response, ref string) (w breach.CallWord, known bool) {
	w = breach.CallWord{ProviderRef: ref, Ended: true, State: breach.FailedTemporary, Detail: "call " + status}
	switch status {
	case "queued", "initiated", "ringing", "in-progress":
		return breach.CallWord{ProviderRef: ref, State: breach.HandedOver}, true
	case "completed":
		w.Reason = delivery.ReasonHungUp
		if machine(answeredBy) {
			w.Reason = delivery.ReasonMachine
		}
	case "busy":
		w.Reason = delivery.ReasonBusy
	case "no-answer":
		w.Reason = delivery.ReasonNobody
	case "canceled":
		w.Reason = delivery.ReasonRejected
	case "failed":
		code, err := strconv.ParseUint(response, 10, 16)
		far, listed := sip[int(code)]
		if err != nil || !listed {
			far = meaning{delivery.ReasonHandsetOff, true}
		}
		w.Reason = far.reason
		if !far.temporary {
			w.State = breach.FailedPermanent
		}
		if err == nil && code > 0 {
			w.Detail += fmt.Sprintf(", answer %d", code)
		}
	default:
		return breach.CallWord{}, false
	}
	return w, true
}

// machine says that nobody answered but a device, as far as the vendor can tell: where it cannot, no facts are said, since
// they might be recorded.
func machine(answeredBy string) bool {
	switch answeredBy {
	case "unknown", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax":
		return true
	}
	return false
}
