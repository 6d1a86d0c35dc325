package render

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// mailReader opens a headless Chromium that prefers light or dark pages and runs none of their scripts.
func mailReader(t *testing.T, dark bool) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("NO CHROMIUM: how emails look is not checked; install it with: apt-get install -y chromium")
	}
	scheme := map[bool]string{false: "1", true: "0"}[dark]
	opts := []chromedp.ExecAllocatorOption{chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("blink-settings", "scriptEnabled=false,preferredColorScheme="+scheme)}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// look measures a page: how wide it is, what it loaded, which words are hard to see or cut off.
const look = `(() => {
  const rgb = s => (s.match(/[\d.]+/g) || []).map(Number);
  const light = c => { const f = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const under = el => { for (; el; el = el.parentElement) { const c = rgb(getComputedStyle(el).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const faint = [], cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const el = n.parentElement;
    if (!n.data.trim()) continue;
    const a = light(rgb(getComputedStyle(el).color)), b = light(under(el));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) faint.push(n.data.trim().slice(0, 40));
    const range = document.createRange(); range.selectNodeContents(n);
    for (const r of range.getClientRects()) if (r.left < -0.5 || r.right > innerWidth + 0.5) { cut.push(n.data.trim().slice(0, 40)); break; }
    if (parseFloat(getComputedStyle(el).fontSize) < 13) faint.push('small: ' + n.data.trim().slice(0, 40));
  }
  const sheet = document.querySelector('.sheet'), ground = rgb(getComputedStyle(sheet).backgroundColor);
  return JSON.stringify({wide: document.documentElement.scrollWidth, loaded: performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.endsWith('/favicon.ico')), faint, cut,
    dark: light(ground) < 0.2, rtl: getComputedStyle(sheet).direction === 'rtl', start: sheet.querySelector('h2').getClientRects()[0].left});
})()`

type seen struct {
	Wide       int64
	Loaded     []string
	Faint, Cut []string
	Dark, Rtl  bool
	Start      float64
}

// pages are all emails in ten languages for the person and for a guardian, told to somebody whose name has no place to
// break, and to somebody with a name of their script.
func pages(t *testing.T) map[string]string {
	t.Helper()
	e := sampleEngine(t)
	out := map[string]string{}
	for _, tag := range allLanguages {
		for _, text := range languageTexts(t, e, tag) {
			if text.Ref.Kind != breach.KindNotice || text.Ref.Channel != string(breach.Email) {
				continue
			}
			p := samplePerson()
			p.DataClasses = e.classesOf(tag)
			if text.Ref.Variant == string(breach.ToGuardian) {
				p.Name, p.Guardian.Name = strings.Repeat("Wolfeschlegelstein", 4), strings.Repeat("Hausenberger", 6)
			}
			m, err := written(e, text, p, breach.Addressee(text.Ref.Variant), sampleReference)
			require.NoError(t, err)
			out["/"+tag+"/"+text.Ref.Variant] = m.HTML
		}
	}
	require.Len(t, out, 20)
	out["/de/test"] = e.Test(emailIn(t, e, "de")).HTML
	return out
}

// Every built-in email is read on a phone and at a desk, in light and in dark, in Chromium: nothing is cut off or
// scrolled sideways, every word stands out from its ground, nothing is asked of any server, and Arabic begins at the
// right. With TOCSIN_SHOTS=<folder> the pages are kept as pictures.
func TestPromise_M24_EmailsInABrowser(t *testing.T) {
	t.Parallel()
	all := pages(t)
	var mu sync.Mutex
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(all[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	for _, dark := range []bool{false, true} {
		ctx := mailReader(t, dark)
		for path := range all {
			for _, width := range []int64{320, 390, 1024} {
				if width == 320 && dark {
					continue
				}
				require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 844), chromedp.Navigate(server.URL+path)))
				raw, err := chromedp.Run(ctx, chromedp.Evaluate[string](look))
				require.NoError(t, err)
				var s seen
				require.NoError(t, json.Unmarshal([]byte(raw), &s))
				require.LessOrEqual(t, s.Wide, width, "%s scrolls sideways", path)
				require.Empty(t, s.Loaded, path)
				require.Empty(t, s.Cut, "%s at %d", path, width)
				require.Empty(t, s.Faint, "%s, dark: %v", path, dark)
				require.Equal(t, dark, s.Dark, "%s has a look of its own in the dark", path)
				require.Equal(t, strings.HasPrefix(path, "/ar/"), s.Rtl, path)
				shoot(ctx, t, path, width, dark)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for path := range asked {
		if path != "/favicon.ico" { // which the browser asks of every page by itself
			require.Contains(t, all, path)
		}
	}
}

func shoot(ctx context.Context, t *testing.T, path string, width int64, dark bool) {
	t.Helper()
	dir := os.Getenv("TOCSIN_SHOTS")
	if dir == "" || width == 320 {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-") + map[int64]string{390: "-phone", 1024: "-desktop"}[width] + map[bool]string{false: "-light", true: "-dark"}[dark]
	require.NoError(t, os.WriteFile(filepath.Join(dir, "email-"+name+".png"), picture, 0o600))
}

func emailIn(t *testing.T, e *Engine, tag string) delivery.Message {
	t.Helper()
	m, err := written(e, noticeText(t, languageTexts(t, e, tag), breach.Email, tag, breach.ToSelf), samplePerson(), breach.ToSelf, sampleReference)
	require.NoError(t, err)
	return m
}
