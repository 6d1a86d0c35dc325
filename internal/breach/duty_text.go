package breach

// DutyText is the text of a duty that a person carries out: a follow-up report, or word to somebody whom a law names
// beside authorities and people. It is written from the incident as it is now; nothing is sent.
type DutyText struct {
	Obligation string   `json:"obligation"`
	To         string   `json:"to"` // whom the law names
	Locale     string   `json:"locale"`
	Title      string   `json:"title"`
	Text       string   `json:"text"`
	Reviewed   bool     `json:"reviewed"`          // somebody of the organisation signed its template off
	Open       []string `json:"open,omitempty"`    // contents that the facts do not say yet, and the text says so
	Lacking    []string `json:"lacking,omitempty"` // contents that a person must write first: contents.<language>.<field>
}
