package render

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run go test ./internal/render -update, and read what changed")
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-golden +now):\n%s", name, d)
	}
}

// Every text as a person, the page or an authority gets it, to be read by people who do not read Go.
func TestGoldenTexts(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	for _, text := range sampleTexts(t, e) {
		b, err := text.Open()
		require.NoError(t, err)
		name := strings.ReplaceAll(strings.Trim(fmt.Sprintf("%s.%s.%s.%s", b.Kind, b.Channel, b.Locale, b.Variant), "."), "/", "_")
		if b.Kind != breach.KindNotice {
			for part, s := range b.Parts {
				if part != "title" {
					golden(t, name+"."+strings.Replace(part, "text", "txt", 1), "# "+b.Parts["title"]+"\n\n"+s+"\n")
				}
			}
			continue
		}
		if b.Channel == string(breach.Push) && b.Variant == string(breach.ToGuardian) { // lists hold no tokens of guardians
			golden(t, name+".txt", "# "+b.Parts["title"]+"\n# "+b.Parts["link"]+"\n\n"+b.Parts["body"]+"\n")
			continue
		}
		m, err := written(e, text, samplePerson(), breach.Addressee(b.Variant), sampleReference)
		require.NoError(t, err)
		lines := []string{strings.TrimSpace("To: " + m.ToName + " <" + m.To + ">")}
		for _, l := range []string{m.Subject, m.Title, m.Link} {
			if l != "" {
				lines = append(lines, "# "+l)
			}
		}
		golden(t, name+".txt", strings.Join(lines, "\n")+"\n\n"+m.Text+"\n")
		if m.HTML != "" {
			golden(t, name+".html", m.HTML+"\n")
		}
	}
}

// The same input gives the same bytes, or an approval would be void by chance.
func TestTextsAreDeterministic(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	first := sampleTexts(t, e)
	for range 5 {
		require.Equal(t, first, sampleTexts(t, sampleEngine(t)))
	}
	refs := make([]string, 0, len(first))
	for _, x := range first {
		refs = append(refs, x.Ref.Kind+" "+x.Ref.Channel+" "+x.Ref.Locale+" "+x.Ref.Variant)
	}
	require.Equal(t, "notice email zh-Hans self", refs[0], "the default language comes first")
	sorted := append([]string(nil), refs...)
	sort.Strings(sorted)
	for i := 1; i < len(sorted); i++ {
		require.NotEqual(t, sorted[i-1], sorted[i], "one text per channel, language and variant")
	}
	require.Len(t, refs, 2*3*2+2+5)
}
