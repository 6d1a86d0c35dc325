package breach

import "time"

// Processor is one line of the register of those who carry messages for an incident: what the policy says of it, what it
// got, what the policy kept from it, and how it was told to delete.
type Processor struct {
	Provider   string   `json:"provider"` // by its name in the policy
	Channel    Channel  `json:"channel"`
	Kind       string   `json:"kind"`
	OperatedBy string   `json:"operated_by"` // self, processor
	Location   string   `json:"location"`    // ISO 3166-1 alpha-2: where it stores what it gets
	Contract   string   `json:"contract,omitempty"`
	Receives   []string `json:"receives"`
	Deletes    string   `json:"deletes"` // delete, redact, request, nothing
	// Handed and Refused are of one incident; nil for the register alone.
	Handed  []HandedTo       `json:"handed,omitempty"`
	Refused []RefusedTo      `json:"refused,omitempty"`
	Told    *ProcessorErased `json:"told,omitempty"`
}

// HandedTo counts messages about people of one country that a provider got. Exception and Article say on what the way
// abroad rests, where the policy keeps the data of these people elsewhere.
type HandedTo struct {
	Country   string `json:"country"` // empty: not known
	Messages  int64  `json:"messages"`
	Exception string `json:"exception,omitempty"` // law_provides, consented, cross_border_transaction
	Article   string `json:"article,omitempty"`
}

// RefusedTo counts people whose contact the policy kept from a provider, or from the channel as a whole.
type RefusedTo struct {
	Channel  Channel `json:"channel"`
	Provider string  `json:"provider,omitempty"`
	Reason   string  `json:"reason"`
	People   int64   `json:"people"`
}

// ProcessorErased is how far a processor has deleted what it got. Messages it got are Deleted, Kept (it refused to), Open
// (it was not told yet, or did not answer), or Unnamed (it never gave an id, so that nothing of them can be named).
type ProcessorErased struct {
	How         string     `json:"how"`
	Messages    int64      `json:"messages"`
	Deleted     int64      `json:"deleted"`
	Kept        int64      `json:"kept"`
	Open        int64      `json:"open"`
	Unnamed     int64      `json:"unnamed"`
	BeganAt     time.Time  `json:"began_at"`
	DoneAt      *time.Time `json:"done_at,omitempty"`
	RequestedAt *time.Time `json:"requested_at,omitempty"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Reference   string     `json:"reference,omitempty"`
}

// Register is what `tocsin channels list` shows.
type Register struct {
	Policy     string         `json:"policy"`
	SHA256     string         `json:"sha256"`
	Location   string         `json:"location"`
	Processors []Processor    `json:"processors"`
	Transfers  []TransferSaid `json:"transfers"`
	// RefusedChannels are refusals of a channel as a whole, of one incident.
	RefusedChannels []RefusedTo `json:"refused_channels,omitempty"`
}

// TransferSaid is one rule of where data may go. Exceptions are those that are claimed, with what they rest on.
type TransferSaid struct {
	PeopleIn   []string          `json:"people_in"`
	OnlyIn     []string          `json:"only_in"`
	Exceptions map[string]string `json:"exceptions,omitempty"`
}

// ErasureTerm is how one provider of an incident is told to delete.
type ErasureTerm struct{ Provider, How string }

// ErasureItem is one message that a provider is told to delete, by the provider's own id.
type ErasureItem struct {
	Incident, Provider, How, Ref string
	Tries                        int
}

// Retained is a closed incident of which no processor was told to delete yet.
type Retained struct {
	Incident, Policy string
	ClosedAt         time.Time
}
