package breach

// ListJudged is what became of a list of people, in counts; it holds nothing of anybody. Rows is the sum of the six
// verdicts.
type ListJudged struct {
	Format, Encoding string
	Sheet, Sheets    int // of a spreadsheet
	Rows             int64
	Accepted         int64
	Repaired         int64
	Flagged          int64
	Rejected         int64
	Duplicates       int64
	Blank            int64
	Problems         []ListProblem    // the most frequent first
	Reachable        map[string]int64 // people by usable contact: email, sms, push, voice, letter, none
	Children         int64            // with a guardian's contact
	ChildrenAlone    int64            // without
	Doubts           []ListDoubt
}

// Kept is how many people would be loaded.
func (j ListJudged) Kept() int64 { return j.Accepted + j.Repaired + j.Flagged }

// ListProblem is one kind of problem with how many rows have it, what was done and what a person should do.
type ListProblem struct {
	Code     string
	Rows     int64
	Done, Do string
}
