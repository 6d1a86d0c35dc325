package announce

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// contentPolicy lets a page use its own style sheet and send its own form, and nothing else.
const contentPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler serves /notices, /notices/<reference>, /notices/feed.atom and /verify. Answers carry no cookies
// and nothing of the question.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notices", s.serveList)
	mux.HandleFunc("GET /notices/{$}", s.serveList)
	mux.HandleFunc("GET /notices/feed.atom", s.serveFeed)
	mux.HandleFunc("GET /notices/site.css", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "text/css; charset=utf-8", "public, max-age=300", s.pages.style)
	})
	mux.HandleFunc("GET /notices/{reference}", s.serveNotice)
	mux.HandleFunc("GET /verify", s.serveVerify)
	mux.HandleFunc("POST /verify", s.serveVerified)
	mux.HandleFunc("GET /", s.serveMissing)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
		mux.ServeHTTP(w, r)
	})
}

const (
	typeHTML = "text/html; charset=utf-8"
	typeJSON = "application/json; charset=utf-8"
	fresh    = "public, max-age=60"
)

func answer(w http.ResponseWriter, status int, contentType, cache string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader is gone: nobody is left to tell
}

func (s *Site) serveNotice(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept, Accept-Language")
	n, err := s.read(r.PathValue("reference"), 0)
	if err != nil {
		s.serveError(w, r, err)
		return
	}
	newest := 0
	if wanted, err := strconv.Atoi(r.URL.Query().Get("version")); err == nil && wanted > 0 && wanted < n.Version {
		newest = n.Version
		if n, err = s.read(n.Reference, wanted); err != nil {
			s.serveError(w, r, err)
			return
		}
	}
	if wantsJSON(r) {
		s.serveJSON(w, n)
		return
	}
	text := n.in(wantedLanguage(r, n.locales()))
	w.Header().Set("Content-Language", text.Locale)
	var page []byte
	if newest == 0 {
		page, err = s.page(n, text.Locale)
	} else {
		page, err = s.noticePage(n, text, newest)
	}
	if err != nil {
		s.serveError(w, r, breach.Errorf(breach.ErrUnavailable, "a page could not be read: %w", err))
		return
	}
	answer(w, http.StatusOK, typeHTML, fresh, page)
}

// listed is one line of the list of notices.
type listed struct {
	notice
	Title, Locale string
}

func (s *Site) serveList(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept, Accept-Language")
	all, err := s.list()
	if err != nil {
		s.serveError(w, r, err)
		return
	}
	if wantsJSON(r) {
		s.serveJSON(w, map[string]any{"notices": all})
		return
	}
	locale := wantedLanguage(r, wordTags)
	lines := make([]listed, 0, len(all))
	for _, n := range all {
		text := n.in(closest(locale, n.locales()))
		lines = append(lines, listed{n, text.Title, text.Locale})
	}
	s.serveOwn(w, r, http.StatusOK, "list", "/notices", func(w words) string { return w.Notices }, lines)
}

// serveOwn answers with a page in the site's own words.
func (s *Site) serveOwn(w http.ResponseWriter, r *http.Request, status int, name, path string, title func(words) string, body any) {
	locale := wantedLanguage(r, wordTags)
	page, err := s.ownPage(name, path, locale, title, body)
	if err != nil {
		http.Error(w, "This page cannot be shown at the moment.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Language", locale)
	cache := fresh
	if status != http.StatusOK || name == "verify" {
		cache = "no-store"
	}
	answer(w, status, typeHTML, cache, page)
}

func (s *Site) serveMissing(w http.ResponseWriter, r *http.Request) {
	s.serveError(w, r, breach.Errorf(breach.ErrNotFound, "there is no page at this address"))
}

// serveError helps a person on; a machine gets a problem document (RFC 9457).
func (s *Site) serveError(w http.ResponseWriter, r *http.Request, err error) {
	code := breach.CodeOf(err)
	entry := breach.Catalogue[code]
	if wantsJSON(r) {
		b, _ := json.Marshal(map[string]any{"type": "/problems/" + string(code), "title": entry.Title, "status": entry.HTTP})
		answer(w, entry.HTTP, "application/problem+json", "no-store", b)
		return
	}
	s.serveOwn(w, r, entry.HTTP, "missing", "/notices", func(w words) string { return w.MissingTitle }, nil)
}

func (s *Site) serveJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "This cannot be shown at the moment.", http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, typeJSON, fresh, b)
}

// wantedLanguage is ?lang, else what the browser asks for.
func wantedLanguage(r *http.Request, have []string) string {
	if l := r.URL.Query().Get("lang"); l != "" {
		return closest(l, have)
	}
	return closest(r.Header.Get("Accept-Language"), have)
}

// wantsJSON follows ?format=json, else the Accept header (RFC 9110): JSON only when it is liked better than
// HTML.
func wantsJSON(r *http.Request) bool {
	if f := r.URL.Query().Get("format"); f != "" {
		return f == "json"
	}
	page, data := 0.0, 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				q, _ = strconv.ParseFloat(v, 64) // what is not a number counts as not wanted
			}
		}
		kind = strings.ToLower(strings.TrimSpace(kind))
		switch {
		case slices.Contains([]string{"application/json", "application/problem+json"}, kind):
			data = max(data, q)
		case slices.Contains([]string{"text/html", "application/xhtml+xml", "text/*"}, kind):
			page = max(page, q)
		}
	}
	return data > page
}
