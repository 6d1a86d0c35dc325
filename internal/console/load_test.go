package console

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const loadPath = "/console/incidents/" + sampleID + "/load"

var someJudged = breach.ListJudged{
	Format: "csv", Encoding: "gbk", Rows: 12, Accepted: 7, Repaired: 1, Flagged: 1, Rejected: 1, Duplicates: 1, Blank: 1,
	Problems:  []breach.ListProblem{{Code: "phone_rewritten", Rows: 1, Done: "written in the international form", Do: "nothing"}},
	Reachable: map[string]int64{"email": 9}, Children: 1,
	Doubts: []breach.ListDoubt{{Code: breach.DoubtShared, Field: "email", Count: 9, Of: 9}},
}

// listDesk judges and loads what it is sent, which must be some bytes.
func listDesk(t *testing.T, loads *atomic.Int64) *fakeDesk {
	d := sampleDesk()
	judge := func(list io.Reader, how breach.Reading, bad io.Writer) (breach.ListJudged, error) {
		b, err := io.ReadAll(list)
		if err != nil {
			return breach.ListJudged{}, breach.Errorf(breach.ErrInvalid, "the list could not be read to its end (%w)", err)
		}
		if strings.HasPrefix(string(b), "bad") {
			return breach.ListJudged{}, breach.Errorf(breach.ErrInvalid, "no column is known").With(breach.FieldError{Where: "column 1", What: "not known"})
		}
		if bad != nil {
			_, err = bad.Write([]byte("record,line\r\n1,2\r\n"))
		}
		return someJudged, err
	}
	d.judgeList = judge
	d.takeList = func(list io.Reader, how breach.Reading) (breach.ListJudged, breach.LoadReport, error) {
		j, err := judge(list, how, nil)
		if err == nil {
			loads.Add(1)
		}
		return j, breach.LoadReport{Wave: 2, Added: 9, Duplicates: 3, Replaced: 2, Already: breach.Already{NameAndEmail: 3}}, err
	}
	return d
}

// sendFile posts the form as a browser does, with the file last.
func (s *site) sendFile(path string, fields [][2]string, file []byte) *page {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range fields {
		require.NoError(s.t, w.WriteField(f[0], f[1]))
	}
	if file != nil {
		part, err := w.CreateFormFile("file", "wei lin.csv")
		require.NoError(s.t, err)
		_, err = part.Write(file)
		require.NoError(s.t, err)
	}
	require.NoError(s.t, w.Close())
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, &body)
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.do(r)
}

func TestAListIsJudgedAndLoadedByAForm(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	d := listDesk(t, &loads)
	var how breach.Reading
	inner := d.judgeList
	d.judgeList = func(list io.Reader, h breach.Reading, bad io.Writer) (breach.ListJudged, error) {
		how = h
		return inner(list, h, bad)
	}
	s := newSite(t, d).as(responder)
	s.get(loadPath)
	csrf := [2]string{"csrf", s.csrf()}
	p := s.sendFile(loadPath+"?do=check", [][2]string{csrf, {"country", "cn"}, {"map", "手机号=phone\r\n\r\n名=name"}, {"encoding", "gbk"}, {"no_header", "yes"}}, []byte("a,b"))
	require.Equal(t, http.StatusOK, p.status)
	wellMade(t, p, loadPath)
	require.Equal(t, breach.Reading{Country: "CN", Columns: map[string]string{"手机号": "phone", "名": "name"}, NoHeader: true, Encoding: "gbk"}, how)
	for _, want := range []string{"Nothing was loaded", "12 rows of CSV in GBK", "phone_rewritten", "one_address.email", "One contact stands at many people"} {
		require.Contains(t, p.one("#outcome").text(), want)
	}
	require.NotContains(t, p.one("main").text(), "wei lin", "the name of a file may be a person's")
	require.Zero(t, loads.Load())

	p = s.sendFile(loadPath, [][2]string{csrf}, []byte("a,b"))
	require.Equal(t, http.StatusOK, p.status)
	require.Contains(t, p.one("#outcome").text(), "List 2 is loaded: 9 people are new, 3 were on an earlier list.")
	require.Contains(t, p.one("#outcome").text(), "2 of those stand corrected")
	require.Contains(t, p.one("#outcome").text(), "3 recognised by name and e-mail address")
	require.Len(t, p.all("#outcome a[href=/console/incidents/"+sampleID+"/mend]"), 1, "doubts are confirmed there")
	require.EqualValues(t, 1, loads.Load())

	p = s.sendFile(loadPath+"?do=errors", [][2]string{csrf}, []byte("a,b"))
	require.Equal(t, http.StatusOK, p.status)
	require.Equal(t, "attachment; filename=errors.csv", p.header.Get("Content-Disposition"))
	require.Equal(t, "no-store", p.header.Get("Cache-Control"))
}

func TestAListThatCannotBeTakenSaysWhy(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	s := newSite(t, listDesk(t, &loads)).as(responder)
	s.get(loadPath)
	csrf := [2]string{"csrf", s.csrf()}
	for _, do := range []string{"", "?do=check", "?do=errors"} {
		p := s.sendFile(loadPath+do, [][2]string{csrf, {"sheet", "<b>"}}, []byte("bad"))
		require.Equal(t, http.StatusUnprocessableEntity, p.status, do)
		wellMade(t, p, loadPath)
		require.Contains(t, p.one("#outcome").text(), "column 1")
		require.Equal(t, "<b>", p.one("#sh").attr("value"), "what was chosen is kept")
	}
	for _, fields := range [][][2]string{{csrf, {"map", "phone"}}, {csrf, {"country", "XX"}}} {
		require.Equal(t, http.StatusUnprocessableEntity, s.sendFile(loadPath, fields, []byte("a,b")).status)
	}
	require.Equal(t, http.StatusUnprocessableEntity, s.sendFile(loadPath, [][2]string{csrf}, nil).status, "no file")
	require.Equal(t, http.StatusForbidden, s.sendFile(loadPath, [][2]string{{"csrf", "other"}}, []byte("a,b")).status)
	require.Equal(t, http.StatusForbidden, s.sendFile(loadPath, nil, []byte("a,b")).status, "the token stands before the file")
	require.Equal(t, http.StatusRequestEntityTooLarge, s.sendFile(loadPath, [][2]string{csrf, {"map", strings.Repeat("x", maxForm)}}, []byte("a,b")).status)
	require.Zero(t, loads.Load())
	require.Empty(t, newSite(t, listDesk(t, &loads)).as(reader).get(loadPath).all("form[data-upload]"), "who only reads loads nothing")
}

func TestAListThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	d := listDesk(t, &loads)
	s := newSiteWith(t, d, func(c *Config) { c.MaxListBytes = 1000 }).as(responder)
	s.get(loadPath)
	p := s.sendFile(loadPath, [][2]string{{"csrf", s.csrf()}}, bytes.Repeat([]byte("x"), 200_000))
	require.Equal(t, http.StatusRequestEntityTooLarge, p.status)
	require.Zero(t, loads.Load())
	d.takeList = func(io.Reader, breach.Reading) (breach.ListJudged, breach.LoadReport, error) {
		return breach.ListJudged{}, breach.LoadReport{}, errors.New("something of ours")
	}
	require.Equal(t, http.StatusInternalServerError, s.sendFile(loadPath, [][2]string{{"csrf", s.csrf()}}, []byte("a")).status)
}

// Doubts about the list stand apart from what is asked of the texts.
func TestDoubtsHaveTheirOwnHeading(t *testing.T) {
	t.Parallel()
	d := gappyDesk(gappyOverview())
	doubt := someJudged.Doubts[0].Gap(1)
	inner := d.checkPlan
	d.checkPlan = func() (breach.PlanCheck, error) {
		c, err := inner()
		c.Contents.Gaps = append(c.Contents.Gaps, doubt)
		return c, err
	}
	p := newSite(t, d).as(responder).get("/console/incidents/" + sampleID + "/mend")
	wellMade(t, p, "mend")
	require.Contains(t, p.one("main h3").text(), "Signs that wrong people would be told")
	require.Len(t, p.all("input[name=gap][value=list-1:one_address.email]"), 1)

	waived := doubt
	waived.Waived = &breach.Waiver{Reason: "one office for all", By: "wei.lin"}
	rec, texts := samplePlan(2)
	rec.Plan.Contents = &breach.ContentCheck{Checked: []string{"a"}, Gaps: []breach.ContentGap{waived}}
	d.plan = func(string, int) (breach.PlanRecord, []breach.Text, error) { return rec, texts, nil }
	p = newSite(t, d).as(lead).get("/console/incidents/" + sampleID + "/approve")
	wellMade(t, p, "approve")
	require.Len(t, p.all("#h-lists"), 1)
	require.Contains(t, p.one("#p4").text(), "one office for all")
	require.Contains(t, p.one("#p4").text(), "Nothing that is asked for is missing")
}

func TestBrowserLoadsAList(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	s, b := newSite(t, listDesk(t, &loads)), openTab(t)
	file := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(file, []byte("name,email\nA,a@b.test\n"), 0o600))
	b.size(390, 900)
	b.signIn(s, responder)
	b.open(s.URL+"/console/incidents/"+sampleID, "#lists")
	b.click(`#lists a[href$="/load"]`)
	b.sees("#fi")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#fi"), []string{file}))
	b.click(`button[formaction$="do=check"]`)
	b.sees("#h-ju")
	require.Contains(t, eval[string](b, `document.querySelector("#outcome").textContent`), "Nothing was loaded")
	require.Equal(t, 1, eval[int](b, `document.querySelector("#fi").files.length`), "the chosen file stays")
	require.Zero(t, loads.Load())
	b.click("form[data-upload] .btn-act")
	b.until(`document.querySelector("#outcome").textContent.includes("List 2 is loaded")`)
	require.Equal(t, "outcome", eval[string](b, "document.activeElement.id"))
	require.False(t, eval[bool](b, `document.documentElement.scrollWidth > innerWidth`))
	require.EqualValues(t, 1, loads.Load())
	require.NoError(t, os.WriteFile(file, []byte("bad"), 0o600))
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#fi"), []string{file}))
	b.click("form[data-upload] .btn-act")
	b.sees("#h-pr")
	b.until(`document.querySelector("#upload").hidden && !document.querySelector("form[data-upload] .btn-act").disabled`)
}
