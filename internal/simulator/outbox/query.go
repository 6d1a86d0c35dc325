package outbox

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query selects messages; empty fields select all. Text compares without case.
type Query struct {
	Channel   string `json:"channel,omitempty"`
	Provider  string `json:"provider,omitempty"`
	Outcome   string `json:"outcome,omitempty"`
	Status    string `json:"status,omitempty"`
	Recipient string `json:"recipient,omitempty"`  // the whole recipient
	MessageID string `json:"message_id,omitempty"` // the whole message id
	AttemptID string `json:"attempt_id,omitempty"` // the whole attempt id
	Contains  string `json:"contains,omitempty"`   // part of recipient, subject or ids
	// Refused adds the attempts that the provider refused.
	Refused bool `json:"refused,omitempty"`
	// Before is the id to go on from: only older messages are given.
	Before string `json:"before,omitempty"`
	// Limit is the most messages to give; 0 is 100.
	Limit int `json:"limit,omitempty"`
}

// Summary is a message without its content.
type Summary struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"`
	Channel    string    `json:"channel"`
	Provider   string    `json:"provider"`
	Recipient  string    `json:"recipient"`
	Subject    string    `json:"subject,omitempty"`
	Outcome    string    `json:"outcome"`
	Status     string    `json:"status"`
	Taken      bool      `json:"taken"`
	MessageID  string    `json:"message_id,omitempty"`
	AttemptID  string    `json:"attempt_id,omitempty"`
}

// Page is one page of a list, newest first. Next is the Before of the next
// page, empty on the last one. Total counts all that the query selects.
type Page struct {
	Total    int       `json:"total"`
	Messages []Summary `json:"messages"`
	Next     string    `json:"next,omitempty"`
}

// Counts adds up the outbox. Total and the maps except Refused hold taken
// messages only.
type Counts struct {
	Total     int                       `json:"total"`
	Channels  map[string]int            `json:"channels"`
	Providers map[string]int            `json:"providers"`
	Outcomes  map[string]map[string]int `json:"outcomes"` // by channel, then outcome
	Statuses  map[string]map[string]int `json:"statuses"` // by channel, then last status
	Refused   map[string]map[string]int `json:"refused"`  // by channel, then outcome
}

func (q Query) selects(e *entry) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	fold := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	return (e.taken || q.Refused) && same(q.Channel, e.channel) && same(q.Provider, e.provider) &&
		same(q.Outcome, e.outcome) && same(q.Status, e.status) && fold(q.Recipient, e.recipient) &&
		same(q.MessageID, e.messageID) && same(q.AttemptID, e.attemptID) && q.contained(e)
}

func (q Query) contained(e *entry) bool {
	if q.Contains == "" {
		return true
	}
	part := strings.ToLower(q.Contains)
	for _, s := range []string{e.recipient, e.subject, e.messageID, e.attemptID} {
		if strings.Contains(strings.ToLower(s), part) {
			return true
		}
	}
	return false
}

func (e *entry) summary(i int) Summary {
	return Summary{
		ID: strconv.Itoa(i + 1), ReceivedAt: time.Unix(0, e.received).UTC(),
		Channel: e.channel, Provider: e.provider, Recipient: e.recipient, Subject: e.subject,
		Outcome: e.outcome, Status: e.status, Taken: e.taken,
		MessageID: e.messageID, AttemptID: e.attemptID,
	}
}

// List gives a page of summaries, newest first.
func (b *Box) List(q Query) Page {
	b.mu.RLock()
	defer b.mu.RUnlock()
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	before := len(b.entries)
	if q.Before != "" {
		if i, err := b.position(q.Before); err == nil {
			before = i
		}
	}
	page := Page{Messages: []Summary{}}
	for i := len(b.entries) - 1; i >= 0; i-- {
		e := &b.entries[i]
		if !q.selects(e) {
			continue
		}
		page.Total++
		if i >= before {
			continue
		}
		if len(page.Messages) < limit {
			page.Messages = append(page.Messages, e.summary(i))
		} else if page.Next == "" {
			page.Next = page.Messages[limit-1].ID
		}
	}
	return page
}

// CountFor tells how many taken messages went to a recipient, on any channel.
func (b *Box) CountFor(recipient string) int {
	return b.List(Query{Recipient: recipient, Limit: 1}).Total
}

// Recipients counts taken messages by recipient (as it was addressed) over a
// query: the list to compare with who should have been told.
func (b *Box) Recipients(q Query) map[string]int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	counts := map[string]int{}
	for i := range b.entries {
		if q.selects(&b.entries[i]) {
			counts[b.entries[i].recipient]++
		}
	}
	return counts
}

// Counts adds everything up.
func (b *Box) Counts() Counts {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c := Counts{
		Channels: map[string]int{}, Providers: map[string]int{}, Outcomes: map[string]map[string]int{},
		Statuses: map[string]map[string]int{}, Refused: map[string]map[string]int{},
	}
	add := func(in map[string]map[string]int, channel, word string) {
		if in[channel] == nil {
			in[channel] = map[string]int{}
		}
		in[channel][word]++
	}
	for i := range b.entries {
		e := &b.entries[i]
		if !e.taken {
			add(c.Refused, e.channel, e.outcome)
			continue
		}
		c.Total++
		c.Channels[e.channel]++
		c.Providers[e.provider]++
		add(c.Outcomes, e.channel, e.outcome)
		add(c.Statuses, e.channel, e.status)
	}
	return c
}

// Get gives one message with content, raw bytes and events, or ErrNotFound.
func (b *Box) Get(id string) (Message, error) {
	m, err := b.stored(id)
	if err == nil && (m.Channel == ChannelEmail || m.Channel == ChannelAnswer) {
		mail := ParseEmail(m.Raw)
		m.Headers, m.Text, m.HTML = mail.Headers, mail.Text, mail.HTML
	}
	return m, err
}

func (b *Box) stored(id string) (Message, error) {
	b.mu.RLock()
	i, err := b.position(id)
	if err != nil {
		b.mu.RUnlock()
		return Message{}, err
	}
	place, status, events := b.entries[i].place, b.entries[i].status, slices.Clone(b.entries[i].events)
	b.mu.RUnlock()

	line, err := b.store.read(place.at, int(place.length))
	if err != nil {
		return Message{}, err
	}
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return Message{}, errors.New("outbox: a stored message cannot be read back; the log was changed while it was open")
	}
	m := r.message()
	m.Status = status
	for _, p := range events {
		line, err := b.store.read(p.at, int(p.length))
		if err != nil {
			return Message{}, err
		}
		var e eventLine
		if err := json.Unmarshal(line, &e); err != nil {
			return Message{}, errors.New("outbox: a stored event cannot be read back; the log was changed while it was open")
		}
		m.Events = append(m.Events, e.Event)
	}
	return m, nil
}

// Each calls see with every message of a query as it was stored, oldest first,
// and stops at the first error. Before and Limit do not count.
func (b *Box) Each(q Query, see func(Message) error) error {
	b.mu.RLock()
	var ids []string
	for i := range b.entries {
		if q.selects(&b.entries[i]) {
			ids = append(ids, strconv.Itoa(i+1))
		}
	}
	b.mu.RUnlock()
	for _, id := range ids {
		m, err := b.stored(id)
		if err != nil {
			return err
		}
		if err := see(m); err != nil {
			return err
		}
	}
	return nil
}
