package render

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// hostileHTML is what an email of somebody else's would hold: each stands alone, and once more in a branch that no
// trial run takes.
var hostileHTML = map[string]string{
	"pixel":              `<img src="https://t.evil.test/p.gif" width="1" height="1" alt="">`,
	"image by slash":     `<img/src=//t.evil.test/p.gif>`,
	"embedded image":     `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`,
	"picture":            `<picture><source srcset="//evil.test/x 1x"></picture>`,
	"svg":                `<svg><image href="//evil.test/x"/></svg>`,
	"math":               `<math><mtext>x</mtext></math>`,
	"video":              `<video poster="//evil.test/x"></video>`,
	"object":             `<object data="//evil.test/x"></object>`,
	"embed":              `<embed src="//evil.test/x">`,
	"background":         `<table background="//evil.test/x"><tr><td>x</td></tr></table>`,
	"form":               `<form action="//evil.test"><input name="password" type="password"></form>`,
	"button":             `<button formaction="//evil.test">x</button>`,
	"javascript":         `<a href="javascript:alert(1)">x</a>`,
	"javascript by case": `<A/HREF="JaVaScRiPt:alert(1)">x</A>`,
	"data link":          `<a href="data:text/html,x">x</a>`,
	"bare scheme":        `<p>javascript:alert(1)</p>`,
	"mail link":          `<p>mailto:a@evil.test</p>`,
	"handler":            `<p onclick="x()">x</p>`,
	"handler by case":    `<p OnMouseOver=x()>x</p>`,
	"base":               `<base href="https://evil.test/">`,
	"base, no scheme":    `<base href="//evil.test/">`,
	"refresh":            `<meta http-equiv="refresh" content="0;url=//evil.test">`,
	"stylesheet":         `<link rel="stylesheet" href="//evil.test/x.css">`,
	"prefetch":           `<link rel="dns-prefetch" href="//evil.test">`,
	"frame":              `<iframe srcdoc="x"></iframe>`,
	"script":             `<script>1</script>`,
	"script by slash":    `<script/src=//evil.test></script>`,
	"style attribute":    `<p style="background:url(//evil.test)">x</p>`,
	"hidden attribute":   `<p hidden>x</p>`,
	"area":               `<map><area href="//evil.test"></map>`,
	"comment":            `<!-- for Outlook -->`,
	"conditional":        `<!--[if mso]><p>x</p><![endif]-->`,
	"unknown element":    `<x-tracker></x-tracker>`,
	"template element":   `<template><p>x</p></template>`,
	"shortener":          `<p>cutt.ly/abc</p>`,
	"address":            `<p>see www.evil.test</p>`,
	"override":           "<p>\u202egnp.exe</p>",
	"override by name":   `<p>&#x202e;gnp.exe</p>`,
	"zero width":         "<p>a\u200bb</p>",
	"soft hyphen":        `<p>a&shy;b</p>`,
	"open isolate":       "<p>\u2067x</p>",
	"tag characters":     "<p>x\U000e0041</p>",
}

// hostileStyle is what a style sheet may not say.
var hostileStyle = []string{
	"p { background: url(//evil.test/x) }", "p { background: URL( '//evil.test/x' ) }", `p { background: u\72l(//evil.test/x) }`, "@import '//evil.test/x.css';",
	"p { background: image-set('x' 1x) }", "@font-face { font-family: x; src: local(x) }", "p { background: -webkit-image-set(x) }",
	".foot { display: none }", ".foot { DISPLAY:NONE !important }", "p { visibility: hidden }", "p { opacity: 0 }", "p { font-size: 0 }", "p { font-size: 1px }", "p { font: 400 1px/1.5 serif }",
	"p { font-size: .1em }", "p { text-indent: -9999px }", "p { margin-left: -99em }", "p { position: absolute; left: -999px }", "p { height: 0; overflow: hidden }", "p { max-height: 0 }",
	"p { color: transparent }", "p { color: #fff; background: #fff }", "p { color: rgba(0,0,0,0) }", "p { transform: scale(0) }", "p { clip-path: inset(100%) }", "p::after { content: 'Call 1900' }",
	"p { behavior: x }", "p { width: expression(1) }", "p { direction: rtl; unicode-bidi: bidi-override }", "p { max-width: 0 }", "p { /* */ dis/**/play: none }",
}

// hostileCalls are templates that would run for ever, write without end, or fail for some people alone.
var hostileCalls = map[string]string{
	"a loop over a number":   `{{range 1000000000}}{{end}}`,
	"a number by a variable": `{{$n := 1000000000}}{{range $n}}x{{end}}`,
	"a call of itself":       `{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}`,
	"doubling":               `{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}xxxxxxxx{{end}}{{template "a"}}`,
	"loops in loops":         `{{range .Advice}}{{range $.Advice}}{{range $.Advice}}x{{end}}{{end}}{{end}}`,
	"an index":               `{{index .Advice 99}}`,
	"a slice":                `{{slice .Organisation 0 999}}`,
	"a call":                 `{{call .Organisation}}`,
	"a wide number":          `{{printf "%999999d" 1}}`,
	"all that there is":      `{{printf "%+v" .}}`,
	"html":                   `{{html .Organisation}}`,
	"a mark by print":        `{{print "{{name}}"}}`,
	"a mark in two halves":   `{{print "{" "{name}" "}"}}`,
	"a path":                 `{{.Contact.Name.Length}}`,
	"a block":                `{{block "z" .}}x{{end}}`,
	"no end":                 `{{range .Advice}}`,
	"an odd byte":            "a\x01b",
}

func TestHostileTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	html := func(inject string) func(string) string {
		return func(s string) string { return strings.Replace(s, "<h1>", inject+"<h1>", 1) }
	}
	for what, inject := range hostileHTML {
		for _, file := range []string{"notice/en/email.body.html", "announcement/de/page.html"} {
			if strings.Contains(file, "page") {
				refused(t, what, file, func(s string) string { return s + inject })
				continue
			}
			refused(t, what, file, html(inject))
			refused(t, what+", in a branch", file, html(`{{if .Title}}`+inject+`{{end}}`))
		}
	}
	for _, style := range hostileStyle {
		refused(t, style, "notice/email.layout.html", func(s string) string { return strings.Replace(s, "</style>", style+"\n</style>", 1) })
	}
	for what, call := range hostileCalls {
		for _, file := range []string{"notice/en/letter.body.txt", "notice/en/sms.txt", "report/generic/en.txt"} {
			began := time.Now()
			refused(t, what, file, func(s string) string { return s + call })
			require.Less(t, time.Since(began), 20*time.Second, what)
		}
	}
	for what, words := range map[string]string{"address": "See https://evil.test", "www": "See www.evil.test", "shortener": "See bit.ly/x", "override": "a\u202eb", "variable": "{{evil}}"} {
		refused(t, what, "advice/en.yaml", func(s string) string { return strings.Replace(s, "text: ", "text: "+words+" ", 1) })
		refused(t, what, "words/en.yaml", func(s string) string { return strings.Replace(s, "plain: 'Hello,'", "plain: '"+words+"'", 1) })
	}
}

// refused takes what the organisation wrote through the doors that a server has: the files, and the linter.
func refused(t *testing.T, what, file string, edit func(string) string) {
	t.Helper()
	tree := own(t, file, edit)
	require.NotEqual(t, own(t, file, func(s string) string { return s })[file].Data, tree[file].Data, "%s changes nothing in %s", what, file)
	files, err := Over(tree)
	if err != nil {
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
		return
	}
	l := &linter{files: tree, seen: map[Finding]bool{}} // the file by itself: most is refused before it is run
	l.parse()
	found := l.found
	if len(found) == 0 {
		found = Lint(files)
	}
	for _, f := range found {
		if !f.Advice {
			require.NotContains(t, f.What, "%!", what)
			return
		}
	}
	t.Errorf("%s in %s is not refused", what, file)
}

// What is refused is refused by size and encoding as well, before anybody looks into it.
func TestHostileFilesAreRefusedUnread(t *testing.T) {
	t.Parallel()
	for what, data := range map[string][]byte{
		"huge":        []byte(strings.Repeat("x", maxTemplate+1)),
		"UTF-16":      {0xff, 0xfe, 'a', 0, 'b', 0},
		"GBK":         {0xc4, 0xe3, 0xba, 0xc3},
		"NUL":         {'a', 0},
		"broken UTF8": {'a', 0xc3},
	} {
		_, err := Over(fstest.MapFS{"notice/en/sms.txt": {Data: data}})
		require.Error(t, err, what)
	}
	bom := append([]byte("\xef\xbb\xbf"), "{{.Organisation}}"...)
	files, err := Over(fstest.MapFS{"notice/en/email.subject.txt": {Data: bom}})
	require.NoError(t, err)
	require.True(t, Broken(Lint(files)), "a byte order mark would stand in the subject")
}
