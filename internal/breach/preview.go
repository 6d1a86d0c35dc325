package breach

// PreviewQuery asks how people of a list will be written to. Either Person or Worst.
type PreviewQuery struct {
	Wave    int     // number of the list; 0 is the newest that has a plan
	Person  int64   // place in the list, from 1
	Worst   bool    // those whose notice is the likeliest to go wrong
	Channel Channel // empty: the first by which they can be reached
	Paper   bool    // letters as they are printed, too
}

// Preview is one notice as it would leave, with the letters of names and the code replaced and contacts masked.
type Preview struct {
	Why       string    `json:"why"` // which person it is: person 12, longest name
	Person    int64     `json:"person"`
	Wave      int       `json:"wave"`
	Addressee Addressee `json:"addressee"`
	Channel   Channel   `json:"channel"`
	Locale    string    `json:"locale"`              // of the text
	Reads     string    `json:"reads"`               // what the list says of their language; may be empty
	Zone      string    `json:"zone"`                // by whose clock they are told times; empty: the organisation's
	ZoneFrom  string    `json:"zone_from,omitempty"` // list or place, see Person.Zone
	Masked    []string  `json:"masked"`              // contacts
	Subject   string    `json:"subject,omitempty"`
	Title     string    `json:"title,omitempty"`
	Text      string    `json:"text,omitempty"`
	HTML      string    `json:"html,omitempty"`
	Link      string    `json:"link,omitempty"`
	Machine   string    `json:"machine,omitempty"` // what a call leaves on an answering machine
	SMS       *SMSSize  `json:"sms,omitempty"`
	// Unplanned says that the policy does not open the channel: it is in no plan, and nobody gets it.
	Unplanned bool `json:"unplanned,omitempty"`
	// None says why there is no message.
	None string `json:"none,omitempty"`
}

// Previews is what was looked at.
type Previews struct {
	PlanHash string    `json:"plan_hash"`
	Looked   int64     `json:"looked"` // people who were looked at for the worst cases
	Previews []Preview `json:"previews"`
	// PDF is the letters among them as they are printed, in their order, when they were asked for and there are any.
	PDF []byte `json:"pdf,omitempty"`
}
