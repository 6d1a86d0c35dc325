// Package protocol is what the workflow side and its callers share: names, ids, task queues, and the
// payloads of updates, queries and signals. Payloads carry opaque ids, counts, hashes and enums only.
//
// Imports of ours: breach.
package protocol

import (
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Workflow names.
const (
	WorkflowIncident = "Incident"
	WorkflowDeliver  = "Deliver"
	WorkflowAnnounce = "Announce"
	WorkflowReport   = "Report"
)

// Task queues, one per concern, so that each scales and is limited on its own.
const (
	QueueIncident = "incident"
	QueueEmail    = "email"
	QueueSMS      = "sms"
	QueuePush     = "push"
	QueueVoice    = "voice"
	QueueLetter   = "letter"
	QueueReport   = "report"
)

// QueueFor is the task queue of a channel's lanes.
func QueueFor(c breach.Channel) string { return string(c) }

// IncidentID is the workflow id of an incident.
func IncidentID(incident string) string { return "incident/" + incident }

// DeliverID is the workflow id of one wave's delivery.
func DeliverID(incident string, wave int) string {
	return "deliver/" + incident + "/" + strconv.Itoa(wave)
}

// AnnounceID is the workflow id of an incident's announcement of one wave.
func AnnounceID(incident string, wave int) string {
	return "announce/" + incident + "/" + strconv.Itoa(wave)
}

// ReportID is the workflow id of one report.
func ReportID(incident, obligation string) string { return "report/" + incident + "/" + obligation }

// Updates, each with a validator.
const (
	UpdateAmend       = "amend"
	UpdateSubmit      = "submit"
	UpdateApprove     = "approve"
	UpdateReturn      = "return"
	UpdatePause       = "pause"
	UpdateResume      = "resume"
	UpdateLift        = "lift"
	UpdateStop        = "stop"
	UpdateAcknowledge = "acknowledge"
	UpdateFile        = "file"
	UpdateAgain       = "again"
	UpdateAnnounce    = "announce"
	UpdateHold        = "hold"    // a hold was placed or released
	UpdateExplain     = "explain" // why duties are late is on record
	UpdateClose       = "close"
	UpdateReopen      = "reopen"
)

// Queries.
const (
	QueryStatus   = "status"
	QueryTimeline = "timeline"
	QueryAwaited  = "awaited"
)

// Signals.
const (
	SignalMoreDetections = "more-detections"
	SignalPeopleLoaded   = "people-loaded" // {"wave": n}
	SignalPeopleDue      = "people-due"    // {"wave": n}: somebody of a list that was delivered is to be told again
	SignalReopened       = "reopened"      // starts a story, and keeps one that is about to end from missing that it goes on
	SignalDeliverControl = "control"       // to Deliver: pause, resume, stop
)

// Closed is what a story answers to updates once its incident is closed.
const Closed = "the incident is closed; reopen it first"

// IncidentInput starts the incident's story. The rest is in the ledger.
type IncidentInput struct {
	Incident string `json:"incident"`
	// OpenedAt is the instant at which the ledger recorded it (UTC).
	OpenedAt time.Time `json:"opened_at"`
}

// Command is what every update carries: who, and an id that makes it idempotent.
type Command struct {
	ID    string      `json:"id"` // opaque; the same id is the same command
	Actor string      `json:"actor"`
	Role  breach.Role `json:"role"`
}

// Amend says that a new fact revision is in the ledger.
type Amend struct {
	Command
	FactRevision int `json:"fact_revision"`
}

// Submit asks to build the plan of a wave and put it up for approval.
type Submit struct {
	Command
	Wave int `json:"wave"`
}

// Decide approves or returns the plan of a list by its hash. For an approval, the row was written before.
type Decide struct {
	Command
	Wave     int    `json:"wave,omitempty"`
	PlanHash string `json:"plan_hash"`
}

// Close ends an incident. Reasoned says that the ledger has a reason why duties that apply, or may apply, are left undone.
type Close struct {
	Command
	Reasoned bool `json:"reasoned,omitempty"`
}

// Announce says that a lead's decision to publish the page of an approved plan now is in the ledger.
type Announce struct {
	Command
	Wave     int    `json:"wave"`
	PlanHash string `json:"plan_hash"`
}

// File asks to file a report again that an authority refused.
type File struct {
	Command
	Obligation string `json:"obligation"`
}

// Acknowledge says that an authority's number for a filed report is in the ledger.
type Acknowledge struct {
	Command
	Obligation string `json:"obligation"`
}

// Explain says that the ledger has a person's reasons why these duties are late.
type Explain struct {
	Command
	Obligations []string `json:"obligations"`
}

// Done is the answer of updates that only succeed or fail.
type Done struct {
	State breach.IncidentState `json:"state"`
}

// Status is the answer of the status query.
type Status struct {
	Incident     string               `json:"incident"`
	State        breach.IncidentState `json:"state"`
	FactRevision int                  `json:"fact_revision"`
	Stage        string               `json:"stage"` // assess, approve, deliver, announce, report, evidence
	Paused       bool                 `json:"paused"`
	Stopped      bool                 `json:"stopped"`
	Waves        []WaveStatus         `json:"waves"`
	Reports      []ReportStatus       `json:"reports"`
	Announced    bool                 `json:"announced"`
	Clocks       []ClockStatus        `json:"clocks"`
}

// WaveStatus is where one list of people stands.
type WaveStatus struct {
	Wave     int    `json:"wave"`
	State    string `json:"state"` // loaded, awaiting_approval, delivering, delivered
	PlanHash string `json:"plan_hash,omitempty"`
}

// ReportStatus is where one report stands.
type ReportStatus struct {
	Obligation string                 `json:"obligation"`
	State      breach.ObligationState `json:"state"`
}

// ClockStatus is one running deadline.
type ClockStatus struct {
	Obligation string    `json:"obligation"`
	DueAt      time.Time `json:"due_at"`
	Overdue    bool      `json:"overdue"`
	Met        bool      `json:"met"`
	Held       bool      `json:"held,omitempty"` // it stands still; DueAt is when it is due if that lasts as long as it may
}

// TimelineEntry is one step as the workflow saw it.
type TimelineEntry struct {
	At    time.Time `json:"at"`
	Stage string    `json:"stage"`
	What  string    `json:"what"`
}

// Control is sent to a running delivery.
type Control struct {
	Do string `json:"do"` // pause, resume, stop, lift, look
}

// DoLook asks a delivery that waits for time to pass to look at its people now: somebody's message failed meanwhile.
const DoLook = "look"
