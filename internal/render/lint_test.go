package render

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestShippedTemplatesAreSound(t *testing.T) {
	t.Parallel()
	for _, f := range Lint(Shipped()) {
		if !f.Advice {
			t.Errorf("%s:%d: %s", f.File, f.Line, f.What)
		}
	}
}

// own lays one edited file over the shipped ones.
func own(t *testing.T, name string, edit func(string) string) fstest.MapFS {
	t.Helper()
	f, err := Shipped().Open(name)
	require.NoError(t, err)
	defer f.Close()
	b := make([]byte, maxTemplate)
	n, err := f.Read(b)
	require.NoError(t, err)
	return fstest.MapFS{name: {Data: []byte(edit(string(b[:n])))}}
}

func TestLintNamesEachFaultByFileAndLine(t *testing.T) {
	t.Parallel()
	add := func(s string) func(string) string { return func(all string) string { return all + "\n" + s } }
	without := func(s string) func(string) string {
		return func(all string) string { return strings.ReplaceAll(all, s, "") }
	}
	for name, c := range map[string]struct {
		file string
		edit func(string) string
		line int
		what string
	}{
		"unknown":         {"notice/en/sms.txt", add("{{.Organization}}"), 3, "unknown variable .Organization"},
		"in a branch":     {"notice/en/push.title.txt", func(string) string { return "{{if .Guardian}}\nx{{else}}{{.Contact.Fax}}{{end}}" }, 2, "unknown variable .Contact.Fax"},
		"in a loop":       {"notice/en/email.body.txt", add("{{range .More}}{{.Nothing}}{{end}}"), 81, "unknown variable .Nothing"},
		"no template":     {"notice/en/sms.txt", add("{{if}}"), 3, "is no template"},
		"link":            {"notice/en/sms.txt", add("see https://x.test"), 3, "no links"},
		"shortener":       {"notice/en/sms.txt", add("see bit.ly/abc"), 3, "hides where an address leads"},
		"image":           {"notice/en/email.body.html", func(s string) string { return strings.Replace(s, "<h1>", "<img alt=x><h1>", 1) }, 3, "no links, images"},
		"lost section":    {"notice/en/email.body.txt", without("{{.Remedies}}"), 0, "remedies"},
		"lost extras":     {"notice/en/email.body.txt", without("{{range .More}}{{.Heading}}\n\n{{.Text}}\n\n\n{{end}}"), 0, "the block More is not shown"},
		"lost code":       {"notice/en/push.body.txt", without("{{.Person.Reference}}"), 0, "leaves out the reference code"},
		"typographic SMS": {"notice/en/sms.txt", func(s string) string { return strings.Replace(s, ". ", " – ", 1) }, 0, "twice as long"},
		"long SMS":        {"notice/en/sms.txt", add(strings.Repeat("and so on ", 40)), 0, "parts long"},
		"long subject":    {"notice/en/email.subject.txt", add(strings.Repeat("important ", 10)), 0, "the subject has"},
		"empty variable":  {"notice/en/sms.txt", add("{{.Title}}"), 3, ".Title in line 3 is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := Over(own(t, c.file, c.edit))
			require.NoError(t, err)
			var all []string
			for _, f := range Lint(files) {
				if f.File == c.file && strings.Contains(f.What, c.what) && (c.line == 0 || f.Line == c.line) {
					return
				}
				all = append(all, f.File+":"+f.What)
			}
			t.Errorf("is not found; there is %q", all)
		})
	}
}

func TestOwnFilesThatNothingReadsAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]*fstest.MapFile{
		"notice/en/smss.txt":        {Data: []byte("x")},
		"notce/en/sms.txt":          {Data: []byte("x")},
		"words/en.yml":              {Data: []byte("x")},
		"notice/en/sms.txt":         {Data: []byte("a\x00b")},
		"notice/en/push.body.txt":   {Data: []byte("\xff\xfe")},
		"notice/en/email.body.txt":  {Data: make([]byte, maxTemplate+1)},
		"announcement/en/extra.txt": {Data: []byte("x")},
	} {
		_, err := Over(fstest.MapFS{name: file})
		var known *breach.Error
		require.ErrorAs(t, err, &known, name)
		require.Equal(t, name, known.Fields[0].Where)
	}
	_, err := Over(fstest.MapFS{".git/config": {Data: []byte("x")}, "README.md": {Data: []byte("x")}})
	require.NoError(t, err)
}

func TestOwnWordsGoIntoTheApprovedText(t *testing.T) {
	t.Parallel()
	files, err := Over(own(t, "notice/en/push.title.txt", func(string) string { return "{{.Organisation}} writes to you" }))
	require.NoError(t, err)
	e, err := NewFrom(files)
	require.NoError(t, err)
	before := noticeText(t, sampleTexts(t, sampleEngine(t)), breach.Push, "en", breach.ToSelf)
	after := noticeText(t, sampleTexts(t, e), breach.Push, "en", breach.ToSelf)
	require.NotEqual(t, before.Ref.SHA256, after.Ref.SHA256)
	b, err := after.Open()
	require.NoError(t, err)
	require.Equal(t, "Larkfield Learning writes to you", b.Parts["title"])
	for _, u := range e.Units() {
		if u.Name == "notice/en" {
			require.Equal(t, []string{"notice/en/push.title.txt"}, u.Own)
		} else {
			require.Empty(t, u.Own, u.Name)
		}
	}
}

// A review counts for exactly the words that were read.
func TestASignedOffTemplateIsReviewedUntilAWordChanges(t *testing.T) {
	t.Parallel()
	mine := own(t, "notice/en/push.title.txt", func(s string) string { return s })
	load := func() *Engine {
		files, err := Over(mine)
		require.NoError(t, err)
		e, err := NewFrom(files)
		require.NoError(t, err)
		return e
	}
	reviewed := func(e *Engine) (n int) {
		for _, text := range sampleTexts(t, e) {
			if text.Ref.Reviewed {
				require.Equal(t, breach.KindNotice+"en", text.Ref.Kind+text.Ref.Locale)
				n++
			}
		}
		return n
	}
	e := load()
	require.Zero(t, reviewed(e))
	b, err := e.SignOff(mine, "notice/en", "M. Weber, legal", time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	mine[reviewedFile] = &fstest.MapFile{Data: b}
	require.Equal(t, 6, reviewed(load()), "three channels to the person and to a guardian")

	for _, spoil := range []string{"notice/en/sms.txt", "words/en.yaml", "advice/en.yaml", "notice/email.layout.html"} {
		changed := own(t, spoil, func(s string) string { return s + "\n" })
		mine[spoil] = changed[spoil]
		e := load()
		require.Zero(t, reviewed(e), spoil)
		for _, u := range e.Units() {
			if u.Name == "notice/en" {
				require.Nil(t, u.Review)
				require.Equal(t, "M. Weber, legal", u.Stale.By)
			}
		}
		delete(mine, spoil)
	}
	_, err = e.SignOff(mine, "notice/tlh", "M. Weber", time.Now())
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(err))
	_, err = e.SignOff(mine, "notice/en", "M.\nWeber", time.Now())
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
}

func FuzzReviews(f *testing.F) {
	f.Add("reviewed:\n  - {template: notice/en, sha256: " + strings.Repeat("a", 64) + ", by: A, at: 2026-11-22T09:00:00Z}\n")
	f.Add("reviewed: [{template: x}]")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ReadReviews(fstest.MapFS{reviewedFile: {Data: []byte(s)}})
		if err != nil {
			require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
			return
		}
		for _, r := range list {
			require.NotEmpty(t, r.By)
			require.Len(t, r.SHA256, 64)
		}
	})
}

// Words that are hard to read are advised against, where a measure exists.
func TestHardWordsAreAdvisedAgainst(t *testing.T) {
	t.Parallel()
	hard := strings.Repeat("Notwithstanding considerable organisational responsibilities, unauthorised dissemination necessitates comprehensive precautionary deliberations. ", 12)
	files := own(t, "notice/en/email.body.txt", func(s string) string { return s + "\n" + hard })
	tree, err := Over(files)
	require.NoError(t, err)
	found := Lint(tree)
	require.False(t, Broken(found))
	require.True(t, slices.ContainsFunc(found, func(f Finding) bool {
		return f.Advice && f.File == "notice/en/email.body.txt" && strings.Contains(f.What, "plain language")
	}), "%v", found)
	e, err := New()
	require.NoError(t, err)
	require.Len(t, e.Readings(), 5)
}
