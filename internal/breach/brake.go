package breach

import (
	"strings"
	"time"
)

// Brake holds back a part of a delivery that is sick until a person lets it go on. Empty fields of its place
// (Channel, Provider, Domain) stand for all. It holds no personal data: a domain is named only when many people
// of the incident share it.
type Brake struct {
	ID       int64     `json:"id"`
	Kind     BrakeKind `json:"kind"`
	Wave     int       `json:"wave,omitempty"` // the list of a gate, or whose stage was judged; but for a gate it holds every list
	Stage    string    `json:"stage,omitempty"`
	Channel  Channel   `json:"channel,omitempty"`
	Provider string    `json:"provider,omitempty"`
	Domain   string    `json:"domain,omitempty"`
	Out      int64     `json:"out"`              // messages that somebody gave a word on
	Failed   int64     `json:"failed"`           // of these, that failed for good or of which nobody knows
	Reason   string    `json:"reason,omitempty"` // code of the reason of most failures
	At       time.Time `json:"at"`
}

// BrakeKind says what a brake does.
type BrakeKind string

const (
	// BrakeGate holds a whole list between two stages until a person has looked.
	BrakeGate BrakeKind = "gate"
	// BrakeStop holds what fails too often.
	BrakeStop BrakeKind = "stop"
	// BrakeWarn holds nothing: it says that more fails than should.
	BrakeWarn BrakeKind = "warn"
)

// Holds says that a message of a list may not be begun.
func (b Brake) Holds(wave int, c Channel, provider, domain string) bool {
	fits := func(place, is string) bool { return place == "" || place == is }
	switch b.Kind {
	case BrakeGate:
		return b.Wave == 0 || b.Wave == wave
	case BrakeStop:
		return fits(string(b.Channel), string(c)) && fits(b.Provider, provider) && fits(b.Domain, domain)
	}
	return false
}

// Place names what a brake is about, for people: a channel, its provider, a domain.
func (b Brake) Place() string {
	place := string(b.Channel)
	if b.Provider != "" {
		place += " through " + b.Provider
	}
	if b.Domain != "" {
		place += " to " + b.Domain
	}
	return strings.TrimSpace(place)
}

// Cause is the likely cause in plain words, and what to look at, by the reason of most failures.
func (b Brake) Cause() string {
	if b.Kind == BrakeGate {
		return GateCause
	}
	if cause, known := BrakeCauses[b.Reason]; known {
		return cause
	}
	return BrakeCauses[""]
}

// BrakeCost is the reason of a brake that holds what would cost more than the policy allows. It counts no failures.
const BrakeCost = "cost_limit"

// GateCause says why a gate holds.
const GateCause = "The policy wants a person to look at what came back before more go out."

// BrakeCauses are the likely causes by reason code; the empty one stands for all others.
var BrakeCauses = map[string]string{
	"": "Look at the reasons of the failures before more go out.",

	"blocked_by_receiver": "The receiving side refuses this sender: check SPF, DKIM, DMARC and the sender's reputation, and ask its postmaster.",
	BrakeCost:             "What was sent and what is due would cost more than the policy allows; the record has the figures. Let it go on, up to the next whole multiple of the limit, or stop it.",

	"no_such_address":        "The addresses do not exist: the list may be old, or its columns may have shifted.",
	"try_later":              "The receiving side puts the messages off: it may not know this sender yet. Wait for what comes back, or ask its postmaster.",
	"mailbox_full":           "The mailboxes are full: the accounts may be abandoned, the list old.",
	"rejected":               "The provider refuses the messages: check the account there, and the texts.",
	"no_answer":              "The provider takes messages and does not answer: look at its status page.",
	"interrupted":            "Sending was interrupted again and again: look at the workers.",
	"opted_out":              "Many people stopped messages from this sender: check that it is the right one.",
	"number_invalid":         "The numbers are not valid: the list may be old, or its columns may have shifted.",
	"number_not_in_use":      "The numbers are not in use: the list may be old.",
	"handset_unreachable":    "The phones cannot be reached: the carrier may be down.",
	"landline":               "The numbers are landlines: the list may hold them in the wrong column.",
	"filtered_by_carrier":    "The carrier filters the messages: register the sender with the provider.",
	"app_removed":            "The app was removed from the phones: the push tokens may be old, or of another app.",
	"token_of_another_app":   "The push tokens are of another app or environment than the provider's settings: check its bundle id, project and endpoint.",
	"cannot_be_sent":         "The contacts cannot be used as they are: the list's columns may have shifted.",
	"provider_refused_login": "The provider refuses the login, the account or the sender: check credentials and sender, and the account there.",
	"sender_not_allowed":     "The provider does not let this sender or account reach the country or network: register the sender, or have the country opened, with the provider.",
}

// Brakes are those that nobody lifted yet.
type Brakes []Brake

// Hold says that one of them holds a message.
func (bs Brakes) Hold(wave int, c Channel, provider, domain string) bool {
	for _, b := range bs {
		if b.Holds(wave, c, provider, domain) {
			return true
		}
	}
	return false
}

// Holding says that one of them holds somebody, now or later.
func (bs Brakes) Holding() bool {
	for _, b := range bs {
		if b.Kind != BrakeWarn {
			return true
		}
	}
	return false
}

// Gate says that a whole list waits for a person.
func (bs Brakes) Gate(wave int) bool {
	for _, b := range bs {
		if b.Kind == BrakeGate && b.Holds(wave, "", "", "") {
			return true
		}
	}
	return false
}

// Health counts what became of messages through one provider to one recipient domain; an empty domain stands for
// those that few people share, and for channels without domains.
type Health struct {
	Channel  Channel
	Provider string
	Domain   string
	Out      int64            // that somebody gave a word on, failures included
	Failed   map[string]int64 // by reason: failed for good, or nobody knows
	Deferred map[string]int64 // by reason: put off by the receiving side, and in none of the above; at the end of a stage
}

// Add adds the counts of another one so many times; -1 takes them away.
func (h *Health) Add(o Health, times int64) {
	h.Out += times * o.Out
	for r, n := range o.Failed {
		h.Failed[r] += times * n
	}
	for r, n := range o.Deferred {
		if h.Deferred == nil {
			h.Deferred = map[string]int64{}
		}
		h.Deferred[r] += times * n
	}
}

// Sick is how many failed.
func (h Health) Sick() int64 { return sum(h.Failed) }

// PutOff is how many were deferred.
func (h Health) PutOff() int64 { return sum(h.Deferred) }

func sum(by map[string]int64) (n int64) {
	for _, k := range by {
		n += k
	}
	return n
}

// Worst is the reason of most failures; of equals the first by name.
func (h Health) Worst() string { return most(h.Failed) }

// WorstPutOff is the same of those that were deferred.
func (h Health) WorstPutOff() string { return most(h.Deferred) }

func most(by map[string]int64) (reason string) {
	var most int64
	for r, n := range by {
		if n > most || n == most && (reason == "" || r < reason) {
			most, reason = n, r
		}
	}
	return reason
}

// Crowd are people of a list who are alike in what a sample is to show, with two of them.
type Crowd struct {
	Locale      string
	Channels    []Channel // by which they have a contact
	Minor       bool
	Guardian    bool // the guardian is addressed
	First, Last int64
	People      int64
}

// Stage is where the sending to a list stands.
type Stage struct {
	Wave   int       `json:"wave"`
	Name   string    `json:"stage"`  // canary, ramp, full
	People int64     `json:"people"` // to whom it goes at most; 0 is everybody
	Since  time.Time `json:"since"`
}
