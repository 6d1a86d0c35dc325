package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk())
	p := s.get("/console/incidents/" + sampleID)
	require.Equal(t, "/console/incidents/"+sampleID, p.one("input[name=next]").attr("value"))
	for token, want := range map[string]int{"": 422, "   ": 422, "wrong": 401, "token-" + detector.ID: 403, strings.Repeat("x", 5000): 422} {
		p = s.post("/console/sign-in", url.Values{"token": {token}})
		require.Equal(t, want, p.status, token)
		require.NotEmpty(t, p.one("#token-e").text())
		require.Empty(t, p.one("#token").attr("value"), "a token never comes back")
		require.Empty(t, p.header.Get("Set-Cookie"))
		wellMade(t, p, "sign-in")
	}
	p = s.post("/console/sign-in", url.Values{"token": {" token-" + lead.ID + "\n"}, "next": {"/console/legend"}})
	require.Equal(t, "/console/legend", p.path)
	require.Contains(t, p.text(), "Wei Lin, lead")
	p = s.post("/console/sign-out", url.Values{"csrf": {p.one("form[action=/console/sign-out] input").attr("value")}})
	require.Equal(t, "/console/sign-in", p.path)
	require.Contains(t, s.get("/console/").path, "/console/sign-in")
}

func TestTheCookieOfASession(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk())
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, https := range []bool{false, true} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/console/sign-in", strings.NewReader("token=token-"+lead.ID))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if https {
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		resp, err := s.client.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Len(t, resp.Cookies(), 1)
		c := resp.Cookies()[0]
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteStrictMode, c.SameSite)
		require.Equal(t, https, c.Secure)
		require.Equal(t, 8*60*60, c.MaxAge)
		require.Equal(t, "/console/", c.Path)
		require.NotContains(t, c.Value, "token", "the cookie says nothing about the token")
	}
}

func TestNextIsAPageOfOurs(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"/console/incidents/a?wave=2": "/console/incidents/a?wave=2", "/console/": "/console/", "": "/console/",
		"https://evil.example/console/": "/console/", "//evil.example/console/": "/console/", "/console/../../evil": "/console/", "/v1/incidents": "/console/",
		"/console/\\evil": "/console/", "javascript:alert(1)": "/console/", "/console/a\r\nSet-Cookie: x": "/console/", "/console//evil.example": "/console//evil.example",
	} {
		require.Equal(t, want, nextOf(raw), raw)
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	now := sampleNow
	all := newSessions(func() time.Time { return now })
	value := all.start("secret")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.NoError(t, err)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: value})
	require.Equal(t, "secret", all.of(r).token)
	now = now.Add(8*time.Hour - time.Second)
	require.NotNil(t, all.of(r))
	now = now.Add(time.Second)
	require.Nil(t, all.of(r), "eight hours are over")
	require.Empty(t, all.all)

	for i := range maxSessions + 10 {
		now = now.Add(time.Millisecond)
		all.start(strconv.Itoa(i))
	}
	require.Len(t, all.all, maxSessions, "sessions cannot fill the memory")
}

func TestATokenThatWasTakenBackOpensNothing(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	s := newSite(t, d).as(lead)
	require.Equal(t, http.StatusOK, s.get("/console/").status)
	d.authenticate = func(string) (breach.Actor, error) {
		return breach.Actor{}, breach.Errorf(breach.ErrUnauthorized, "gone")
	}
	require.Contains(t, s.get("/console/").path, "/console/sign-in")
	d.authenticate = authenticate
	require.Contains(t, s.get("/console/").path, "/console/sign-in", "the session is over, too")

	s = newSite(t, d).as(lead)
	d.authenticate = func(string) (breach.Actor, error) {
		return breach.Actor{}, breach.Errorf(breach.ErrUnavailable, "down")
	}
	require.Equal(t, http.StatusServiceUnavailable, s.get("/console/").status)
	d.authenticate = authenticate
	require.Equal(t, "/console/", s.get("/console/").path, "a ledger that is down signs nobody out")
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	d := sampleDesk() // pause is not set: a call would panic
	s := newSite(t, d).as(lead)
	path := "/console/incidents/" + sampleID + "/pause"
	try := func(form url.Values, headers ...string) *page {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return s.do(r)
	}
	good := url.Values{"csrf": {s.csrf()}}
	for _, p := range []*page{
		try(good, "Sec-Fetch-Site", "cross-site"), try(good, "Sec-Fetch-Site", "same-site"), try(good, "Origin", "https://evil.example"), try(good, "Origin", "null"),
		try(url.Values{}), try(url.Values{"csrf": {"x"}}, "Sec-Fetch-Site", "same-origin"), try(url.Values{"csrf": {newSite(t, d).as(lead).csrf()}}, "Sec-Fetch-Site", "same-origin"),
	} {
		require.Equal(t, http.StatusForbidden, p.status)
		wellMade(t, p, "refused")
	}
	p := newSite(t, d).post("/console/incidents/"+sampleID+"/pause", good)
	require.Contains(t, p.path, "/console/sign-in")
	require.Equal(t, http.StatusRequestEntityTooLarge, try(url.Values{"csrf": {s.csrf()}, "x": {strings.Repeat("x", maxForm)}}, "Sec-Fetch-Site", "same-origin").status)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	for _, path := range everyPath {
		h := s.get(path).header
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
	}
}

func TestLanguageAndTheme(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk()).as(lead)
	p := s.get("/console/?show=closed&theme=dark&lang=zh-Hans")
	require.Equal(t, "/console/?show=closed", p.path, "the choice leaves the address")
	require.Equal(t, "dark", p.one("html").attr("data-theme"))
	require.Equal(t, chinese, p.one("html").attr("lang"))
	require.Contains(t, p.text(), "已结束")
	p = s.get("/console/?theme=purple&lang=xx")
	require.Equal(t, "dark", p.one("html").attr("data-theme"))

	fresh := newSite(t, sampleDesk())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fresh.URL+"/console/sign-in", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Language", "fr, zh-CN;q=0.8, en;q=0.5")
	p = fresh.do(r)
	require.Equal(t, chinese, p.one("html").attr("lang"))
	require.Empty(t, p.one("html").attr("data-theme"), "the system's theme")
}

func TestFilesMayBeKeptForEver(t *testing.T) {
	t.Parallel()
	s := newSite(t, sampleDesk())
	p := s.get("/console/sign-in")
	urls := []string{p.one("link[rel=stylesheet]").attr("href"), p.one("link[rel=icon]").attr("href"), p.one("script").attr("src")}
	for _, u := range urls {
		f := s.get(u)
		require.Equal(t, http.StatusOK, f.status, u)
		require.Equal(t, "public, max-age=31536000, immutable", f.header.Get("Cache-Control"))
		require.NotContains(t, f.header.Get("Content-Type"), "html")
		require.NotEmpty(t, f.raw, "unzipped by the client")
	}
	require.Equal(t, http.StatusNotFound, s.get("/console/static/console.css").status, "a name without the hash would be kept too long")
	require.Equal(t, http.StatusNotFound, s.get("/console/static/..%2Fx").status)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+urls[0], nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "identity")
	require.Contains(t, s.do(r).raw, "light-dark(", "whoever does not unzip gets it as it is")
}
