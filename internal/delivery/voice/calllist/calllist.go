// Package calllist is the phone with people in place of a machine: numbers and scripts wait in the ledger until a call
// centre takes them as a list (CSV), and what it writes down of each call becomes a receipt.
//
// Imports of ours: breach, delivery.
package calllist

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the kind under which policies know this adapter.
const Provider = "call_list"

// Spool keeps what is to be read out, and to which number.
type Spool interface {
	// KeepCall stores a call once per attempt; breach.ErrNotFound when nobody intended it.
	KeepCall(ctx context.Context, s breach.CallScript, at time.Time) error
	// HasCall says whether an attempt's call was ever kept.
	HasCall(ctx context.Context, attempt string) (bool, error)
}

// Sender puts calls on the list. It is safe for many goroutines.
type Sender struct {
	spool Spool
	now   func() time.Time
}

var (
	_ delivery.Sender = (*Sender)(nil)
	_ delivery.Asker  = (*Sender)(nil)
)

// New makes a sender over the ledger's spool.
func New(spool Spool, now func() time.Time) *Sender { return &Sender{spool: spool, now: now} }

// Send puts a call on the list. Errors are *delivery.Failure. The receipt is handed_over: nobody has called yet.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "it was called off before the call was put on the list", 0)
	}
	if f := m.CheckSMS(); f != nil {
		return delivery.Receipt{}, f
	}
	err := s.spool.KeepCall(ctx, breach.CallScript{Attempt: m.AttemptID, Locale: m.Locale, Text: m.Text, Machine: m.Machine, To: m.To}, s.now().UTC())
	if err != nil {
		return delivery.Receipt{}, delivery.NoAnswer("the ledger did not say whether it took the call")
	}
	return delivery.Receipt{State: breach.HandedOver}, nil
}

// Ask says whether a call is, or was, on the list.
func (s *Sender) Ask(ctx context.Context, m delivery.Message) (delivery.Receipt, bool, error) {
	found, err := s.spool.HasCall(ctx, m.AttemptID)
	if err != nil || !found {
		return delivery.Receipt{}, false, err
	}
	return delivery.Receipt{State: breach.HandedOver}, true, nil
}

// head are the columns of the list, in their order.
var head = []string{"call_id", "incident", "waiting_since", "number", "language", "outcome", "outcomes_to_choose", "script", "for_an_answering_machine"}

// Write writes a list as CSV (RFC 4180, UTF-8 with a mark, which spreadsheets need). What a spreadsheet would compute
// is kept text by an apostrophe, numbers of telephones included.
func Write(to io.Writer, calls []breach.ListedCall) error {
	if _, err := to.Write(mark); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	if err := w.Write(head); err != nil {
		return err
	}
	choice := strings.Join(Codes(), " ")
	for _, c := range calls {
		row := []string{c.Attempt, c.Incident, c.At.UTC().Format(time.RFC3339), c.To, c.Locale, "", choice, c.Text, c.Machine}
		for i := range row {
			row[i] = inert(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// inert keeps a spreadsheet from taking a cell for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// outcomes are what a caller may write down of a call.
var outcomes = map[string]breach.CallWord{
	"reached":      {Heard: breach.HeardKey, State: breach.Delivered, Ended: true},
	"refused":      {State: breach.FailedPermanent, Reason: delivery.ReasonRefusedCall, Ended: true},
	"wrong_number": {State: breach.FailedPermanent, Reason: delivery.ReasonWrongNumber, Ended: true},
	"not_in_use":   {State: breach.FailedPermanent, Reason: delivery.ReasonNumberUnknown, Ended: true},
	"no_answer":    {State: breach.FailedTemporary, Reason: delivery.ReasonNobody, Ended: true},
	"busy":         {State: breach.FailedTemporary, Reason: delivery.ReasonBusy, Ended: true},
	"machine":      {State: breach.FailedTemporary, Reason: delivery.ReasonMachine, Ended: true},
	"hung_up":      {State: breach.FailedTemporary, Reason: delivery.ReasonHungUp, Ended: true},
	"call_back":    {}, // stays on the list
}

// Codes lists the outcomes in the order of the alphabet.
func Codes() []string {
	out := make([]string, 0, len(outcomes))
	for code := range outcomes {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// byHand stands in the receipt of a call that somebody made.
const byHand = "written down by a caller"

// WordOf is the news that an outcome is; false for a code that nobody knows.
func WordOf(code string) (breach.CallWord, bool) {
	w, known := outcomes[code]
	w.Detail = byHand
	return w, known
}

// Word is what was written down of one call.
type Word struct {
	Line int
	Call string
	breach.CallWord
}

// Wrong is a line that was not taken. Why holds nothing of it.
type Wrong struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

var mark = []byte("\xef\xbb\xbf")

// mostBytes of a file of outcomes.
const mostBytes = 64 << 20

// Read reads what a call centre wrote down: CSV with the columns call_id and outcome, others are passed over. Rows
// without an outcome are calls that nobody made yet. What is wrong with one line does not stop the others.
func Read(b []byte) (words []Word, wrong []Wrong, err error) {
	if len(b) > mostBytes {
		return nil, nil, errors.New("the file is larger than 64 MiB")
	}
	columns, r, err := delivery.Sheet(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%w; the columns call_id and outcome are needed", err)
	}
	id, outcome := delivery.Column(columns, "call_id"), delivery.Column(columns, "outcome")
	if id < 0 || outcome < 0 {
		return nil, nil, errors.New("the columns call_id and outcome are needed")
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return words, wrong, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			wrong = append(wrong, Wrong{line, "is no line of CSV"})
			if len(row) == 0 {
				return words, wrong, nil
			}
			continue
		}
		code := ""
		if outcome < len(row) {
			code = strings.ToLower(strings.TrimSpace(row[outcome]))
		}
		switch word, known := outcomes[code]; {
		case code == "":
		case id >= len(row) || !delivery.PlainID(strings.TrimSpace(row[id])):
			wrong = append(wrong, Wrong{line, "call_id is none"})
		case !known:
			wrong = append(wrong, Wrong{line, "outcome must be one of " + strings.Join(Codes(), ", ")})
		default:
			word.Detail = byHand
			words = append(words, Word{Line: line, Call: strings.TrimSpace(row[id]), CallWord: word})
		}
	}
}
