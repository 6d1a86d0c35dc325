package console

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
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

// browser opens one headless Chromium with a tab.
func browser(t *testing.T) context.Context {
	t.Helper()
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.ExecPath(chromium(t)),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// shoot keeps a picture of the whole page where TOCSIN_SHOTS says.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

func TestBrowserPictures(t *testing.T) {
	if os.Getenv("TOCSIN_SHOTS") == "" {
		t.Skip("TOCSIN_SHOTS names no folder for pictures")
	}
	s := newSite(t, sampleDesk())
	ctx := browser(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1440, 1000),
		chromedp.Navigate(s.URL+"/console/#token=token-"+lead.ID), chromedp.WaitVisible(chromedp.CSS(".incs"))))
	for _, p := range []struct{ name, path, wait string }{
		{"incidents", "/console/", ".incs"}, {"incident", "/console/incidents/" + sampleID, "#evidence"}, {"approve", "/console/incidents/" + sampleID + "/approve", ".decide"},
		{"timeline", "/console/incidents/" + sampleID + "/timeline", ".record"}, {"stop", "/console/incidents/" + sampleID + "/stop", ".decide"},
		{"person", "/console/person", "#q"}, {"legend", "/console/legend", ".legend"}, {"draft", "/console/incidents/9tzc-4hve", "#evidence"}, {"nowhere", "/console/incidents/none", "h1"},
	} {
		for _, v := range []struct {
			name  string
			width int64
			query string
		}{{"light", 1440, "?theme=light&lang=en"}, {"dark", 1440, "?theme=dark&lang=en"}, {"390", 390, "?theme=light&lang=en"}, {"zh", 1440, "?theme=light&lang=zh-Hans"}} {
			require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(v.width, 900), chromedp.Navigate(s.URL+p.path+v.query), chromedp.WaitVisible(chromedp.CSS(p.wait)), chromedp.Sleep(300*time.Millisecond)), p.name)
			shoot(t, ctx, p.name+"-"+v.name)
		}
	}
	find := func(contact string) {
		require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.URL+"/console/person?lang=en"), chromedp.WaitVisible(chromedp.CSS("#q")),
			chromedp.SendKeys(chromedp.CSS("#q"), contact), chromedp.SendKeys(chromedp.CSS("#why"), "Call 4711"), chromedp.Click(chromedp.CSS("form.card button")), chromedp.WaitVisible(chromedp.CSS(".answer"))))
	}
	find("lin@mail.example")
	shoot(t, ctx, "person-found")
	find("nobody@mail.example")
	shoot(t, ctx, "person-nobody")
}
