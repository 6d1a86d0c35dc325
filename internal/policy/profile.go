package policy

import (
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Profile is what an organisation promised about how people are told: which channels in which order,
// through whom, under which limits. It is data of a published policy, not of a law; laws are rule packs.
// A Profile that came from Builtin or ParseProfile is valid. Durations are wall-clock durations.
type Profile struct {
	Name      string    `yaml:"name"`
	Title     string    `yaml:"title"`
	Location  string    `yaml:"location"` // where the organisation keeps its data, ISO 3166-1 alpha-2
	Languages Languages `yaml:"languages"`
	// ContactRequired names the fields of breach.Contact that every notice must show: name, email, phone,
	// address. Never empty: a notice without a contact is no notice.
	ContactRequired []string      `yaml:"contact_required"`
	Strategy        Strategy      `yaml:"strategy"`
	Channels        []ChannelRule `yaml:"channels"` // in the order in which they are tried
	// Closed says why the remaining channels are not used; a channel that is in neither list is not_operated.
	Closed               []ClosedChannel   `yaml:"closed,omitempty"`
	AtMost               *AtMost           `yaml:"at_most,omitempty"` // nil: the tries of each channel are the only limit
	UnknownEmail         UnknownEmail      `yaml:"unknown_email"`
	ThirdPartyProcessors ThirdParties      `yaml:"third_party_processors"`
	Providers            []Provider        `yaml:"providers"`
	Routing              []RouteRule       `yaml:"routing,omitempty"`  // the first that fits a person decides
	Transfers            []TransferRule    `yaml:"transfer,omitempty"` // all that fit a person must be met
	Ramp                 *Ramp             `yaml:"ramp,omitempty"`     // nil: everybody at once, under the default guard
	Minors               Minors            `yaml:"minors"`
	Announcement         AnnouncementRules `yaml:"announcement"`
	Promises             Promises          `yaml:"promises,omitempty"`
	// HouseTerm is by when the house does what a law asks for in words alone ("without undue delay", "immediately")
	// and for which its rule pack has no term of the house either; nil: see GeneralTerm. Never law.
	HouseTerm *Term     `yaml:"house_term,omitempty"`
	Retention Retention `yaml:"retention"`
	// InApp says whether what somebody acknowledges in an application counts; nil: it does not.
	InApp *InApp `yaml:"in_app,omitempty"`
	// UnverifiedRules is leave_out when rules that nobody has checked against their source make no duties; empty
	// means that they do, and say so. Either way it is part of the hash, and the answer names what was left out.
	UnverifiedRules string `yaml:"unverified_rules,omitempty"`
	// CompressedBy is 0 for the real thing, else by how much waits, quiet periods and back-offs were divided
	// (demo and tests). It is part of the hash, so that an approval cannot hide it.
	CompressedBy int64 `yaml:"compressed_by,omitempty"`
}

// LeaveOut is the value of UnverifiedRules that leaves them out.
const LeaveOut = "leave_out"

// Languages are BCP 47 tags; Default is one of Available.
type Languages struct {
	Default   string   `yaml:"default"`
	Available []string `yaml:"available"`
}

// Strategy says how channels follow each other.
type Strategy string

const (
	// Escalate tries one channel after the other.
	Escalate Strategy = "escalate"
	// Blast uses all channels at once.
	Blast Strategy = "blast"
)

// InApp is what becomes of acknowledgements in applications of the organisation. Counts is acknowledged (who did is
// reached) or never.
type InApp struct {
	Counts string `yaml:"counts"`
}

// ChannelRule is one line of the channel plan and of the sufficiency table.
type ChannelRule struct {
	Channel breach.Channel `yaml:"channel"`
	// Proof is what counts as reached: accepted, delivered, or never (this channel alone never suffices).
	Proof string        `yaml:"proof"`
	Quiet time.Duration `yaml:"quiet"`           // how long no failure may follow the proof
	Wait  time.Duration `yaml:"wait"`            // how long the next channel waits when there is neither proof nor failure
	Hours *Hours        `yaml:"hours,omitempty"` // nil: at any time
	Retry Retry         `yaml:"retry"`
	// NotKnowable says what follows an attempt of which nobody can tell whether it arrived: stay (the person
	// stays attempted) or next (after Wait, the next channel).
	NotKnowable string `yaml:"not_knowable"`
}

// Retry bounds what a channel may do for one addressee. Tries counts deliveries; a repeat of a delivery
// whose result was unknown is the same delivery and is bounded by Repeats instead.
type Retry struct {
	Tries   int             `yaml:"tries"`
	Repeats int             `yaml:"repeats"`
	Backoff []time.Duration `yaml:"backoff,omitempty"` // after try 1, 2, ...; the last one holds for the rest
}

// ClosedChannel is a channel that this policy does not use, with the refusal's reason code.
type ClosedChannel struct {
	Channel breach.Channel `yaml:"channel"`
	Reason  string         `yaml:"reason"`
}

// UnknownEmail is what is done with an email of which nobody knows whether the relay took it.
type UnknownEmail string

const (
	RepeatSameID  UnknownEmail = "repeat_same_id"
	WaitForBounce UnknownEmail = "wait_for_bounce"
)

// ThirdParties says whether a provider that the organisation does not run itself may get personal data.
type ThirdParties string

const (
	NoThirdParties         ThirdParties = "none"
	ContractedThirdParties ThirdParties = "contracted"
)

// Provider is one line of the register of those who carry messages (promise M17).
type Provider struct {
	ID         string         `yaml:"id"`
	Channel    breach.Channel `yaml:"channel"`
	Kind       string         `yaml:"kind"`        // smtp, smtp_backup, twilio, gateway, fcm, letter, twilio_voice: which adapter speaks to it
	OperatedBy string         `yaml:"operated_by"` // self, processor
	Location   string         `yaml:"location"`    // ISO 3166-1 alpha-2: where it stores what it gets
	Contract   string         `yaml:"contract,omitempty"`
	Receives   []string       `yaml:"receives"` // fields that are handed over, no more than the channel needs
	// When is configured for one that is there only where the program has settings for its kind; see Equipped.
	When   string  `yaml:"when,omitempty"`
	Limits *Limits `yaml:"limits,omitempty"`
	// PricePerPart is what the organisation pays; nil means that nobody said so.
	PricePerPart *PartPrice `yaml:"price_per_part,omitempty"`
	// PricePerMessage is the same for a channel other than SMS: for a call, a letter.
	PricePerMessage *PartPrice `yaml:"price_per_message,omitempty"`
	// Deletion is what becomes of what it holds at the end of the retention; see Provider.Deletes.
	Deletion Deletion `yaml:"deletion,omitempty"`
}

// RouteRule names the providers for some people and one channel, best first. PeopleIn are countries; none
// means everybody.
type RouteRule struct {
	Channel   breach.Channel `yaml:"channel"`
	PeopleIn  []string       `yaml:"people_in,omitempty"`
	Providers []string       `yaml:"providers"`
}

// TransferRule keeps the data of some people in some countries (promise M16), unless an exception is claimed.
type TransferRule struct {
	PeopleIn   []string           `yaml:"people_in"`
	OnlyIn     []string           `yaml:"only_in"`
	Exceptions TransferExceptions `yaml:"exceptions,omitempty"`
}

// TransferExceptions hold, for each of the three exceptions of the policy, the reference that it rests on
// (a statute, a consent text, a contract). Empty means not claimed.
type TransferExceptions struct {
	LawProvides            string `yaml:"law_provides,omitempty"`
	Consented              string `yaml:"consented,omitempty"`
	CrossBorderTransaction string `yaml:"cross_border_transaction,omitempty"`
}

// Minors says who is told about a child. A child is a person who was younger than Age on the day of
// awareness; 0 means that the policy makes no difference. Notify is guardian or both.
type Minors struct {
	Age    int    `yaml:"age"`
	Notify string `yaml:"notify,omitempty"`
}

// AnnouncementRules say when an announcement takes the place of individual notice (promise M12).
type AnnouncementRules struct {
	MinUncovered MinUncovered `yaml:"min_uncovered"`
	CostLimit    *Money       `yaml:"cost_limit,omitempty"` // of telling people one by one; nil means no limit
	KeepDays     int          `yaml:"keep_days"`            // calendar days that the page stays up
	// Covers lists the measured reasons for which the announcement counts as a person's notice.
	Covers []string `yaml:"covers"`
}

// MinUncovered is the smallest number of uncovered people, or the smallest share of all (0 to 1, 0 means
// that the share does not count), from which an announcement is made.
type MinUncovered struct {
	Count int64   `yaml:"count"`
	Share float64 `yaml:"share,omitempty"`
}

// Money is an amount in an ISO 4217 currency.
type Money struct {
	Currency string  `yaml:"currency"`
	Amount   float64 `yaml:"amount"`
}

// Promises are deadlines that the organisation set itself; nil means that it promised none.
type Promises struct {
	PromptNotice  *Term `yaml:"prompt_notice,omitempty"`  // telling people, counted from awareness
	InquiryAnswer *Term `yaml:"inquiry_answer,omitempty"` // answering a person's question, from its receipt
}

// Term is a length of time as a policy gives it. Unit is hours or calendar_days.
type Term struct {
	Value int    `yaml:"value"`
	Unit  string `yaml:"unit"`
}

// defaultHouseTerm is three days, what most laws with a number give for a first report.
var defaultHouseTerm = Term{Value: 72, Unit: "hours"}

// GeneralTerm is the house's term where neither a law nor its rule pack has one. It always has one, so that no duty
// is without a deadline and a reminder.
func (p Profile) GeneralTerm() Term {
	if p.HouseTerm != nil {
		return *p.HouseTerm
	}
	return defaultHouseTerm
}

// Retention gives calendar days after closing until something is deleted (promise M20).
type Retention struct {
	ContactDays int `yaml:"contact_days"` // contacts and names: crypto-shredded
	InquiryDays int `yaml:"inquiry_days"`
	ProofDays   int `yaml:"proof_days"` // evidence without personal data
}

// Sufficiency is the profile's table of what counts as reached.
func (p Profile) Sufficiency() breach.Sufficiency {
	s := make(breach.Sufficiency, len(p.Channels))
	for _, c := range p.Channels {
		s[c.Channel] = c.rule()
	}
	if p.InApp != nil && p.InApp.Counts == string(breach.Acknowledged) {
		s[breach.InApp] = breach.Rule{Proof: breach.Acknowledged}
	}
	return s
}

func (c ChannelRule) rule() breach.Rule {
	r := breach.Rule{Quiet: c.Quiet, Wait: c.Wait}
	if c.Proof != proofNever {
		r.Proof = breach.AttemptState(c.Proof)
	}
	return r
}

// Order lists the channels as they are tried.
func (p Profile) Order() []breach.Channel {
	out := make([]breach.Channel, len(p.Channels))
	for i, c := range p.Channels {
		out[i] = c.Channel
	}
	return out
}

// Provider finds a provider of the register.
func (p Profile) Provider(id string) (Provider, bool) {
	for _, v := range p.Providers {
		if v.ID == id {
			return v, true
		}
	}
	return Provider{}, false
}

// MissingContact names the required contact fields that are empty.
func (p Profile) MissingContact(c breach.Contact) []string {
	var out []string
	for _, f := range p.ContactRequired {
		if strings.TrimSpace(contactField(c, f)) == "" {
			out = append(out, f)
		}
	}
	return out
}

func contactField(c breach.Contact, field string) string {
	switch field {
	case "name":
		return c.Name
	case "email":
		return c.Email
	case "phone":
		return c.Phone
	case "address":
		return c.Address
	}
	return ""
}

// shortest is the least that a compressed wait can become: a wait is made short, never left out.
const shortest = time.Millisecond

// Compressed divides every wait, quiet period and back-off by a factor, for demos and tests: by 17,280,
// 48 hours become 10 seconds. None becomes zero that was not, and the promised deadlines, which are
// measured against real time, stay. A factor below 2 changes nothing.
func (p Profile) Compressed(by int64) Profile {
	if by < 2 {
		return p
	}
	div := func(d time.Duration) time.Duration {
		if d <= 0 {
			return d
		}
		return max(d/time.Duration(by), min(d, shortest))
	}
	channels := make([]ChannelRule, len(p.Channels))
	for i, c := range p.Channels {
		c.Quiet, c.Wait = div(c.Quiet), div(c.Wait)
		back := make([]time.Duration, len(c.Retry.Backoff))
		for k, d := range c.Retry.Backoff {
			back[k] = div(d)
		}
		c.Retry.Backoff = back
		channels[i] = c
	}
	p.Channels = channels
	p.Ramp = p.Ramp.compressed(div)
	p.CompressedBy = max(p.CompressedBy, 1) * by
	return p
}
