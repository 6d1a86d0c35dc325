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

// PostedBatch is what became of a batch: how many of its letters printer and post spoke of so far.
type PostedBatch struct {
	ID       string     `json:"batch"`
	MadeAt   time.Time  `json:"made_at"`
	HandedAt *time.Time `json:"handed_at" doc:"null while it is on its way to the printer."`
	Checksum string     `json:"checksum" doc:"SHA-256 of its file SHA256SUMS; empty until all of it lay at the printer's."`
	Letters  int64      `json:"letters"`
	Pages    int64      `json:"pages"`
	Printed  int64      `json:"printed" doc:"The printer says so, or that they were posted."`
	Posted   int64      `json:"posted"`
	Failed   int64      `json:"failed" doc:"Not printed."`
	Returned int64      `json:"returned" doc:"They came back."`
}

// PostOverview is where letters stand; batches are the newest ones, the newest first.
type PostOverview struct {
	Standing PostStanding  `json:"standing"`
	Batches  []PostedBatch `json:"batches"`
}

// PostedLetter is one letter of a batch. State is handed_over, printed, posted, failed or returned.
type PostedLetter struct {
	Letter  string     `json:"letter_id" doc:"As it stands on the letter; it names nobody."`
	Country string     `json:"country"`
	Pages   int        `json:"pages"`
	State   string     `json:"state" doc:"handed_over, printed, posted, failed or returned."`
	Reason  string     `json:"reason,omitempty"`
	At      *time.Time `json:"at,omitempty" doc:"When that was, by the printer or the post."`
}

// PostWords says which file about letters came in.
type PostWords string

// The files that come in.
const (
	PostReport   PostWords = "report"   // the printer's
	PostReturned PostWords = "returned" // letters that came back
)

// UnsetLetter is a letter that cannot be printed any more, and why; that holds nothing of the person.
type UnsetLetter struct{ Attempt, Why string }

// PostTold is what became of such a file.
type PostTold struct {
	Lines   int         `json:"lines"`
	Taken   int         `json:"taken"`
	Again   int         `json:"again" doc:"Said before, or overtaken by the letter's return."`
	Unknown []string    `json:"unknown" doc:"Ids that were never handed over."`
	Wrong   []WrongLine `json:"wrong"`
}

// WrongLine is a line of a file that was not taken. It never repeats the line.
type WrongLine struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}
