package paper

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// DefaultFontDirs is where Debian and Fedora keep the fonts that letters are set in.
var DefaultFontDirs = []string{
	"/usr/share/fonts/truetype/noto", "/usr/share/fonts/opentype/noto", "/usr/share/fonts/truetype/droid",
	"/usr/share/fonts/google-noto", "/usr/share/fonts/google-noto-sans-cjk-fonts", "/usr/local/share/fonts",
}

// cut is one font: a file in two weights and, in a collection, the family that is meant. Without a bold file the
// regular one stands in for it.
type cut struct{ regular, bold, family string }

func noto(name string) cut {
	return cut{regular: "NotoSans" + name + "-Regular.ttf", bold: "NotoSans" + name + "-Bold.ttf"}
}

func cjk(region string) cut {
	return cut{regular: "NotoSansCJK-Regular.ttc", bold: "NotoSansCJK-Bold.ttc", family: "Noto Sans CJK " + region}
}

// cuts are all fonts that are known, in the order in which a character is looked for. Their places in this list name
// them in PDF files.
var cuts = []cut{
	noto(""), noto("Arabic"), cjk("SC"), cjk("TC"), cjk("JP"), cjk("KR"), {regular: "DroidSansFallbackFull.ttf"},
	noto("Devanagari"), noto("Bengali"), noto("Tamil"), noto("Telugu"), noto("Thai"), noto("Hebrew"), noto("Armenian"),
	noto("Georgian"), noto("Khmer"), noto("Lao"), noto("Myanmar"), noto("Sinhala"), noto("Gujarati"), noto("Gurmukhi"),
	noto("Kannada"), noto("Malayalam"), noto("Ethiopic"),
}

// Places of cuts that a language prefers: one character is drawn differently in China, Taiwan, Japan and Korea.
const (
	cutLatin = iota
	cutArabic
	cutSC
	cutTC
	cutJP
	cutKR
)

// preferred is the font that a language's own script is drawn in.
func preferred(lang string) int {
	lang = strings.ToLower(strings.ReplaceAll(lang, "_", "-"))
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "ar", "fa", "ur":
		return cutArabic
	case "ja":
		return cutJP
	case "ko":
		return cutKR
	case "zh":
		for _, mark := range []string{"hant", "-tw", "-hk", "-mo"} {
			if strings.Contains(lang, mark) {
				return cutTC
			}
		}
		return cutSC
	}
	return cutLatin
}

// Fonts finds font files and keeps what it read. It is safe for many goroutines.
type Fonts struct {
	dirs []string

	mu    sync.Mutex
	faces map[fontKey]*font.Font // nil: there is no such file
}

type fontKey struct {
	cut  int
	bold bool
}

// NewFonts looks for fonts in directories and below them; none means DefaultFontDirs.
func NewFonts(dirs ...string) *Fonts {
	if len(dirs) == 0 {
		dirs = DefaultFontDirs
	}
	return &Fonts{dirs: dirs, faces: map[fontKey]*font.Font{}}
}

// Missing names the fonts of which a language has need and that no directory holds: the Latin one, and that of its
// own script. An empty answer says that letters in the language can be set.
func (f *Fonts) Missing(lang string) []string {
	var out []string
	for _, n := range slices.Compact([]int{cutLatin, preferred(lang)}) {
		if f.load(fontKey{cut: n}) == nil {
			out = append(out, cuts[n].regular)
		}
	}
	return out
}

// load reads a font once; nil when no directory holds it.
func (f *Fonts) load(k fontKey) *font.Font {
	f.mu.Lock()
	defer f.mu.Unlock()
	if got, ok := f.faces[k]; ok {
		return got
	}
	c := cuts[k.cut]
	name := c.regular
	if k.bold {
		name = c.bold
	}
	got, err := f.read(name, c.family)
	if err != nil {
		got = nil
	}
	f.faces[k] = got
	return got
}

func (f *Fonts) read(name, family string) (*font.Font, error) {
	if name == "" {
		return nil, os.ErrNotExist
	}
	for _, dir := range f.dirs {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		loaders, err := opentype.NewLoaders(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("the font %s cannot be read: %w", name, err)
		}
		for _, l := range loaders {
			if about, _ := font.Describe(l, nil); family == "" || about.Family == family {
				return font.NewFont(l)
			}
		}
	}
	return nil, os.ErrNotExist
}
