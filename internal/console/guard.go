package console

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// maxForm bounds what a form may send.
const maxForm = 64 << 10

// policyOfPages allows our own files and nothing inline.
const policyOfPages = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// visit is one request on its way to a page.
type visit struct {
	*server
	w       http.ResponseWriter
	r       *http.Request
	l       speech
	theme   string // light, dark, or empty for the system's
	session *session
	actor   breach.Actor
	now     time.Time
	ref     string
	upload  io.Reader // the file of a form that is read as it comes
}

// action answers one request; an error becomes the error page.
type action func(v *visit) error

// outer sets the headers of every answer and refuses forms that other sites send.
func (s *server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyOfPages)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if err := s.outside.Check(r); err != nil {
			s.open(func(*visit) error {
				return breach.Errorf(breach.ErrForbidden, "the form was sent by another site")
			}).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// open serves an action to everybody.
func (s *server) open(do action) http.Handler { return s.entered((*visit).read, do) }

// entered reads a form by its own way before the action.
func (s *server) entered(read func(*visit, action) error, do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		if v.chose() {
			return
		}
		v.finish(read(v, do))
	})
}

// signed serves an action to people who are signed in. The token is looked up again each time, so that
// one that was taken back opens nothing any more.
func (s *server) signed(do action) http.Handler { return s.open(s.known(do)) }

func (s *server) known(do action) action {
	return func(v *visit) error {
		if v.session = s.sessions.of(v.r); v.session == nil {
			return v.toSignIn()
		}
		actor, err := s.Desk.Authenticate(v.r.Context(), v.session.token)
		if code := breach.CodeOf(err); err != nil && (code == breach.ErrUnauthorized || code == breach.ErrNotFound) {
			s.sessions.end(v.session)
			return v.toSignIn()
		}
		if err != nil {
			return err
		}
		v.actor = actor
		if !welcome(actor.Role) {
			return breach.Errorf(breach.ErrForbidden, "this token belongs to a detector; detectors only post detections")
		}
		if v.r.Method == http.MethodPost && !v.session.sent(v.r) {
			return breach.Errorf(breach.ErrForbidden, "the form does not belong to this sign-in; go back, load the page again and repeat")
		}
		return do(v)
	}
}

// welcome reports whether a role has pages.
func welcome(role breach.Role) bool {
	return role == breach.RoleLead || role == breach.RoleResponder || role == breach.RoleReader
}

func (s *server) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{server: s, w: w, r: r, now: s.Now(), ref: w.Header().Get("Request-Id")}
	if v.ref == "" {
		v.ref = newReference()
		w.Header().Set("Request-Id", v.ref)
	}
	v.l = speech{lang: langOf(r), zone: s.Zone, now: v.now}
	if c, err := r.Cookie("tocsin_theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.theme = c.Value
	}
	return v
}

// chose takes ?lang= and ?theme= into cookies and goes on to the same page without them.
func (v *visit) chose() bool {
	q := v.r.URL.Query()
	lang, theme := q.Get("lang"), q.Get("theme")
	if v.r.Method != http.MethodGet || (lang == "" && theme == "") {
		return false
	}
	if lang == english || lang == chinese {
		http.SetCookie(v.w, cookie(v.r, "tocsin_lang", lang, 365*24*time.Hour))
	}
	if theme == "light" || theme == "dark" {
		http.SetCookie(v.w, cookie(v.r, "tocsin_theme", theme, 365*24*time.Hour))
	}
	q.Del("lang")
	q.Del("theme")
	to := url.URL{Path: v.r.URL.Path, RawQuery: q.Encode()}
	v.redirect(to.String())
	return true
}

// read bounds and parses a form before the action sees it.
func (v *visit) read(do action) error {
	if v.r.Method != http.MethodPost {
		return do(v)
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return breach.Errorf(breach.ErrTooLarge, "the form is larger than %d bytes", maxForm)
		}
		return breach.Errorf(breach.ErrInvalid, "the form cannot be read")
	}
	return do(v)
}

func (v *visit) finish(err error) {
	if err != nil {
		v.fail(err)
	}
}

// redirect answers a form, so that loading the page again does not send it again.
func (v *visit) redirect(to string) {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

func (v *visit) toSignIn() error {
	if v.r.Header.Get("HX-Request") != "" || strings.HasSuffix(v.r.URL.Path, "/events") {
		v.w.WriteHeader(http.StatusUnauthorized) // a script asks: it shows that the page is not live
		return nil
	}
	to := base + "sign-in"
	if v.r.Method == http.MethodGet && v.r.URL.Path != base {
		to += "?next=" + url.QueryEscape(v.r.URL.RequestURI())
	}
	v.redirect(to)
	return nil
}

// nextOf is where somebody goes after signing in: a page of ours or the list, never another site.
func nextOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, base) ||
		strings.Contains(raw, "\\") || strings.Contains(u.Path, "..") || strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' }) {
		return base
	}
	return u.RequestURI()
}

// newReference is short enough to be read over the phone.
func newReference() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails on the systems that Go supports
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// incidentID is the {id} of the address. It is checked for form, because it becomes part of links.
func (v *visit) incidentID() (string, error) {
	id := v.r.PathValue("id")
	if !plausible(id) {
		return "", breach.Errorf(breach.ErrNotFound, "there is no such incident")
	}
	return id, nil
}

func plausible(id string) bool {
	if id == "" || len(id) > 64 || id == "." || id == ".." {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return true
}
