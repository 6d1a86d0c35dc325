package render

import (
	"strings"

	"golang.org/x/net/html"
)

// allowed are the elements and attributes that a text for people may be made of. There is nothing among
// them that loads, links, runs or reports back (M24).
var allowed = map[string]string{
	"html": "lang dir", "head": "", "body": "", "meta": "charset name content", "title": "", "style": "",
	"header": "class", "section": "class", "div": "class lang dir", "p": "class translate dir", "span": "class dir", "bdi": "dir", "h1": "", "h2": "", "h3": "",
	"ul": "class", "ol": "start class", "li": "", "strong": "", "em": "", "br": "", "blockquote": "",
}

// harmless notes elements and attributes that a notice may not hold, and variables where they would be
// more than words.
func (d *draft) harmless(where, markup string) {
	root, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		d.problem("template "+where, "is not HTML")
		return
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			attributes, ok := allowed[n.Data]
			if !ok {
				d.problem("template "+where, "holds the element "+n.Data+"; a notice has no links, images, scripts or forms")
			}
			for _, a := range n.Attr {
				if !strings.Contains(" "+attributes+" ", " "+a.Key+" ") {
					d.problem("template "+where, "holds the attribute "+a.Key+" on "+n.Data)
				}
				if strings.Contains(a.Val, "{{") {
					d.problem("template "+where, "holds a person's variable in the attribute "+a.Key)
				}
			}
		case html.TextNode:
			if n.Parent.Data == "style" && (strings.Contains(n.Data, "{{") || strings.Contains(n.Data, "url(") || strings.Contains(n.Data, "@import")) {
				d.problem("template "+where, "holds a variable or an address in its style")
			}
		case html.CommentNode:
			d.problem("template "+where, "holds a comment")
		}
	}
}
