// Package deliverytest is the conformance suite that every adapter passes. It knows nothing of wires: an
// adapter's test brings a provider that can be told how to behave, and the suite holds the adapter to what
// delivery.Sender promises.
//
// Imports of ours: breach, delivery.
package deliverytest

import (
	"fmt"
	"testing"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Behaviour is how the provider treats every message of one run.
type Behaviour string

const (
	// Accept takes every message.
	Accept Behaviour = "accept"
	// Permanent refuses every message for good, with a text that repeats contact, name and text.
	Permanent Behaviour = "permanent"
	// Temporary refuses every message for now, with a text that repeats contact, name and text.
	Temporary Behaviour = "temporary"
	// Drop takes the message and closes the connection instead of answering.
	Drop Behaviour = "drop"
	// Hang takes the message and never answers.
	Hang Behaviour = "hang"
)

// Provider is a running provider with an adapter in front of it.
type Provider struct {
	// Sender is the adapter, with a time limit of its own of at most Limit.
	Sender delivery.Sender
	// Taken lists, in order of arrival, the id by which the provider would recognise a repetition, of
	// every message that arrived whole, refused ones included.
	Taken func() []string
	// Contacted counts connections or requests that reached the provider.
	Contacted func() int
}

// Case describes one adapter to the suite.
type Case struct {
	// Message is a message of the adapter's channel with a contact fit for the wire; the suite sets ids,
	// name and time. Text must hold the name as Name.
	Message delivery.Message
	// Start runs a provider for the time of the test.
	Start func(t *testing.T, b Behaviour) Provider
	// Unreachable gives an adapter whose provider refuses connections.
	Unreachable func(t *testing.T) delivery.Sender
	// Accepted is the state of a message that the provider took.
	Accepted breach.AttemptState
	// PermanentReason and TemporaryReason are what the two refusals mean.
	PermanentReason, TemporaryReason string
	// RepeatKey says by what the provider recognises a repetition.
	RepeatKey RepeatKey
}

// RepeatKey is what stays the same when a message is sent again.
type RepeatKey int

const (
	ByDelivery RepeatKey = iota // the delivery id, whatever the try
	ByAttempt                   // the attempt id
)

// Name is the addressee of every message of the suite; a canary, like the contact.
const Name = "Zsuzsanna Kanarienvogel"

func (c Case) message(n int) delivery.Message {
	m := c.Message
	m.DeliveryID = fmt.Sprintf("d%04d", n)
	m.AttemptID = fmt.Sprintf("d%04d-1", n)
	m.ToName = Name
	return m
}

// Run holds an adapter to the contract.
func Run(t *testing.T, c Case) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Case)
	}{
		{"accepted", accepted},
		{"permanent refusal", permanentRefusal},
		{"temporary refusal", temporaryRefusal},
		{"dropped after taking is unknown", droppedAfterTaking},
		{"refused connection is retryable", refusedConnection},
		{"cancelled before", cancelledBefore},
		{"cancelled during", cancelledDuring},
		{"a hanging provider", hangingProvider},
		{"hostile fields", hostileFields},
		{"repetition is recognisable", repetition},
		{"many at once", manyAtOnce},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(t, c)
		})
	}
}
