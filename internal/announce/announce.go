// Package announce is the product's own public page: it keeps announcements as files, serves them to
// everybody with an Atom feed, and answers people who ask whether a notice is genuine. It holds no
// personal data and knows nobody.
//
// Imports of ours: breach, delivery.
package announce

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Config says where announcements are kept and how they are reached.
type Config struct {
	Dir           string // created if it is missing; several processes may share it
	PublicBaseURL string // absolute http or https address without trailing slash; /notices and /verify follow it
	Organisation  string // shown at the top of each page; the host of PublicBaseURL when empty

	// CheckCode says which notice that was sent carries a code, as it was typed. It must not depend on who asks,
	// and may be nil; codes of public pages are known anyway. After an error the page says that it cannot answer.
	CheckCode func(ctx context.Context, typed string) (breach.CodeCheck, error)
	// VerifyTime is how long every answer of the verify page takes, known or not; 0 means a second.
	VerifyTime time.Duration
}

// Site publishes and serves. It is safe for use by many goroutines.
type Site struct {
	dir, base, path, organisation string
	checkCode                     func(ctx context.Context, typed string) (breach.CodeCheck, error)
	verifyTime                    time.Duration
	started                       time.Time
	asking                        chan struct{}
	limit                         limiter
	pages                         *pages

	publishing sync.Mutex
}

// maxAsking bounds how many people are answered by the verify page at once: with VerifyTime it bounds how
// fast codes can be guessed.
const maxAsking = 64

// New makes a site and its folder.
func New(c Config) (*Site, error) {
	u, err := url.Parse(strings.TrimSuffix(c.PublicBaseURL, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, breach.Errorf(breach.ErrInvalid, "the public address of announcements must be an absolute http or https address without user, query or fragment")
	}
	if c.Dir == "" {
		return nil, breach.Errorf(breach.ErrInvalid, "the folder of announcements is not set")
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "the folder of announcements cannot be made: %w", err)
	}
	p, err := parsePages()
	if err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "the pages of the public site are broken: %w", err)
	}
	s := &Site{
		dir: c.Dir, base: u.String(), path: u.EscapedPath(), organisation: c.Organisation, checkCode: c.CheckCode,
		verifyTime: c.VerifyTime, started: time.Now().UTC().Truncate(time.Second), asking: make(chan struct{}, maxAsking), pages: p,
	}
	if s.organisation == "" {
		s.organisation = u.Host
	}
	if s.verifyTime == 0 {
		s.verifyTime = time.Second
	}
	return s, nil
}

// reference is what may stand in an address and a folder name.
var reference = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{2,62})[A-Za-z0-9]$`)

// Publish makes an announcement readable and returns its address. The same texts under the same reference
// again change nothing; other texts become a new version, and the old one stays readable. A text that is
// not what its hash names, still holds a person's variable, or is no announcement is refused. An unlisted one
// is readable under its address and in no list or feed; publishing it listed later adds it there.
func (s *Site) Publish(ctx context.Context, a breach.Announcement) (string, error) {
	n, err := newNotice(a)
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.publishing.Lock()
	defer s.publishing.Unlock()
	last, err := s.read(n.Reference, 0)
	switch {
	case err == nil && last.sameTexts(n):
		return s.address(n.Reference), s.enlist(a)
	case err == nil:
		n.Version = last.Version + 1
	case breach.CodeOf(err) == breach.ErrNotFound:
		n.Version = 1
	default:
		return "", err
	}
	if err := s.write(n); err != nil {
		// Another process may have put the same version there in the meantime.
		if now, again := s.read(n.Reference, 0); again != nil || !now.sameTexts(n) {
			return "", err
		}
	}
	return s.address(n.Reference), s.enlist(a)
}

func (s *Site) address(ref string) string { return s.base + "/notices/" + ref }

// newNotice checks an announcement and takes from it what is public.
func newNotice(a breach.Announcement) (notice, error) {
	n := notice{Reference: a.Reference, PublishedAt: a.PublishedAt.UTC(), Version: 1}
	if !reference.MatchString(a.Reference) {
		return n, breach.Errorf(breach.ErrInvalid, "the reference of an announcement must be 4 to 64 letters, digits or dashes")
	}
	if a.PublishedAt.IsZero() || (!a.KeepUntil.IsZero() && a.KeepUntil.Before(a.PublishedAt)) {
		return n, breach.Errorf(breach.ErrInvalid, "an announcement needs the instant of its publication, and one until which it is kept that is not before it")
	}
	if !a.KeepUntil.IsZero() {
		keep := a.KeepUntil.UTC()
		n.KeepUntil = &keep
	}
	seen := map[string]bool{}
	for _, t := range a.Texts {
		b, err := t.Open()
		if err != nil {
			return n, err
		}
		w := wording{Locale: b.Locale, Title: b.Parts["title"], HTML: b.Parts["html"], Text: b.Parts["text"], SHA256: t.Ref.SHA256}
		switch {
		case b.Kind != breach.KindAnnouncement:
			return n, breach.Errorf(breach.ErrInvalid, "a text of the kind %s is not an announcement", b.Kind)
		case !localeTag.MatchString(w.Locale) || seen[w.Locale]:
			return n, breach.Errorf(breach.ErrInvalid, "an announcement has one text per language, named by a language tag")
		case strings.TrimSpace(w.Title) == "" || strings.TrimSpace(w.HTML) == "" || strings.TrimSpace(w.Text) == "":
			return n, breach.Errorf(breach.ErrIncomplete, "the announcement in %s has an empty title, page or text", w.Locale)
		case strings.Contains(w.Title+w.HTML+w.Text, "{{"):
			return n, breach.Errorf(breach.ErrIncomplete, "the announcement in %s still holds a variable; everybody reads the same page", w.Locale)
		case active(w.HTML):
			return n, breach.Errorf(breach.ErrInvalid, "the announcement in %s holds links, images, scripts or forms", w.Locale)
		}
		seen[w.Locale] = true
		n.Languages = append(n.Languages, w)
	}
	if len(n.Languages) == 0 {
		return n, breach.Errorf(breach.ErrIncomplete, "an announcement without a text says nothing")
	}
	return n, nil
}

var localeTag = regexp.MustCompile(`^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$`)

// active says that a fragment holds more than words: it is the second lock behind approval and before the
// browser's own policy.
func active(fragment string) bool {
	z := html.NewTokenizer(strings.NewReader(fragment))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return len(z.Raw()) > 0 // a tag without its end would take what follows on the page into itself
		case html.CommentToken, html.DoctypeToken:
			return true
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !strings.Contains(" header section div p span h1 h2 h3 ul ol li strong em br blockquote bdi ", " "+t.Data+" ") {
				return true
			}
			for _, a := range t.Attr {
				if a.Key != "class" && a.Key != "start" && a.Key != "lang" && (a.Key != "dir" || a.Val != "ltr" && a.Val != "rtl") {
					return true
				}
			}
		}
	}
}
