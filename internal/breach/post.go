package breach

import "time"

// PostItem is one letter on its way to the printer. Body is personal data; everything else is opaque or a count.
type PostItem struct {
	Attempt  string // the letter's id, on its first page and in the printer's report
	Delivery string
	Country  string // ISO 3166-1 alpha-2, empty when it is not known
	Pages    int
	Body     []byte
}

// PostBatch is what is handed to the printer at once. It keeps its id and its letters whatever happens, until it is
// handed over. Checksum is set when all of it had been brought to the printer's door: from then on nothing of it may be
// made or brought again.
type PostBatch struct {
	ID       string
	MadeAt   time.Time // UTC
	Checksum string
	Items    []PostItem // by their ids
}

// PostStanding is where letters stand.
type PostStanding struct {
	Waiting int64 `json:"waiting"`        // taken, in no batch yet
	Held    int64 `json:"held,omitempty"` // of these, of incidents whose sending is paused or stopped
}
