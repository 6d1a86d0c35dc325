package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// ErrNotFound answers a question for an id that was never given.
var ErrNotFound = errors.New("outbox: no such message")

// span is the place of a line in the log.
type span struct {
	at     int64
	length int32
}

// entry is what stays in memory of one message: a few short strings.
type entry struct {
	place     span
	received  int64 // unix nanoseconds
	taken     bool
	channel   string
	provider  string
	recipient string
	subject   string
	outcome   string
	status    string
	messageID string
	attemptID string
	events    []span
}

// Box is the outbox. All methods may be called from many goroutines.
type Box struct {
	mu      sync.RWMutex
	store   lines
	entries []entry
	once    map[string]struct{}
	words   map[string]string // interned: channels, outcomes, subjects repeat
	closed  bool
}

// Open opens the outbox of a directory, which is made when it is missing. An
// empty dir keeps everything in memory. Messages of earlier runs are kept.
func Open(dir string) (*Box, error) {
	b := &Box{once: map[string]struct{}{}, words: map[string]string{}}
	if dir == "" {
		b.store = &memoryLines{}
		return b, nil
	}
	file, err := openFile(dir)
	if err != nil {
		return nil, err
	}
	if err := file.replay(b.load); err != nil {
		return nil, errors.Join(err, file.close())
	}
	b.store = file
	return b, nil
}

// Close lets go of the files. Later appends fail.
func (b *Box) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	return b.store.close()
}

// load takes up one line of an earlier run.
func (b *Box) load(at int64, line []byte) error {
	var kind struct {
		Kind string `json:"record"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return errors.New("it is not a record of an outbox")
	}
	place := span{at: at, length: int32(len(line))}
	switch kind.Kind {
	case kindMessage:
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return errors.New("its message cannot be read")
		}
		if r.ID != strconv.Itoa(len(b.entries)+1) {
			return errors.New("its id is out of order")
		}
		b.index(place, r.message())
	case kindEvent:
		var e eventLine
		if err := json.Unmarshal(line, &e); err != nil {
			return errors.New("its event cannot be read")
		}
		i, err := b.position(e.Of)
		if err != nil {
			return errors.New("its event belongs to no message")
		}
		b.indexEvent(i, place, e.Event)
	default:
		return errors.New("its kind is unknown")
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// encode writes v as one JSON line into a pooled buffer.
func encode(v any) (*bytes.Buffer, error) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("outbox: encode a record: %w", err)
	}
	return buf, nil
}

// Append records m and gives it back with its id and time. When it returns
// without error, the record outlives this process.
func (b *Box) Append(m Message) (Message, error) {
	m.ID, m.Events = "", nil
	m.ReceivedAt = time.Now().UTC()
	if m.Status == "" {
		m.Status = m.Outcome
	}
	// The costly part happens outside the lock; the id is put in front below.
	buf, err := encode(newRecord("", m))
	if err != nil {
		return Message{}, err
	}
	defer buffers.Put(buf)
	line := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(line)
	line.Reset()

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return Message{}, errors.New("outbox: it is closed")
	}
	m.ID = strconv.Itoa(len(b.entries) + 1)
	line.WriteString(`{"record":"` + kindMessage + `","id":"` + m.ID + `",`)
	line.Write(buf.Bytes()[1:])
	at, err := b.store.append(line.Bytes())
	if err != nil {
		return Message{}, err
	}
	b.index(span{at: at, length: int32(line.Len())}, m)
	return m, nil
}

// Note appends an event to a recorded message. A zero e.At becomes now.
func (b *Box) Note(id string, e Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("outbox: it is closed")
	}
	i, err := b.position(id)
	if err != nil {
		return err
	}
	if e.At.IsZero() {
		e.At = time.Now().UTC()
	}
	buf, err := encode(eventLine{Kind: kindEvent, Of: id, Event: e})
	if err != nil {
		return err
	}
	defer buffers.Put(buf)
	at, err := b.store.append(buf.Bytes())
	if err != nil {
		return err
	}
	b.indexEvent(i, span{at: at, length: int32(buf.Len())}, e)
	return nil
}

// First tells whether key is asked for the first time, over restarts too as
// long as the message that it was asked for is appended with FaultKey = key.
func (b *Box) First(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, seen := b.once[key]; seen {
		return false
	}
	b.once[key] = struct{}{}
	return true
}

func (b *Box) index(place span, m Message) {
	if m.FaultKey != "" {
		b.once[m.FaultKey] = struct{}{}
	}
	b.entries = append(b.entries, entry{
		place: place, received: m.ReceivedAt.UnixNano(), taken: m.Taken,
		channel: b.intern(m.Channel), provider: b.intern(m.Provider),
		outcome: b.intern(m.Outcome), status: b.intern(m.Status),
		recipient: m.Recipient, subject: b.intern(m.Subject),
		messageID: m.MessageID, attemptID: m.AttemptID,
	})
}

func (b *Box) indexEvent(i int, place span, e Event) {
	b.entries[i].events = append(b.entries[i].events, place)
	if e.Status != "" {
		b.entries[i].status = b.intern(e.Status)
	}
}

// intern keeps one copy of a word. The table is bounded: a sender with a
// subject of its own for everybody must not make it grow for ever.
func (b *Box) intern(word string) string {
	if known, ok := b.words[word]; ok {
		return known
	}
	if len(b.words) < 4096 {
		b.words[word] = word
	}
	return word
}

// position turns an id into an index. Callers hold the lock.
func (b *Box) position(id string) (int, error) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || n > len(b.entries) || strconv.Itoa(n) != id {
		return 0, ErrNotFound
	}
	return n - 1, nil
}
