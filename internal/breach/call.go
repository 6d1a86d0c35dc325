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
