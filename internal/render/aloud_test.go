package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// onPaperAndAloud are the letters and calls of the sample's incident in one language, by channel and variant.
func onPaperAndAloud(t testing.TB, e *Engine, tag string) map[string]breach.Text {
	t.Helper()
	file, scope := languageFile(t, tag)
	scope.Channels = []breach.Channel{breach.Letter, breach.Voice}
	texts, problems, err := e.Texts(file, scope, nil, []string{tag})
	require.NoError(t, err)
	require.Empty(t, problems, tag)
	out := map[string]breach.Text{}
	for _, text := range texts {
		if text.Ref.Kind == breach.KindNotice {
			out[text.Ref.Channel+" "+text.Ref.Variant] = text
		}
	}
	require.Len(t, out, 4, tag)
	return out
}

// What is printed and what is said, in every language, to be read by people who read that language.
func TestGoldenLettersAndCalls(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		var all strings.Builder
		for _, name := range []string{"letter self", "letter guardian", "voice self", "voice guardian"} {
			text := onPaperAndAloud(t, e, tag)[name]
			require.False(t, text.Ref.Reviewed)
			b, err := text.Open()
			require.NoError(t, err)
			fmt.Fprintf(&all, "===== %s\n", name)
			if name == "letter guardian" { // lists have no address of a guardian's; this is the text as it is approved
				fmt.Fprintf(&all, "# %s\n\n%s\n\n", b.Parts["subject"], b.Parts["text"])
				continue
			}
			p := samplePerson()
			p.PostalAddress = "8 Sample Road\n10000 Sample Town"
			m, err := e.Message(text, p, breach.Addressee(b.Variant), sampleReference)
			require.NoError(t, err)
			fmt.Fprintf(&all, "%s\n\n", strings.TrimSpace("# "+m.Subject+m.Machine+"\n\n"+m.Text))
		}
		golden(t, "paper."+tag+".txt", strings.TrimSpace(all.String())+"\n")
	}
}

// A letter has nothing to press: who reads it can type, call and write.
func TestLettersAreLetters(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		for name, text := range onPaperAndAloud(t, e, tag) {
			b, err := text.Open()
			require.NoError(t, err)
			for part, said := range b.Parts {
				if part != "link" { // is not said; it tells where the spoken address leads
					require.NotContains(t, said, "://", "%s %s %s", tag, name, part)
				}
			}
			if !strings.HasPrefix(name, "letter") {
				continue
			}
			said := b.Parts["text"]
			require.True(t, strings.HasPrefix(said, marks.Greeting), "%s begins with a salutation", tag)
			require.Equal(t, 2, strings.Count(said, "Privacy desk"), "%s: whom to turn to, and who signs", tag)
			phone, post, mail := strings.Index(said, "+86 400 000 0000"), strings.Index(said, "8 Lark Road, Hangzhou"), strings.Index(said, "privacy@larkfield.example")
			require.True(t, 0 < phone && phone < post && post < mail, "%s: who reads paper calls or writes", tag)
			require.Contains(t, said, "larkfield.example/verify")
			require.Subset(t, b.Carries, []string{"controller_id", "contact_point", "summary", "consequences", "measures_taken", "measures_planned", "individual_steps", "remedies"})
		}
	}
}

// A call is short, spells what is to be written down, names nobody, and leaves nothing on an answering machine.
func TestCallsAreShortAndLeaveNoFacts(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, tag := range allLanguages {
		for name, text := range onPaperAndAloud(t, e, tag) {
			if !strings.HasPrefix(name, "voice") {
				continue
			}
			for _, class := range append(e.classesOf(tag), "none") {
				p := samplePerson()
				p.DataClasses = []string{class}
				m, err := e.Message(text, p, breach.Addressee(text.Ref.Variant), sampleReference)
				require.NoError(t, err)
				require.Equal(t, 2, strings.Count(m.Text, "L, K, F. N, 7, Q, 4. K, M, D, 2. X, E, 8, V"), "%s: the code, twice", tag)
				require.NotContains(t, m.Text, sampleReference)
				require.Contains(t, m.Text, "8, 6. 4, 0, 0. 0, 0, 0. 0, 0, 0, 0")
				require.NotContains(t, m.Text, "larkfield.example", "%s: its signs are words", tag)
				require.Contains(t, m.Text, "1")
				require.Contains(t, m.Text, "2")
				require.NotContains(t, m.Text, p.Name)
				require.Less(t, len([]rune(m.Text)), longScript, tag)
				require.NotContains(t, m.Machine, "larkfield.example")
				require.NotRegexp(t, `[0-9{]`, m.Machine, tag)
			}
		}
	}
}

func TestLintReadsLettersAndCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, from, to, what string }{
		"lost section":      {"notice/en/letter.body.txt", "{{.Remedies}}", "", "remedies"},
		"lost address":      {"notice/de/letter.body.txt", "{{.Verify}}", "", "leaves out the address of the verify page"},
		"lost code":         {"notice/en/voice.script.txt", "{{.Person.Reference}}", "", "leaves out the reference code"},
		"facts for anybody": {"notice/en/voice.machine.txt", "Hello.", "Hello. {{.Brief}}", "says what happened; an answering machine"},
		"code for anybody":  {"notice/en/guardian/voice.machine.txt", "Hello.", "Hello. {{.Person.Reference}}", "holds a person's variable"},
		"long call":         {"notice/en/voice.script.txt", "Press 1", strings.Repeat("And so on. ", 150) + "Press 1", "the script has"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := Over(own(t, c.file, func(s string) string { return strings.ReplaceAll(s, c.from, c.to) }))
			require.NoError(t, err)
			var all []string
			for _, f := range Lint(files) {
				all = append(all, f.File+": "+f.What)
			}
			require.Contains(t, strings.Join(all, "\n"), c.file)
			require.Contains(t, strings.Join(all, "\n"), c.what)
		})
	}
}

func TestBriefIsTwoSentences(t *testing.T) {
	t.Parallel()
	for long, want := range map[string]string{
		"One here. Two here. Three here.": "One here. Two here.",
		"Only one here":                   "Only one here",
		"Am 15. Januar war es so. Wir haben es bemerkt. Dann nichts.": "Am 15. Januar war es so. Wir haben es bemerkt.",
		"Version 2.1 was read by Dr. Who at x.test. Now closed. More": "Version 2.1 was read by Dr. Who at x.test. Now closed.",
		"发生了一件事。我们关闭了访问。还有。":                                          "发生了一件事。我们关闭了访问。",
		"What? Yes! No.": "What? Yes!",
	} {
		require.Equal(t, want, brief(long))
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text") + string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.StringMatching(`([a-zA-Z。؟]{0,4}[.!? ]){0,9}`).Draw(t, "sentences")
		require.True(t, strings.HasPrefix(single(s), brief(s)), "it begins as the text does, and holds nothing else")
	})
}

func TestSpelled(t *testing.T) {
	t.Parallel()
	require.Equal(t, "K, X, 7. 2", spelled("KX7-2", ""))
	require.Equal(t, "plus, 1. 2, 0. 5", spelled("+1 (20) 5", "plus"))
	require.Equal(t, "+, 1", spelled("+1", ""))
	require.Empty(t, spelled(" - ", "plus"))
}
