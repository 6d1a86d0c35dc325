package breach

// The four state machines of the product. They are independent: a straight line through an incident
// would be wrong, because authorities and people are told side by side.

// IncidentState is where a case stands.
type IncidentState string

const (
	IncidentDraft      IncidentState = "draft"
	IncidentOpen       IncidentState = "open"
	IncidentAssessing  IncidentState = "assessing"
	IncidentNotifying  IncidentState = "notifying"
	IncidentMonitoring IncidentState = "monitoring"
	IncidentClosed     IncidentState = "closed"
)

// ObligationState is where one duty stands, once it applies.
type ObligationState string

const (
	ObligationDrafting         ObligationState = "drafting"
	ObligationAwaitingApproval ObligationState = "awaiting_approval"
	ObligationFiled            ObligationState = "filed"
	ObligationAcknowledged     ObligationState = "acknowledged"
	ObligationClosed           ObligationState = "closed"
)

// Outcome is what became of one person. Every person has exactly one at any instant.
type Outcome string

const (
	Pending     Outcome = "pending"
	Reached     Outcome = "reached"
	Attempted   Outcome = "attempted"
	Unreachable Outcome = "unreachable"
	Covered     Outcome = "covered_by_announcement"
	Exempt      Outcome = "exempt"
	Held        Outcome = "held"
	Withdrawn   Outcome = "withdrawn"
)

// Outcomes lists all of them in the order in which they are always shown.
var Outcomes = []Outcome{Reached, Attempted, Pending, Held, Unreachable, Covered, Exempt, Withdrawn}

// AttemptState is what became of one try to reach a person by one channel.
type AttemptState string

const (
	Intended        AttemptState = "intended"
	HandedOver      AttemptState = "handed_over"
	Accepted        AttemptState = "accepted"
	Delivered       AttemptState = "delivered"
	FailedTemporary AttemptState = "failed_temporary"
	FailedPermanent AttemptState = "failed_permanent"
	Unknown         AttemptState = "unknown"
	Reconciled      AttemptState = "reconciled"
)

// AttemptStates lists them in the order of a delivery's life.
var AttemptStates = []AttemptState{Intended, HandedOver, Accepted, Delivered, FailedTemporary, FailedPermanent, Unknown, Reconciled}

// Settlement is the recorded decision about an attempt whose result was unknown.
type Settlement string

const (
	Confirmed   Settlement = "confirmed"    // the provider has it
	Repeated    Settlement = "repeated"     // sent again, recognisable as the same message
	NotKnowable Settlement = "not_knowable" // no provider can tell; the person stays attempted
)

// Machine describes one state machine: its states with their one-line meanings, which users see as a
// legend, and the allowed transitions.
type Machine struct {
	Name   string
	States []StateInfo
	Edges  map[string][]string
}

// StateInfo is one state and what it means to a person.
type StateInfo struct{ ID, Word, Meaning string }

// Allows reports whether a transition is part of the machine.
func (m Machine) Allows(from, to string) bool {
	for _, s := range m.Edges[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Meaning gives the one-line meaning of a state, empty when it is not of this machine.
func (m Machine) Meaning(id string) string {
	for _, s := range m.States {
		if s.ID == id {
			return s.Meaning
		}
	}
	return ""
}

// Machines in the order of the documentation.
var Machines = []Machine{IncidentMachine, ObligationMachine, PersonMachine, AttemptMachine}

var IncidentMachine = Machine{
	Name: "incident",
	States: []StateInfo{
		{"draft", "Draft", "A detector opened it; nobody has confirmed it, but the clock runs."},
		{"open", "Open", "Somebody opened it; facts are gathered."},
		{"assessing", "Being assessed", "Duties and deadlines follow from the facts; a plan waits to be written or approved."},
		{"notifying", "Notifying", "People are being told."},
		{"monitoring", "Monitoring", "All were tried; late bounces and receipts are watched."},
		{"closed", "Closed", "Everybody is accounted for, evidence is sealed; can be reopened."},
	},
	Edges: map[string][]string{
		"draft": {"open", "assessing", "closed"}, "open": {"assessing", "closed"}, "assessing": {"notifying", "closed"},
		"notifying": {"monitoring", "assessing"}, "monitoring": {"notifying", "assessing", "closed"}, "closed": {"monitoring"},
	},
}

// GateMove is what a person does to an incident's gate, which lanes look at before each batch.
type GateMove string

// Gate moves; a stop is for good.
const (
	GatePause  GateMove = "pause"
	GateResume GateMove = "resume"
	GateStop   GateMove = "stop"
)

var ObligationMachine = Machine{
	Name: "obligation",
	States: []StateInfo{
		{"drafting", "Drafting", "The text is being written."},
		{"awaiting_approval", "Awaiting approval", "A second person must decide."},
		{"filed", "Filed", "Handed to the authority."},
		{"acknowledged", "Acknowledged", "The authority gave its number."},
		{"closed", "Closed", "Nothing more is asked for, unless further people are found."},
	},
	Edges: map[string][]string{
		"drafting": {"awaiting_approval", "filed", "closed"}, "awaiting_approval": {"drafting", "filed", "closed"},
		"filed": {"acknowledged", "closed"}, "acknowledged": {"closed"}, "closed": {"drafting"},
	},
}

// ReasonCorrected is why the row of somebody is withdrawn who is told anew by a later list, under a corrected contact.
const ReasonCorrected = "corrected"

var PersonMachine = Machine{
	Name: "person",
	States: []StateInfo{
		{"pending", "To do", "Nothing handed over yet."},
		{"reached", "Reached", "There is proof by the channel's rule."},
		{"attempted", "On the way", "Handed over, not confirmed."},
		{"unreachable", "Not reachable", "No usable contact, or every allowed channel failed."},
		{"covered_by_announcement", "Covered by announcement", "A published announcement counts as their notice."},
		{"exempt", "Exempt", "The law asks for no notice; the reason is given."},
		{"held", "Held", "Must not be told yet."},
		{"withdrawn", "Withdrawn", "Taken off the list, with a reason."},
	},
	Edges: map[string][]string{
		"pending":                 {"reached", "attempted", "unreachable", "exempt", "held", "withdrawn"},
		"attempted":               {"reached", "pending", "unreachable", "withdrawn"},
		"reached":                 {"attempted", "pending", "unreachable", "withdrawn"},
		"unreachable":             {"covered_by_announcement", "pending", "attempted", "reached", "exempt", "withdrawn"},
		"covered_by_announcement": {"reached", "attempted", "unreachable", "pending", "withdrawn"},
		"exempt":                  {"pending"},
		"held":                    {"pending", "exempt", "withdrawn"},
		"withdrawn":               {"pending"},
	},
}

var AttemptMachine = Machine{
	Name: "attempt",
	States: []StateInfo{
		{"intended", "Queued", "About to be handed over."},
		{"handed_over", "On the way", "The provider has it."},
		{"accepted", "On the way", "The provider or the receiving server took responsibility for it."},
		{"delivered", "Arrived", "The provider says that it arrived."},
		{"failed_temporary", "Failed for now", "Tried again by itself."},
		{"failed_permanent", "Failed", "Goes on to the next channel."},
		{"unknown", "No answer", "The provider may or may not have it; it is asked, never sent again blindly."},
		{"reconciled", "Settled", "Asked and decided; the decision is on record."},
	},
	Edges: map[string][]string{
		"intended":         {"handed_over", "accepted", "delivered", "failed_temporary", "failed_permanent", "unknown"},
		"handed_over":      {"accepted", "delivered", "failed_temporary", "failed_permanent", "unknown"},
		"accepted":         {"delivered", "failed_permanent", "failed_temporary"},
		"delivered":        {"failed_permanent"},
		"failed_temporary": {"accepted", "delivered"},
		"failed_permanent": {"delivered"},
		"unknown":          {"reconciled", "accepted", "delivered", "failed_permanent"},
		"reconciled":       {"accepted", "delivered", "failed_permanent"},
	},
}
