package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// MaxEvent is the largest event in bytes that is taken. The specification asks for at least 64 KiB.
const MaxEvent = 256 << 10

const maxAttribute = 2048 // bytes

// clockSkew is how far ahead of ours a detector's clock may run.
const clockSkew = 5 * time.Minute

// ParseCloudEvent reads one CloudEvents 1.0 event in structured JSON mode. The same source and id always
// give the same DedupKey, as the specification makes them unique together. At is the event's time, or
// receivedAt when it gives none or one in the future; Facts.Incident.DetectedAt is the same instant (UTC).
// Errors are breach.ErrInvalid, ErrMediaType or ErrTooLarge, list every problem, and hold no value of the
// event.
func ParseCloudEvent(contentType string, body []byte, receivedAt time.Time) (breach.Detection, error) {
	if err := checkEventType(contentType); err != nil {
		return breach.Detection{}, err
	}
	if len(body) > MaxEvent {
		return breach.Detection{}, breach.Errorf(breach.ErrTooLarge, "the event is larger than %d bytes: send a reference to large data instead", MaxEvent)
	}
	text, ok := plainJSON(body)
	if !ok {
		return breach.Detection{}, breach.Errorf(breach.ErrInvalid, "the event is not UTF-8, as JSON must be: have the detector send UTF-8")
	}
	members, err := objectMembers(text)
	if err != nil {
		return breach.Detection{}, err
	}
	e := event{members: members}
	d := breach.Detection{
		Source:     e.required("source"),
		EventID:    e.required("id"),
		Type:       e.required("type"),
		Subject:    e.optional("subject"),
		ReceivedAt: receivedAt.UTC(),
		Raw:        body,
	}
	e.checkContext(d.Source)
	at, given := e.time()
	data := e.data()
	if len(e.wrong) > 0 {
		return breach.Detection{}, breach.Errorf(breach.ErrInvalid, "this is not a CloudEvents 1.0 event that can be used").With(e.wrong...)
	}
	d.DedupKey = dedupKey(d.Source, d.EventID)
	d.At = d.ReceivedAt
	switch {
	case !given:
		d.Notes = append(d.Notes, "the event gives no time: the time of receipt was taken as the time of detection")
	case at.After(d.ReceivedAt.Add(clockSkew)):
		d.Notes = append(d.Notes, "the event's time lies in the future: the time of receipt was taken as the time of detection")
	default:
		d.At = at
	}
	detected := d.At
	d.Facts.Incident.DetectedAt = &detected
	if data != nil {
		d.Notes = append(d.Notes, finding(data, &d.Facts)...)
	}
	return d, nil
}

func checkEventType(contentType string) error {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return breach.Errorf(breach.ErrMediaType, "the content type cannot be read: send application/cloudevents+json")
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") {
		return breach.Errorf(breach.ErrMediaType, "the event is not in UTF-8: send it in UTF-8")
	}
	switch mediaType {
	case "application/cloudevents+json", "application/json":
		return nil
	case "application/cloudevents-batch+json":
		return breach.Errorf(breach.ErrMediaType, "this is a batch of events: send them one by one")
	}
	return breach.Errorf(breach.ErrMediaType, "this content type is not taken: send application/cloudevents+json (structured mode)")
}

// objectMembers takes a JSON object apart. A repeated member is refused: two readers could take two
// different ids from it.
func objectMembers(body []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, breach.Errorf(breach.ErrInvalid, "the body is not a JSON object")
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, breach.Errorf(breach.ErrInvalid, "the body is not good JSON")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, breach.Errorf(breach.ErrInvalid, "the body is not good JSON, or cut short")
		}
		key := name.(string)
		if _, again := members[key]; again {
			return nil, breach.Errorf(breach.ErrInvalid, "an attribute of the event is there twice")
		}
		members[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the body is not good JSON, or cut short")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, breach.Errorf(breach.ErrInvalid, "there is something behind the event: send one event at a time")
	}
	return members, nil
}

// event reads attributes and collects all that is wrong.
type event struct {
	members map[string]json.RawMessage
	wrong   []breach.FieldError
}

func (e *event) bad(where, what string) {
	e.wrong = append(e.wrong, breach.FieldError{Where: where, What: what})
}

// absent treats null as not there, as the JSON format of the specification does.
func (e *event) absent(name string) bool {
	v, ok := e.members[name]
	return !ok || string(v) == "null"
}

func (e *event) optional(name string) string {
	if e.absent(name) {
		return ""
	}
	var s string
	switch {
	case json.Unmarshal(e.members[name], &s) != nil:
		e.bad(name, "must be text")
	case s == "":
		e.bad(name, "must not be empty")
	case len(s) > maxAttribute:
		e.bad(name, "is too long")
	case strings.ContainsFunc(s, unicode.IsControl):
		e.bad(name, "must not hold control characters")
	}
	return s
}

func (e *event) required(name string) string {
	if e.absent(name) {
		e.bad(name, "is missing")
		return ""
	}
	return e.optional(name)
}

// checkContext checks what the specification says about the other attributes.
func (e *event) checkContext(source string) {
	if v := e.required("specversion"); v != "" && v != "1.0" {
		e.bad("specversion", "must be 1.0")
	}
	if _, err := url.Parse(source); err != nil {
		e.bad("source", "must be a URI reference")
	}
	if u, err := url.Parse(e.optional("dataschema")); err != nil || !e.absent("dataschema") && !u.IsAbs() {
		e.bad("dataschema", "must be an absolute URI")
	}
	names := make([]string, 0, len(e.members))
	for name := range e.members {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if name != "data_base64" && !attributeName(name) {
			e.bad("attribute", "a name of an attribute has other characters than a-z and 0-9")
			return
		}
		if i > 100 {
			e.bad("attribute", "there are more than 100 attributes")
			return
		}
		if name == "data" || name == "data_base64" {
			continue
		}
		if v := e.members[name]; len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			e.bad("attribute", "an attribute is neither text, number nor yes/no")
		}
	}
}

func attributeName(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

func (e *event) time() (time.Time, bool) {
	s := e.optional("time")
	if s == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 {
		e.bad("time", "must be an instant as in RFC 3339, with a zone")
		return time.Time{}, false
	}
	return t.UTC(), true
}

// data returns the event's data when it is a JSON object; other data is kept raw and says nothing here.
func (e *event) data() json.RawMessage {
	contentType := e.optional("datacontenttype")
	isJSON := contentType == ""
	if contentType != "" {
		mediaType, _, err := mime.ParseMediaType(contentType)
		if err != nil {
			e.bad("datacontenttype", "must be a media type")
			return nil
		}
		isJSON = mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
	}
	data := e.members["data"]
	if !e.absent("data_base64") {
		if !e.absent("data") {
			e.bad("data_base64", "must not stand beside data")
			return nil
		}
		var s string
		if json.Unmarshal(e.members["data_base64"], &s) != nil {
			e.bad("data_base64", "must be text")
			return nil
		}
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			e.bad("data_base64", "is not Base64")
			return nil
		}
		data = b
	}
	if data = bytes.TrimSpace(data); !isJSON || len(data) == 0 || data[0] != '{' || !json.Valid(data) {
		return nil
	}
	return data
}

// dedupKey covers both parts with their lengths, so that no two pairs share a key.
func dedupKey(source, id string) string {
	h := sha256.New()
	for _, s := range []string{source, id} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}
