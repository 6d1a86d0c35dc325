package breach

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Plan is exactly what a second person approves: texts, people, channels, rules. Its hash covers every
// byte of it, so one changed byte makes an approval void. It holds counts and hashes, no personal data.
type Plan struct {
	Incident     string         `json:"incident"`
	Wave         int            `json:"wave"`     // 1 is the first list, each later list is a wave of its own
	Revision     int            `json:"revision"` // of the plan, from 1
	Notices      []NoticeRef    `json:"notices"`
	Announcement []NoticeRef    `json:"announcement"`
	Reports      []NoticeRef    `json:"reports"`
	People       PeopleSnapshot `json:"people"`
	Channels     ChannelPlan    `json:"channels"`
	Rules        RulesSnapshot  `json:"rules"`
	// Contents is what the regimes ask of the texts, with what was let go by name; nil in plans of earlier releases.
	Contents *ContentCheck `json:"contents,omitempty"`
	// Numbers are counts that the list and the facts do not agree on, or that only the list gives.
	Numbers []NumberCount `json:"numbers,omitempty"`
}

// NoticeRef names one approved text by the SHA-256 of its bytes as stored.
type NoticeRef struct {
	Kind     string `json:"kind"`    // notice, announcement, report
	Channel  string `json:"channel"` // email, sms, push, page, or the obligation id for a report
	Locale   string `json:"locale"`
	Variant  string `json:"variant"` // self, guardian; self@US-MA for a place whose people have a text of their own
	SHA256   string `json:"sha256"`
	Reviewed bool   `json:"reviewed"`
}

// PeopleSnapshot pins the list: Digest is the SHA-256 over the digests of all its blocks in order.
type PeopleSnapshot struct {
	Total     int64             `json:"total"`
	Blocks    int               `json:"blocks"`
	Digest    string            `json:"digest"`
	Reachable map[Channel]int64 `json:"reachable"`
	None      int64             `json:"none"`     // people without any usable contact
	Guardian  int64             `json:"guardian"` // children whose guardian is addressed
	ByLocale  map[string]int64  `json:"by_locale"`
	// Doubts are signs that the list would tell wrong people; the plan's contents say who confirmed them.
	Doubts []ListDoubt `json:"doubts,omitempty"`
}

// ChannelPlan pins the policy profile in force.
type ChannelPlan struct {
	Policy string    `json:"policy"`
	SHA256 string    `json:"sha256"`
	Order  []Channel `json:"order"`
	// AtOnce says that nobody waits for the channels before: each is used for everybody who has a contact for it.
	AtOnce bool `json:"at_once,omitempty"`
}

// RulesSnapshot pins the assessment and the rule packs behind it.
type RulesSnapshot struct {
	FactRevision int    `json:"fact_revision"`
	SHA256       string `json:"sha256"` // over all packs in force
}

// Hash is the SHA-256 of the plan's canonical JSON, in hex.
func (p Plan) Hash() string {
	b, err := json.Marshal(p) // struct order is fixed and maps are sorted: canonical
	if err != nil {
		panic("plan of plain values cannot fail to encode: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Unreviewed names the texts that nobody of the organisation signed off, each kind and language once: notice/de.
func (p Plan) Unreviewed() []string {
	var out []string
	for _, refs := range [][]NoticeRef{p.Notices, p.Announcement, p.Reports} {
		for _, r := range refs {
			if name := r.Kind + "/" + r.Locale; !r.Reviewed && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Consent is what whoever approves says: this plan and no other, and whether texts that nobody of the organisation
// signed off go out as they are.
type Consent struct {
	PlanHash   string
	Unreviewed bool
}

// PlanState is where a submitted plan stands.
type PlanState string

const (
	PlanAwaiting PlanState = "awaiting_approval"
	PlanApproved PlanState = "approved"
	PlanReturned PlanState = "returned"
	PlanVoid     PlanState = "void" // facts, texts or people changed after it was submitted
)

// PlanRecord is a plan with its author and its decision.
type PlanRecord struct {
	Plan      Plan       `json:"plan"`
	Hash      string     `json:"hash"`
	State     PlanState  `json:"state"`
	Author    string     `json:"author"`
	CreatedAt time.Time  `json:"created_at"`
	DecidedBy string     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Comment   string     `json:"comment,omitempty"`
	// Accepted are the texts that nobody had signed off and that the approver accepted by name.
	Accepted []string `json:"accepted_unreviewed,omitempty"`
}

// DigestOfBlocks is the digest that a plan's people snapshot pins: SHA-256 over the blocks' digests in
// order, each followed by a newline.
func DigestOfBlocks(blocks []Block) string {
	h := sha256.New()
	for _, b := range blocks {
		h.Write([]byte(b.Digest + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}
