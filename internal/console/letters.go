package console

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// LetterDesk is what is asked and said about letters.
type LetterDesk interface {
	Letters(ctx context.Context) (breach.PostOverview, error)
	// LettersOf is breach.ErrNotFound for a batch that nobody knows.
	LettersOf(ctx context.Context, batch string, by breach.Actor) ([]breach.PostedLetter, error)
	// TakeLetterWords takes the same file again without changing anything.
	TakeLetterWords(ctx context.Context, kind breach.PostWords, file []byte, by breach.Actor) (breach.PostTold, error)
}

type lettersView struct {
	CSRF          string
	May           bool
	Waiting, Held string
	Rows          []batchRow
	Told          *toldView
	Problems      []string
}

type batchRow struct {
	ID, Manifest                                      string
	Badge                                             badge
	Made                                              moment
	Handed                                            *moment
	Letters, Pages, Printed, Posted, Failed, Returned string
	Checksum                                          string
}

// toldView is what became of a file.
type toldView struct {
	Said           string
	Unknown, Wrong []string
	More           string
}

func (s *server) lettersPage(v *visit) error { return s.showLetters(v, http.StatusOK, lettersView{}) }

func (s *server) showLetters(v *visit, status int, view lettersView) error {
	o, err := s.Desk.Letters(v.r.Context())
	if err != nil {
		return err
	}
	view.CSRF, view.May = v.session.csrf, may(v.actor, breach.RoleResponder)
	view.Waiting = v.l.Count(o.Standing.Waiting, "1 letter waits for the next batch.", "%s letters wait for the next batch.")
	if o.Standing.Held > 0 {
		view.Held = v.l.Count(o.Standing.Held, "1 of them stays: the sending of its incident is paused or stopped.", "%s of them stay: the sending of their incidents is paused or stopped.")
	}
	for _, b := range o.Batches {
		view.Rows = append(view.Rows, v.l.batch(b))
	}
	return v.show(status, "letters", frame{Title: v.l.T("Letters"), Here: "letters", HoldsFigures: true, Main: view})
}

// batch says where a batch stands: the furthest that all its letters have come.
func (l speech) batch(b breach.PostedBatch) batchRow {
	row := batchRow{
		ID: b.ID, Manifest: base + "letters/" + b.ID + "/manifest.csv", Made: l.At(b.MadeAt), Letters: l.Num(b.Letters), Pages: l.Num(b.Pages), Printed: l.Num(b.Printed), Posted: l.Num(b.Posted),
		Failed: l.Num(b.Failed), Returned: l.Num(b.Returned), Checksum: b.Checksum,
	}
	if b.HandedAt != nil {
		row.Handed = new(l.At(*b.HandedAt))
	}
	switch {
	case b.HandedAt == nil:
		row.Badge = badge{Class: "is-soon", Icon: "clock", Text: l.T("On its way to the printer")}
	case b.Failed > 0:
		row.Badge = badge{Class: "is-now", Icon: "warn", Text: l.T("Some were not printed")}
	case b.Posted+b.Returned >= b.Letters:
		row.Badge = badge{Class: "is-done", Icon: "check", Text: l.T("All posted")}
	case b.Printed > 0:
		row.Badge = badge{Class: "is-soon", Icon: "clock", Text: l.T("Being printed and posted")}
	default:
		row.Badge = badge{Class: "is-soon", Icon: "clock", Text: l.T("With the printer, no word yet")}
	}
	return row
}

// manifest is a batch letter by letter, as a file. It names nobody.
func (s *server) manifest(v *visit) error {
	list, err := s.Desk.LettersOf(v.r.Context(), v.r.PathValue("batch"), v.actor)
	if err != nil {
		return err
	}
	out := csv.NewWriter(&attachment{w: v.w, name: "letters.csv"})
	rows := [][]string{{"letter_id", "country", "pages", "status", "reason", "date"}}
	for _, l := range list {
		at := ""
		if l.At != nil {
			at = l.At.UTC().Format(time.DateOnly)
		}
		rows = append(rows, []string{l.Letter, l.Country, strconv.Itoa(l.Pages), l.State, l.Reason, at})
	}
	return out.WriteAll(rows)
}

// maxWords bounds a file about letters.
const maxWords = 16 << 20

// mostShown lines of what was wrong with a file are shown.
const mostShown = 20

// takeLetters takes the printer's report, or letters that came back.
func (s *server) takeLetters(v *visit) error {
	refuse := func(why string) error {
		return s.showLetters(v, http.StatusUnprocessableEntity, lettersView{Problems: []string{why}})
	}
	if v.upload == nil {
		return refuse(v.l.T("No file was chosen."))
	}
	file, err := io.ReadAll(io.LimitReader(v.upload, maxWords+1))
	if err != nil || len(file) > maxWords {
		return refuse(v.l.T("The file could not be read, or is larger than 16 MiB."))
	}
	kind := breach.PostReport
	if v.r.Form.Get("kind") == string(breach.PostReturned) {
		kind = breach.PostReturned
	}
	told, err := s.Desk.TakeLetterWords(v.r.Context(), kind, file, v.actor)
	if breach.CodeOf(err) == breach.ErrInvalid && err != nil {
		return refuse(v.l.T("The file could not be read: it needs a line of column names, and the columns that are named below."))
	}
	if err != nil {
		return err
	}
	view := toldView{Said: v.l.T("Lines %s: taken %s, known before %s, unknown %s, wrong %s.",
		v.l.Num(int64(told.Lines)), v.l.Num(int64(told.Taken)), v.l.Num(int64(told.Again)), v.l.Num(int64(len(told.Unknown))), v.l.Num(int64(len(told.Wrong))))}
	for i, id := range told.Unknown {
		if i < mostShown {
			view.Unknown = append(view.Unknown, id)
		}
	}
	for i, w := range told.Wrong {
		if i < mostShown {
			view.Wrong = append(view.Wrong, v.l.T("Line %s: %s", v.l.Num(int64(w.Line)), w.Why))
		}
	}
	if max(len(told.Unknown), len(told.Wrong)) > mostShown {
		view.More = v.l.T("The first twenty of each are shown.")
	}
	return s.showLetters(v, http.StatusOK, lettersView{Told: &view})
}
