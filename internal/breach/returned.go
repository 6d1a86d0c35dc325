package breach

import "time"

// ReturnKind says what came back by mail for a message by email.
type ReturnKind string

const (
	// ReturnFailed: a mail server gave up. The person's next channel is tried.
	ReturnFailed ReturnKind = "failed"
	// ReturnDelivered: a mail server says that the message lies in the mailbox.
	ReturnDelivered ReturnKind = "delivered"
	// What follows is kept and moves nothing.
	ReturnDelayed      ReturnKind = "delayed"      // the server goes on trying
	ReturnRelayed      ReturnKind = "relayed"      // passed on to a server that reports nothing
	ReturnComplained   ReturnKind = "complained"   // the person told their provider that it is spam
	ReturnUnclassified ReturnKind = "unclassified" // a bounce by its form, and it does not say of what kind
)

// Returned is one report of a mail server about one of our messages. Attempt names it, or Delivery does without
// its try: then the latest one is meant. Block says where the ledger keeps the attempt, 0 that it must be looked for.
type Returned struct {
	Attempt  string
	Block    int64
	Delivery string
	Kind     ReturnKind
	Reason   string // code of the catalogue of failures, when it failed
	Detail   string // status code and the server's words, with contacts removed
	Reporter string // name of the server that reports; may be empty
	At       time.Time
}

// ReturnTaken says what became of mail that came back. Kind is a ReturnKind, or auto_reply, feedback, other, forged
// or unnamed for what is about no message of ours. Recorded says that the ledger knows the message.
type ReturnTaken struct {
	Kind     ReturnKind `json:"kind"`
	Recorded bool       `json:"recorded"`
}

// ReturnCount counts what came back for the emails of an incident. It names nobody.
type ReturnCount struct {
	Provider string     `json:"provider"`
	Domain   string     `json:"domain" doc:"Of the server that reported; empty when it named none."`
	Kind     ReturnKind `json:"kind" doc:"failed, delayed, relayed, complained or unclassified."`
	Reason   string     `json:"reason,omitempty" doc:"Of a failure."`
	Count    int64      `json:"count"`
	Last     time.Time  `json:"last"`
}

// FilingReturn says that the email with a report came back from the authority.
type FilingReturn struct {
	Kind   ReturnKind `json:"kind"`
	Reason string     `json:"reason,omitempty"`
	Detail string     `json:"detail,omitempty"` // status code and the server's words, with contacts removed
	At     time.Time  `json:"at"`
}
