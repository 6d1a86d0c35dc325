package console

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// pages are the templates, once for each language.
type pages struct {
	byLang map[string]map[string]*template.Template
}

// loadPages parses every page with the frame and the parts that pages share.
func loadPages(f *files) (*pages, error) {
	names, err := fs.Glob(web, "web/templates/page_*.html")
	if err != nil {
		return nil, fmt.Errorf("console: templates: %w", err)
	}
	p := &pages{byLang: map[string]map[string]*template.Template{}}
	for _, lang := range []string{english, chinese} {
		p.byLang[lang] = map[string]*template.Template{}
		l := speech{lang: lang}
		shared := template.New("").Funcs(template.FuncMap{"t": l.T, "file": f.url, "lang": func() string { return lang }})
		if _, err := shared.ParseFS(web, "web/templates/frame.html", "web/templates/part_*.html"); err != nil {
			return nil, fmt.Errorf("console: templates: %w", err)
		}
		for _, name := range names {
			page, err := shared.Clone()
			if err == nil {
				_, err = page.ParseFS(web, name)
			}
			if err != nil {
				return nil, fmt.Errorf("console: template %s: %w", name, err)
			}
			short := strings.TrimSuffix(strings.TrimPrefix(name, "web/templates/page_"), ".html")
			p.byLang[lang][short] = page
		}
	}
	return p, nil
}

// frame is what every page has around its own content.
type frame struct {
	Lang, Theme  string
	Title        string // no names, no contacts: it is kept in the browser's history
	Here         string // incidents, person, legend, or empty
	Actor        string
	Role         string
	CSRF         string
	Now          moment
	Clock        string
	Zone         string
	Live         string // address of the event stream, empty on pages that do not change by themselves
	OtherLang    string // address of this page in the other language
	OtherTheme   string
	OtherIsDark  bool
	Notice       *shownNotice
	Reference    string
	SignedIn     bool
	HoldsFigures bool // the page says when it was made
	Main         any
}

// shownNotice is a message on top of a page.
type shownNotice struct {
	Kind, Text string
	List       []string
	Reference  string
}

// show renders a page into memory first, so that a failure never leaves half a page.
func (v *visit) show(status int, page string, f frame) error {
	t, ok := v.pages.byLang[v.l.lang][page]
	if !ok {
		return fmt.Errorf("there is no page %q", page)
	}
	v.frame(&f)
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "frame", f); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	v.send(status, b.Bytes())
	return nil
}

// showPart renders one part of a page, for a page that is open already.
func (v *visit) showPart(page, part string, data any) error {
	var b bytes.Buffer
	if err := v.pages.byLang[v.l.lang][page].ExecuteTemplate(&b, part, data); err != nil {
		return fmt.Errorf("render part %s: %w", part, err)
	}
	v.send(http.StatusOK, b.Bytes())
	return nil
}

func (v *visit) send(status int, body []byte) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // a browser that is gone needs no answer
}

func (v *visit) frame(f *frame) {
	f.Lang, f.Theme, f.Reference = v.l.lang, v.theme, v.ref
	f.Now, f.Clock, f.Zone = v.l.At(v.now), v.now.In(v.l.zone).Format("15:04"), v.l.Zone()
	f.OtherLang, f.OtherTheme = "?lang="+chinese, "?theme=dark"
	if v.l.lang == chinese {
		f.OtherLang = "?lang=" + english
	}
	f.OtherIsDark = v.theme != "dark"
	if v.theme == "dark" {
		f.OtherTheme = "?theme=light"
	}
	if v.session == nil || v.actor.ID == "" {
		return
	}
	f.SignedIn, f.CSRF = true, v.session.csrf
	f.Actor, f.Role = v.actor.Name, v.l.T(string(v.actor.Role))
	if f.Actor == "" {
		f.Actor = v.actor.ID
	}
	if f.Notice == nil {
		f.Notice = v.noticed()
	}
}

func (v *visit) noticed() *shownNotice {
	n := v.session.take()
	if n == nil {
		return nil
	}
	out := &shownNotice{Kind: n.kind, Text: v.l.T(n.text, n.args...), Reference: n.ref}
	for _, line := range n.list {
		out.List = append(out.List, v.l.T(line))
	}
	return out
}

// problem is an error as people see it: what happened, why, what to do, and a number to give to the
// operator.
type problem struct {
	Code              breach.Code
	Title, Detail, Do string
	Fields            []breach.FieldError
	Reference         string
}

func (v *visit) problemOf(err error) (problem, int) {
	code := breach.CodeOf(err)
	entry, known := breach.Catalogue[code]
	if !known {
		code, entry = breach.ErrInternal, breach.Catalogue[breach.ErrInternal]
	}
	p := problem{Code: code, Title: v.l.T(entry.Title), Do: v.l.T(entry.Do), Reference: v.ref}
	var ours *breach.Error
	if errors.As(err, &ours) && code != breach.ErrInternal {
		p.Detail, p.Fields = plainDetail(ours), ours.Fields
	}
	return p, entry.HTTP
}

// plainDetail leaves out the text of a cause that is not from our own catalogue: that is for the log.
func plainDetail(e *breach.Error) string {
	cause := errors.Unwrap(e)
	var ours *breach.Error
	if cause == nil || errors.As(cause, &ours) {
		return e.Detail
	}
	return strings.TrimRight(strings.ReplaceAll(e.Detail, cause.Error(), ""), " ,;:.")
}

// fail shows the error page and leaves what happened for the log.
func (v *visit) fail(err error) {
	p, status := v.problemOf(err)
	if status >= http.StatusInternalServerError && v.r.Context().Err() == nil {
		v.Log.ErrorContext(v.r.Context(), "console page failed", "reference", v.ref, "code", string(p.Code), "error", err)
	}
	if shown := v.show(status, "error", frame{Title: p.Title, Main: p}); shown != nil {
		v.Log.ErrorContext(v.r.Context(), "console error page failed", "reference", v.ref, "error", shown)
		http.Error(v.w, "Something failed on our side. Reference number "+v.ref, http.StatusInternalServerError)
	}
}

// nothing answers addresses that lead nowhere.
func (s *server) nothing(*visit) error {
	return breach.Errorf(breach.ErrNotFound, "there is no such page")
}
