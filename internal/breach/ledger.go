package breach

import (
	"encoding/json"
	"strconv"
	"time"
)

// BlockSize is how many people share one block of the ledger: the unit that is leased, tallied and
// digested. People of one list have ids from 1; a later list starts at the next block.
const BlockSize = 1000

// Subject is one person as a deciding or sending activity sees them: personal fields decrypted, with all
// that was tried. It never leaves the activity.
type Subject struct {
	ID       int64
	Ref      string // opaque reference code that the person's notice carries
	Person   Person
	Outcome  Outcome
	Reason   string // of the latest person event, for example why nobody could be reached; may be empty
	Attempts []Attempt
	Refused  map[Channel]string // channels that the policy refused, with the reason code
	Stopped  []Addressee        // who answered STOP where child and guardian have numbers of their own
}

// Block is a range of people with its digest, which the approval covers.
type Block struct {
	No     int64
	Lo, Hi int64 // ids, inclusive
	Digest string
}

// Lease is the right to work on one chunk (a block in one round of one channel) for a while. Epoch grows
// with every new lease of the same chunk; facts are recorded with it and never refused.
type Lease struct {
	Incident string
	Wave     int
	Round    int
	Channel  Channel
	Block    Block
	Owner    string
	Epoch    int
	Until    time.Time // UTC, by the database's clock
}

// Intent says that an attempt is about to be handed over. It is committed before any byte leaves.
type Intent struct {
	Person    int64
	Addressee Addressee
	Channel   Channel
	Try       int
	AttemptID string
	Provider  string
	Text      string // SHA-256 of the approved text that is sent
	At        time.Time
}

// Write is what one lane asks the ledger to commit: what it is about to send under its lease, what became of
// what it sent, and whether its chunk is done after that.
type Write struct {
	Incident string
	Lease    *Lease // nil when only events are written
	Intents  []Intent
	Events   []AttemptEvent
	Finish   bool
}

// AttemptEvent is what happened to an attempt. Events are facts: appended, never updated, never refused.
type AttemptEvent struct {
	Person      int64
	Addressee   Addressee
	Channel     Channel
	Try         int
	State       AttemptState
	Settlement  Settlement // only with State reconciled
	Reason      string
	Detail      string
	Provider    string
	ProviderRef string
	Epoch       int
	At          time.Time
}

// PersonEvent sets a person's outcome for a reason other than an attempt.
type PersonEvent struct {
	Person  int64
	Outcome Outcome
	Reason  string
	By      string
	At      time.Time
}

// Refusal is evidence that the policy kept a person's data from a channel or provider.
type Refusal struct {
	Person   int64
	Channel  Channel
	Provider string
	Reason   string // processor_abroad, third_party, objection, not_operated, stopped
	At       time.Time
}

// Sufficiency says per channel what counts as reached: Proof is the attempt state that counts
// ("" = the channel alone never suffices), Quiet is how long no failure may follow it.
type Sufficiency map[Channel]Rule

// Rule is one line of the sufficiency table.
type Rule struct {
	Proof AttemptState  `json:"proof"`
	Quiet time.Duration `json:"quiet"` // nanoseconds in JSON
	// Wait is how long the next channel waits for proof when this one gave neither proof nor failure.
	Wait time.Duration `json:"wait"`
}

// Text is one text that people or authorities may receive, stored by its hash. Body is the canonical JSON
// of the unrendered text (template bytes and incident values, no person's values).
type Text struct {
	Ref  NoticeRef
	Body []byte
}

// Approval is the row that sending activities check. Signature covers incident, wave, plan hash, author,
// approver and instant, and is made outside PostgreSQL and Temporal.
type Approval struct {
	Incident string
	Wave     int
	PlanHash string
	Author   string
	Approver string
	At       time.Time
	// Accepted are the texts that nobody had signed off, as Plan.Unreviewed names them; the approver accepted each.
	Accepted  []string
	Signature []byte
}

// LoadReport counts the people of one list that were added, and those that were there already.
type LoadReport struct {
	Wave       int   `json:"wave"`
	Added      int64 `json:"added"`
	Duplicates int64 `json:"duplicates"` // already in an earlier list or twice in this one
	// Replaced counts those of the duplicates who came again corrected and stand in their list as they are now.
	Replaced int64 `json:"replaced,omitempty"`
	// Anew counts people of approved lists who came again with a corrected contact: they are among those added, and are
	// told there by this list, while their earlier row is withdrawn.
	Anew    int64   `json:"anew,omitempty"`
	Already Already `json:"already"`
	Digest  string  `json:"digest"`
}

// Already says by what those of a list who are on an earlier one were recognised. Nobody is recognised by a contact
// alone, since families and offices share contacts.
type Already struct {
	ID           int64 `json:"id"`             // the same id
	NameAndEmail int64 `json:"name_and_email"` // with other ids or none, and no two days of birth
	NameAndPhone int64 `json:"name_and_phone"` // the same, when one of the two rows has no e-mail address
	// IDReused counts people whose id is that of somebody else on an earlier list, by a name and contacts of which none
	// agrees: they are taken without it.
	IDReused int64 `json:"id_reused"`
}

// Detection is one event of a detector. DedupKey is unique per source.
type Detection struct {
	Source, Type, EventID, DedupKey, Subject string
	At                                       time.Time
	ReceivedAt                               time.Time
	Facts                                    Facts
	Raw                                      []byte // kept encrypted: a finding may name people
	// Notes say what the payload holds that is close to a fact and not one, for a person to decide. No
	// free text of the payload.
	Notes []string
}

// AuditEntry is one line of an incident's hash chain, which is also its timeline.
type AuditEntry struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Action string          `json:"action"` // stage.verb, for example plan.approved
	Data   json.RawMessage `json:"data"`   // counts, hashes, ids; no personal data
	Prev   string          `json:"prev"`   // hex
	Hash   string          `json:"hash"`   // hex
}

// ChannelCounts counts attempts of one channel by their latest state, and how many were sent again.
type ChannelCounts map[string]int64

// Announcement is a published page. Texts is locale -> HTML body as approved.
type Announcement struct {
	Reference   string // public, in the address: /notices/<reference>
	Incident    string
	Reason      string // why individual notice is impractical or incomplete
	Decision    json.RawMessage
	PublishedAt time.Time
	KeepUntil   time.Time
	Texts       []Text
	// Unlisted pages are for those who were given the address by SMS or push; they are in no list or feed.
	Unlisted bool
}

// Filing is one report handed to an authority.
type Filing struct {
	Incident        string     `json:"incident"`
	Obligation      string     `json:"obligation"`
	Route           string     `json:"route"` // portal, email
	SHA256          string     `json:"sha256"`
	Status          string     `json:"status"` // filed, acknowledged
	FiledAt         time.Time  `json:"filed_at"`
	Acknowledgement string     `json:"acknowledgement,omitempty"`
	AcknowledgedAt  *time.Time `json:"acknowledged_at,omitempty"`
	DelayReason     string     `json:"delay_reason,omitempty"`
	// Returned says that the email with it came back.
	Returned *FilingReturn `json:"returned,omitempty"`
	// Said is what was done and how, in the words of the person who did it; only with the route RouteByHand.
	Said string `json:"said,omitempty"`
}

// RouteByHand is how a duty was carried out that a person saw to outside the product. There is no approved text, and
// SHA256 is that of what the person said.
const RouteByHand = "by_hand"

// UnsettledAttempt is an attempt whose result is unknown, with what is needed to ask a provider about it.
type UnsettledAttempt struct {
	Subject   Subject
	Attempt   Attempt
	AttemptID string
	Text      string // SHA-256 of the text that was sent
}

// Source describes where a list came from; it holds no file name, which could name people.
type Source struct {
	Format   string `json:"format"`
	Encoding string `json:"encoding"`
	SHA256   string `json:"sha256"`
	Rows     int64  `json:"rows"`
	// Fixes says that the file holds corrected rows of an earlier one. It is set before the first person is given.
	Fixes bool `json:"fixes,omitempty"`
	// Doubts are signs that the list would tell wrong people; Profile is what it is made of.
	Doubts  []ListDoubt `json:"doubts,omitempty"`
	Profile ListProfile `json:"profile,omitzero"`
}

// DueList is a list whose delivery is over and of which somebody is to be told again.
type DueList struct {
	Incident string
	Wave     int
}

// WaitingList is a list that is being delivered, with nothing under way at the moment, in which people are to be told
// or wait for another try.
type WaitingList struct {
	DueList
	Pending int64
	Stopped int64 // people of the incident who want no text messages: the next channel is theirs at once
}

// QueuedCommand is a decision that the ledger holds and the workflow has not taken yet.
type QueuedCommand struct {
	ID       string
	Incident string
	Name     string // an update of package protocol
	Payload  json.RawMessage
	At       time.Time
}

// LoadID names the command that tells the workflow engine of a list of people.
func LoadID(incident string, wave int) string { return "people-" + incident + "-" + strconv.Itoa(wave) }

// AmendmentID names the command that tells the workflow engine of a fact revision.
func AmendmentID(incident string, revision int) string {
	return "amend-" + incident + "-" + strconv.Itoa(revision)
}
