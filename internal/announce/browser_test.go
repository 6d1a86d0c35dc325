package announce

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser opens a headless Chromium that runs no scripts of pages, as careful people have it.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	require.NotEmpty(t, path, "no Chromium was found; install it with: apt-get install -y chromium")
	opts := []chromedp.ExecAllocatorOption{chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	opts = append(opts, chromedp.Flag("blink-settings", "scriptEnabled=false"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// A person types a code, on a phone and without scripts, and reads whose it is; the code comes into no address. With
// TOCSIN_SHOTS=<folder> the pages are kept as pictures.
func TestACodeIsCheckedInABrowser(t *testing.T) {
	t.Parallel()
	s := published(t, ours(0, told), func(c *Config) { c.VerifyTime = time.Second })
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	ctx := browser(t)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, steps...))
	}
	for name, c := range map[string]struct {
		width       int64
		lang, typed string
		says        string
	}{
		"phone-yes":   {360, "en", "７k2m oqxb 9lf3 apvw", wordsFor("en").VerifyYes},
		"phone-no":    {360, "zh-Hans", "7K2M-0QXB-91F3-APVX", wordsFor("zh-Hans").VerifyNo},
		"desktop-yes": {1280, "zh-Hans", ofSomebody, wordsFor("zh-Hans").VerifyYes},
		"desktop-no":  {1280, "en", "<b>none</b>", wordsFor("en").VerifyNo},
	} {
		do(chromedp.EmulateViewport(c.width, 900), chromedp.Navigate(server.URL+"/verify?lang="+c.lang), chromedp.WaitVisible(chromedp.CSS("#code")),
			chromedp.SendKeys(chromedp.CSS("#code"), c.typed), chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS(".answer")))
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector(".answer").innerText`))
		require.NoError(t, err)
		require.Contains(t, said, c.says, name)
		address, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href`))
		require.NoError(t, err)
		require.Equal(t, server.URL+"/verify?lang="+c.lang, address)
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
		require.NoError(t, err)
		require.LessOrEqual(t, wide, c.width, "nothing is cut off")
		if dir := os.Getenv("TOCSIN_SHOTS"); dir != "" {
			shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "verify-"+name+".png"), shot, 0o600))
		}
	}
}
