package breach

import (
	"slices"
	"time"
)

// Overview is everything that a page, a command or a script shows of one incident: clocks, duties, people
// by outcome, what waits for whom. It holds counts and ids; no contact of a person. Times are UTC.
type Overview struct {
	Incident     Incident                  `json:"incident"`
	Organisation string                    `json:"organisation,omitempty"`
	Assessment   *Assessment               `json:"assessment,omitempty"`
	Duties       []Duty                    `json:"obligations"`
	Missing      []string                  `json:"missing,omitempty"` // facts and texts that block approval
	Numbers      []NumberCount             `json:"numbers,omitempty"` // on which lists and facts disagree, or that were decided
	Notes        []string                  `json:"notes,omitempty"`   // of detectors and imported files: close to facts, for a person to decide
	People       Tally                     `json:"people"`
	Total        int64                     `json:"total"`
	Balanced     bool                      `json:"balanced"`     // the recount from the rows equals the tallies
	RecountedAt  time.Time                 `json:"recounted_at"` // countries are as old
	Channels     map[Channel]ChannelCounts `json:"deliveries"`
	Countries    []CountryTally            `json:"countries"`
	Failures     []FailureCount            `json:"failures"`
	Waves        []Wave                    `json:"waves"`
	InApp        int64                     `json:"acknowledged_in_app,omitempty"` // people who said so in an application
	Announcement *Notice                   `json:"announcement,omitempty"`
	Filings      []Filing                  `json:"reports"`
	Holds        Holds                     `json:"holds,omitempty"`   // ended ones too
	Waits        Waits                     `json:"waits,omitempty"`   // what keeps people from being told now
	Delays       []Delay                   `json:"delays,omitempty"`  // reasons of duties that are late
	Amended      *Revision                 `json:"amended,omitempty"` // what the newest amendment of facts changed
	Awaited      []Awaited                 `json:"awaited"`
	Paused       bool                      `json:"paused"`
	Stopped      bool                      `json:"stopped"`
	Stages       []Stage                   `json:"stages,omitempty"`  // of lists that are told step by step
	Brakes       Brakes                    `json:"brakes,omitempty"`  // that nobody lifted, warnings included
	Senders      []Sender                  `json:"senders,omitempty"` // while people are being told
	Timings      Timings                   `json:"timings"`
	Estimate     *Estimate                 `json:"estimate,omitempty"` // while people are being told and nothing holds them back on purpose
	Evidence     *Sealed                   `json:"evidence,omitempty"`
	// EngineAnswers is false while the workflow engine does not answer: what is awaited is unknown then.
	EngineAnswers bool      `json:"engine_answers"`
	Revision      int64     `json:"revision"` // grows with every change of the record; pages compare it
	At            time.Time `json:"at"`
}

// Duty is an obligation with where it stands.
type Duty struct {
	Obligation
	State ObligationState `json:"state,omitempty"`
	// HeldBy is the id of the hold that stops its clock; DueAt is when it is due if the hold lasts as long as it may.
	HeldBy    string     `json:"held_by,omitempty"`
	HeldUntil *time.Time `json:"held_until,omitempty"`
}

// Unexplained are the duties that are late, and of which nobody has said why.
func (o Overview) Unexplained() (out []string) {
	for _, d := range o.Duties {
		explained := slices.ContainsFunc(o.Delays, func(x Delay) bool { return x.Obligation == d.ID })
		if d.Verdict == Applies && d.Overdue && !explained {
			out = append(out, d.ID)
		}
	}
	return out
}

// CountryTally counts people of one country of residence by outcome.
type CountryTally struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2, empty when unknown
	People  Tally  `json:"people"`
}

// FailureCount counts attempts of one channel that failed for one reason.
type FailureCount struct {
	Channel Channel `json:"channel"`
	Reason  string  `json:"reason"`
	Count   int64   `json:"count"`
}

// Wave is one list of people.
type Wave struct {
	Wave     int         `json:"wave"`
	Total    int64       `json:"total"`
	LoadedBy string      `json:"loaded_by"`
	LoadedAt time.Time   `json:"loaded_at"`
	Plan     *PlanRecord `json:"plan,omitempty"` // newest
}

// Notice is where the public announcement stands.
type Notice struct {
	Reference   string    `json:"reference"`
	URL         string    `json:"url"`
	Reason      string    `json:"reason"`
	Because     []string  `json:"because,omitempty"` // the measured facts behind it, in plain words
	PublishedAt time.Time `json:"published_at"`
	KeepUntil   time.Time `json:"keep_until"`
}

// Awaited is one thing that somebody must do.
type Awaited struct {
	What  string    `json:"what"` // load_people, submit, submit_reports, approve, mend, explain_delay, acknowledge, close, lift
	Role  Role      `json:"role"`
	NotBy string    `json:"not_by,omitempty"` // the author of a plan cannot approve it
	Ref   string    `json:"ref,omitempty"`    // plan hash, obligation id, number of a list or of a brake
	Since time.Time `json:"since"`
}

// Timings are the instants that speed is measured by; nil while they have not come.
type Timings struct {
	DetectedAt    *time.Time `json:"detected_at,omitempty"`
	OpenedAt      *time.Time `json:"opened_at,omitempty"`
	ApprovedAt    *time.Time `json:"approved_at,omitempty"`
	FirstHandover *time.Time `json:"first_handover,omitempty"`
	LastHandover  *time.Time `json:"last_handover,omitempty"`
}

// Estimate says when the last message is handed over at the measured rate, and whether that is too late.
type Estimate struct {
	Left         int64     `json:"left"` // people to whom nothing was handed over yet
	PerSecond    float64   `json:"per_second"`
	LastHandover time.Time `json:"last_handover"`
	// Obligation is the open duty to tell people that is due first, if any has a deadline.
	Obligation string        `json:"obligation,omitempty"`
	DueAt      *time.Time    `json:"due_at,omitempty"`
	LateBy     time.Duration `json:"late_by_ns,omitempty"` // nanoseconds; 0 when it is in time
	Advice     []string      `json:"advice,omitempty"`     // more_connections, another_provider, announce_now
}

// Sealed names an evidence pack.
type Sealed struct {
	File   string    `json:"file"` // name, without a path
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

// Opened is the answer to an opened incident: its id, and what is still missing before a plan can be
// approved.
type Opened struct {
	Incident string   `json:"incident"`
	Missing  []string `json:"missing"`
	// Notes say what the file holds that is close to a fact and not one, for a person to decide.
	Notes []string `json:"notes,omitempty"`
}

// Detected is the answer to a detector. The same finding again is the same incident.
type Detected struct {
	Incident string `json:"incident"`
	First    bool   `json:"first"`
	// Notes say what the finding holds that is close to a fact and not one, for a person to decide.
	Notes []string `json:"notes,omitempty"`
}

// Amended says what changed with amended facts.
type Amended struct {
	Changes []DutyChange `json:"changes"`
	Voided  bool         `json:"voided"` // a plan that waited for approval is void now
}

// Submitted is the hash of a plan that waits for approval, or what keeps it from being approvable.
type Submitted struct {
	PlanHash string   `json:"plan_hash,omitempty"`
	Problems []string `json:"problems,omitempty"`
	// Gaps are what regimes ask of the texts and nobody let go.
	Gaps []ContentGap `json:"gaps,omitempty"`
}

// PersonView is the answer to "did you tell this person?", with contacts masked.
type PersonView struct {
	Reference string         `json:"reference"`
	Wave      int            `json:"wave"`
	Locale    string         `json:"locale"`
	Country   string         `json:"country"`
	Outcome   Outcome        `json:"outcome"`
	Reason    string         `json:"reason,omitempty"`
	Masked    []string       `json:"masked"` // for example l•••@•••.example
	History   []PersonMoment `json:"history"`
}

// PersonMoment is one line of a person's history, oldest first.
type PersonMoment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // words, for example "email accepted"
	Why  string    `json:"why,omitempty"`
}

// PersonQuery finds a person by exactly one contact or id. It is personal data.
type PersonQuery struct {
	Email      string `json:"email,omitempty"`
	Phone      string `json:"phone,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
}

// Invariant compares what the tallies say with a recount from the rows.
type Invariant struct {
	People  int64 `json:"people"`
	Tally   Tally `json:"tally"`
	Recount Tally `json:"recount"`
	Equal   bool  `json:"equal"`
}
