package recipients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Options says how a list is to be read.
type Options struct {
	// Country (ISO 3166-1 alpha-2) is that of rows which name none: it decides how a phone number without
	// country code is read. Empty means that nobody said.
	Country string
	// Map adds names of columns: what stands in the header -> the field (see Fields).
	Map map[string]string
	// On is the day on which ages count; required. UTC.
	On time.Time
	// ChildAge is the age from which a person acts without a guardian; 0 means 14.
	ChildAge int
	// Progress is called now and then with the records and bytes read so far; may be nil.
	Progress func(rows, bytes int64)
}

// Verdict is what became of one row.
type Verdict string

const (
	Accepted     Verdict = "accepted"      // as it stands
	Repaired     Verdict = "repaired"      // written differently, meaning the same
	Flagged      Verdict = "flagged"       // taken, but something was left out or a person should look at it
	Rejected     Verdict = "rejected"      // not taken: it cannot be told who is meant
	Duplicate    Verdict = "duplicate"     // the same person as an earlier row
	SkippedBlank Verdict = "skipped_blank" // no person: an empty line, or the header again
)

// Kept reports whether the row's person is to be loaded.
func (v Verdict) Kept() bool { return v == Accepted || v == Repaired || v == Flagged }

// Row is one judged record. Record counts from 1 after the header, blank lines included; Line is the line
// of the file on which it starts, the header being line 1 as a rule. Raw are the cells as read. All of it
// is personal data.
type Row struct {
	Record      int64
	Line        int64
	Verdict     Verdict
	Problems    []Problem
	Person      breach.Person
	Child       bool  // under the child age on the day
	DuplicateOf int64 // record, with verdict duplicate
	Header      []string
	Raw         []string
}

// Summary counts what became of a list, in the shape of `tocsin recipients check`. Rows is the sum of the
// six verdicts. It holds no personal data.
type Summary struct {
	File         FileInfo         `json:"file"`
	Rows         int64            `json:"rows"`
	Accepted     int64            `json:"accepted"`
	Repaired     int64            `json:"repaired"`
	Flagged      int64            `json:"flagged"`
	Rejected     int64            `json:"rejected"`
	Duplicates   int64            `json:"duplicates"`
	SkippedBlank int64            `json:"skipped_blank"`
	ByProblem    map[string]int64 `json:"by_problem"`
	Reachable    Reachable        `json:"reachable"`
	Minors       Minors           `json:"minors"`
	ByCountry    map[string]int64 `json:"by_country"`
	ByLocale     map[string]int64 `json:"by_locale"`
	Columns      []Column         `json:"columns"`
}

// FileInfo says what the file was. SHA256 is over its bytes as read.
type FileInfo struct {
	Format    string `json:"format"`   // csv
	Encoding  string `json:"encoding"` // utf-8, utf-8-bom
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	Delimiter string `json:"delimiter"`
}

// Column says which field a column was read as; Field is empty for a column that was not read. The name
// in the file is not repeated: in a file without header it would be a person's.
type Column struct {
	Number int    `json:"number"` // from 1
	Field  string `json:"field"`
}

// Reachable counts kept people by usable contact of their own; None has neither that nor a guardian's.
type Reachable struct {
	Email  int64 `json:"email"`
	SMS    int64 `json:"sms"`
	Push   int64 `json:"push"`
	Voice  int64 `json:"voice"`
	Letter int64 `json:"letter"`
	None   int64 `json:"none"`
}

// Minors counts kept people under the child age by whether a guardian's contact is usable.
type Minors struct {
	WithGuardian    int64 `json:"with_guardian"`
	WithoutGuardian int64 `json:"without_guardian"`
}

const defaultChildAge = 14

// Read judges every record of r and gives it to each, in order. It stops at the first error of each, of
// r, or of ctx. A file that cannot be a list of people at all (no usable column, another encoding) is
// breach.ErrInvalid; that may show only after rows were given, so whoever loads them must be able to
// undo. Memory does not grow with the file but for about 50 bytes per person, to find duplicates.
func Read(ctx context.Context, r io.Reader, o Options, each func(Row) error) (Summary, error) {
	if o.On.IsZero() {
		return Summary{}, breach.Errorf(breach.ErrInvalid, "the day on which ages count is not given")
	}
	if o.ChildAge == 0 {
		o.ChildAge = defaultChildAge
	}
	country, ok := countryCode(o.Country)
	if o.Country != "" && !ok {
		return Summary{}, breach.Errorf(breach.ErrInvalid, "the country for rows that name none is not an ISO 3166-1 code: use two letters such as CN")
	}
	o.Country = country
	sum := sha256.New()
	sc, err := newScanner(io.TeeReader(r, sum))
	if err != nil {
		return Summary{}, err
	}
	head, err := readHeader(sc, o.Map)
	if err != nil {
		return Summary{}, err
	}
	rd := &reader{opts: o, head: head, seen: newSeen(), countries: memo{}, locales: memo{}, total: newSummary(head)}
	if err := rd.all(ctx, sc, each); err != nil {
		return Summary{}, err
	}
	rd.total.File = FileInfo{
		Format: "csv", Encoding: sc.encoding, SHA256: hex.EncodeToString(sum.Sum(nil)),
		Bytes: sc.bytes, Delimiter: string(sc.delim),
	}
	return rd.total, nil
}

type reader struct {
	opts  Options
	head  header
	seen  *seen
	mix   mixture
	total Summary

	countries, locales memo
}

func newSummary(h header) Summary {
	s := Summary{ByProblem: map[string]int64{}, ByCountry: map[string]int64{}, ByLocale: map[string]int64{}}
	for i, f := range h.fields {
		s.Columns = append(s.Columns, Column{Number: i + 1, Field: f})
	}
	return s
}

func (rd *reader) all(ctx context.Context, sc *scanner, each func(Row) error) error {
	const every = 1000
	for {
		rec, err := sc.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		rd.total.Rows++
		if err := rd.mix.add(rec); err != nil {
			return err
		}
		row := rd.judge(rec)
		row.Record, row.Header = rd.total.Rows, rd.head.cells
		rd.findDuplicate(&row)
		rd.count(row)
		if err := each(row); err != nil {
			return err
		}
		if rd.total.Rows%every == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if rd.opts.Progress != nil {
				rd.opts.Progress(rd.total.Rows, sc.bytes)
			}
		}
	}
	if err := rd.mix.end(); err != nil {
		return err
	}
	if rd.opts.Progress != nil {
		rd.opts.Progress(rd.total.Rows, sc.bytes)
	}
	return ctx.Err()
}

func (rd *reader) findDuplicate(row *Row) {
	if !row.Verdict.Kept() {
		return
	}
	of, clash := rd.seen.find(row.Record, &row.Person)
	switch {
	case of > 0:
		row.DuplicateOf = of
		row.add(duplicateOf(of))
	case clash:
		row.Person.ExternalID = ""
		row.add(problem("external_id_reused", "external_id"))
	}
}

func (rd *reader) count(row Row) {
	s := &rd.total
	switch row.Verdict {
	case Accepted:
		s.Accepted++
	case Repaired:
		s.Repaired++
	case Flagged:
		s.Flagged++
	case Rejected:
		s.Rejected++
	case Duplicate:
		s.Duplicates++
	case SkippedBlank:
		s.SkippedBlank++
	}
	for i, p := range row.Problems {
		if !mentioned(row.Problems[:i], p.Code) {
			s.ByProblem[p.Code]++
		}
	}
	if row.Verdict.Kept() {
		s.person(row)
	}
}

func (s *Summary) person(row Row) {
	p := row.Person
	guardian := p.Guardian != nil && (p.Guardian.Email != "" || p.Guardian.Phone != "")
	count := func(n *int64, yes bool) {
		if yes {
			*n++
		}
	}
	count(&s.Reachable.Email, p.Email != "")
	count(&s.Reachable.SMS, p.Phone != "")
	count(&s.Reachable.Voice, p.Phone != "")
	count(&s.Reachable.Push, p.PushToken != "")
	count(&s.Reachable.Letter, p.PostalAddress != "")
	count(&s.Reachable.None, !guardian && noContact(p))
	count(&s.Minors.WithGuardian, row.Child && guardian)
	count(&s.Minors.WithoutGuardian, row.Child && !guardian)
	if p.Country != "" {
		s.ByCountry[p.Country]++
	}
	if p.Locale != "" {
		s.ByLocale[p.Locale]++
	}
}

func noContact(p breach.Person) bool {
	return p.Email == "" && p.Phone == "" && p.PushToken == "" && p.PostalAddress == ""
}

func mentioned(ps []Problem, code string) bool {
	for _, p := range ps {
		if p.Code == code {
			return true
		}
	}
	return false
}
