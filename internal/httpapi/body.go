package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// bodyRule says what a route takes. Types are media types; the first is assumed when none is named.
type bodyRule struct {
	types  []string
	max    int64
	stream bool // handed on as it comes, not read at once
}

// maxListTime bounds one upload as a whole; the pace is bounded by Config.BodyTimeout.
const maxListTime = time.Hour

// takeBody checks how the body is sent and puts a safe one in its place: read at once, or bounded and
// paced while it is read. The hash is that of the bytes that were read.
func (s *server) takeBody(w http.ResponseWriter, r *http.Request, rule *bodyRule) (*hashed, error) {
	if err := rule.check(r); err != nil {
		return nil, err
	}
	timed, ok := r.Body.(*timedBody)
	if !ok { // there is no body
		timed = &timedBody{in: http.NoBody, control: http.NewResponseController(w)}
	}
	out := &hashed{in: &pacedBody{in: timed, max: rule.max, pace: rule.stream && ok, end: time.Now().Add(maxListTime)}, sum: sha256.New()}
	if !rule.stream {
		b, err := io.ReadAll(out)
		if err != nil {
			return nil, err
		}
		if s := bytes.TrimSpace(b); len(s) == 0 || string(s) == "null" { // said to be left out, where that may be
			b = nil
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		return out, nil
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{out, r.Body}
	return out, nil
}

// takeNothing refuses a body where none is taken: whoever sends one means something that would be lost.
func takeNothing(r *http.Request) error {
	timed, ok := r.Body.(*timedBody)
	if !ok { // there is no body
		return nil
	}
	const enough = 64
	b, err := io.ReadAll(io.LimitReader(&pacedBody{in: timed, max: enough + 1, end: time.Now().Add(maxListTime)}, enough+1))
	if err != nil {
		return err
	}
	if s := string(bytes.TrimSpace(b)); len(b) <= enough && (s == "" || s == "{}" || s == "null") {
		return nil
	}
	return breach.Errorf(breach.ErrInvalid, "this address takes no body, and what was sent would be lost").
		With(breach.FieldError{Where: "body", What: "must be empty"})
}

func (b *bodyRule) check(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return breach.Errorf(breach.ErrMediaType, "the body must be sent without content encoding")
	}
	if r.ContentLength > b.max {
		return tooLarge(b.max)
	}
	given := r.Header.Get("Content-Type")
	if given == "" {
		r.Header.Set("Content-Type", b.types[0])
		return nil
	}
	media, params, err := mime.ParseMediaType(given)
	if err != nil || !slices.Contains(b.types, media) {
		return breach.Errorf(breach.ErrMediaType, "this address takes %s", strings.Join(b.types, ", "))
	}
	if charset := params["charset"]; charset != "" && !b.stream && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return breach.Errorf(breach.ErrMediaType, "the body must be UTF-8")
	}
	return nil
}

func tooLarge(limit int64) error {
	return breach.Errorf(breach.ErrTooLarge, "the body is larger than %d bytes", limit)
}

// pacedBody gives up on senders that are too slow or send too much. Its errors are made to be shown.
type pacedBody struct {
	in   *timedBody
	max  int64
	read int64
	pace bool // every piece has a deadline of its own, instead of the whole
	end  time.Time
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if p.pace {
		p.in.extend()
	}
	if time.Now().After(p.end) {
		return 0, breach.Errorf(breach.ErrTooSlow, "the body took longer than %s", maxListTime)
	}
	if left := p.max - p.read; int64(len(b)) > left+1 {
		b = b[:left+1]
	}
	n, err := p.in.Read(b)
	if p.read += int64(n); p.read > p.max {
		return 0, tooLarge(p.max)
	}
	var network net.Error
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		return n, io.EOF
	case errors.As(err, &network) && network.Timeout():
		return n, breach.Errorf(breach.ErrTooSlow, "the body did not arrive in time")
	}
	return n, breach.Errorf(breach.ErrInvalid, "the body ended before it was complete")
}

// timedBody keeps a deadline on the connection from the first moment until the body has been read to its
// end: a server that answers early reads the rest of the body, and a slow sender would hold it there. A
// deadline that stayed after the end would cancel the request while it is answered.
type timedBody struct {
	in      io.ReadCloser
	control *http.ResponseController
	timeout time.Duration
}

// withDeadline puts a timed body in the place of a request's body, if it has one.
func (s *server) withDeadline(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	t := &timedBody{in: r.Body, control: http.NewResponseController(w), timeout: s.cfg.BodyTimeout}
	t.extend()
	r.Body = t
}

// extend starts the deadline anew. A connection without deadlines (a test's recorder) is no slow sender.
func (t *timedBody) extend() { _ = t.control.SetReadDeadline(time.Now().Add(t.timeout)) }

func (t *timedBody) Read(b []byte) (int, error) {
	n, err := t.in.Read(b)
	if err == io.EOF {
		_ = t.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (t *timedBody) Close() error { return t.in.Close() }

// hashed hashes what is read through it.
type hashed struct {
	in    io.Reader
	sum   hash.Hash
	whole bool // read to its end
}

func (h *hashed) Read(b []byte) (int, error) {
	n, err := h.in.Read(b)
	h.sum.Write(b[:n])
	h.whole = h.whole || err == io.EOF
	return n, err
}

func (h *hashed) hex() string { return hex.EncodeToString(h.sum.Sum(nil)) }
