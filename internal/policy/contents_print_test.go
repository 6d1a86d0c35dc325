package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func TestSmallestPrintOfHTML(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]float64{
		`<p style="font-size: 12px">`:                              9,
		`<style>p{font:400 16px/1.55 Arial} .foot{font-size:14px}`: 10.5,
		`<p style="FONT-SIZE:8PT;color:red">`:                      8,
		`<p style="font-size:.5rem">`:                              6,
		`<p style="font-size:75%">`:                                9,
		`<p style="font: italic small/1.2 serif">`:                 9.75,
		`<p style="font-size:0">`:                                  0,
		`<p style="font-size:x-small!important">`:                  7.5,
		`<p>words <small>small words</small></p>`:                  10,
		`<font size="1">words</font>`:                              10,
		`<p style="font-size:3mm">`:                                72 / 25.4 * 3,
	} {
		pt, known := smallestPrint(markup)
		require.True(t, known, markup)
		require.InDelta(t, want, pt, 1e-9, markup)
	}
	for _, markup := range []string{"", "<p>font-size matters</p>", `<p style="font-weight:400;font-family:Arial">`, `<p style="font: 400">`, `<p style="font-size:3vw">`, `<smallest>`} {
		_, known := smallestPrint(markup)
		require.False(t, known, markup)
	}
}

func FuzzSmallestPrint(f *testing.F) {
	f.Add(`<p style="font: italic 12px/1.4 Arial">`)
	f.Add(`font-size:9e999px`)
	f.Fuzz(func(t *testing.T, markup string) {
		if pt, known := smallestPrint(markup); known && !(pt >= 0) {
			t.Fatalf("a size of %v", pt)
		}
	})
}

// California wants no print below ten points: the letter's is known, an email says its own, and an SMS has none.
func TestPrintThatIsTooSmall(t *testing.T) {
	t.Parallel()
	o := wanting("us-ca")
	o.MinFontPt = 10
	small, large := mail("en"), mail("zh-Hans")
	small.Parts["html"], large.Parts["html"] = `<p style="font-size:12px">`, `<p style="font-size:16px">`
	letter := breach.TextBody{Kind: breach.KindNotice, Channel: "letter", Locale: "en", Variant: "self", Parts: map[string]string{"text": "-"}}
	sms := breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: "self", Parts: map[string]string{"text": "-", "link": "https://x.test/n"}}
	check := func(letterPt float64) []breach.ContentGap {
		return Contents{Judgement: breach.Judgement{Obligations: []breach.Obligation{o}}, Texts: []breach.TextBody{small, large, letter, sms}, LetterPt: letterPt}.Check().Gaps
	}
	gaps := check(10.5)
	require.Len(t, gaps, 1)
	require.Equal(t, breach.GapFont, gaps[0].Kind)
	require.Equal(t, "min_font_pt", gaps[0].Field)
	require.Equal(t, []string{"email en self: 9 points"}, gaps[0].Texts)
	require.Contains(t, gaps[0].What(), "print of 10 points at least")
	require.Equal(t, []string{"email en self: 9 points", "letter en self: 9.5 points"}, check(9.5)[0].Texts)
	require.Len(t, check(0), 1, "of letters nothing is known")
}
