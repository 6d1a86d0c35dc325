package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	sessionCookie = "tocsin_console"
	sessionLife   = 8 * time.Hour
	maxSessions   = 10_000
)

// session is one sign-in. The token stays on the server; the browser has a random number that means
// nothing elsewhere. What the token allows is asked again at every request.
type session struct {
	key     [32]byte
	token   string
	csrf    string
	expires time.Time

	mu     sync.Mutex
	notice *notice
}

// notice is a message for the next page, for example that a decision was recorded.
type notice struct {
	kind string // done, soon, now
	text string // English, a key of the word list
	args []any
	list []string // places and what is wrong there
	ref  string
}

// sessions live in memory: whoever restarts the server signs everybody out, and nothing is stored.
type sessions struct {
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]*session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, all: map[[32]byte]*session{}}
}

// start makes a session and gives the value of its cookie.
func (s *sessions) start(token string) string {
	value := random()
	made := &session{key: sha256.Sum256([]byte(value)), token: token, csrf: random(), expires: s.now().Add(sessionLife)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) >= maxSessions {
		s.makeRoom()
	}
	s.all[made.key] = made
	return value
}

// makeRoom forgets what has expired, or else the session that ends first.
func (s *sessions) makeRoom() {
	var first *session
	for key, one := range s.all {
		if !s.now().Before(one.expires) {
			delete(s.all, key)
		} else if first == nil || one.expires.Before(first.expires) {
			first = one
		}
	}
	if len(s.all) >= maxSessions {
		delete(s.all, first.key)
	}
}

// of finds the session of a request, nil without one.
func (s *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return nil
	}
	key := sha256.Sum256([]byte(c.Value)) // looked up by hash, so that timing says nothing about the value
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.all[key]
	if found == nil {
		return nil
	}
	if !s.now().Before(found.expires) {
		delete(s.all, key)
		return nil
	}
	return found
}

func (s *sessions) end(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, one.key)
}

// say leaves a message for the next page; take reads it once.
func (one *session) say(n notice) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.notice = &n
}

func (one *session) take() *notice {
	one.mu.Lock()
	defer one.mu.Unlock()
	n := one.notice
	one.notice = nil
	return n
}

// sent reports whether a form came from a page of this session.
func (one *session) sent(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(one.csrf)) == 1
}

func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails on the systems that Go supports
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// cookie keeps a session's number out of the reach of scripts and of other sites.
func cookie(r *http.Request, name, value string, life time.Duration) *http.Cookie {
	age := int(life.Seconds())
	if value == "" {
		age = -1
	}
	return &http.Cookie{ //nolint:gosec // Secure depends on how the browser came here: on loopback there is no TLS
		Name: name, Value: value, Path: base, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// may reports whether an actor has one of the roles; a lead may do all that a responder may.
func may(by breach.Actor, role breach.Role) bool {
	switch role {
	case breach.RoleResponder:
		return by.Role == breach.RoleResponder || by.Role == breach.RoleLead
	default:
		return by.Role == role
	}
}
