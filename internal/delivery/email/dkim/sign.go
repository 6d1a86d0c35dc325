package dkim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// signed are the headers that a signature covers, in this order. From stands twice, so that no second one can be put
// in front; one that a message does not have cannot be added later.
var signed = []string{
	"from", "to", "subject", "date", "message-id", "reply-to", "auto-submitted", "feedback-id", "content-language",
	"list-unsubscribe", "mime-version", "content-type", "content-transfer-encoding",
}

// foldAt is where the signature is folded.
const foldAt = 72

// Signer signs with some keys. It is safe for many goroutines.
type Signer struct {
	stamps []stamp
	length int // of all headers together
	pool   sync.Pool
}

// stamp is the header of one key, with room for what each message fills in. Offsets are from its begin.
type stamp struct {
	key            *Key
	text           []byte
	time, body, at int
	canonical      []byte // the header as it is signed; body and time at
	canonicalTime  int
	canonicalBody  int
}

const (
	timeDigits = 10
	bodyDigits = 44 // base64 of SHA-256
)

// New makes a signer for a domain.
func New(domain string, keys []*Key) *Signer {
	s := &Signer{pool: sync.Pool{New: func() any { return &work{hash: sha256.New(), fields: make([][]byte, len(signed))} }}}
	for _, k := range keys {
		st := newStamp(domain, k)
		s.stamps = append(s.stamps, st)
		s.length += len(st.text)
	}
	return s
}

func newStamp(domain string, k *Key) stamp {
	st := stamp{key: k}
	blank := func(n int) { st.text = append(st.text, strings.Repeat("0", n)...) }
	st.text = append(st.text, "DKIM-Signature: v=1; a="+k.algorithm+"; c=relaxed/relaxed; d="+domain+";\r\n s="+k.Selector+"; t="...)
	st.time = len(st.text)
	blank(timeDigits)
	names := append([]string{"from"}, signed...)
	st.text = append(st.text, ";\r\n h="+strings.Join(names[:7], ":")+":\r\n "+strings.Join(names[7:], ":")+";\r\n bh="...)
	st.body = len(st.text)
	blank(bodyDigits)
	st.text = append(st.text, ";\r\n b="...)
	st.canonical = relaxed(nil, st.text)
	st.canonicalBody = len(st.canonical) - len("; b=") - bodyDigits
	st.canonicalTime = bytes.Index(st.canonical, []byte(" t=")) + len(" t=")
	st.at = len(st.text)
	for left := base64.StdEncoding.EncodedLen(k.size()); left > 0; left -= foldAt {
		if left < base64.StdEncoding.EncodedLen(k.size()) {
			st.text = append(st.text, "\r\n "...)
		}
		blank(min(left, foldAt))
	}
	st.text = append(st.text, "\r\n"...)
	return st
}

// Begin writes the headers of the signatures, which Sign fills in. They come first.
func (s *Signer) Begin(w []byte) []byte {
	for i := range s.stamps {
		w = append(w, s.stamps[i].text...)
	}
	return w
}

// work is the memory for one message.
type work struct {
	hash   hash.Hash
	fields [][]byte // canonical, by their place in signed; nil for one that is not there
	memory []byte
	sum    []byte
	code   []byte
}

var errForm = errors.New("dkim: the message has no body, or does not begin with the headers of its signatures")

// Sign fills in the headers that Begin wrote at the begin of w. w is the whole message with CRLF line ends; where
// stuffed is true, dots at line starts of its body are doubled for SMTP, which is not what is signed.
func (s *Signer) Sign(w []byte, stuffed bool, now time.Time) error {
	split := bytes.Index(w, []byte("\r\n\r\n"))
	if split < s.length {
		return errForm
	}
	k := s.pool.Get().(*work)
	defer s.pool.Put(k)
	k.hash.Reset()
	hashBody(k.hash, w[split+4:], stuffed)
	var body [bodyDigits]byte
	base64.StdEncoding.Encode(body[:], k.hash.Sum(k.sum[:0]))
	k.gather(w[s.length : split+2])
	var at int
	for i := range s.stamps {
		st := &s.stamps[i]
		if err := st.fill(w[at:at+len(st.text)], k, body[:], now); err != nil {
			return err
		}
		at += len(st.text)
	}
	return nil
}

// gather canonicalises the headers.
func (k *work) gather(head []byte) {
	k.memory = k.memory[:0]
	clear(k.fields)
	for len(head) > 0 {
		end := fieldEnd(head)
		if place := place(head[:end]); place >= 0 {
			from := len(k.memory)
			k.memory = append(relaxed(k.memory, head[:end]), "\r\n"...)
			k.fields[place] = k.memory[from:len(k.memory):len(k.memory)]
		}
		head = head[end:]
	}
}

// fieldEnd is where the first field with its continuations ends.
func fieldEnd(head []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(head[at:], '\n')
		if i < 0 {
			return len(head)
		}
		at += i + 1
		if at == len(head) || head[at] != ' ' && head[at] != '\t' {
			return at
		}
	}
}

func place(field []byte) int {
	colon := bytes.IndexByte(field, ':')
	if colon < 0 {
		return -1
	}
	return slices.IndexFunc(signed, func(name string) bool { return len(name) == colon && strings.EqualFold(name, string(field[:colon])) })
}

// fill writes one signature.
func (st *stamp) fill(header []byte, k *work, body []byte, now time.Time) error {
	var digits [timeDigits]byte
	text := strconv.AppendInt(digits[:0], now.Unix(), 10)
	if len(text) != timeDigits {
		return errForm
	}
	copy(header[st.time:], text)
	copy(header[st.body:], body)
	k.hash.Reset()
	for _, f := range k.fields {
		k.hash.Write(f)
	}
	k.memory = append(k.memory, st.canonical...) // behind the fields, which stay
	own := k.memory[len(k.memory)-len(st.canonical):]
	copy(own[st.canonicalTime:], text)
	copy(own[st.canonicalBody:], body)
	k.hash.Write(own)
	k.sum = k.hash.Sum(k.sum[:0])
	signature, err := st.key.sign(k.sum)
	if err != nil {
		return err
	}
	k.code = base64.StdEncoding.AppendEncode(k.code[:0], signature)
	at := st.at
	for code := k.code; len(code) > 0; at += len("\r\n ") {
		n := min(len(code), foldAt)
		at += copy(header[at:], code[:n])
		code = code[n:]
	}
	return nil
}

// relaxed appends a field as RFC 6376 3.4.2 has it, without its line end.
func relaxed(w, field []byte) []byte {
	colon := bytes.IndexByte(field, ':')
	for _, c := range field[:colon] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		w = append(w, c)
	}
	w = append(bytes.TrimRight(w, " \t"), ':')
	begun, gap := false, false
	for _, c := range field[colon+1:] {
		switch c {
		case ' ', '\t', '\r', '\n':
			gap = begun
		default:
			if gap {
				w = append(w, ' ')
			}
			w, begun, gap = append(w, c), true, false
		}
	}
	return w
}

var lineEnd = []byte("\r\n")

// hashBody hashes a body as RFC 6376 3.4.4 has it. Lines that are as they must be, which is nearly all, are hashed
// where they stand.
func hashBody(h hash.Hash, body []byte, stuffed bool) {
	body = bytes.TrimRight(body, " \t\r\n") // empty lines at the end, and spaces at the end of the last line
	if len(body) == 0 {
		return
	}
	run := 0 // from where on nothing was hashed yet
	for at := 0; at < len(body); {
		next, end := len(body), len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			next, end = at+i+1, at+i
		}
		line := bytes.TrimSuffix(body[at:end], []byte{'\r'})
		dot := stuffed && len(line) > 0 && line[0] == '.'
		if dot || loose(line) {
			h.Write(body[run:at])
			if dot {
				line = line[1:]
			}
			hashLine(h, line)
			if next < len(body) {
				h.Write(lineEnd)
			}
			run = next
		}
		at = next
	}
	h.Write(body[run:])
	h.Write(lineEnd)
}

// loose says that a line has spaces to take out.
func loose(line []byte) bool {
	return len(line) > 0 && (line[len(line)-1] == ' ' || bytes.IndexByte(line, '\t') >= 0 || bytes.Contains(line, []byte("  ")))
}

func hashLine(h hash.Hash, line []byte) {
	line = bytes.TrimRight(line, " \t")
	from := 0
	for i := 0; i < len(line); i++ {
		if line[i] != ' ' && line[i] != '\t' {
			continue
		}
		h.Write(line[from:i])
		h.Write([]byte{' '})
		for i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
			i++
		}
		from = i + 1
	}
	h.Write(line[from:])
}
