// Package delivery holds what a channel adapter gets and gives back: Message, Receipt, Failure, and what
// adapters share: checks of a message, redaction of a provider's text, and an HTTP client that never sends
// twice and knows whether a request left. Each provider family lives in a package below it.
//
// Imports of ours: breach.
package delivery

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Message is one composed message to one addressee, ready for the wire. It holds personal data and never
// leaves the sending activity. Only the fields of its channel are set.
type Message struct {
	// DeliveryID is opaque and depends on notice, person, addressee and channel, not on the try: a repeated
	// message is recognisable (email: Message-ID; SMS gateway: idempotency key stem; push: collapse id).
	DeliveryID string
	// AttemptID is opaque, DeliveryID plus the try; it travels in callback URLs and provider look-ups.
	AttemptID string
	// Block is where the ledger keeps the attempt, for return paths of email; 0 is unknown.
	Block   int64
	Channel breach.Channel
	To      string // address, E.164 number or push token
	ToName  string // display name of the addressee, may be empty
	Locale  string

	Subject string // email, letter
	Text    string // email text part, SMS text, push body, letter, script of a call
	HTML    string // email
	Title   string // push
	Machine string // what a call leaves on an answering machine: no facts
	Link    string // push: the public page the pointer leads to
	// Platform is by which system the device gets pushes, one of breach.PushPlatforms; empty when nobody said.
	Platform string

	// Form is an email's text and HTML, in place of Text and HTML, with Own in its places. See Plain.
	Form *Form
	Own  []string

	Post *Post // letter

	SentAfter time.Time // earliest instant at which this attempt can have reached the provider (UTC)
}

// Post is what a letter has beside subject and text.
type Post struct {
	Address   []string // as the list has it, line by line, without the name
	Country   string   // ISO 3166-1 alpha-2
	Reference string   // the person's code
}

// Receipt is a provider's word on a message. State is handed_over, accepted, delivered, failed_temporary
// or failed_permanent.
type Receipt struct {
	State       breach.AttemptState
	ProviderRef string // the provider's own id, opaque
	Reason      string // code of Reasons when it failed
	Detail      string // provider's text with contacts removed, at most 200 characters
}

// Failure is why an adapter could not hand a message over. Exactly one of Retryable and Unknown may be
// true: retryable means the provider certainly does not have it; unknown means that it may have it.
type Failure struct {
	Reason    string
	Retryable bool
	Unknown   bool
	Detail    string
	After     time.Duration // provider's wish for the next try, 0 when it gave none
}

func (f *Failure) Error() string { return "delivery: " + f.Reason + ": " + f.Detail }

// State is the attempt state that the failure leads to.
func (f *Failure) State() breach.AttemptState {
	switch {
	case f.Unknown:
		return breach.Unknown
	case f.Retryable:
		return breach.FailedTemporary
	default:
		return breach.FailedPermanent
	}
}

// AsFailure turns any error of a sender into a Failure. An error that is not one is unknown: a person is
// never counted as not sent on the word of an unexplained error.
func AsFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Reason: ReasonNoAnswer, Unknown: true, Detail: "unexplained transport error"}
}

// Sender hands messages to one provider. Send returns a Receipt or a *Failure. It may be called from many
// goroutines and honours ctx; when ctx ends after bytes left, the failure is unknown.
type Sender interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Asker is implemented by senders whose provider can say whether it has an attempt (SMS). Found is false
// only when the provider certainly does not have it. An error means that it could not be asked now.
type Asker interface {
	Ask(ctx context.Context, m Message) (r Receipt, found bool, err error)
}

// Eraser is implemented by senders whose provider deletes what it got of a message, by the provider's own id. It may be
// asked again. A *Failure that is Retryable says that it could not be done now; any other one that the provider will not
// do it.
type Eraser interface {
	Erase(ctx context.Context, ref string) error
}

// Redactor is implemented by senders whose provider can remove the words of a message and keep the rest; as Eraser.
type Redactor interface {
	Redact(ctx context.Context, ref string) error
}

// Reporter is implemented by senders whose provider tells us by HTTP what became of a message. TakeReport believes
// nothing before it knows that the request is the provider's and about this attempt: breach.ErrForbidden when it is not,
// breach.ErrInvalid when it cannot be read.
type Reporter interface {
	TakeReport(attempt string, r *http.Request) (Receipt, error)
}

// Looker is implemented by senders whose provider says what became of a message when it is asked by its own id. MustAsk
// is true where it has to be asked, because it cannot reach us. A receipt without a state says that there is no news.
type Looker interface {
	MustAsk() bool
	Look(ctx context.Context, ref string) (Receipt, error)
}

// Door is implemented by senders whose provider asks something of us: what a call reads out. The handler knows by itself
// who may ask; the pattern is one of net/http.
type Door interface {
	Door() (pattern string, h http.Handler)
}
