package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/standalone/demo"
)

// feed is what of an Atom feed a reader needs.
type feed struct {
	XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string    `xml:"id"`
	Title   string    `xml:"title"`
	Updated time.Time `xml:"updated"`
	Entries []struct {
		ID      string    `xml:"id"`
		Title   string    `xml:"title"`
		Updated time.Time `xml:"updated"`
		Links   []struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

// Who cannot be told one by one is covered by an announcement that was decided from measured facts, says
// why, stands on the product's own page in every language, and is in its feed. Where nobody is left, there
// is none.
func TestMainJob09TheAnnouncementCoversWhoIsLeft(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	people := c.some(4)
	people[2].Email = c.email("bounce.simulator.test")
	people[3].Email = ""
	file := example(t)
	title := "Announced " + c.tag
	file.Facts.Incident.Title = &title
	k := w.open(t, file)
	k.tell(t, people)
	v := k.told(t)
	require.NotNil(t, v.Announcement)
	require.EqualValues(t, 2, v.People[breach.Covered])
	require.EqualValues(t, 2, v.People[breach.Reached])
	require.Equal(t, breach.Covered, k.find(t, people[3]).Outcome)
	require.Equal(t, "no_contact", k.find(t, people[3]).Reason)
	require.Equal(t, "failed_everywhere", k.find(t, people[2]).Reason)
	var decided struct {
		Announce bool     `json:"announce"`
		Because  []string `json:"because"`
		Covers   int      `json:"covers"`
	}
	for _, e := range k.timeline(t) {
		if e.Action == "announce.decided" {
			require.NoError(t, json.Unmarshal(e.Data, &decided))
		}
	}
	require.True(t, decided.Announce)
	require.Equal(t, 2, decided.Covers)
	require.NotEmpty(t, decided.Because)

	require.True(t, strings.HasPrefix(v.Announcement.URL, w.BaseURL+"/notices/"))
	public := w.as("")
	path := strings.TrimPrefix(v.Announcement.URL, w.BaseURL)
	status, page, kind := public.raw(t, http.MethodGet, path, nil, "Accept", "text/html", "Accept-Language", "en")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, kind, "text/html")
	seen := squeeze(visible(t, string(page)))
	for _, s := range file.Narrative["en"].Sections() {
		first, _, _ := strings.Cut(strings.TrimLeft(s.Text, "-1. "), "\n")
		require.Contains(t, seen, squeeze(first), s.Name)
	}
	require.Contains(t, seen, squeeze(file.Contact.Email))
	for _, h := range people {
		require.NotContains(t, string(page), h.ExternalID)
	}
	_, page, _ = public.raw(t, http.MethodGet, path, nil, "Accept", "text/html", "Accept-Language", "zh-CN")
	require.Regexp(t, han, visible(t, string(page)))
	status, raw, kind := public.raw(t, http.MethodGet, path, nil, "Accept", "application/json")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, kind, "json")
	require.True(t, json.Valid(raw))

	status, raw, kind = public.raw(t, http.MethodGet, "/notices/feed.atom", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, kind, "application/atom+xml")
	var f feed
	require.NoError(t, xml.Unmarshal(raw, &f))
	require.NotEmpty(t, f.ID)
	require.NotEmpty(t, f.Title)
	require.False(t, f.Updated.IsZero())
	found := false
	for _, e := range f.Entries {
		require.NotEmpty(t, e.ID)
		require.False(t, e.Updated.IsZero())
		for _, l := range e.Links {
			found = found || e.ID == v.Announcement.URL && strings.HasPrefix(l.Href, v.Announcement.URL)
		}
	}
	require.True(t, found, "the feed leads to the announcement")
	status, raw, _ = public.raw(t, http.MethodGet, "/notices/", nil, "Accept", "text/html")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(raw), v.Announcement.Reference)

	all := w.open(t, example(t))
	all.tell(t, c.some(3))
	v = all.told(t)
	require.Nil(t, v.Announcement, "nobody is left for whom one is needed")
	require.True(t, all.recorded(t, "announce.decided"))
}

// Reports go to their authorities as approved, by portal or email, once; a number that an authority gives
// is stored, at once by the portal, later by a person.
func TestMainJob09ReportsAreFiled(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	k := w.open(t, example(t))
	k.tell(t, newCrowd().some(2))
	k.told(t)
	var view struct {
		Texts []struct{ Ref breach.NoticeRef }
	}
	k.lead.do(t, http.MethodGet, k.path("/plan"), nil, &view)
	approved := map[string]bool{}
	for _, x := range view.Texts {
		if x.Ref.Kind == breach.KindReport {
			approved[x.Ref.Channel] = true
		}
	}
	v := k.until(t, "all reports", func(v breach.Overview) bool { return len(v.Filings) == len(approved) })
	filed, byMails := map[string]breach.Filing{}, 0
	for _, f := range v.Filings {
		filed[f.Obligation] = f
		if f.Route == "email" {
			byMails++
			require.Equal(t, "filed", f.Status)
		}
		found := 0
		err := w.sims.Outbox().Each(outbox.Query{Provider: "portal"}, func(m outbox.Message) error {
			if m.MessageID == f.Acknowledgement && f.Acknowledgement != "" {
				found++
				require.Equal(t, "portal", m.Transport)
			}
			return nil
		})
		require.NoError(t, err)
		if f.Route == "portal" {
			require.Equal(t, 1, found, f.Obligation)
			require.Equal(t, "acknowledged", f.Status)
			require.NotEmpty(t, f.Acknowledgement)
			require.NotNil(t, f.AcknowledgedAt)
		}
	}
	k.followUpsRun(t, filed)
	byMail := filed["cn-pipl-57/authority/notice"]
	require.Equal(t, "email", byMail.Route)
	require.Equal(t, "filed", byMail.Status)
	require.True(t, awaits(v, "acknowledge"))
	require.Equal(t, breach.ErrForbidden, k.author.try(t, http.MethodPost, k.path("/acknowledgements"), map[string]string{"obligation": byMail.Obligation, "number": "CAC-1"}, nil).code())
	require.Equal(t, breach.ErrNotFound, k.lead.try(t, http.MethodPost, k.path("/acknowledgements"), map[string]string{"obligation": "eu-gdpr/authority/final", "number": "X"}, nil).code())
	require.Greater(t, byMails, 1)
	for _, one := range filed {
		if one.Route != "email" {
			continue
		}
		number := w.answered(t, k.id, one)
		var f breach.Filing
		k.lead.do(t, http.MethodPost, k.path("/acknowledgements"), map[string]string{"obligation": one.Obligation, "number": number}, &f)
		require.Equal(t, number, f.Acknowledgement)
	}
	require.Equal(t, breach.ErrConflict, k.lead.try(t, http.MethodPost, k.path("/acknowledgements"), map[string]string{"obligation": byMail.Obligation, "number": "another"}, nil).code())
	v = k.until(t, "the numbers on the page", func(v breach.Overview) bool { return !awaits(v, "acknowledge") })
	for _, d := range v.Duties {
		if _, ok := filed[d.ID]; ok {
			require.Equal(t, breach.ObligationAcknowledged, d.State, d.ID)
			require.False(t, d.Overdue)
		}
	}
	for _, x := range view.Texts {
		if x.Ref.Kind == breach.KindReport {
			require.Equal(t, filed[x.Ref.Channel].SHA256, x.Ref.SHA256, "%s was filed as it was approved", x.Ref.Channel)
		}
	}
}

// followUpsRun waits until the facts have every filing, and with it each clock that is chained to one a real start, and
// runs; nobody amended anything.
func (k *kase) followUpsRun(t *testing.T, filed map[string]breach.Filing) {
	t.Helper()
	chained := func(d breach.Duty) (breach.Filing, bool) {
		if d.Clock == nil || d.Verdict != breach.Applies {
			return breach.Filing{}, false
		}
		id, is := strings.CutPrefix(d.Clock.From, "filed_at[")
		f, is2 := filed[strings.TrimSuffix(id, "]")]
		return f, is && is2
	}
	v := k.until(t, "the filings in the facts", func(v breach.Overview) bool {
		return !slices.ContainsFunc(v.Duties, func(d breach.Duty) bool {
			_, done := filed[d.ID]
			_, follows := chained(d)
			return done && d.MetAt == nil || follows && d.Clock.Provisional
		})
	})
	st, err := k.w.Product.Desk.Status(t.Context(), k.id)
	require.NoError(t, err)
	followUps := 0
	for _, d := range v.Duties {
		if f, follows := chained(d); follows {
			followUps++
			require.Equal(t, f.FiledAt, *d.Clock.StartedAt, d.ID)
			require.True(t, slices.ContainsFunc(st.Clocks, func(c protocol.ClockStatus) bool {
				return c.Obligation == d.ID && c.DueAt.Equal(*d.DueAt) && (!c.Met || d.Duty == "notify_individuals")
			}), "%s rings", d.ID)
		}
	}
	require.Positive(t, followUps)
	var out struct {
		Revisions []breach.Revision `json:"revisions"`
	}
	k.lead.do(t, http.MethodGet, k.path("/revisions"), nil, &out)
	byProduct := 0
	for _, r := range out.Revisions {
		if r.By == "tocsin" {
			byProduct++
		}
	}
	require.GreaterOrEqual(t, byProduct, len(filed), "a revision a filing")
}

// answered waits until the authority answers a report by mail, and reads the number as a person does, in the
// outbox.
func (w *world) answered(t *testing.T, incident string, f breach.Filing) (number string) {
	t.Helper()
	text, err := w.Product.Store.Text(t.Context(), incident, f.SHA256)
	require.NoError(t, err)
	body, err := text.Open()
	require.NoError(t, err)
	mail := demo.NewMailbox(w.sims.Endpoints().OutboxURL)
	require.Eventually(t, func() bool {
		number, err = mail.Number(t.Context(), body.Parts["text"])
		return err == nil && number != ""
	}, 20*time.Second, 100*time.Millisecond, "no answer by mail: %v", err)
	require.Regexp(t, `^INCIDENT-REPORT-20\d\d-\d{6}$`, number)
	return number
}

// The evidence pack verifies by itself; a record that somebody changed is named.
func TestMainJob09TheEvidenceProves(t *testing.T) {
	t.Parallel()
	w, c := theWorld(t), newCrowd()
	people := append(c.some(20), theForty(c)[:20]...)
	k := w.open(t, example(t))
	k.tell(t, people)
	k.told(t)
	require.Equal(t, breach.ErrNotFound, k.lead.try(t, http.MethodGet, k.path("/evidence"), nil, nil).code(), "nothing is sealed yet")
	v := k.closed(t)
	status, pack, kind := k.lead.raw(t, http.MethodGet, k.path("/evidence"), nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "application/zip", kind)
	report, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	require.True(t, report.Verified, "%v", report.Problems)
	require.Equal(t, k.id, report.Meta.Incident)
	require.EqualValues(t, len(people), report.People["total"])
	for _, o := range breach.Outcomes {
		require.Equal(t, v.People[o], report.People[string(o)], o)
	}

	files := unzipped(t, pack)
	for _, name := range []string{"audit.jsonl", "people.jsonl", "attempts.jsonl", "approvals.jsonl", "counts.json", "receipts.jsonl", "refusals.jsonl", "manifest.json", "signature.json"} {
		require.NotEmpty(t, files[name], name)
	}
	for name, body := range files {
		for _, h := range people {
			for _, contact := range append(h.contacts(), h.ExternalID) {
				require.NotContains(t, string(body), contact, "%s names somebody", name)
			}
		}
	}
	third := bytes.Split(files["people.jsonl"], []byte("\n"))[2]
	forged := rezipped(t, pack, func(name string, body []byte) []byte {
		if name != "people.jsonl" {
			return body
		}
		return bytes.Replace(body, third, bytes.Replace(third, []byte(`"person":3`), []byte(`"person":4`), 1), 1)
	})
	require.NotEqual(t, files["people.jsonl"], unzipped(t, forged)["people.jsonl"], "the forgery changes something")
	report, err = evidence.Verify(bytes.NewReader(forged), int64(len(forged)))
	require.NoError(t, err)
	require.False(t, report.Verified)
	named := false
	for _, p := range report.Problems {
		named = named || p.File == "people.jsonl" && p.Record == 3
	}
	require.True(t, named, "%v", report.Problems)

	var sealed breach.Sealed
	k.lead.do(t, http.MethodPost, k.path("/evidence"), nil, &sealed)
	require.NotEmpty(t, sealed.SHA256)
	require.Equal(t, breach.ErrForbidden, w.as(w.reader).try(t, http.MethodGet, k.path("/evidence"), nil, nil).code())
}

func unzipped(t *testing.T, pack []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	rezipped(t, pack, func(name string, body []byte) []byte { files[name] = body; return body })
	return files
}

// rezipped writes a pack again with every file changed by change.
func rezipped(t *testing.T, pack []byte, change func(name string, body []byte) []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		dst, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: f.Method, Modified: f.Modified})
		require.NoError(t, err)
		_, err = dst.Write(change(f.Name, body))
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	return b.Bytes()
}
