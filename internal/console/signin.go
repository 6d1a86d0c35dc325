package console

import (
	"net/http"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// signInView is the sign-in page.
type signInView struct {
	Next  string
	Error string
}

func (s *server) signInPage(v *visit) error {
	return v.show(http.StatusOK, "signin", frame{Title: v.l.T("Sign in"), Main: signInView{Next: nextOf(v.r.URL.Query().Get("next"))}})
}

// signIn takes a token and gives a session. It says the same for every token that is not known.
func (s *server) signIn(v *visit) error {
	next := nextOf(v.r.PostFormValue("next"))
	token := strings.TrimSpace(v.r.PostFormValue("token"))
	again := func(status int, text string) error {
		return v.show(status, "signin", frame{Title: v.l.T("Sign in"), Main: signInView{Next: next, Error: v.l.T(text)}})
	}
	if token == "" || len(token) > 4096 {
		return again(http.StatusUnprocessableEntity, "Enter the token that you were given.")
	}
	actor, err := s.Desk.Authenticate(v.r.Context(), token)
	switch code := breach.CodeOf(err); {
	case err != nil && (code == breach.ErrUnauthorized || code == breach.ErrNotFound || code == breach.ErrInvalid):
		return again(http.StatusUnauthorized, "This token is not known. Check that it was copied whole, or ask whoever gave it to you for a new one.")
	case err != nil:
		return err
	case !welcome(actor.Role):
		return again(http.StatusForbidden, "This token belongs to a detector. Detectors post findings; they have no pages.")
	}
	if before := s.sessions.of(v.r); before != nil {
		s.sessions.end(before)
	}
	value := s.sessions.start(token)
	http.SetCookie(v.w, cookie(v.r, sessionCookie, value, sessionLife))
	v.redirect(next)
	return nil
}

func (s *server) signOut(v *visit) error {
	s.sessions.end(v.session)
	http.SetCookie(v.w, cookie(v.r, sessionCookie, "", 0))
	v.redirect(base + "sign-in")
	return nil
}
