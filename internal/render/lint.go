package render

import (
	"cmp"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Finding is what is wrong with a template, or worth a look.
type Finding struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // from 1; 0 when it is about the whole file
	What   string `json:"what"`
	Advice bool   `json:"advice,omitempty"` // it can be used as it is
}

// What fits on the screens that people read on, in characters.
const (
	longSubject   = 78
	longPushTitle = 65
	longPushBody  = 178
	mostParts     = 3
	longMachine   = 320
	longScript    = 1600 // about two minutes aloud, without what the organisation writes
)

// Lint judges a tree of templates, as Open gives it, and says everything that is wrong with it by file and line. An
// invented incident is told to an invented person with each of them.
func Lint(files fs.FS) []Finding {
	l := &linter{files: files, seen: map[Finding]bool{}}
	if l.parse(); len(l.found) == 0 {
		if e, err := NewFrom(files); err != nil {
			l.add(Finding{File: fileIn(err.Error()), What: err.Error()})
		} else {
			l.variables(e)
			l.try(e)
		}
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line) })
	return l.found
}

// Broken says that a finding is more than advice.
func Broken(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return !f.Advice })
}

type linter struct {
	files fs.FS
	found []Finding
	seen  map[Finding]bool
}

func (l *linter) add(f Finding) {
	if !l.seen[f] {
		l.seen[f] = true
		l.found = append(l.found, f)
	}
}

var atLine = regexp.MustCompile(`template: ([^:]+):(\d+):(?:\d+:)? (.*)`)

// parse looks at every file by itself, for what keeps it from being read at all.
func (l *linter) parse() {
	for _, name := range treeFiles(l.files) {
		b, err := fs.ReadFile(l.files, name)
		if !isTemplate(name) {
			if dir, _, _ := strings.Cut(name, "/"); err == nil && (dir == "advice" || dir == "words") {
				l.literal(name, string(b))
			}
			continue
		}
		if err == nil {
			if strings.HasSuffix(name, ".html") {
				_, err = htmltemplate.New(name).Parse(string(b))
			} else {
				_, err = texttemplate.New(name).Parse(string(b))
			}
		}
		if err != nil {
			f := Finding{File: name, What: "cannot be read: " + err.Error()}
			if m := atLine.FindStringSubmatch(err.Error()); m != nil {
				f.Line, _ = strconv.Atoi(m[2]) // the expression has digits alone
				f.What = "is no template: " + m[3]
			}
			l.add(f)
			continue
		}
		l.literal(name, string(b))
		for _, f := range guard(name, string(b)) {
			l.add(f)
		}
		if strings.HasSuffix(name, ".html") {
			l.markup(name, string(b))
		}
	}
}

// fetched is what loads, links or counts in words that people are sent. An address that the template writes out
// comes from a variable.
var fetched = regexp.MustCompile(`(?i)[a-z]:\s*//|\bwww\.|<img|<a\s|<link|<iframe|<script|\b(?:javascript|vbscript|data|mailto|tel|sms):[^\s,;]|utm_[a-z]+=|url\(`)

// shorteners hide where an address leads.
var shorteners = regexp.MustCompile(`(?i)\b(?:bit\.ly|bitly\.com|t\.co|goo\.gl|tinyurl\.com|tiny\.cc|is\.gd|v\.gd|ow\.ly|t\.ly|t\.cn|dwz\.cn|url\.cn|suo\.im|sourl\.cn|985\.so|buff\.ly|rebrand\.ly|cutt\.ly|rb\.gy|shorturl\.at|lnkd\.in|j\.mp|s\.id|adf\.ly|bl\.ink|dlvr\.it|soo\.gd|surl\.li|urlz\.fr|me2\.do|han\.gl|reurl\.cc|lihi\.cc|ppt\.cc)\b`)

func (l *linter) literal(name, source string) {
	l.hidden(name, source)
	if strings.HasPrefix(name, "report/") { // an authority's forms may name addresses
		return
	}
	for i, line := range strings.Split(source, "\n") {
		if m := fetched.FindString(line); m != "" {
			l.add(Finding{File: name, Line: i + 1, What: "holds " + strconv.Quote(m) + ": a notice has no links, images or counters; addresses come from variables and are typed by whoever reads"})
		}
		if m := shorteners.FindString(line); m != "" {
			l.add(Finding{File: name, Line: i + 1, What: "holds " + m + ", which hides where an address leads"})
		}
	}
}

// variables looks for those that do not exist, also where no run went.
func (l *linter) variables(e *Engine) {
	for file, all := range e.uses {
		for _, u := range all {
			if !u.known {
				l.add(Finding{File: file, Line: u.line, What: "unknown variable " + u.name + "; tocsin templates variables names those that there are"})
			}
			locale := strings.TrimSuffix(path.Base(file), ".txt")
			locale = locale[strings.LastIndexByte(locale, '.')+1:]
			if t := e.languages[locale]; strings.HasPrefix(file, "report/") && t != nil && len(u.path) == 2 && u.path[0] == "F" && t.words.Labels[u.path[1]] == "" {
				l.add(Finding{File: file, Line: u.line, What: "the content field " + u.path[1] + " has no name in words/" + locale + ".yaml", Advice: true})
			}
		}
	}
}

// try tells the invented incident with every language, and reads what comes out.
func (l *linter) try(e *Engine) {
	for _, tag := range e.tags {
		file, scope := invented([]string{tag})
		texts, problems, err := e.Texts(file, scope, nil, []string{tag})
		if err != nil {
			l.add(Finding{File: "notice/" + tag, What: err.Error()})
			continue
		}
		for _, p := range problems {
			l.add(placed(p))
		}
		l.blocks(e, e.languages[tag])
		if r, measured := e.Reading(tag); measured && r.Score < plainEnough {
			l.add(Finding{File: path.Join("notice", tag, "email.body.txt"), Advice: true,
				What: fmt.Sprintf("reads at %.0f of 100 with its advice; 60 and more is plain language (%s): write shorter sentences and words", r.Score, r.Formula)})
		}
		if len(problems) > 0 {
			continue
		}
		for _, t := range texts {
			if t.Ref.Kind == breach.KindNotice {
				l.measure(e, t)
			}
		}
	}
}

// placed turns a problem of a plan into a finding of its file.
func placed(problem string) Finding {
	where, what, _ := strings.Cut(problem, ": ")
	f := Finding{File: strings.TrimPrefix(where, "template "), What: what}
	if m := regexp.MustCompile(` in line (\d+)`).FindStringSubmatch(what); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
	}
	return f
}

// blocks looks for what a notice by email and a letter must have a place for: all that contents.yaml says that templates give.
func (l *linter) blocks(e *Engine, t *tongue) {
	for _, v := range variants {
		set, dir := t.notice[string(v.name)], path.Join("notice", t.tag, v.folder)
		for name, fields := range e.gives {
			said := "is not shown"
			if len(fields) > 0 {
				said += ", so that these are missing: " + strings.Join(fields, ", ")
			}
			for file, shows := range map[string][]string{"email.body.txt": e.showing(set.body), "email.body.html": e.showing(set.html), "letter.body.txt": e.showing(set.letter)} {
				// How many people it is need not be told to each of them.
				if name != "People" && !slices.Contains(shows, name) {
					l.add(Finding{File: path.Join(dir, file), What: "the block " + name + " " + said})
				}
			}
		}
	}
}

// measure reads a notice as an invented person gets it, with every kind of data.
func (l *linter) measure(e *Engine, t breach.Text) {
	folder := map[breach.Addressee]string{breach.ToGuardian: "guardian"}[breach.Addressee(t.Ref.Variant)] // invented incidents have no texts of a place
	file := func(name string) string { return path.Join("notice", t.Ref.Locale, folder, name) }
	p := Invented()
	if breach.Channel(t.Ref.Channel) == breach.Push {
		b, err := t.Open()
		if err != nil {
			return
		}
		l.long(file("push.title.txt"), "the title", b.Parts["title"], longPushTitle)
		l.long(file("push.body.txt"), "the text", strings.ReplaceAll(b.Parts["body"], marks.Reference, InventedReference), longPushBody)
		return
	}
	if breach.Channel(t.Ref.Channel) == breach.Letter { // a guardian's address is not kept; the words are the same for everybody
		return
	}
	for _, a := range e.languages[t.Ref.Locale].advice.Advice {
		p.DataClasses = a.Classes[:min(1, len(a.Classes))]
		m, err := e.Message(t, p, breach.Addressee(t.Ref.Variant), InventedReference)
		if err != nil {
			l.add(Finding{File: file(""), What: err.Error()})
			return
		}
		if breach.Channel(t.Ref.Channel) == breach.Email {
			l.long(file("email.subject.txt"), "the subject", m.Subject, longSubject)
			return
		}
		if breach.Channel(t.Ref.Channel) == breach.Voice {
			l.long(file("voice.script.txt"), "the script", m.Text, longScript)
			l.long(file("voice.machine.txt"), "what an answering machine hears", m.Machine, longMachine)
			continue
		}
		l.sms(file("sms.txt"), m.Text)
	}
}

func (l *linter) long(file, what, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		l.add(Finding{File: file, What: fmt.Sprintf("%s has %d characters with a short name; more than %d are cut, or heard to the end by few", what, n, most), Advice: true})
	}
}

// replaceable are characters that a text processor puts in, and that a plain one stands in for.
const replaceable = "“”„‘’‚«»–—‑…•\u00a0\u202f"

func (l *linter) sms(file, text string) {
	size := breach.SizeOfSMS(text)
	if size.UCS2 && strings.Trim(size.Odd, replaceable) == "" {
		l.add(Finding{File: file, What: "holds " + strconv.Quote(size.Odd) + ", which makes the message twice as long: write plain quotes, dashes and spaces"})
	}
	if size.Parts > mostParts {
		l.add(Finding{File: file, What: fmt.Sprintf("is %d parts long for some kinds of data; at most %d are read as one message", size.Parts, mostParts), Advice: true})
	}
}

// fileIn finds the file that an error names.
func fileIn(text string) string {
	return cmp.Or(regexp.MustCompile(`(?:notice|announcement|advice|words|report)/[\w./-]+`).FindString(text), ".")
}
