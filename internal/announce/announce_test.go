package announce

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const sample = "LKF-2026-11"

func text(t testing.TB, locale, title, html string) breach.Text {
	t.Helper()
	x, err := breach.NewText(breach.TextBody{Kind: breach.KindAnnouncement, Channel: "page", Locale: locale, Parts: map[string]string{
		"title": title, "html": html, "text": "Plain: " + title,
	}})
	require.NoError(t, err)
	return x
}

func announcement(t testing.TB) breach.Announcement {
	t.Helper()
	at := time.Date(2026, 11, 15, 20, 20, 0, 0, time.UTC)
	return breach.Announcement{
		Reference: sample, Incident: "secret-incident-id", Reason: "secret reason", Decision: json.RawMessage(`{"secret":1}`), PublishedAt: at, KeepUntil: at.AddDate(0, 0, 90),
		Texts: []breach.Text{
			text(t, "zh-Hans", "课程账户 <安全> 公告", "<header><h1>公告</h1></header><section><p>一起安全事件。</p></section>"),
			text(t, "en", "Notice & <b>more</b>", "<header><h1>Notice</h1></header><section><p>An incident.</p></section>"),
		},
	}
}

func site(t testing.TB, change ...func(*Config)) *Site {
	t.Helper()
	c := Config{Dir: t.TempDir(), PublicBaseURL: "https://larkfield.example", Organisation: "Larkfield <Learning>", VerifyTime: 30 * time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	require.NoError(t, err)
	return s
}

func published(t testing.TB, change ...func(*Config)) *Site {
	t.Helper()
	s := site(t, change...)
	_, err := s.Publish(t.Context(), announcement(t))
	require.NoError(t, err)
	return s
}

func get(s *Site, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestPromise_M12_M22_PublishedNoticeIsReadInBothLanguages(t *testing.T) {
	t.Parallel()
	s := site(t)
	address, err := s.Publish(t.Context(), announcement(t))
	require.NoError(t, err)
	require.Equal(t, "https://larkfield.example/notices/LKF-2026-11", address)
	for _, c := range []struct{ path, accept, lang, holds string }{
		{"/notices/" + sample, "", "zh-Hans", "一起安全事件。"},
		{"/notices/" + sample, "en-GB,en;q=0.9", "en", "An incident."},
		{"/notices/" + sample, "de-DE", "en", "An incident."},
		{"/notices/" + sample, "zh-CN,en;q=0.5", "zh-Hans", "一起安全事件。"},
		{"/notices/" + sample + "?lang=en", "zh-CN", "en", "An incident."},
		{"/notices/" + sample + "?lang=zh-CN", "en", "zh-Hans", "一起安全事件。"},
	} {
		w := get(s, c.path, "Accept-Language", c.accept, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, c.lang, w.Header().Get("Content-Language"), "%s %s", c.path, c.accept)
		body := w.Body.String()
		require.Contains(t, body, `<html lang="`+c.lang+`" dir="ltr">`)
		require.Contains(t, body, c.holds)
		require.Contains(t, body, sample)
		require.Contains(t, body, "larkfield.example/verify")
		require.Contains(t, body, "?lang=", "the other language is linked")
		require.NotContains(t, body, "secret")
		require.NotContains(t, body, "<Learning>")
		require.NotContains(t, strings.ToLower(body), "<script")
	}
}

func TestNoticeAsJSON(t *testing.T) {
	t.Parallel()
	s := published(t)
	for _, w := range []*httptest.ResponseRecorder{get(s, "/notices/"+sample, "Accept", "application/json"), get(s, "/notices/"+sample+"?format=json")} {
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Header().Get("Content-Type"), "application/json")
		require.Contains(t, w.Header().Get("Vary"), "Accept")
		var n notice
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &n))
		require.Equal(t, sample, n.Reference)
		require.Equal(t, "https://larkfield.example/notices/LKF-2026-11", n.URL)
		require.Len(t, n.Languages, 2)
		require.NotContains(t, w.Body.String(), "secret")
	}
	require.Contains(t, get(s, "/notices/"+sample, "Accept", "text/html, application/json;q=0.9").Header().Get("Content-Type"), "html")
	var list struct{ Notices []notice }
	require.NoError(t, json.Unmarshal(get(s, "/notices", "Accept", "application/json").Body.Bytes(), &list), "the list is the banner feed of apps (M22)")
	require.Len(t, list.Notices, 1)
}

func TestPublishingAgainChangesNothingAndOtherTextsMakeAVersion(t *testing.T) {
	t.Parallel()
	s := published(t)
	before := tree(t, s.dir)
	again := announcement(t)
	again.PublishedAt = again.PublishedAt.Add(time.Hour)
	address, err := s.Publish(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, s.address(sample), address)
	require.Equal(t, before, tree(t, s.dir), "a second run of the same activity leaves the page as it is")

	again.Texts[1] = text(t, "en", "Corrected notice", "<h1>Corrected</h1>")
	_, err = s.Publish(t.Context(), again)
	require.NoError(t, err)
	now := get(s, "/notices/"+sample+"?lang=en").Body.String()
	require.Contains(t, now, "Corrected")
	require.Contains(t, now, "?version=1&amp;lang=en", "the old version is linked")
	old := get(s, "/notices/"+sample+"?lang=en&version=1").Body.String()
	require.Contains(t, old, "An incident.")
	require.Contains(t, old, "There is a newer one")
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := os.ReadFile(p)
			out[strings.TrimPrefix(p, dir)] = string(b)
		}
		return err
	}))
	return out
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	tampered := text(t, "en", "a", "<p>a</p>")
	tampered.Body = append([]byte(nil), tampered.Body...)
	tampered.Body[len(tampered.Body)-4] ^= 1
	report, err := breach.NewText(breach.TextBody{Kind: breach.KindReport, Channel: "x", Locale: "en", Parts: map[string]string{"title": "a", "html": "b", "text": "c"}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*breach.Announcement)
		code   breach.Code
	}{
		"path":           {func(a *breach.Announcement) { a.Reference = "../../etc" }, breach.ErrInvalid},
		"dots":           {func(a *breach.Announcement) { a.Reference = "...." }, breach.ErrInvalid},
		"empty":          {func(a *breach.Announcement) { a.Reference = "" }, breach.ErrInvalid},
		"newline":        {func(a *breach.Announcement) { a.Reference = "ABCD\n" }, breach.ErrInvalid},
		"no instant":     {func(a *breach.Announcement) { a.PublishedAt = time.Time{} }, breach.ErrInvalid},
		"kept backwards": {func(a *breach.Announcement) { a.KeepUntil = a.PublishedAt.Add(-time.Hour) }, breach.ErrInvalid},
		"no texts":       {func(a *breach.Announcement) { a.Texts = nil }, breach.ErrIncomplete},
		"tampered":       {func(a *breach.Announcement) { a.Texts[1] = tampered }, breach.ErrTampered},
		"report":         {func(a *breach.Announcement) { a.Texts[1] = report }, breach.ErrInvalid},
		"twice":          {func(a *breach.Announcement) { a.Texts[0] = text(t, "en", "x", "<p>y</p>") }, breach.ErrInvalid},
		"locale":         {func(a *breach.Announcement) { a.Texts[0] = text(t, "../x", "x", "<p>y</p>") }, breach.ErrInvalid},
		"variable":       {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", "<p>{{name}}</p>") }, breach.ErrIncomplete},
		"empty page":     {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", " ") }, breach.ErrIncomplete},
		"script":         {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", "<p>x</p><ScRiPt>1</sCrIpT>") }, breach.ErrInvalid},
		"unfinished tag": {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", `<p>x</p><img src=x onerror=x `) }, breach.ErrInvalid},
		"handler":        {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", `<p onclick="x">x</p>`) }, breach.ErrInvalid},
		"image":          {func(a *breach.Announcement) { a.Texts[1] = text(t, "en", "a", `<img src="https://evil.test">`) }, breach.ErrInvalid},
	} {
		s := site(t)
		a := announcement(t)
		c.change(&a)
		_, err := s.Publish(t.Context(), a)
		require.Equal(t, c.code, breach.CodeOf(err), name)
		require.Empty(t, tree(t, s.dir), name)
	}
}

// What a crash left half-written is never served, and the next publishing heals the list.
func TestCrashLeftoversAreNotServed(t *testing.T) {
	t.Parallel()
	s := site(t)
	require.NoError(t, os.MkdirAll(filepath.Join(s.dir, unfinished+"123"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, unfinished+"123", noticeFile), []byte("{"), 0o644))
	require.NoError(t, os.MkdirAll(filepath.Join(s.dir, "ABCD-1"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, indexFile), []byte("[{"), 0o644))
	require.Equal(t, http.StatusNotFound, get(s, "/notices/ABCD-1").Code)
	require.Equal(t, http.StatusOK, get(s, "/notices").Code)
	_, err := s.Publish(t.Context(), announcement(t))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(s.dir, indexFile)))
	require.Contains(t, get(s, "/notices?lang=en").Body.String(), "Notice &amp; &lt;b&gt;more")
}

func TestManyPublishersAtOnce(t *testing.T) {
	t.Parallel()
	s := site(t)
	other, err := New(Config{Dir: s.dir, PublicBaseURL: s.base})
	require.NoError(t, err)
	a := announcement(t)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() { _, errs[i] = []*Site{s, other}[i%2].Publish(context.Background(), a) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, 1, s.newest(sample))
}

func TestEveryAnswerIsLockedDown(t *testing.T) {
	t.Parallel()
	s := published(t)
	for _, path := range []string{"/notices", "/notices/", "/notices/" + sample, "/notices/feed.atom", "/notices/site.css", "/verify", "/notices/NOPE-1", "/notices/..%2f..%2fetc", "/elsewhere"} {
		w := get(s, path)
		h := w.Header()
		require.Equal(t, contentPolicy, h.Get("Content-Security-Policy"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Empty(t, h.Values("Set-Cookie"), path)
		body := strings.ToLower(w.Body.String())
		for _, bad := range []string{"<script", "style=", "onclick", "<img", "<iframe"} {
			require.NotContains(t, body, bad, path)
		}
	}
	r := httptest.NewRequest(http.MethodDelete, "/notices/"+sample, nil)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}

func TestMissingPagesHelp(t *testing.T) {
	t.Parallel()
	s := site(t)
	for lang, want := range map[string]string{"en": "There is no notice here", "zh-CN": "这里没有公告"} {
		w := get(s, "/notices/NOPE-1", "Accept-Language", lang)
		require.Equal(t, http.StatusNotFound, w.Code)
		require.Contains(t, w.Body.String(), want)
		require.Contains(t, w.Body.String(), "/verify")
	}
	w := get(s, "/notices/NOPE-1", "Accept", "application/json")
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.Contains(t, get(s, "/notices?lang=en").Body.String(), "There are no notices.")
	require.Contains(t, get(s, "/notices?lang=zh").Body.String(), "目前没有公告")
}

func TestFeedIsAtom(t *testing.T) {
	t.Parallel()
	for _, s := range []*Site{site(t), published(t)} {
		w := get(s, "/notices/feed.atom", "Accept-Language", "en")
		require.Contains(t, w.Header().Get("Content-Type"), "application/atom+xml")
		var f atomFeed
		require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &f))
		require.NotEmpty(t, f.ID)
		require.NotEmpty(t, f.Title)
		require.Equal(t, "Larkfield <Learning>", f.Author.Name)
		_, err := time.Parse(time.RFC3339, f.Updated)
		require.NoError(t, err)
		for _, e := range f.Entries {
			require.Equal(t, "Notice & <b>more</b>", e.Title, "escaped, and read back as it was")
			require.Equal(t, "https://larkfield.example/notices/LKF-2026-11", e.ID)
			require.Len(t, e.Links, 2)
			require.Equal(t, "text", e.Content.Type)
			require.Equal(t, "2026-11-15T20:20:00Z", e.Updated)
		}
		require.NotContains(t, w.Body.String(), "secret")
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{PublicBaseURL: "https://x.test"}, {Dir: t.TempDir()}, {Dir: t.TempDir(), PublicBaseURL: "ftp://x.test"}, {Dir: t.TempDir(), PublicBaseURL: "https://u:p@x.test"}, {Dir: "/dev/null/x", PublicBaseURL: "https://x.test"},
	} {
		_, err := New(c)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	}
	s := site(t, func(c *Config) { c.PublicBaseURL = "https://x.test/safety/" })
	require.Contains(t, get(s, "/verify").Body.String(), `action="/safety/verify?lang=en"`, "a site below a path links below it")
}

func FuzzPaths(f *testing.F) {
	for _, s := range []string{"LKF-2026-11", "..", "%2e%2e", "a/b", "\x00", "v1", ".new-1", "site.css?x", "feed.atom/.."} {
		f.Add(s, "en", "text/html")
	}
	s := published(f)
	h := s.Handler()
	f.Fuzz(func(t *testing.T, path, lang, accept string) {
		r := httptest.NewRequest(http.MethodGet, "/notices/x", nil)
		r.URL.Path, r.URL.RawQuery = "/notices/"+path, url.Values{"lang": {lang}, "version": {path}}.Encode()
		r.Header.Set("Accept-Language", lang)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Less(t, w.Code, 500)
	})
}

func TestUnlistedPageIsReadableAndInNoListUntilItIsPublished(t *testing.T) {
	t.Parallel()
	s := site(t)
	a := announcement(t)
	a.Unlisted = true
	_, err := s.Publish(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, get(s, "/notices/"+sample).Code)
	require.NotContains(t, get(s, "/notices").Body.String(), sample)
	require.NotContains(t, get(s, "/notices/feed.atom").Body.String(), sample)

	a.Unlisted = false
	_, err = s.Publish(t.Context(), a)
	require.NoError(t, err)
	require.Contains(t, get(s, "/notices").Body.String(), sample)
	require.Contains(t, get(s, "/notices/feed.atom").Body.String(), sample)

	a.Unlisted = true // a later list of the same incident shows the page again: it stays listed
	_, err = s.Publish(t.Context(), a)
	require.NoError(t, err)
	require.Contains(t, get(s, "/notices/feed.atom").Body.String(), sample)
}
