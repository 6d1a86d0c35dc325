// Command screenshots takes the README's pictures of the console of a running demo:
//
//	go run ./scripts/screenshots -link 'http://127.0.0.1:8080/console/incidents/...#token=...' -out docs/img
//
// Imports of ours: none.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

func main() {
	link := flag.String("link", "", "the console link that the demo prints")
	out := flag.String("out", "docs/img", "directory for the pictures")
	dark := flag.Bool("dark", false, "dark theme")
	width := flag.Int64("width", 1280, "width of the window")
	height := flag.Int64("height", 1600, "height of the window")
	flag.Parse()
	if err := shoot(*link, *out, *dark, *width, *height); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func shoot(link, out string, dark bool, width, height int64) error {
	page, _, found := strings.Cut(link, "#")
	if !found {
		return fmt.Errorf("the link needs its #token=... part; copy it from the demo's summary")
	}
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Headless)
	if dark {
		options = append(options, chromedp.Flag("blink-settings", "preferredColorScheme=0"))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	suffix := ""
	if dark {
		suffix = "-dark"
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate(link), chromedp.Sleep(2*time.Second)); err != nil {
		return err
	}
	for name, address := range map[string]string{"console": page, "approve": page + "/approve", "incidents": page[:strings.Index(page, "/incidents/")] + "/"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(address), chromedp.Sleep(1500*time.Millisecond)); err != nil {
			return err
		}
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+suffix+".png"), picture, 0o644); err != nil {
			return err
		}
	}
	return nil
}
