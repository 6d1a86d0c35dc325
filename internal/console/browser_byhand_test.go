package console

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// A person states what was done by hand, and answers a question, in a real browser: what is missing is asked for, the
// Enter key decides nothing, and the answer comes back as words.
func TestBrowserStatesAndAnswers(t *testing.T) {
	t.Parallel()
	const duty, asked = "us-fl/other/bureaus", "us-hipaa/low_probability"
	d := sampleDesk()
	o := sampleOverview()
	o.Duties = append(o.Duties, breach.Duty{Obligation: breach.Obligation{
		ID: duty, Duty: "notify_other", Verdict: breach.Applies, Title: "Tell the credit bureaus", Questions: []string{asked}, Contents: []string{"notice_date"},
	}})
	d.overview = func(string) (breach.Overview, error) { return o, nil }
	var mu sync.Mutex
	var did []string
	d.running = func(what string, with any) error {
		raw, err := json.Marshal(with)
		mu.Lock()
		defer mu.Unlock()
		did = append(did, what+" "+string(raw))
		return err
	}
	carried := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string{}, did...)
	}
	s, b := newSite(t, d), openTab(t)
	b.size(1280, 900)
	b.signIn(s, lead)
	here := s.URL + "/console/incidents/" + sampleID

	b.open(here+"/done", `form[action$="/done"]`)
	b.click(`a[href*="done/text"][href$="bureaus"]`)
	b.sees("#text")
	require.Contains(t, eval[string](b, `document.querySelector("#text").textContent`), "to <the bureaus>")
	b.open(here+"/done", `form[action$="/done"]`)
	b.click(`form[action$="/done"] .btn-act`)
	require.Equal(t, "/console/incidents/"+sampleID+"/done", eval[string](b, "location.pathname"))
	require.False(t, eval[bool](b, `document.querySelector("form[action$='/done']").checkValidity()`), "the browser asks which duty")
	b.click(`input[name=obligation][value="` + duty + `"]`)
	b.do(chromedp.SendKeys(chromedp.CSS("#wy"), "letters to the three bureaus"))
	b.do(chromedp.Focus(chromedp.CSS(`input[name=obligation][value="`+duty+`"]`)), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(300*time.Millisecond))
	require.Empty(t, carried(), "the Enter key decides nothing")
	b.click(`form[action$="/done"] .btn-act`)
	b.sees(".flash")
	require.Contains(t, eval[string](b, `document.querySelector(".flash").textContent`), "What follows it counts from there.")
	require.Len(t, carried(), 1)
	require.Contains(t, carried()[0], `done ["`+duty+`","letters to the three bureaus"`)

	b.open(here+"/answer", `form[action$="/answer"]`)
	b.click(`input[name=question][value="` + asked + `"]`)
	b.click("input[name=answer][value=no]")
	b.do(chromedp.SendKeys(chromedp.CSS("#wy"), "it was seen on a forum"))
	b.do(chromedp.Focus(chromedp.CSS("input[name=answer][value=no]")), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(300*time.Millisecond))
	require.Len(t, carried(), 1, "the Enter key decides nothing")
	b.click(`form[action$="/answer"] .btn-act`)
	b.sees(".flash")
	require.Contains(t, eval[string](b, `document.querySelector(".flash").textContent`), "The question is answered.")
	require.Equal(t, `answer ["`+asked+`",false,"it was seen on a forum"]`, carried()[1])
}
