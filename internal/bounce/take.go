// Package bounce reads what mail servers send back about our messages (delivery reports, complaints, absence
// notes), finds out which message each is about, and hands the fact to the ledger. It works for a plain relay
// without a vendor: mail comes by SMTP (internal/bounce/receiver), from a mailbox (internal/bounce/mailbox), or by
// HTTP. Whose message it is, is only believed when a keyed code of ours says so, whoever sends it.
//
// Imports of ours: breach, delivery, delivery/email/returnpath.
package bounce

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
)

// Ways by which mail comes, for the counters.
const (
	ByMailbox = "mailbox"
	BySMTP    = "smtp"
	ByHTTP    = "http"
)

// Results for the counters that are no breach.ReturnKind.
const (
	Forged  breach.ReturnKind = "forged"  // names a message with a code that does not hold
	Unnamed breach.ReturnKind = "unnamed" // a report that names no message of ours
)

// Ledger keeps facts. The same fact again changes nothing; known is false for a message that it does not have.
type Ledger interface {
	RecordReturned(ctx context.Context, r breach.Returned) (known bool, err error)
}

// Taker takes mail that came back. It is safe for many goroutines.
type Taker struct {
	Key    *returnpath.Key
	Ledger Ledger
	Now    func() time.Time
	// Count is told of every message; it may be nil.
	Count func(way string, result breach.ReturnKind)
}

// Take reads a message and records its fact. to are the addresses that it came to, when the way tells them.
// An error means that the ledger could not be asked: nothing is lost when the same message is taken again.
func (t *Taker) Take(ctx context.Context, way string, raw []byte, to ...string) (out breach.ReturnTaken, err error) {
	r := Parse(raw)
	out.Kind = r.Kind
	if r.Kind != AutoReply && r.Kind != Feedback && r.Kind != Other {
		fact, forged := t.find(r, to)
		switch {
		case fact.Attempt != "" || fact.Delivery != "":
			if out.Recorded, err = t.Ledger.RecordReturned(ctx, fact); err != nil {
				return out, err
			}
		case forged:
			out.Kind = Forged
		default:
			out.Kind = Unnamed
		}
	}
	t.Counted(way, out.Kind)
	return out, nil
}

// TakeBounce takes what was handed in over HTTP.
func (t *Taker) TakeBounce(ctx context.Context, raw []byte, to []string) (breach.ReturnTaken, error) {
	return t.Take(ctx, ByHTTP, raw, to...)
}

// Counted counts a message that is refused before it can be read.
func (t *Taker) Counted(way string, result breach.ReturnKind) {
	if t.Count != nil {
		t.Count(way, result)
	}
}

// Ours says whether an address is a return path of ours.
func (t *Taker) Ours(address string) bool {
	local, _, _ := cutAt(address)
	_, _, known, _ := t.Key.OpenLocal(local)
	return known
}

func cutAt(address string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, "", false
	}
	return address[:i], address[i+1:], true
}

// mostCodes bounds how many codes of one message are checked.
const mostCodes = 64

var (
	senderLike  = regexp.MustCompile(`(?i)\bb-[a-z0-9][a-z0-9._-]{0,61}@`)
	messageLike = regexp.MustCompile(`(?i)<?\b([a-z0-9][a-z0-9_-]{0,127}\.[a-z2-7]{16})@`)
)

// find says which message a report is about: by the return path first, by the Message-ID second. forged says
// that only codes that do not hold were found.
func (t *Taker) find(r Report, to []string) (fact breach.Returned, forged bool) {
	fact = breach.Returned{
		Kind: r.Kind, Reporter: r.Reporter, At: t.Now().UTC(), Detail: detail(r),
	}
	if r.Kind == breach.ReturnFailed {
		fact.Reason = reason(r)
	}
	left := mostCodes
	for _, text := range append(to[:len(to):len(to)], r.traces.senders...) {
		for _, found := range senderLike.FindAllString(text, left) {
			attempt, block, known, like := t.Key.OpenLocal(strings.TrimSuffix(found, "@"))
			if known {
				fact.Attempt, fact.Block = attempt, block
				return fact, false
			}
			forged = forged || like
			left--
		}
		if left <= 0 {
			break
		}
	}
	left = mostCodes
	for _, text := range r.traces.messages {
		for _, found := range messageLike.FindAllStringSubmatch(text, left) {
			if delivery, known := t.Key.OpenMessageID(found[1]); known {
				fact.Delivery = delivery
				return fact, false
			}
			left--
		}
		if left <= 0 {
			break
		}
	}
	return fact, forged
}

// reason puts a failure into the catalogue. A code that nobody knows is kept in the detail.
func reason(r Report) string {
	if known := delivery.ReasonOfStatus(r.Status); known != "" {
		return known
	}
	switch _, status, _ := strings.Cut(r.Status, "."); {
	case status == "2.2":
		return delivery.ReasonMailboxFull
	case strings.HasPrefix(r.Status, "4."):
		return delivery.ReasonGaveUp
	}
	return delivery.ReasonRejected
}

// detail is the status code with the server's words, without contacts.
func detail(r Report) string {
	said := delivery.Redact(r.Words, delivery.Message{To: r.Recipient})
	if r.Status == "" || strings.Contains(said, r.Status) {
		return said
	}
	return strings.TrimSpace(r.Status + " " + said)
}
