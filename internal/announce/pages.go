package announce

import (
	"bytes"
	"embed"
	"html/template"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed site
var siteFiles embed.FS

// pages are the parsed pages of the site, each with the same frame.
type pages struct {
	byName map[string]*template.Template
	style  []byte
}

func parsePages() (*pages, error) {
	p := &pages{byName: map[string]*template.Template{}}
	for _, name := range []string{"notice", "list", "verify", "missing"} {
		t, err := template.New("frame.html").Option("missingkey=error").ParseFS(siteFiles, "site/frame.html", "site/"+name+".html")
		if err != nil {
			return nil, err
		}
		p.byName[name] = t
	}
	var err error
	p.style, err = siteFiles.ReadFile("site/site.css")
	return p, err
}

// frame is what every page has; Body is the page's own.
type frame struct {
	W            words
	Locale       string // of the page's main text
	Title        string
	Organisation string
	Path         string // of the site, in front of /notices and /verify
	Verify       string // address to type
	Self         string // path of this page, for language links
	Others       []other
	Body         any
}

// Direction says which way the page's main text is read; what is around it is in a language of the site's own.
func (f frame) Direction() string {
	switch script, _ := language.Make(f.Locale).Script(); script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo":
		return "rtl"
	}
	return "ltr"
}

// ownName is what speakers of a language call it.
func ownName(locale string) string {
	if own := wordsFor(locale); own.Locale == locale {
		return own.Name
	}
	if name := display.Self.Name(language.Make(locale)); name != "" {
		return name
	}
	return locale
}

// other is this page in another language.
type other struct {
	Locale, Name string
	Version      int // 0 for the newest
}

func (s *Site) render(name string, f frame) ([]byte, error) {
	f.Organisation, f.Path = s.organisation, s.path
	f.Verify = strings.TrimPrefix(s.base, "https://") + "/verify"
	var b bytes.Buffer
	if err := s.pages.byName[name].Execute(&b, f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// noticeBody is the body of a notice's page. Newest is the number of a newer version, 0 on the newest.
type noticeBody struct {
	Reference   string
	HTML        template.HTML // approved, and checked to hold words only
	Version     int
	PublishedAt time.Time
	KeepUntil   *time.Time
	Older       []int
	Newest      int
}

func (s *Site) noticePage(n notice, w wording, newest int) ([]byte, error) {
	f := frame{W: wordsFor(w.Locale), Locale: w.Locale, Title: w.Title, Self: s.path + "/notices/" + n.Reference}
	version := 0
	if newest > 0 {
		version = n.Version
	}
	for _, l := range n.Languages {
		if l.Locale != w.Locale {
			f.Others = append(f.Others, other{l.Locale, ownName(l.Locale), version})
		}
	}
	approved := template.HTML(w.HTML) //nolint:gosec // Publish has refused everything but plain elements
	body := noticeBody{Reference: n.Reference, HTML: approved, Version: n.Version, PublishedAt: n.PublishedAt, KeepUntil: n.KeepUntil, Newest: newest}
	for v := n.Version - 1; v > 0; v-- {
		body.Older = append(body.Older, v)
	}
	f.Body = body
	return s.render("notice", f)
}

// ownPage renders a page that exists in the site's own languages.
func (s *Site) ownPage(name, path, locale string, title func(words) string, body any) ([]byte, error) {
	w := wordsFor(locale)
	f := frame{W: w, Locale: w.Locale, Title: title(w), Self: s.path + path, Body: body}
	for _, o := range spoken() {
		if o.Locale != w.Locale {
			f.Others = append(f.Others, other{o.Locale, o.Name, 0})
		}
	}
	return s.render(name, f)
}
