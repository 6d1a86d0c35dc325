package evidence

import (
	"fmt"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Names of the files whose meaning Verify knows. The first four and counts.json are in every pack, empty
// when there is nothing to tell.
const (
	AuditFile            = "audit.jsonl"
	PeopleFile           = "people.jsonl"
	ApprovalsFile        = "approvals.jsonl"
	CountsFile           = "counts.json"
	AttemptsFile         = "attempts.jsonl"
	AcknowledgementsFile = "acknowledgements.jsonl"
	PlansFolder          = "plans/"
	TextsFolder          = "texts/"
	ManifestFile         = "manifest.json"
	SignatureFile        = "signature.json"
)

// PlanFile is the name under which a plan stands in a pack.
func PlanFile(wave, revision int) string {
	return fmt.Sprintf("%s%d-%d.json", PlansFolder, wave, revision)
}

// TextFile is the name under which a text stands in a pack, by the hex SHA-256 of its bytes.
func TextFile(sha256 string) string { return TextsFolder + sha256 + ".json" }

// PersonRecord is one person of people.jsonl. Person is the ledger's number, unique in the incident and
// ascending in the file; Commitment is Commitment(reference, salt). Times are UTC.
type PersonRecord struct {
	Person     int64          `json:"person"`
	Commitment string         `json:"commitment"`
	Wave       int            `json:"wave"`
	Outcome    breach.Outcome `json:"outcome"`
	Reason     string         `json:"reason,omitempty"`
	At         *time.Time     `json:"at,omitempty"` // of the latest change of the outcome
}

// AttemptRecord is one try of attempts.jsonl, folded to its latest state. Text is the SHA-256 of the
// approved text that was sent. Reference is the provider's own id of the message, which names nobody.
// Unknown is why its result was not known for a while, if that was so; Settlement is what was decided then.
type AttemptRecord struct {
	Person     int64               `json:"person"`
	Addressee  breach.Addressee    `json:"addressee"`
	Channel    breach.Channel      `json:"channel"`
	Try        int                 `json:"try"`
	State      breach.AttemptState `json:"state"`
	Unknown    string              `json:"unknown,omitempty"`
	Settlement breach.Settlement   `json:"settlement,omitempty"`
	Reason     string              `json:"reason,omitempty"`
	Provider   string              `json:"provider"`
	Reference  string              `json:"reference,omitempty"`
	Text       string              `json:"text"`
	IntendedAt time.Time           `json:"intended_at"`
	At         time.Time           `json:"at"`
}

// ApprovalRecord is one approval of approvals.jsonl. Signature is the approval row's own signature, made
// by the product; Verify checks author, approver and the plan's hash, which need no key.
type ApprovalRecord struct {
	Wave     int       `json:"wave"`
	Revision int       `json:"revision"`
	PlanHash string    `json:"plan_hash"`
	Author   string    `json:"author"`
	Approver string    `json:"approver"`
	At       time.Time `json:"at"`
	// Accepted are the plan's texts that nobody of the organisation had signed off when it was approved, as
	// kind/language; who approved accepted them by name. Approvals from before it was asked have none.
	Accepted  []string `json:"accepted_unreviewed,omitempty"`
	Signature []byte   `json:"signature,omitempty"`
}

// Counts is counts.json. People holds one number per outcome and "total".
type Counts struct {
	People     map[string]int64                        `json:"people"`
	Deliveries map[breach.Channel]breach.ChannelCounts `json:"deliveries,omitempty"`
}

// CountsOf makes the people part from a tally.
func CountsOf(t breach.Tally) Counts {
	people := map[string]int64{"total": t.Sum()}
	for _, o := range breach.Outcomes {
		people[string(o)] = t[o]
	}
	return Counts{People: people}
}

// AcknowledgementRecord is one line of acknowledgements.jsonl: somebody said in an application of the organisation that
// they saw the notice. Counts says that it was proof by the policy of that instant.
type AcknowledgementRecord struct {
	Person int64     `json:"person"`
	By     string    `json:"by"` // the application
	Counts bool      `json:"counts"`
	At     time.Time `json:"at"`
}
