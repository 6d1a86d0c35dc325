package announce

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// verifyBody is the body of the verify page.
type verifyBody struct{ Answer *verifyAnswer }

// verifyAnswer is what the page says of a code. Class is yes, no or later.
type verifyAnswer struct {
	Class, Word, More, Erased string
	Lines                     []verifyLine
	Page                      string // address of the public page of the notice, if there is one
}

// verifyLine is one thing that is known of the notice.
type verifyLine struct{ Label, Value, Lang string }

func (s *Site) serveVerify(w http.ResponseWriter, r *http.Request) {
	s.serveOwn(w, r, http.StatusOK, "verify", "/verify", func(w words) string { return w.VerifyTitle }, verifyBody{})
}

// maxForm bounds the body of a question, in bytes.
const maxForm = 1 << 10

// serveVerified says which notice carries a code, or that none does. Status, size and time of the answer are the
// same whether the code is known, unknown or malformed: all of the work is done before the time is over, and
// then what is ready is written. It says nothing about whom the notice was sent to, and the code is in no address.
func (s *Site) serveVerified(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	typed := r.PostFormValue("code") // a body that cannot be read asks about no code
	locale := wantedLanguage(r, wordTags)
	if !s.limit.allow(r) {
		s.answerVerify(w, locale, http.StatusTooManyRequests, nil)
		return
	}
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	default:
		s.answerVerify(w, locale, http.StatusTooManyRequests, nil)
		return
	}
	until := time.NewTimer(s.verifyTime)
	defer until.Stop()
	ctx, cancel := context.WithTimeout(r.Context(), s.verifyTime)
	defer cancel()
	ready := make(chan []byte, 1)
	go func() {
		found, err := s.check(ctx, typed)
		if err != nil {
			close(ready)
			return
		}
		ready <- s.verified(locale, &found)
	}()

	select { // always to the end of the time, never shorter
	case <-until.C:
	case <-r.Context().Done():
		return
	}
	select {
	case page := <-ready:
		if page != nil {
			s.answerVerify(w, locale, http.StatusOK, page)
			return
		}
	default:
	}
	s.answerVerify(w, locale, http.StatusServiceUnavailable, nil)
}

// answerVerify writes a page that is ready, or "later" when there is none.
func (s *Site) answerVerify(w http.ResponseWriter, locale string, status int, page []byte) {
	if page == nil {
		w.Header().Set("Retry-After", "60")
		page = s.verified(locale, nil)
	}
	w.Header().Set("Content-Language", locale)
	w.Header().Set("Vary", "Accept-Language")
	answer(w, status, typeHTML, "no-store, no-transform", page) // a proxy that packs it would show its real size
}

// verified renders the answer for what was found, nil for an answer that cannot be given now.
func (s *Site) verified(locale string, found *breach.CodeCheck) []byte {
	w := wordsFor(locale)
	a := verifyAnswer{Class: "later", Word: w.VerifyLater}
	switch {
	case found != nil && found.Genuine:
		a = s.genuine(w, *found)
	case found != nil:
		a = verifyAnswer{Class: "no", Word: w.VerifyNo, More: w.VerifyNoMore}
		if !found.Erased.IsZero() {
			a.Erased = w.VerifyErased + " " + w.Day(found.Erased)
		}
	}
	page, err := s.ownPage("verify", "/verify", locale, func(w words) string { return w.VerifyTitle }, verifyBody{&a})
	if err != nil {
		page = []byte("This page cannot be shown at the moment.")
	}
	return sized(page)
}

// genuine says what is known of a notice.
func (s *Site) genuine(w words, c breach.CodeCheck) verifyAnswer {
	a := verifyAnswer{Class: "yes", Word: w.VerifyYes, More: w.VerifyYesMore}
	add := func(label, value, lang string) {
		if value != "" {
			a.Lines = append(a.Lines, verifyLine{label, value, lang})
		}
	}
	organisation := c.Organisation
	if organisation == "" {
		organisation = s.organisation
	}
	add(w.VerifyFrom, organisation, "")
	if tags := sortedTags(c.Titles); len(tags) > 0 {
		tag := closest(w.Locale, tags)
		add(w.VerifyNotice, c.Titles[tag], tag)
	}
	add(w.VerifyDate, w.Day(c.At), "")
	var by []string
	for _, channel := range c.Channels {
		by = append(by, w.channel(channel))
	}
	add(w.VerifyBy, strings.Join(by, w.Comma), "")
	var ask []string
	for _, v := range []string{c.Contact.Name, c.Contact.Email, c.Contact.Phone, c.Contact.Address} {
		if v != "" {
			ask = append(ask, v)
		}
	}
	add(w.VerifyAsk, strings.Join(ask, w.Comma), "")
	if c.Announcement != "" {
		if _, err := s.read(c.Announcement, 0); err == nil {
			a.Page = s.path + "/notices/" + c.Announcement
		}
	}
	return a
}

// verifySize is what every answer is filled up to a multiple of, in bytes; pages are about 4,000.
const verifySize = 16 << 10

// sized fills a page up with noise, which also stays as long as it is when somebody packs it.
func sized(page []byte) []byte {
	const open, end = "<!-- ", " -->\n"
	room := verifySize - (len(page)+len(open)+len(end))%verifySize
	noise := make([]byte, room/2)
	_, _ = rand.Read(noise) // crypto/rand never fails on the systems that Go supports
	fill := hex.EncodeToString(noise) + strings.Repeat("0", room%2)
	return bytes.Join([][]byte{page, []byte(open), []byte(fill), []byte(end)}, nil)
}

// check asks both sources every time.
func (s *Site) check(ctx context.Context, typed string) (breach.CodeCheck, error) {
	page, published := s.ofPage(typed)
	if s.checkCode == nil {
		return page, nil
	}
	found, err := s.checkCode(ctx, typed)
	if published && err == nil && !found.Genuine {
		return page, nil
	}
	return found, err
}

// ofPage finds the public notice whose own code was typed, listed or not: who knows the code of a page that is
// in no list has read it there.
func (s *Site) ofPage(typed string) (c breach.CodeCheck, found bool) {
	plain := breach.PlainCode(typed)
	ref := breach.GroupCode(plain)
	if all, err := s.list(); err == nil {
		for _, n := range all {
			if plain != "" && breach.PlainCode(n.Reference) == plain {
				ref = n.Reference
			}
		}
	}
	n, err := s.read(ref, 0)
	if err != nil {
		return c, false
	}
	c = breach.CodeCheck{Genuine: true, Titles: map[string]string{}, At: n.PublishedAt, Announcement: n.Reference}
	for _, w := range n.Languages {
		c.Titles[w.Locale] = w.Title
	}
	return c, true
}
