package recipients

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Options says how a list is to be read.
type Options struct {
	// Country (ISO 3166-1 alpha-2) is that of rows which name none: it decides how a phone number without
	// country code is read. Empty means that nobody said.
	Country string
	// Map adds names of columns: what stands in the header -> the field (see Fields).
	// With NoHeader it is the number of the column, from 1 -> the field.
	Map map[string]string
	// NoHeader says that the first record is a person already; Map then says which column is what.
	NoHeader bool
	// Format (see Formats), Encoding (see Encodings), Delimiter (see Delimiters) and Sheet (the name of a
	// spreadsheet's sheet, or its number from 1) are recognised from the file when they are empty.
	Format, Encoding, Delimiter, Sheet string
	// On is the day on which ages count; required. UTC.
	On time.Time
	// ChildAge is the age from which a person acts without a guardian; 0 means 14.
	ChildAge int
	// Progress is called now and then with the records and bytes read so far; may be nil.
	Progress func(rows, bytes int64)
}

// OptionsFor are the options for a list that is written as how says; on and childAge are as in Options.
func OptionsFor(how breach.Reading, on time.Time, childAge int) Options {
	return Options{
		Country: how.Country, Map: how.Columns, NoHeader: how.NoHeader,
		Format: how.Format, Encoding: how.Encoding, Delimiter: how.Delimiter, Sheet: how.Sheet, On: on, ChildAge: childAge,
	}
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
	// Doubts are signs that notices would go to wrong people.
	Doubts []breach.ListDoubt `json:"doubts,omitempty"`
	// Profile is what the list is made of, for comparison with a later one.
	Profile breach.ListProfile `json:"profile"`
}

// FileInfo says what the file was. SHA256 is over its bytes as read.
type FileInfo struct {
	Format    string `json:"format"`   // csv, tsv, xlsx, jsonl, sql
	Encoding  string `json:"encoding"` // such as utf-8, utf-8-bom, gbk; as Encodings has them
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	Delimiter string `json:"delimiter,omitempty"`
	Sheet     int    `json:"sheet,omitempty"`  // its number from 1, of a spreadsheet: a name may be a person's
	Sheets    int    `json:"sheets,omitempty"` // how many there are
	// EncodingMargin is by how much the encoding fits better than the next one, when it had to be told from
	// the bytes: a natural logarithm, at least 20 (3 when nothing else that is known fits at all).
	EncodingMargin float64 `json:"encoding_margin,omitempty"`
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
// undo. Memory does not grow with the file: what is needed to find duplicates goes into a temporary file (hashes
// alone, under a key in memory) when it is much.
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
	src, err := open(r, o)
	if err != nil {
		return Summary{}, err
	}
	if c, ok := src.(io.Closer); ok {
		defer c.Close()
	}
	head, err := src.head(o)
	if err != nil {
		return Summary{}, err
	}
	for _, c := range head.cells {
		head.names = append(head.names, squeeze(c))
	}
	rd := &reader{opts: o, head: head, fixes: IsErrorFile(head.cells), seen: newSeen(), countries: memo{}, locales: memo{}, zones: memo{}, numbers: blocks{}, total: newSummary()}
	defer rd.seen.met.close()
	rd.doubt = newDoubts(rd.seen.hash, head)
	var file FileInfo
	src.describe(&file)
	rd.mix = mixture{charset: file.Encoding, forced: o.Encoding != ""}
	if err := rd.all(ctx, src, each); err != nil {
		return Summary{}, err
	}
	src.describe(&rd.total.File)
	rd.total.Columns = head.columns()
	if rd.fixes { // the columns that say what was wrong are ours
		rd.total.Columns = slices.DeleteFunc(rd.total.Columns, func(c Column) bool { return c.Field == "" })
	}
	rd.total.Doubts, rd.total.Profile = rd.doubt.list(), rd.doubt.profile(&rd.total)
	return rd.total, nil
}

type reader struct {
	opts  Options
	head  header
	fixes bool // it is an error file that comes again
	seen  *seen
	doubt *doubts
	mix   mixture
	total Summary

	countries, locales, zones memo
	numbers                   blocks
}

func newSummary() Summary {
	return Summary{ByProblem: map[string]int64{}, ByCountry: map[string]int64{}, ByLocale: map[string]int64{}}
}

func (rd *reader) all(ctx context.Context, sc source, each func(Row) error) error {
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
		rd.noted(&row, rec.notes)
		row.Record, row.Header = rd.total.Rows, rd.head.cells
		rd.findDuplicate(&row)
		rd.count(&row)
		if row.Verdict.Kept() {
			rd.doubt.unread.add(rec.cells)
		}
		if err := each(row); err != nil {
			return err
		}
		if rd.total.Rows%every == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if rd.opts.Progress != nil {
				rd.opts.Progress(rd.total.Rows, sc.done())
			}
		}
	}
	if err := cmp.Or(rd.mix.end(), rd.seen.met.err); err != nil {
		return err
	}
	if rd.opts.Progress != nil {
		rd.opts.Progress(rd.total.Rows, sc.done())
	}
	return ctx.Err()
}

// noted adds what the source knew about cells. An id that a spreadsheet rounded may be another person's.
func (rd *reader) noted(row *Row, notes []note) {
	if !row.Verdict.Kept() {
		return
	}
	for _, n := range notes {
		field := ""
		if n.column >= 0 && n.column < len(rd.head.fields) {
			field = rd.head.fields[n.column]
		}
		if n.column >= 0 && field == "" {
			continue // a column that is not read
		}
		row.add(problem(n.code, field))
		if n.code == tooRounded && field == "external_id" {
			row.Person.ExternalID = ""
		}
	}
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

func (rd *reader) count(row *Row) {
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
		rd.doubt.add(&row.Person, row.Child)
	}
}

func (s *Summary) person(row *Row) {
	p := &row.Person
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
	count(&s.Reachable.None, !guardian && noContact(*p))
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
