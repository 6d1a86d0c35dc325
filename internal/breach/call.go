package breach

import "time"

// CallScript is what a call reads out: kept sealed by the ledger from before a number is dialled until the call has
// ended, because the carrier asks for it when somebody answers.
type CallScript struct {
	Attempt string `json:"attempt"`
	Locale  string `json:"locale"`
	Text    string `json:"text"`
	Machine string `json:"machine"` // what an answering machine gets: no facts
	// To is the number, E.164, of a call that people make: those are on the call list.
	To string `json:"to,omitempty"`
}

// ListedCall is a call that waits for somebody to make it.
type ListedCall struct {
	CallScript
	Incident string
	At       time.Time // since when it waits
}

// CallHeard is the most that is known of what somebody heard; a later word never lowers it.
type CallHeard int

// What was heard of a call.
const (
	HeardNothing CallHeard = iota
	HeardMachine           // an answering machine took the short text
	HeardThrough           // the script was read to its end
	HeardKey               // somebody pressed the key
)

// CallWord is news of a call. State is empty when it changes no outcome. Ended says that the call is over: then State
// counts only if nothing was heard, and the script is removed.
type CallWord struct {
	Heard       CallHeard
	State       AttemptState
	Reason      string
	Detail      string
	ProviderRef string
	Ended       bool
}

// HeldCall is a call that one caller has: nobody else is shown it, or another one to the same number, until Until.
type HeldCall struct {
	ListedCall
	Who       Person
	Addressee Addressee
	Until     time.Time
}

// CallWish says which call a caller wants; empty fields say any.
type CallWish struct {
	Incident string `json:"incident,omitempty"`
	Locale   string `json:"language,omitempty"` // BCP 47, as in CallsWaiting
}

// QueuedCall is a call as a caller sees it. Zone is the time zone of the person, an IANA name, empty when nobody knows.
type QueuedCall struct {
	Call      string    `json:"call" doc:"Id of the call."`
	Incident  string    `json:"incident"`
	Since     time.Time `json:"since" doc:"Since when it waits."`
	Until     time.Time `json:"until" doc:"Until when nobody else is shown it."`
	Number    string    `json:"number" doc:"Masked; ask for the whole one, which is put on record."`
	Addressee Addressee `json:"addressee" doc:"self, or the guardian of a child."`
	Locale    string    `json:"language"`
	Zone      string    `json:"time_zone,omitempty" doc:"Of the person."`
	Script    string    `json:"script" doc:"To be read out to the person."`
	Machine   string    `json:"for_an_answering_machine" doc:"All that an answering machine may get."`
}

// CallsWaiting counts calls of an incident in a language.
type CallsWaiting struct {
	Incident string `json:"incident"`
	Locale   string `json:"language"`
	Now      int64  `json:"now" doc:"May be made now."`
	Later    int64  `json:"later" doc:"Call back later, or outside the hours of the person."`
	Taken    int64  `json:"taken" doc:"Callers have them."`
}

// CallQueue is where the calls that people make stand.
type CallQueue struct {
	Waiting []CallsWaiting `json:"waiting"`
	Codes   []string       `json:"outcomes" doc:"What may be written down of a call."`
	Mine    *QueuedCall    `json:"mine" doc:"The call that whoever asks has."`
}

// CallResult is what a caller writes down of a call. Back is when to call again, for the outcome call_back; zero says
// as soon as somebody can.
type CallResult struct {
	Outcome string    `json:"outcome" doc:"One of the outcomes of the queue."`
	Back    time.Time `json:"call_back_at,omitzero" doc:"For call_back: not before then."`
}
