package breach

import "time"

// UnreachedQuery asks for those who are not reached, in the order of the lists, page by page.
type UnreachedQuery struct {
	Outcome  Outcome // empty: every outcome but reached
	Reason   string  // code, empty: every reason
	After    string  // Next of the page before; empty: from the beginning
	Limit    int     // people of a page, 1 to MostUnreached
	Contacts bool    // show which contacts they have, masked; every such page is put on record
}

// MostUnreached is how many people one page holds at most.
const MostUnreached = 1000

// UnreachedPage is one page. Counts are of everybody, whatever was asked for; only the first page has them.
type UnreachedPage struct {
	Counts []UnreachedCount `json:"counts,omitempty"`
	People []Unreached      `json:"people"`
	Next   string           `json:"next,omitempty"` // opaque; empty on the last page
}

// UnreachedCount is how many people are not reached for one reason. The reason is empty where the outcome says
// it all.
type UnreachedCount struct {
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	People  int64   `json:"people"`
}

// Unreached is one person who is not reached, and why. It holds no contact; Masked is empty unless asked for.
type Unreached struct {
	Reference   string     `json:"reference"`
	Wave        int        `json:"wave"`
	Outcome     Outcome    `json:"outcome"`
	Reason      string     `json:"reason"`           // code
	Promises    []string   `json:"promises"`         // reason codes of the refusals that close channels
	Why         string     `json:"why"`              // in plain words
	Until       *time.Time `json:"until,omitempty"`  // when what they wait for is over, UTC
	Tried       []Tried    `json:"tried"`            // one line for each channel that was tried
	LastAttempt *time.Time `json:"last_attempt"`     // null before the first, UTC
	Masked      []string   `json:"masked,omitempty"` // for example email l•••@•••.example
}

// Tried is what became of one channel.
type Tried struct {
	Channel    Channel      `json:"channel"`
	Addressee  Addressee    `json:"addressee"`
	Tries      int          `json:"tries"`
	State      AttemptState `json:"state"` // of the last try
	Settlement Settlement   `json:"settlement,omitempty"`
	Reason     string       `json:"reason,omitempty"` // code of the reason catalogue
	At         time.Time    `json:"at"`               // of the last try's latest event, UTC
}

// Retry is a person's decision to try those again whom no channel reached.
type Retry struct {
	ID      string  `json:"id"`      // opaque; the same id is the same decision
	Reason  string  `json:"reason"`  // only those whose outcome has this reason; empty: all
	Channel Channel `json:"channel"` // only by this channel; empty: by all
	Why     string  `json:"why"`     // names no person
}

// Retried says what a decision to try again comes to.
type Retried struct {
	Decision string `json:"decision,omitempty"` // empty when it was only asked what would happen
	People   int64  `json:"people"`             // who get a new set of tries
	Covered  int64  `json:"covered"`            // of these, whom an announcement covers until then
	// Stays counts those who stay as they are, by reason: a new try would come to nothing, or might tell them twice.
	Stays map[string]int64 `json:"stays"`
}

// FreshStart says from where on the tries of one person are counted anew. Without ways nothing was tried before.
type FreshStart struct {
	Person int64
	Ways   []TriedWay
}

// TriedWay is a way of reaching somebody, with its last try.
type TriedWay struct {
	Addressee Addressee
	Channel   Channel
	Try       int
}

// AnnounceNow is a lead's decision to publish the page of an approved plan while people are still being told.
type AnnounceNow struct {
	Wave     int    `json:"wave"`
	PlanHash string `json:"plan_hash"`
	By       string `json:"by"`
}

// TriedAgain is the reason of somebody who is to be told again because a person decided so.
const TriedAgain = "tried_again"

// Pace is what was measured of a delivery: how many messages were handed over within its last stretch of time.
// Instants are UTC, zero when nothing was handed over.
type Pace struct {
	Messages    int64
	First, Last time.Time
	Began       time.Time // of the first message ever
}

// Spread is how the people of an incident's lists are spread over mail domains (small letters) and countries, as far as
// at least a hundred of a list share one.
type Spread struct {
	People             int64
	Domains, Countries map[string]int64
}
