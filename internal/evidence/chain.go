package evidence

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// ChainHash is the hash of one audit entry, in lower-case hex: SHA-256 over its length-prefixed fields.
// prev is the hash of the entry before it, empty for the first one. The instant counts to the
// microsecond and in any zone, because that is what PostgreSQL keeps. JSON data counts by its content
// (key order and white space do not matter, for the same reason); anything else by its bytes.
func ChainHash(prev string, seq int64, at time.Time, actor, action string, data []byte) string {
	h := sha256.New()
	putString(h, "tocsin-audit/1")
	putString(h, prev)
	putInt(h, seq)
	putInt(h, at.UnixMicro())
	putString(h, actor)
	putString(h, action)
	canonical, isJSON := canonicalJSON(data)
	if !isJSON {
		putString(h, "bytes")
		putBytes(h, data)
		return hex.EncodeToString(h.Sum(nil))
	}
	putString(h, "json")
	putBytes(h, canonical)
	return hex.EncodeToString(h.Sum(nil))
}

// Chain checks audit entries one after the other, so that a long chain needs no memory.
type Chain struct {
	last string
	seq  int64
}

// Next checks that e continues the chain: the next sequence number (from 1), the hash before it, and its
// own hash. The error is breach.ErrTampered; after it the chain is of no further use.
func (c *Chain) Next(e breach.AuditEntry) error {
	switch {
	case e.Seq != c.seq+1:
		return breach.Errorf(breach.ErrTampered, "audit entry %d is missing or out of order: entry %d stands in its place", c.seq+1, e.Seq)
	case e.Prev != c.last:
		return breach.Errorf(breach.ErrTampered, "audit entry %d does not follow the entry before it", e.Seq)
	case e.Hash != ChainHash(e.Prev, e.Seq, e.At, e.Actor, e.Action, e.Data):
		return breach.Errorf(breach.ErrTampered, "audit entry %d was changed after it was written", e.Seq)
	}
	c.seq, c.last = e.Seq, e.Hash
	return nil
}

// Head returns the sequence number and hash of the last good entry; 0 and "" before the first.
func (c *Chain) Head() (seq int64, hash string) { return c.seq, c.last }

// VerifyChain checks a whole chain from its first entry. firstBad is the sequence number at which the
// chain breaks (0 when it holds); the error is breach.ErrTampered and says how.
func VerifyChain(entries []breach.AuditEntry) (firstBad int64, err error) {
	var c Chain
	for _, e := range entries {
		if err := c.Next(e); err != nil {
			return c.seq + 1, err
		}
	}
	return 0, nil
}

// Commitment stands for a person in a pack: HMAC-SHA-256 of the person's reference code under a secret
// salt, in hex. Whoever has the reference can prove that a record is about them while the salt is kept;
// once the salt is destroyed nobody can link it. The salt must be random, 16 bytes or more.
func Commitment(reference string, salt []byte) string {
	m := hmac.New(sha256.New, salt)
	putString(m, "tocsin-person/1")
	putString(m, reference)
	return hex.EncodeToString(m.Sum(nil))
}

func putInt(h hash.Hash, v int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(v))
	h.Write(b[:])
}

func putBytes(h hash.Hash, b []byte) {
	putInt(h, int64(len(b)))
	h.Write(b)
}

func putString(h hash.Hash, s string) { putBytes(h, []byte(s)) }
