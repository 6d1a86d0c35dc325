package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type listInput struct {
	OfIncident
	Country string   `query:"country" doc:"Country (ISO 3166-1 alpha-2) of rows that name none."`
	Map     []string `query:"map,explode" doc:"Column=field, repeatable: which field a column of the file holds. With no_header a column is named by its number, from 1."`

	NoHeader  bool   `query:"no_header" doc:"The first row is a person already."`
	Format    string `query:"format" enum:"csv,tsv,xlsx,jsonl,sql" doc:"What the list is, when it is not to be recognised; sql is the answer to a query, as CSV in UTF-8."`
	Encoding  string `query:"encoding" enum:"utf-8,utf-16,utf-16le,utf-16be,gbk,gb18030,big5,shift_jis,euc-jp,euc-kr,windows-1252,latin-1" doc:"Encoding of a text, when it is not to be recognised."`
	Delimiter string `query:"delimiter" enum:"comma,semicolon,tab,pipe" doc:"What stands between cells, when it is not to be recognised."`
	Sheet     string `query:"sheet" maxLength:"100" doc:"The sheet of a spreadsheet, by name or number from 1; else the first that is not hidden."`

	body io.Reader
}

// Resolve implements huma.Resolver; it takes the body without reading it.
func (l *listInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	l.body = r.Body
	return l.OfIncident.Resolve(ctx)
}

type loaded struct {
	Summary       any   `json:"summary" doc:"What became of the rows: rows is the sum of accepted, repaired, flagged, rejected, duplicates and skipped_blank."`
	Wave          int   `json:"wave" doc:"Number of the list, which has a plan of its own."`
	Added         int64 `json:"added" doc:"People who are new."`
	AlreadyListed int64 `json:"already_listed" doc:"People who were on an earlier list; nobody is told twice."`
	Corrected     int64 `json:"corrected,omitempty" doc:"Of those, people who came in an error file that was corrected and stand as they are now."`
	ToldAnew      int64 `json:"told_anew,omitempty" doc:"People of approved lists whose contact was corrected: they are among those added, and their earlier row is withdrawn."`

	RecognisedBy breach.Already `json:"recognised_by,omitzero" doc:"By what people were recognised as being on an earlier list; never by a contact alone."`
}

type personInput struct {
	OfIncident
	Body struct {
		breach.PersonQuery
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why this is looked up; it is put on record."`
	}
}

type found struct {
	Found  bool               `json:"found"`
	Person *breach.PersonView `json:"person,omitempty"`
}

func (s *server) people() {
	list := &bodyRule{types: []string{
		"text/csv", "application/csv", "text/tab-separated-values", typeXLSX, "application/jsonl", "application/x-ndjson", "application/octet-stream",
	}, max: s.cfg.MaxListBytes, stream: true}
	content := map[string]*huma.MediaType{}
	for _, media := range list.types[:len(list.types)-1] {
		content[media] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
	}
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/people", id: "loadPeople", tag: "people", roles: handlers, body: list,
		summary: "Load a list of affected people", text: "CSV, TSV, XLSX or JSON Lines. Format, encoding and delimiter are recognised from the list itself, whatever the content type says, and are in the answer. A list that cannot be read to its end changes nothing.",
		content: content,
	}, s.load)
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/person", id: "findPerson", tag: "people", roles: handlers, body: command,
		summary: "Was this person told?", text: "By exactly one of email, phone and external_id. Every look is put on record.",
	}, s.find)
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/invariant", id: "checkInvariant", tag: "people", roles: readers,
		summary: "Do the outcomes add up to the people?", text: "Recounts from the rows and compares with the tallies.",
	}, func(ctx context.Context, in *OfIncident) (*answer[breach.Invariant], error) {
		return reply(s.cfg.Desk.Invariant(ctx, in.ID))
	})
}

const (
	maxColumns = 64
	typeXLSX   = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func (s *server) load(ctx context.Context, in *listInput) (*answer[loaded], error) {
	country := strings.ToUpper(in.Country)
	if country != "" && !breach.IsCountry(country) {
		return nil, breach.Errorf(breach.ErrInvalid, "the list was not read").
			With(breach.FieldError{Where: "country", What: "must be a code of ISO 3166-1 such as CN"})
	}
	columns, err := columnsOf(in.Map)
	if err != nil {
		return nil, err
	}
	summary, report, err := s.cfg.Desk.LoadList(ctx, in.ID, actorOf(ctx), in.body, breach.Reading{
		Country: country, Columns: columns, NoHeader: in.NoHeader, Format: in.Format, Encoding: in.Encoding, Delimiter: in.Delimiter, Sheet: in.Sheet,
	})
	return reply(loaded{summary, report.Wave, report.Added, report.Duplicates, report.Replaced, report.Anew, report.Already}, err)
}

// columnsOf reads "column=field". The field is ours and holds no equals sign; a column's name may.
func columnsOf(given []string) (map[string]string, error) {
	columns := map[string]string{}
	for i, m := range given {
		cut := strings.LastIndexByte(m, '=')
		if cut < 1 || cut == len(m)-1 || len(m) > 400 || i >= maxColumns {
			return nil, breach.Errorf(breach.ErrInvalid, "the list was not read").
				With(breach.FieldError{Where: "map[" + strconv.Itoa(i) + "]", What: "must be column=field, such as 手机号=phone; at most 64 of them"})
		}
		columns[m[:cut]] = m[cut+1:]
	}
	return columns, nil
}

func (s *server) find(ctx context.Context, in *personInput) (*answer[found], error) {
	given := 0
	for _, v := range []string{in.Body.Email, in.Body.Phone, in.Body.ExternalID} {
		if v != "" {
			given++
		}
		if len(v) > 320 {
			given = 2
		}
	}
	if given != 1 {
		return nil, breach.Errorf(breach.ErrInvalid, "nobody was looked up").
			With(breach.FieldError{Where: "email, phone, external_id", What: "give exactly one of them"})
	}
	view, err := s.cfg.Desk.FindPerson(ctx, in.ID, actorOf(ctx), in.Body.PersonQuery, in.Body.Reason)
	if err == nil {
		return reply(found{true, &view}, nil)
	}
	if breach.CodeOf(err) != breach.ErrNotFound {
		return nil, err
	}
	// The person is not on the lists, or there is no such incident at all.
	if _, missing := s.cfg.Desk.Invariant(ctx, in.ID); breach.CodeOf(missing) == breach.ErrNotFound && missing != nil {
		return nil, missing
	}
	return reply(found{}, nil)
}
