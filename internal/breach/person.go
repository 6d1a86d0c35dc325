package breach

import "time"

// Channel is a way to reach a person.
type Channel string

const (
	Email  Channel = "email"
	SMS    Channel = "sms"
	Push   Channel = "push"
	Voice  Channel = "voice"
	Letter Channel = "letter"
)

// Channels lists all that the model knows; this release sends by the first three.
var Channels = []Channel{Email, SMS, Push, Voice, Letter}

// Person is one affected human as read from a list. All of it is personal data: it exists in memory
// while reading and sending, and encrypted in the ledger; it never goes to workflows, logs or URLs.
type Person struct {
	ExternalID    string    `json:"external_id,omitempty"`
	Name          string    `json:"name,omitempty"`
	Email         string    `json:"email,omitempty"`
	Phone         string    `json:"phone,omitempty"`   // E.164
	Locale        string    `json:"locale,omitempty"`  // BCP 47
	Country       string    `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Region        string    `json:"region,omitempty"`
	TimeZone      string    `json:"time_zone,omitempty"`  // of the IANA database; see Zone
	BirthDate     string    `json:"birth_date,omitempty"` // 2006-01-02
	Guardian      *Guardian `json:"guardian,omitempty"`
	PostalAddress string    `json:"postal_address,omitempty"`
	PushToken     string    `json:"push_token,omitempty"`
	PushPlatform  string    `json:"push_platform,omitempty"` // one of PushPlatforms
	DataClasses   []string  `json:"data_classes,omitempty"`
	Objections    []Channel `json:"objections,omitempty"` // purpose-level objections, per channel
}

// PushPlatforms are the systems by which devices get pushes.
var PushPlatforms = []string{"fcm", "apns", "hms", "webpush"}

// Guardian acts for a child.
type Guardian struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// IsChild reports whether a guardian acts for the person on a day (read in its own zone): younger than age by the date of birth,
// or, where that is not known, by having a guardian. Age 0 means that nobody is a child.
func (p Person) IsChild(age int, on time.Time) bool {
	if age == 0 {
		return false
	}
	born, known := p.born()
	if !known {
		return p.Guardian != nil && *p.Guardian != Guardian{}
	}
	y, m, d := on.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(born.AddDate(age, 0, 0))
}

// born is the day of birth, when it is known.
func (p Person) born() (day time.Time, known bool) {
	if p.BirthDate == "" {
		return day, false
	}
	day, err := time.Parse(time.DateOnly, p.BirthDate)
	return day, err == nil
}

// Addressee says whom a message about a person goes to.
type Addressee string

const (
	ToSelf     Addressee = "self"
	ToGuardian Addressee = "guardian"
)

// Attempt is what the ledger knows of one try, folded from its appended outcomes. Times are UTC.
type Attempt struct {
	Person     int64        `json:"person"`
	Addressee  Addressee    `json:"addressee"`
	Channel    Channel      `json:"channel"`
	Try        int          `json:"try"` // from 1
	State      AttemptState `json:"state"`
	Settlement Settlement   `json:"settlement,omitempty"`
	Reason     string       `json:"reason,omitempty"` // code of the reason catalogue
	Provider   string       `json:"provider,omitempty"`
	At         time.Time    `json:"at"` // of the latest event
	IntendedAt time.Time    `json:"intended_at"`
	// Past says that a person decided after it to try again: a failure of it uses up no try any more.
	Past bool `json:"past,omitempty"`
}

// Tally counts people by outcome. Its sum is the number of people at every instant.
type Tally map[Outcome]int64

// Unaccounted is how many people are neither told nor covered nor set aside with a reason.
func (t Tally) Unaccounted() int64 { return t[Pending] + t[Unreachable] + t[Held] }

// Sum adds up all outcomes.
func (t Tally) Sum() int64 {
	var n int64
	for _, v := range t {
		n += v
	}
	return n
}
