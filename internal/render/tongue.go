package render

import (
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	texttemplate "text/template"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// tongue is everything that exists for one BCP 47 tag.
type tongue struct {
	tag    string
	notice map[string]*noticeSet // by variant
	page   pageSet
	advice adviceFile
	words  wordsFile
}

// noticeSet is the ten files of one variant.
type noticeSet struct {
	subject, body, sms, pushTitle, pushBody *texttemplate.Template
	letterSubject, letter, script, machine  *texttemplate.Template
	html                                    *htmltemplate.Template
}

type pageSet struct {
	title, text *texttemplate.Template
	html        *htmltemplate.Template
}

// adviceFile is advice/<tag>.yaml. The order is the order in which people read.
type adviceFile struct {
	Data []struct {
		Classes []string `yaml:"classes"`
		Word    string   `yaml:"word"`
	} `yaml:"data"`
	DataUnknown string `yaml:"data_unknown"`
	Advice      []struct {
		Classes []string `yaml:"classes"`
		Text    string   `yaml:"text"`
		Short   string   `yaml:"short"`
	} `yaml:"advice"`
	General struct {
		Text  string `yaml:"text"`
		Short string `yaml:"short"`
	} `yaml:"advice_general"`
}

// wordsFile is words/<tag>.yaml.
type wordsFile struct {
	Greeting named  `yaml:"greeting"`
	Child    named  `yaml:"child"`
	Join     string `yaml:"join"`
	Between  string `yaml:"between"`
	None     string `yaml:"none"`
	Unknown  string `yaml:"unknown"`
	// Direction is rtl for a language that is written from right to left, else empty.
	Direction string            `yaml:"direction"`
	Numbers   numbersWords      `yaml:"numbers"`
	Days      map[string]string `yaml:"days"` // by the plural forms of CLDR
	Times     timesWords        `yaml:"times"`
	Test      testWords         `yaml:"test"`
	Spoken    spokenWords       `yaml:"spoken"`
	Offer     offerWords        `yaml:"offer"`

	Affirmed   map[string]string `yaml:"affirmed"`
	Nature     map[string]string `yaml:"nature"`
	Cause      map[string]string `yaml:"cause"`
	Categories map[string]string `yaml:"categories"`
	Labels     map[string]string `yaml:"labels"`
}

type named struct {
	Named string `yaml:"named"`
	Plain string `yaml:"plain"`
}

// variants and the folder below notice/<tag> in which each lies.
var variants = []struct {
	name   breach.Addressee
	folder string
}{{breach.ToSelf, ""}, {breach.ToGuardian, "guardian"}}

func loadLanguage(files fs.FS, tag string) (*tongue, error) {
	l := &tongue{tag: tag, notice: map[string]*noticeSet{}}
	p := loader{files: files}
	for _, v := range variants {
		dir := path.Join("notice", tag, v.folder)
		l.notice[string(v.name)] = &noticeSet{
			subject: p.text(dir, "email.subject.txt"), body: p.text(dir, "email.body.txt"),
			html: p.html("notice/email.layout.html", path.Join(dir, "email.body.html")),
			sms:  p.text(dir, "sms.txt"), pushTitle: p.text(dir, "push.title.txt"), pushBody: p.text(dir, "push.body.txt"),
			letterSubject: p.text(dir, "letter.subject.txt"), letter: p.text(dir, "letter.body.txt"),
			script: p.text(dir, "voice.script.txt"), machine: p.text(dir, "voice.machine.txt"),
		}
	}
	dir := path.Join("announcement", tag)
	l.page = pageSet{title: p.text(dir, "title.txt"), text: p.text(dir, "page.txt"), html: p.html(path.Join(dir, "page.html"))}
	p.yaml(path.Join("advice", tag+".yaml"), &l.advice)
	p.yaml(path.Join("words", tag+".yaml"), &l.words)
	if p.err == nil && (len(l.advice.Data) == 0 || l.advice.General.Text == "") {
		p.err = fmt.Errorf("advice/%s.yaml lacks data or advice_general", tag)
	}
	if missing := l.words.complete(); p.err == nil && missing != "" {
		p.err = fmt.Errorf("words/%s.yaml lacks %s, or it is wrong", tag, missing)
	}
	if p.err != nil {
		return nil, breach.Errorf(breach.ErrInternal, "templates: %w", p.err)
	}
	return l, nil
}

// loader keeps the first error, so that loading reads as a list of files.
type loader struct {
	files fs.FS
	err   error
}

func (p *loader) text(dir, name string) *texttemplate.Template {
	file := path.Join(dir, name)
	b := p.read(file)
	t, err := texttemplate.New(file).Option("missingkey=error").Parse(string(b))
	p.keep(err)
	return t
}

func (p *loader) html(names ...string) *htmltemplate.Template {
	t := htmltemplate.New(names[0]).Option("missingkey=error")
	for i, name := range names {
		target := t
		if i > 0 {
			target = t.New(name)
		}
		_, err := target.Parse(string(p.read(name)))
		p.keep(err)
	}
	return t
}

func (p *loader) yaml(name string, into any) {
	b := p.read(name)
	if p.err != nil {
		return
	}
	if err := yaml.Unmarshal(b, into); err != nil {
		p.keep(fmt.Errorf("%s: %w", name, err))
	}
}

func (p *loader) read(name string) []byte {
	b, err := fs.ReadFile(p.files, name)
	p.keep(err)
	return b
}

func (p *loader) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}
