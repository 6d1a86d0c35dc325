package console

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// chromium finds the browser, or says how to install it.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium was found; install it with: apt-get install -y chromium")
	return ""
}

// tab is one page in a headless Chromium. When the test ends, the page must not have complained: a blocked
// inline style or an error of a script is a failure.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T) *tab {
	t.Helper()
	opts := []chromedp.ExecAllocatorOption{chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.ExecPath(chromium(t)),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	b.watch()
	return b
}

func (b *tab) watch() {
	ctx, stop := context.WithCancel(b.ctx)
	messages := chromedp.Console(ctx)
	var mu sync.Mutex
	var bad []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type != chromedp.ConsoleError && m.Type != chromedp.ConsoleException || strings.Contains(m.Text, "Failed to load resource") {
				continue
			}
			mu.Lock()
			bad = append(bad, m.Text)
			mu.Unlock()
		}
	}()
	b.t.Cleanup(func() {
		stop()
		<-done
		require.Empty(b.t, bad, "the page complained")
	})
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *tab) open(url, wait string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS(wait)))
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) sees(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	require.NoError(b.t, err, expression)
	return v
}

// until waits for an expression to become true.
func (b *tab) until(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return err == nil && yes // a page that is just being left has no answer
	}, 20*time.Second, 50*time.Millisecond, expression)
}

// signIn comes by a link, as the demo prints it.
func (b *tab) signIn(s *site, a breach.Actor) {
	b.t.Helper()
	b.open(s.URL+"/console/#token=token-"+a.ID, ".incs")
}

func TestBrowserSignsInAndDecides(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	rec, _ := samplePlan(2)
	var approved atomic.Int64
	d.approve = func(_, hash string, by breach.Actor) (breach.PlanRecord, error) {
		if hash == rec.Hash && by.ID == lead.ID {
			approved.Add(1)
		}
		done := rec
		done.State = breach.PlanApproved
		return done, nil
	}
	s, b := newSite(t, d), openTab(t)
	b.size(1280, 900)
	b.signIn(s, lead)
	require.Equal(t, s.URL+"/console/", eval[string](b, "location.href"), "the token left the address")
	require.NotContains(t, eval[string](b, "JSON.stringify([document.documentElement.outerHTML, document.cookie])"), "token-"+lead.ID)

	b.click(`a[href="/console/incidents/` + sampleID + `"]`)
	b.sees("#waiting .btn-act")
	b.click("#waiting .btn-act")
	b.sees("button[value=approve]")
	b.until(`[...document.querySelectorAll("iframe")].every((f) => f.contentDocument.URL !== "about:blank" && f.clientHeight > 80 && f.clientHeight < 880 && f.contentDocument.documentElement.scrollHeight <= f.clientHeight + 1)`)

	b.do(chromedp.Focus(chromedp.CSS("input[name=unreviewed]")), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(300*time.Millisecond))
	require.Equal(t, "/console/incidents/"+sampleID+"/approve", eval[string](b, "location.pathname"))
	b.click("input[name=unreviewed]")
	b.do(chromedp.Focus(chromedp.CSS("input[name=unreviewed]")), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(300*time.Millisecond))
	require.Zero(t, approved.Load(), "the Enter key decides nothing")
	require.Empty(t, eval[string](b, `document.querySelector("#tick-e")?.textContent ?? ""`), "nor is it a decision that lacks something")
	b.click("input[name=unreviewed]")
	b.click("button[value=approve]")
	b.sees("#tick-e")
	require.Equal(t, "unreviewed", eval[string](b, "document.activeElement.name"), "the focus is where the mistake is")
	b.click("input[name=unreviewed]")
	b.click("button[value=approve]")
	b.sees(".flash")
	require.Contains(t, eval[string](b, `document.querySelector(".flash").textContent`), "You approved the plan for 41,300 people.")
	require.Equal(t, int64(1), approved.Load())

	// Another person's link to the same page signs that person in, and comes back to it.
	b.do(chromedp.Navigate(s.URL + "/console/incidents/" + sampleID + "#token=token-" + reader.ID))
	b.until(`document.querySelector(".who-am-i")?.textContent.includes("Ana Costa") === true && location.href === "` + s.URL + "/console/incidents/" + sampleID + `"`)
}

func TestBrowserFollowsAnIncident(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var mu sync.Mutex
	o := sampleOverview()
	alter := func(change func()) { mu.Lock(); defer mu.Unlock(); change() }
	d.overview = func(string) (breach.Overview, error) {
		mu.Lock()
		defer mu.Unlock()
		return o, nil
	}
	s, b := newSite(t, d), openTab(t)
	b.size(1280, 900)
	b.signIn(s, lead)
	b.open(s.URL+"/console/incidents/"+sampleID, ".live[data-state=live]")
	eval[bool](b, "window.same = true")

	alter(func() {
		o.People = breach.Tally{breach.Reached: 140000, breach.Pending: 617, breach.Attempted: 43593}
	})
	b.until(`document.querySelector("#people tbody td.num").textContent === "140,000"`)
	b.until(`document.querySelector(".lede").textContent.startsWith("140,000 of 184,210")`)
	require.True(t, eval[bool](b, "window.same === true"), "the page was not loaded again")

	// What somebody reads stays: an open detail holds its part, and a button offers what is new.
	b.click("#duties details summary")
	alter(func() {
		duties := sampleDuties()
		duties[0].Title = "Tell everybody at once"
		o.Duties = duties
	})
	b.sees("#duties .changed")
	b.until(`document.querySelector(".rail").textContent.includes("Tell everybody at once")`)
	require.True(t, eval[bool](b, `document.querySelector("#duties details").open`))
	require.False(t, eval[bool](b, `document.querySelector("#duties").textContent.includes("Tell everybody at once")`))
	b.click("#duties .changed")
	b.until(`document.querySelector("#duties").textContent.includes("Tell everybody at once")`)
	b.until(`document.activeElement.id === "duties"`) // the focus stays near

	// A list that is in sight and becomes longer waits to be asked.
	eval[bool](b, `scrollTo(0, 0) || true`)
	alter(func() {
		o.Awaited = append(o.Awaited, breach.Awaited{What: "close", Role: breach.RoleLead, Since: sampleNow})
	})
	b.sees("#waiting .changed")
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll("#waiting li").length`))
	b.click("#waiting .changed")
	b.until(`document.querySelectorAll("#waiting li").length === 3`)
	b.until(`document.querySelector("[data-say]").textContent.includes("Close the incident")`)

	// Nothing is kept in the browser.
	require.Zero(t, eval[int](b, "localStorage.length + sessionStorage.length"))

	// Without a sign for fifteen seconds the page says so.
	s.CloseClientConnections()
	s.Close()
	eval[bool](b, `(() => { const now = Date.now; Date.now = () => now() + 16000; return true; })()`)
	b.sees(".live[data-state=lost] .again")
	require.Contains(t, eval[string](b, `document.querySelector(".live").textContent`), "Not live since 19:40")
	require.True(t, eval[bool](b, `document.querySelector("#people tbody td.num").textContent === "140,000"`), "the figures stay")
}

func TestBrowserPressesPauseWhileTheHeadChanges(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var paused atomic.Bool
	d.overview = func(string) (breach.Overview, error) {
		o := sampleOverview()
		o.Paused = paused.Load()
		return o, nil
	}
	d.pause = func(string, breach.Actor) error { paused.Store(true); return nil }
	s, b := newSite(t, d), openTab(t)
	b.size(1280, 900)
	b.signIn(s, responder)
	b.open(s.URL+"/console/incidents/"+sampleID, ".live[data-state=live]")
	b.click("form[action$='/pause'] button")
	b.sees("form[action$='/resume'] button")
	paused.Store(false) // somebody else lets it go on
	b.sees("form[action$='/pause'] button")
	b.until(`document.querySelector("[data-say]").textContent.includes("Notifying")`)
}

// TestBrowserFits opens every page on a phone and at 320 px, in both languages and themes: nothing may be
// wider than the screen, and nothing inline may be asked for.
func TestBrowserFits(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, sampleDesk()), openTab(t)
	b.signIn(s, lead)
	for _, v := range []struct {
		width int64
		query string
	}{{390, "?lang=zh-Hans&theme=dark"}, {320, "?lang=en&theme=light"}} {
		b.size(v.width, 800)
		b.open(s.URL+"/console/legend"+v.query, "h1")
		for _, path := range everyPath {
			b.open(s.URL+path, "h1")
			over := eval[string](b, `(() => {
				const wide = innerWidth;
				if (document.documentElement.scrollWidth <= wide) return "";
				const el = [...document.querySelectorAll("main *, header *, footer *")].find((e) => e.getBoundingClientRect().right > wide + 1 && !e.closest(".nav, .subnav, .scroll, svg"));
				return document.documentElement.scrollWidth + " " + (el ? el.outerHTML.slice(0, 200) : "");
			})()`)
			require.Empty(t, over, "%s at %d px", path, v.width)
		}
		background := eval[string](b, `getComputedStyle(document.body).backgroundColor`)
		require.Equal(t, map[int64]string{390: "rgb(14, 19, 22)", 320: "rgb(243, 244, 241)"}[v.width], background)
	}
}

func TestBrowserLeavesNoTraceOfAPerson(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, sampleDesk()), openTab(t)
	b.size(1280, 900)
	b.signIn(s, responder)
	b.open(s.URL+"/console/person", "#q")
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "lin@mail.example"), chromedp.SendKeys(chromedp.CSS("#why"), "Call 4711"), chromedp.KeyEvent(kb.Enter))
	b.sees(".answer")
	require.Equal(t, s.URL+"/console/person", eval[string](b, "location.href"))
	require.NotContains(t, eval[string](b, "document.title + document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"), "lin@mail")
}

// TestBrowserPictures keeps a picture of every page in the folder that TOCSIN_SHOTS names.
func TestBrowserPictures(t *testing.T) {
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		t.Skip("TOCSIN_SHOTS names no folder for pictures")
	}
	s, b := newSite(t, sampleDesk()), openTab(t)
	shoot := func(name string) {
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
	}
	b.size(1440, 900)
	b.signIn(s, lead)
	for name, path := range map[string]string{
		"incidents": "/console/", "incident": "/console/incidents/" + sampleID, "approve": "/console/incidents/" + sampleID + "/approve", "timeline": "/console/incidents/" + sampleID + "/timeline",
		"stop": "/console/incidents/" + sampleID + "/stop", "person": "/console/person", "calls": "/console/calls", "letters": "/console/letters", "returns": "/console/incidents/" + sampleID + "/returns", "legend": "/console/legend", "draft": "/console/incidents/9tzc-4hve", "nowhere": "/console/incidents/none",
	} {
		for look, query := range map[string]string{"light": "?theme=light&lang=en", "dark": "?theme=dark&lang=en", "390": "?theme=light&lang=en", "zh": "?theme=light&lang=zh-Hans"} {
			b.size(map[bool]int64{true: 390, false: 1440}[look == "390"], 900)
			b.open(s.URL+path+query, "h1")
			b.do(chromedp.Sleep(300 * time.Millisecond))
			shoot(name + "-" + look)
		}
	}
	b.size(1440, 900)
	for name, contact := range map[string]string{"found": "lin@mail.example", "nobody": "nobody@mail.example"} {
		b.open(s.URL+"/console/person?lang=en&theme=light", "#q")
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), contact), chromedp.SendKeys(chromedp.CSS("#why"), "Call 4711"), chromedp.KeyEvent(kb.Enter))
		b.sees(".answer")
		shoot("person-" + name)
	}
	b.click("form[action='/console/sign-out'] button")
	b.sees("form[data-sign-in]")
	shoot("sign-in")
}
