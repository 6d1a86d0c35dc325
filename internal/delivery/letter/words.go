package letter

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Word is what the printer or the post office says of one letter.
type Word struct {
	Line    int
	Letter  string
	Receipt delivery.Receipt
	On      time.Time // the day, at its beginning in UTC; zero when none is given
}

// Wrong is a line that could not be read. It never repeats the line.
type Wrong struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// mostWords bounds a file of words: what does not fit is the wrong file.
const mostWords = 1_000_000

// statuses are the printer's words, in the forms that are met.
var statuses = map[string]delivery.Receipt{
	"printed": {State: breach.Accepted},
	"posted":  {State: breach.Delivered}, "mailed": {State: breach.Delivered}, "dispatched": {State: breach.Delivered},
	"failed": {State: breach.FailedTemporary, Reason: delivery.ReasonNotPrinted}, "spoiled": {State: breach.FailedTemporary, Reason: delivery.ReasonNotPrinted},
}

// Returns are the codes for which mail comes back, with what each means.
var Returns = map[string]string{
	"moved": "moved without a new address", "unknown": "not known at the address", "address": "the address does not exist or lacks something",
	"refused": "refused by the person", "unclaimed": "not fetched in time", "deceased": "the person has died", "other": "another cause",
}

// Report reads the printer's report: CSV with the columns letter_id, status (printed, posted, failed) and date
// (2026-11-22), in any order, parted by commas, semicolons or tabs.
func Report(b []byte) ([]Word, []Wrong, error) {
	return readWords(b, func(col map[string]string) (delivery.Receipt, error) {
		r, ok := statuses[strings.ToLower(col["status"])]
		if !ok {
			return r, errors.New("status must be printed, posted or failed")
		}
		if r.State == breach.Delivered && col["date"] == "" {
			return r, errors.New("a letter that was posted needs the date of posting, which some laws count from")
		}
		if r.State == breach.Delivered {
			r.Detail = "posted " + col["date"]
		}
		return r, nil
	}, letterID, "status", "date")
}

// Returned reads letters that came back: CSV with the columns letter_id, reason and date, or one scanned id a line. A
// file with other columns (the manifest, the printer's report) is about letters that did not come back.
func Returned(b []byte) ([]Word, []Wrong, error) {
	return readWords(b, came, letterID)
}

func came(col map[string]string) (delivery.Receipt, error) {
	code := strings.ToLower(col["reason"])
	if code == "" {
		code = "other"
	}
	if _, ok := Returns[code]; !ok {
		return delivery.Receipt{}, errors.New("reason must be moved, unknown, address, refused, unclaimed, deceased or other")
	}
	return delivery.Receipt{State: breach.FailedPermanent, Reason: delivery.ReasonReturned, Detail: code}, nil
}

const letterID = "letter_id"

// readWords reads rows under a head line, or scanned ids when that is all that is needed. What is wrong with one line
// does not stop the others.
func readWords(b []byte, mean func(map[string]string) (delivery.Receipt, error), needed ...string) (words []Word, wrong []Wrong, err error) {
	columns, rows, err := delivery.Sheet(b)
	if err != nil {
		return nil, nil, breach.Errorf(breach.ErrInvalid, "%w; it needs %s", err, strings.Join(needed, ", "))
	}
	read := func(line int, row []string) {
		w, err := word(columns, row, mean)
		if err != nil {
			wrong = append(wrong, Wrong{line, err.Error()})
			return
		}
		w.Line = line
		words = append(words, w)
	}
	if scanned := len(needed) == 1 && len(columns) == 1 && delivery.Column(columns, letterID) < 0; scanned {
		first := columns
		columns = []string{letterID}
		read(1, first)
	} else if err := fits(columns, needed); err != nil {
		return nil, nil, err
	}
	for n := 0; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return words, wrong, nil
		}
		line, _ := rows.FieldPos(0)
		switch {
		case n >= mostWords:
			return nil, nil, breach.Errorf(breach.ErrInvalid, "the file holds more than %d lines; is it the right one?", mostWords)
		case err != nil:
			wrong = append(wrong, Wrong{line, "is not CSV"})
		default:
			read(line, row)
		}
	}
}

// fits says whether columns are those of the file that is asked for. A list of letters that came back needs no reason,
// but what has a status, or columns of other things without a reason, is another file.
func fits(columns, needed []string) error {
	for _, n := range needed {
		if delivery.Column(columns, n) < 0 {
			return breach.Errorf(breach.ErrInvalid, "the file has no column %s; it needs %s", n, strings.Join(needed, ", "))
		}
	}
	if len(needed) > 1 || delivery.Column(columns, "reason") >= 0 && delivery.Column(columns, "status") < 0 {
		return nil
	}
	for _, c := range columns {
		if !strings.EqualFold(c, letterID) && !strings.EqualFold(c, "date") {
			return breach.Errorf(breach.ErrInvalid, "the file is no list of letters that came back, which has the columns letter_id and reason; is it a manifest, or the printer's report?")
		}
	}
	return nil
}

func word(names, row []string, mean func(map[string]string) (delivery.Receipt, error)) (w Word, err error) {
	col := make(map[string]string, len(names))
	for i, n := range names {
		if n = strings.ToLower(n); i < len(row) {
			col[n] = strings.TrimSpace(row[i])
		}
	}
	w.Letter = col[letterID]
	if !delivery.PlainID(w.Letter) {
		return w, errors.New("letter_id is not the id of a letter")
	}
	if d := col["date"]; d != "" {
		if w.On, err = time.Parse(time.DateOnly, d); err != nil {
			return w, errors.New("date must be such as 2026-11-22")
		}
	}
	w.Receipt, err = mean(col)
	return w, err
}
