package render

import (
	"html/template"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// offerWords say that people get something at no cost: words/<tag>.yaml.
type offerWords struct {
	Months map[string]string `yaml:"months"` // by the plural forms of CLDR, in the case that For asks for
	For    string            `yaml:"for"`    // with {months}
	Free   string            `yaml:"free"`   // where no term is stated
}

// offered is what people are offered, in a language: for how long, and what the organisation wrote about how to get it.
func (d *draft) offered(l *tongue) map[string]prose {
	out := map[string]prose{}
	for _, o := range d.offers {
		p := prose{Text: l.words.Offer.Free}
		if o.Months > 0 {
			p.Text = strings.ReplaceAll(l.words.Offer.For, "{months}", l.plural(l.words.Offer.Months, o.Months))
		}
		p.HTML = template.HTML("<p>" + escaped(p.Text) + "</p>") //nolint:gosec // the text is escaped
		if own := d.written[l.tag][o.Offer]; own.Text != "" {
			p.Text, p.HTML = p.Text+"\n\n"+own.Text, p.HTML+own.HTML
		}
		out[o.Offer] = p
	}
	return out
}

// said are the offers that a text names which gives these fields.
func (d *draft) said(fields []string) (out []breach.Offer) {
	for _, o := range d.offers {
		if slices.Contains(fields, o.Offer) {
			out = append(out, o)
		}
	}
	return out
}
