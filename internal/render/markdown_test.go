package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkdownInBothForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, text, html string }{
		{"paragraphs", "One *two*\nthree.\n\n**Four** & `five`", "One two three.\n\nFour & five", "<p>One <em>two</em> three.</p>\n<p><strong>Four</strong> &amp; five</p>"},
		{"list", "Do:\n\n- a\n- b\n  - c\n- d", "Do:\n\n- a\n- b\n  - c\n- d", "<p>Do:</p>\n<ul><li>a</li><li>b<ul><li>c</li></ul>\n</li><li>d</li></ul>"},
		{"numbers", "3. a\n4. b", "3. a\n4. b", `<ol start="3"><li>a</li><li>b</li></ol>`},
		{"Chinese lines join without a space", "我们的备份\n已经关闭。", "我们的备份已经关闭。", "<p>我们的备份已经关闭。</p>"},
		{"hard break", "a  \nb", "a\nb", "<p>a<br>b</p>"},
		{"heading is no heading", "# Title\n\ntext", "Title\n\ntext", "<p><strong>Title</strong></p>\n<p>text</p>"},
		{"escapes and entities", `a \* b &lt;b&gt; &amp;`, "a * b <b> &", "<p>a * b &lt;b&gt; &amp;</p>"},
		{"hidden characters", "a\u202eb\u200bc", "abc", "<p>abc</p>"},
		{"quote", "> said", "said", "<blockquote><p>said</p>\n</blockquote>"},
		{"windows lines", "a\r\n\r\nb", "a\n\nb", "<p>a</p>\n<p>b</p>"},
		{"mail address in words", "write to privacy@larkfield.example", "write to privacy@larkfield.example", "<p>write to privacy@larkfield.example</p>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, bad := readMarkdown(c.in)
			require.Empty(t, bad)
			require.Equal(t, c.text, p.Text)
			require.Equal(t, c.html, string(p.HTML))
		})
	}
}

func TestMarkdownRefusesLinksHTMLAndVariables(t *testing.T) {
	t.Parallel()
	for in, word := range map[string]string{
		"[x](https://evil.test)":           "link",
		"[x][1]\n\n[1]: https://evil.test": "link",
		"[1]: https://evil.test":           "link",
		"<https://evil.test>":              "link",
		"<a@evil.test>":                    "link",
		"see https://evil.test":            "web address",
		"see www.evil.test":                "web address",
		"![x](https://evil.test/p.png)":    "image",
		"a <b>bold</b>":                    "HTML",
		"<div>\nx\n</div>":                 "HTML",
		"<!-- x -->":                       "HTML",
		"Dear {{name}}":                    "{{",
		"&#123;&#123;name&#125;&#125;":     "{{",
		`\{\{name\}\}`:                     "{{",
		"*{*{name":                         "{{",
		strings.Repeat("long ", 10000):     "longer",
	} {
		p, bad := readMarkdown(in)
		require.NotEmpty(t, bad, "%.60q", in)
		require.Contains(t, strings.Join(bad, "\n"), word, "%.60q", in)
		require.NotContains(t, p.Text, "{{")
		require.NotContains(t, string(p.HTML), "{{")
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range append([]string{"- a\n  1. b\n\n     c", "> # x\n> - y", "```\ncode\n```", "a\\\nb", "* * *"}, nasty...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, bad := readMarkdown(s)
		require.NotContains(t, p.Text+string(p.HTML), "{{")
		d := &draft{seen: map[string]bool{}}
		d.harmless("x", "<div>"+string(p.HTML)+"</div>")
		require.Empty(t, d.problems)
		if len(bad) == 0 {
			require.NotContains(t, p.Text, "https://")
		}
	})
}
