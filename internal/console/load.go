package console

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// loadView is the form by which a list of people is judged and loaded, and what became of the last one.
type loadView struct {
	ID, Base, Title string
	CSRF            string
	May             bool
	Formats         []choice
	Encodings       []choice
	Delimiters      []choice

	Country, Map, Sheet string // kept when something was wrong
	NoHeader            bool
	Problem             *problem
	Result              *judgedView
}

// judgedView is what became of a list.
type judgedView struct {
	File               string
	Rows               []judgedRow
	Problems           []problemRow
	Reachable          string
	Children           string
	Doubts             []doubtRow
	Refused            bool // some doubt is of the kind that nobody may confirm
	Loaded, Said, Next string
	Recognised         []string
}

type judgedRow struct{ Number, Word, Means string }

type problemRow struct{ Number, Code, Done, Do string }

type doubtRow struct{ Name, Says, Figures, Do string }

// What a list may be, when it is not to be recognised.
var (
	listFormats    = []string{"csv", "tsv", "xlsx", "jsonl"}
	listEncodings  = []string{"utf-8", "utf-16", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-1252"}
	listDelimiters = []string{"comma", "semicolon", "tab", "pipe"}
)

const (
	doCheck  = "check"
	doErrors = "errors"
)

func (s *server) loadPage(v *visit) error {
	view, err := s.loadView(v)
	if err != nil {
		return err
	}
	return s.showLoad(v, http.StatusOK, view)
}

func (s *server) showLoad(v *visit, status int, view loadView) error {
	return v.show(status, "load", frame{Title: v.l.T("Load a list of people, incident %s", view.ID), Here: "incidents", HoldsFigures: true, Main: view})
}

func (s *server) loadView(v *visit) (view loadView, err error) {
	id, err := v.incidentID()
	if err != nil {
		return view, err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return view, err
	}
	form := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	return loadView{
		ID: id, Base: base + "incidents/" + id, Title: v.l.incidentTitle(o.Incident), CSRF: v.session.csrf,
		May:     may(v.actor, breach.RoleResponder) && o.Incident.State != breach.IncidentClosed,
		Formats: v.l.recognised(listFormats, form("format")), Encodings: v.l.recognised(listEncodings, form("encoding")),
		Delimiters: v.l.recognised(listDelimiters, form("delimiter")),
		Country:    strings.ToUpper(form("country")), Map: v.r.PostFormValue("map"), Sheet: form("sheet"), NoHeader: form("no_header") != "",
	}, nil
}

// recognised offers values, of which none is the first choice.
func (l speech) recognised(list []string, now string) []choice {
	out := []choice{{"", l.T("recognised by itself"), now == ""}}
	for _, v := range list {
		out = append(out, choice{v, v, v == now})
	}
	return out
}

// takeList judges the file that was sent, or loads it, or gives the error file back.
func (s *server) takeList(v *visit) error {
	view, err := s.loadView(v)
	if err != nil {
		return err
	}
	how, err := view.reading()
	if err == nil && v.upload == nil {
		err = breach.Errorf(breach.ErrInvalid, "no file was chosen")
	}
	if err != nil {
		return s.loadRefused(v, view, err)
	}
	switch v.r.URL.Query().Get("do") {
	case doErrors:
		out := &attachment{w: v.w, name: "errors.csv"}
		_, err := s.Desk.JudgeList(v.r.Context(), view.ID, v.actor, v.upload, how, out)
		if err != nil && out.begun {
			panic(http.ErrAbortHandler) // a part of a file must not look like all of it
		}
		if err != nil {
			return s.loadRefused(v, view, err)
		}
		return nil
	case doCheck:
		j, err := s.Desk.JudgeList(v.r.Context(), view.ID, v.actor, v.upload, how, nil)
		if err != nil {
			return s.loadRefused(v, view, err)
		}
		view.Result = v.l.judged(j)
		view.Result.Said = v.l.T("Nothing was loaded: this is only what would be.")
		return s.showLoad(v, http.StatusOK, view)
	}
	j, report, err := s.Desk.TakeList(v.r.Context(), view.ID, v.actor, v.upload, how)
	if j.Rows > 0 {
		view.Result = v.l.judged(j)
	}
	if err != nil {
		return s.loadRefused(v, view, err)
	}
	view.Result = v.l.judged(j)
	view.Result.loaded(v.l, report)
	return s.showLoad(v, http.StatusOK, view)
}

func (j *judgedView) loaded(l speech, r breach.LoadReport) {
	if r.Added > 0 {
		j.Loaded = l.T("List %d is loaded: %s are new, %s were on an earlier list.", r.Wave, l.People(r.Added), l.Num(r.Duplicates))
		j.Next = l.T("Submit the plan of list %d next; a second person approves it.", r.Wave)
	} else {
		j.Loaded = l.T("Nobody on it is new: all %s were on an earlier list.", l.Num(r.Duplicates))
	}
	for _, a := range []struct {
		n    int64
		text string
	}{
		{r.Already.ID, l.T("%s recognised by the same id", l.Num(r.Already.ID))},
		{r.Already.NameAndEmail, l.T("%s recognised by name and e-mail address", l.Num(r.Already.NameAndEmail))},
		{r.Already.NameAndPhone, l.T("%s recognised by name and telephone number", l.Num(r.Already.NameAndPhone))},
		{r.Already.IDReused, l.T("%s taken without their id, which is somebody else's on an earlier list", l.Num(r.Already.IDReused))},
		{r.Anew, l.T("%s of approved lists have another contact now: this list tells them there, and their earlier row is withdrawn", l.Num(r.Anew))},
	} {
		if a.n > 0 {
			j.Recognised = append(j.Recognised, a.text)
		}
	}
	if r.Replaced > 0 {
		j.Said = l.T("%s of those stand corrected; submit the plan of their list again.", l.Num(r.Replaced))
	}
}

// loadRefused shows on the form why nothing was loaded. What is our own failure has the error page.
func (s *server) loadRefused(v *visit, view loadView, err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = breach.Errorf(breach.ErrTooLarge, "the file is larger than %d bytes", large.Limit)
	}
	p, status := v.problemOf(err)
	if status >= http.StatusInternalServerError && p.Code != breach.ErrUnavailable || p.Code == breach.ErrNotFound {
		return err
	}
	view.Problem = &p
	return s.showLoad(v, status, view)
}

// reading is how the form says the file is to be read.
func (view *loadView) reading() (breach.Reading, error) {
	pick := func(list []choice) string {
		for _, c := range list {
			if c.Selected {
				return c.ID
			}
		}
		return ""
	}
	how := breach.Reading{
		Country: view.Country, Columns: map[string]string{}, NoHeader: view.NoHeader, Sheet: view.Sheet,
		Format: pick(view.Formats), Encoding: pick(view.Encodings), Delimiter: pick(view.Delimiters),
	}
	if how.Country != "" && !breach.IsCountry(how.Country) {
		return how, breach.Errorf(breach.ErrInvalid, "the list was not read").With(breach.FieldError{Where: "country", What: "must be a code of ISO 3166-1 such as CN"})
	}
	for line := range strings.Lines(view.Map) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		cut := strings.LastIndexByte(line, '=')
		if cut < 1 || cut == len(line)-1 || len(how.Columns) >= 64 {
			return how, breach.Errorf(breach.ErrInvalid, "the list was not read").
				With(breach.FieldError{Where: "map", What: "must be column=field on each line, such as 手机号=phone; at most 64 of them"})
		}
		how.Columns[strings.TrimSpace(line[:cut])] = strings.TrimSpace(line[cut+1:])
	}
	return how, nil
}

func (l speech) judged(j breach.ListJudged) *judgedView {
	view := &judgedView{File: l.T("%s rows of %s in %s", l.Num(j.Rows), strings.ToUpper(j.Format), strings.ToUpper(j.Encoding))}
	if j.Sheets > 1 {
		view.File = l.T("%s rows of %s in %s, sheet %d of %d", l.Num(j.Rows), strings.ToUpper(j.Format), strings.ToUpper(j.Encoding), j.Sheet, j.Sheets)
	}
	add := func(n int64, word, means string) {
		if n > 0 {
			view.Rows = append(view.Rows, judgedRow{l.Num(n), l.T(word), l.T(means)})
		}
	}
	for _, r := range verdictWords {
		add(r.of(j), r.word, r.means)
	}
	for _, p := range j.Problems {
		view.Problems = append(view.Problems, problemRow{l.Num(p.Rows), p.Code, p.Done, p.Do})
	}
	r := j.Reachable
	view.Reachable = l.T("Reachable: email %s, SMS %s, push %s, letter %s, by nothing %s", l.Num(r["email"]), l.Num(r["sms"]), l.Num(r["push"]), l.Num(r["letter"]), l.Num(r["none"]))
	if j.Children+j.ChildrenAlone > 0 {
		view.Children = l.T("Children: %s with a guardian's contact, %s without", l.Num(j.Children), l.Num(j.ChildrenAlone))
	}
	for _, d := range j.Doubts {
		view.Doubts = append(view.Doubts, doubtRow{d.Name(), l.T(d.Says()), d.Figures(), d.Do()})
		view.Refused = view.Refused || d.Refused
	}
	return view
}

// verdictWords say what became of rows.
var verdictWords = []struct {
	word, means string
	of          func(breach.ListJudged) int64
}{
	{"accepted", "as they stand", func(j breach.ListJudged) int64 { return j.Accepted }},
	{"repaired", "written differently, meaning the same", func(j breach.ListJudged) int64 { return j.Repaired }},
	{"flagged", "taken, but something was left out", func(j breach.ListJudged) int64 { return j.Flagged }},
	{"rejected", "not taken", func(j breach.ListJudged) int64 { return j.Rejected }},
	{"duplicates", "the same person as an earlier row", func(j breach.ListJudged) int64 { return j.Duplicates }},
	{"skipped", "blank lines and repeated headers", func(j breach.ListJudged) int64 { return j.Blank }},
}

// readUpload takes the fields of a form that come before its file, and leaves the file to be read as it comes: no list is
// ever kept in memory or on disk as a whole.
func (v *visit) readUpload(do action) error {
	fields := url.Values{}
	v.r.Form, v.r.PostForm = v.r.URL.Query(), fields //nolint:forbidigo // the fields of this request, not a call
	kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return v.read(do)
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, v.MaxListBytes+maxForm)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the form cannot be read")
	}
	const mostFields = 20
	for range mostFields {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return breach.Errorf(breach.ErrInvalid, "the form cannot be read")
		}
		if part.FormName() == "file" {
			v.upload = chosen(part)
			break
		}
		value, err := io.ReadAll(io.LimitReader(part, maxForm/4+1))
		if err != nil || len(value) > maxForm/4 {
			return breach.Errorf(breach.ErrTooLarge, "a field of the form is larger than %d bytes", maxForm/4)
		}
		fields.Add(part.FormName(), string(value))
	}
	maps.Copy(v.r.Form, fields)
	return do(v)
}

// chosen is nil when the form was sent without a file. The name of the file is not looked at: it may be a person's.
func chosen(part *multipart.Part) io.Reader {
	if part.FileName() == "" {
		return nil
	}
	return part
}

// attachment answers with a file from the first byte that is written on.
type attachment struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (a *attachment) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		a.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		a.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.name}))
	}
	return a.w.Write(b)
}
