package announce

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// verifyBody is the body of the verify page.
type verifyBody struct{ Answer *verifyAnswer }

type verifyAnswer struct{ Class, Word, More string }

func (s *Site) serveVerify(w http.ResponseWriter, r *http.Request) {
	s.verifyPage(w, r, http.StatusOK, nil)
}

func (s *Site) verifyPage(w http.ResponseWriter, r *http.Request, status int, a func(words) verifyAnswer) {
	body := verifyBody{}
	if a != nil {
		given := a(wordsFor(wantedLanguage(r, spokenTags())))
		body.Answer = &given
	}
	s.serveOwn(w, r, status, "verify", "/verify", func(w words) string { return w.VerifyTitle }, body)
}

// maxForm bounds the body of a question, in bytes.
const maxForm = 1 << 10

// code is the shape of codes that notices carry.
var code = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{2,62})[A-Za-z0-9]$`)

// serveVerified says whether a notice carries a code. Status, shape and time of the answer are the same
// whether it is known, unknown or malformed, and it says nothing about whom it was sent to.
func (s *Site) serveVerified(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	asked := normal(r.PostFormValue("code")) // a body that cannot be read asks about no code
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	default:
		w.Header().Set("Retry-After", "60")
		s.verifyPage(w, r, http.StatusTooManyRequests, later)
		return
	}
	until := time.NewTimer(s.verifyTime)
	defer until.Stop()
	ctx, cancel := context.WithTimeout(r.Context(), s.verifyTime)
	defer cancel()
	found := make(chan bool, 1)
	go func() { found <- s.carried(ctx, asked) }()

	select { // always to the end of the time, never shorter
	case <-until.C:
	case <-r.Context().Done():
		return
	}
	select {
	case yes := <-found:
		s.verifyPage(w, r, http.StatusOK, func(w words) verifyAnswer {
			if yes {
				return verifyAnswer{"yes", w.VerifyYes, w.VerifyYesMore}
			}
			return verifyAnswer{"no", w.VerifyNo, w.VerifyNoMore}
		})
	default:
		w.Header().Set("Retry-After", "60")
		s.verifyPage(w, r, http.StatusServiceUnavailable, later)
	}
}

func later(w words) verifyAnswer { return verifyAnswer{"later", w.VerifyLater, w.VerifyNoMore} }

// carried asks both sources every time.
func (s *Site) carried(ctx context.Context, asked string) bool {
	published := false
	if all, err := s.list(); err == nil {
		for _, n := range all {
			published = strings.EqualFold(n.Reference, asked) || published
		}
	}
	if s.known == nil || !code.MatchString(asked) {
		return published
	}
	return s.known(ctx, asked) || published
}

// normal forgives what people and phones add while typing: spaces, and dashes of other kinds.
func normal(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\u00a0', '\u3000':
			return -1
		case '‐', '‑', '‒', '–', '—', '−', '－':
			return '-'
		}
		return r
	}, strings.TrimSpace(s))
}
