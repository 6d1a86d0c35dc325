package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// saidInTemplates finds the texts that templates translate.
var saidInTemplates = regexp.MustCompile(`\bt "((?:[^"\\]|\\.)*)"`)

// everyText collects all texts that the console can show: literals in templates and code, and the words of
// the tables and of package breach.
func everyText(t *testing.T) []string {
	t.Helper()
	var all []string
	templates, err := fs.Glob(web, "web/templates/*.html")
	require.NoError(t, err)
	for _, name := range templates {
		body, err := web.ReadFile(name)
		require.NoError(t, err)
		for _, m := range saidInTemplates.FindAllStringSubmatch(string(body), -1) {
			text, err := strconv.Unquote(`"` + m[1] + `"`)
			require.NoError(t, err)
			all = append(all, text)
		}
	}
	for _, m := range breach.Machines {
		for _, s := range m.States {
			all = append(all, s.Word, s.Meaning)
		}
	}
	for _, e := range breach.Catalogue {
		all = append(all, e.Title, e.Do)
	}
	for _, h := range machineHeadings {
		all = append(all, h[0], h[1])
	}
	for _, g := range otherWords {
		all = append(all, g.Heading, g.Note)
		for _, r := range g.Rows {
			all = append(all, r.Word, r.Meaning)
		}
	}
	for _, a := range answers {
		all = append(all, a.yes, a.say)
	}
	for _, k := range returnKinds {
		all = append(all, k.word, k.means)
	}
	for _, o := range callOutcomes {
		all = append(all, o.Word, o.Next)
	}
	for _, c := range channelColumns {
		all = append(all, c.head)
	}
	for _, v := range verdictWords {
		all = append(all, v.word, v.means)
	}
	for _, u := range unitWords {
		all = append(all, u[0], u[1])
	}
	for _, table := range []map[string]string{startWords, announcementReasons, reasonWords, variableWords, adviceWords, cellWords, flagWords, breach.BrakeCauses, {"": breach.GateCause}} {
		for _, text := range table {
			all = append(all, text)
		}
	}
	for _, c := range breach.DataClasses {
		all = append(all, strings.ReplaceAll(c, "_", " "))
	}
	return append(all, literals(t)...)
}

// literals finds the texts in calls of T, Count and in the tables of messages.
func literals(t *testing.T) []string {
	t.Helper()
	var out []string
	pkgs, err := fs.Glob(sources, "*.go")
	require.NoError(t, err)
	for _, name := range pkgs {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		body, err := fs.ReadFile(sources, name)
		require.NoError(t, err)
		f, err := parser.ParseFile(token.NewFileSet(), name, body, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			from, to := texts(call)
			for i := from; i < min(to, len(call.Args)); i++ {
				if lit, ok := call.Args[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text, err := strconv.Unquote(lit.Value)
					require.NoError(t, err)
					out = append(out, text)
				}
			}
			return true
		})
	}
	return out
}

// texts says which arguments of a call are texts.
func texts(call *ast.CallExpr) (from, to int) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	switch name {
	case "T":
		return 0, 1
	case "Count", "say":
		return 1, 3
	case "act":
		return 2, 3
	case "again":
		return 1, 2
	case "one":
		return 2, 4
	case "add":
		return 0, 1
	}
	return 0, 0
}

// verbs are the %s and %d of a text, sorted.
func verbs(s string) []string {
	found := regexp.MustCompile(`%(?:\[\d+\])?[0-9.]*[a-z]`).FindAllString(s, -1)
	for i, v := range found {
		found[i] = regexp.MustCompile(`\[\d+\]`).ReplaceAllString(v, "")
	}
	slices.Sort(found)
	return found
}

func TestEveryTextIsThereInChinese(t *testing.T) {
	t.Parallel()
	all := everyText(t)
	require.Greater(t, len(all), 500)
	for _, text := range all {
		if text == "" || text == "_" {
			continue
		}
		said, ok := inChinese[text]
		if !ok {
			t.Errorf("no Chinese for %q", text)
			continue
		}
		require.Equal(t, verbs(text), verbs(said), text)
	}
}

func TestNumbersAndTimesAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	en, zh := speech{lang: english, zone: sampleZone, now: sampleNow}, speech{lang: chinese, zone: sampleZone, now: sampleNow}
	require.Equal(t, "-1,234,567", en.Num(-1234567))
	require.Equal(t, "999", en.Num(999))
	require.Equal(t, "1 person", en.People(1))
	require.Equal(t, "184,210 people", en.People(184210))
	require.Equal(t, "184,210 人", zh.People(184210))
	for d, want := range map[string][2]string{
		"17h12m": {"17 h 12 min", "17 小时 12 分"}, "52h4m": {"2 d 4 h", "2 天 4 小时"}, "264h": {"11 d", "11 天"}, "12m30s": {"12 min", "12 分"}, "4m5s": {"04:05", "04:05"}, "1h2m": {"1 h 02 min", "1 小时 02 分"},
	} {
		require.Equal(t, want[0], en.Span(duration(t, d)), d)
		require.Equal(t, want[1], zh.Span(duration(t, "-"+d)), d)
	}
	require.Equal(t, "18 Nov 03:40", en.At(sampleNow).Shown)
	require.Equal(t, "11月18日 03:40", zh.At(sampleNow).Shown)
	require.Equal(t, "2026-11-17T19:40:00Z", en.At(sampleNow).ISO)
	require.Equal(t, "18 Nov 2024 03:40", en.At(sampleNow.AddDate(-2, 0, 0)).Shown)
	require.Equal(t, "03:40", en.Clock(sampleNow).Shown)
	require.Equal(t, "Asia/Shanghai, UTC+8", en.Zone())
	require.Equal(t, "Germany", en.Country("DE"))
	require.Equal(t, "德国", zh.Country("DE"))
	require.Equal(t, "Country not known", en.Country(""))
	require.Equal(t, "?!", en.Country("?!"))
	require.Equal(t, "简体中文", en.Language("zh-Hans"))
	require.Equal(t, "Deutsch", en.Language("de"))
}
