package render

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	styleSheet  = regexp.MustCompile(`(?is)<style[^>]*>(.*?)</style`)
	cssComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	declaration = regexp.MustCompile(`(?s)([-\w]+)\s*:\s*([^;{}]*)`)
	ruleBlock   = regexp.MustCompile(`(?s)\{([^{}]*)\}`)
	size        = regexp.MustCompile(`^(\d*\.?\d+)([a-z%]*)$`)
	minus       = regexp.MustCompile(`(?:^|[\s(,])-\s*\.?\d`)
)

// properties are those that a notice may be styled with, by how they begin. There is none among them that moves words
// out of sight, writes words of its own, or loads anything.
var properties = []string{
	"margin", "padding", "border", "background-color", "background", "color", "color-scheme", "supported-color-schemes", "font", "line-height", "letter-spacing",
	"word-spacing", "word-break", "word-wrap", "overflow-wrap", "hyphens", "text-align", "text-decoration", "white-space", "width", "max-width", "min-width", "display",
	"list-style", "vertical-align", "box-sizing", "break-inside", "break-after", "break-before", "page-break", "-webkit-text-size-adjust", "-ms-text-size-adjust", "orphans", "widows",
}

// guardStyles looks at the style sheets of an HTML template.
func guardStyles(source string) (found []Finding) {
	for _, at := range styleSheet.FindAllStringSubmatchIndex(source, -1) {
		first := 1 + strings.Count(source[:at[2]], "\n")
		sheet := cssComment.ReplaceAllStringFunc(source[at[2]:at[3]], func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
		add := func(offset int, what string) {
			found = append(found, Finding{Line: first + strings.Count(sheet[:offset], "\n"), What: what})
		}
		for _, bad := range []string{`\`, "url", "@import", "@font-face", "@charset", "@namespace", "image", "expression", "//", "<"} {
			if i := strings.Index(strings.ToLower(sheet), bad); i >= 0 {
				add(i, "holds "+strconv.Quote(bad)+" in its style, which loads or hides something")
			}
		}
		for _, block := range ruleBlock.FindAllStringSubmatchIndex(sheet, -1) {
			values := map[string]string{}
			for _, m := range declaration.FindAllStringSubmatchIndex(sheet[block[2]:block[3]], -1) {
				text := sheet[block[2]:block[3]]
				name, value := strings.ToLower(text[m[2]:m[3]]), strings.ToLower(strings.TrimSpace(text[m[4]:m[5]]))
				values[name] = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
				if what := unfitStyle(name, value); what != "" {
					add(block[2]+m[2], "has the style "+name+": "+value+", "+what)
				}
			}
			if c := values["color"]; c != "" && (c == values["background"] || c == values["background-color"]) {
				add(block[0], "writes in the colour of the paper, which nobody can read")
			}
		}
	}
	return found
}

// unfitStyle says why a declaration may not be in a notice.
func unfitStyle(name, value string) string {
	known := false
	for _, p := range properties {
		known = known || name == p || strings.HasPrefix(name, p+"-")
	}
	switch {
	case !known:
		return "which is none that a notice is styled with"
	case name == "display" && (strings.Contains(value, "none") || strings.Contains(value, "contents")), strings.Contains(value, "transparent"), minus.MatchString(value):
		return "which hides words"
	case strings.HasSuffix(name, "width") && !strings.HasPrefix(name, "border") && strings.HasPrefix(value, "0"):
		return "which hides words"
	case name == "font" || name == "font-size":
		for _, word := range strings.Fields(value) {
			word, _, _ = strings.Cut(word, "/") // the height of lines
			if m := size.FindStringSubmatch(word); m != nil && !bigEnough(m[1], m[2], name) {
				return "which is too small to be read"
			}
		}
	case name == "color" && (strings.Contains(value, "rgba") || strings.Contains(value, "hsla") || strings.Contains(value, "/")):
		return "which may let the paper through"
	}
	return ""
}

// bigEnough says that print of a size can be read; a number of font without unit is the weight.
func bigEnough(number, unit, name string) bool {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return false
	}
	switch unit {
	case "px", "pt":
		return n >= 8
	case "em", "rem":
		return n >= 0.6
	case "%":
		return n >= 60
	}
	return name == "font" && unit == "" && n >= 100
}
