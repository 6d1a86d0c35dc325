// Package outbox is the simulators' witness: an append-only record of every
// message that reached the far end of a wire, with pages to browse it.
//
// A record is written before the provider's answer goes out, so that what the
// sender was told can never be ahead of what is recorded, even when a process
// is killed between the two.
//
// Imports of ours: none.
package outbox

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Channels as they appear in Message.Channel.
const (
	ChannelEmail  = "email"
	ChannelSMS    = "sms"
	ChannelPush   = "push"
	ChannelVoice  = "voice"
	ChannelFiling = "filing"
	// ChannelAnswer is mail that came back: what an authority writes to whoever filed a report.
	ChannelAnswer = "answer"
)

// Header is one header field, in the order in which it was received.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Event is something that happened to a message after it was recorded.
type Event struct {
	At time.Time `json:"at"`
	// Kind is "status", "receipt" (a callback was tried), "redacted" or "deleted".
	Kind string `json:"kind"`
	// Status is the new status of the message; empty leaves it as it is.
	Status string `json:"status,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Message is one message for one recipient. Times are UTC.
//
// Append takes the fields that the provider knows; ID and ReceivedAt are given
// by the box. For email and answers, Text, HTML and Headers are not stored: Get reads them
// out of Raw, so that a fast sender does not pay for parsing.
type Message struct {
	ID         string    `json:"id,omitempty"`
	ReceivedAt time.Time `json:"received_at"`
	Channel    string    `json:"channel"`
	Provider   string    `json:"provider"`
	Sender     string    `json:"sender,omitempty"`
	Recipient  string    `json:"recipient"`
	Subject    string    `json:"subject,omitempty"`
	Text       string    `json:"text,omitempty"`
	HTML       string    `json:"html,omitempty"`
	Headers    []Header  `json:"headers,omitempty"`
	// Outcome is what the simulator chose for this message when it arrived.
	Outcome string `json:"outcome"`
	// Status is the last thing that the provider would say about it.
	Status string `json:"status,omitempty"`
	// Taken says that the provider holds the message. A refused attempt is
	// recorded too, with Taken false, and never counts as sent.
	Taken bool `json:"taken"`
	// MessageID is the provider's identity of the message: the Message-ID of an
	// email, a Twilio sid, an FCM name, the acknowledgement of a filing.
	MessageID string `json:"message_id,omitempty"`
	// AttemptID is the sender's own identity of the attempt, where one is given.
	AttemptID string `json:"attempt_id,omitempty"`
	// Transport says how it came: "tls+auth", "plain", "http".
	Transport string `json:"transport,omitempty"`
	// FaultKey marks a fault that is injected only once (see Box.First).
	FaultKey string  `json:"fault_key,omitempty"`
	Raw      []byte  `json:"-"`
	Events   []Event `json:"events,omitempty"`
}

const (
	kindMessage = "message"
	kindEvent   = "event"
)

// bare is a Message without its methods, so that a record does not inherit them.
type bare Message

// record is one line of the log. Raw bytes stay readable where they are UTF-8.
type record struct {
	Kind string `json:"record,omitempty"`
	bare
	Raw       string `json:"raw,omitempty"`
	RawBase64 []byte `json:"raw_base64,omitempty"`
}

// eventLine is the other kind of line; Of is the id of the message.
type eventLine struct {
	Kind  string `json:"record"`
	Of    string `json:"of"`
	Event Event  `json:"event"`
}

func newRecord(kind string, m Message) record {
	r := record{Kind: kind, bare: bare(m)}
	if utf8.Valid(m.Raw) {
		r.Raw = string(m.Raw)
	} else {
		r.RawBase64 = m.Raw
	}
	return r
}

func (r record) message() Message {
	m := Message(r.bare)
	switch {
	case len(r.RawBase64) > 0:
		m.Raw = r.RawBase64
	case r.Raw != "":
		m.Raw = []byte(r.Raw)
	}
	return m
}

// MarshalJSON gives a message with its raw bytes: "raw" as text, or
// "raw_base64" where they are not UTF-8.
func (m Message) MarshalJSON() ([]byte, error) { return json.Marshal(newRecord("", m)) }

// UnmarshalJSON is the reverse, for whoever asks an outbox in another process.
func (m *Message) UnmarshalJSON(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	*m = r.message()
	return nil
}

// HeaderValue gives the first header of that name, or "".
func (m Message) HeaderValue(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
