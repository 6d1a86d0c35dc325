package announce

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"time"
)

// The parts of Atom (RFC 4287) that the feed uses.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel      string `xml:"rel,attr"`
	Type     string `xml:"type,attr,omitempty"`
	HrefLang string `xml:"hreflang,attr,omitempty"`
	Href     string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Links   []atomLink `xml:"link"`
	Content atomText   `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Lang string `xml:"xml:lang,attr"`
	Text string `xml:",chardata"`
}

// serveFeed lists all notices in the wanted language, newest first. The empty feed is valid too.
func (s *Site) serveFeed(w http.ResponseWriter, r *http.Request) {
	all, err := s.list()
	if err != nil {
		s.serveError(w, r, err)
		return
	}
	locale := wantedLanguage(r, wordTags)
	self := s.base + "/notices/feed.atom"
	feed := atomFeed{
		Lang: locale, ID: self, Title: s.organisation + ": " + wordsFor(locale).Notices, Updated: s.started.Format(time.RFC3339), Author: atomAuthor{s.organisation},
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: self}, {Rel: "alternate", Type: "text/html", Href: s.base + "/notices"}},
	}
	for i, n := range all {
		at := n.PublishedAt.Format(time.RFC3339)
		if i == 0 {
			feed.Updated = at
		}
		text := n.in(closest(locale, n.locales()))
		e := atomEntry{ID: s.address(n.Reference), Title: text.Title, Updated: at, Content: atomText{"text", text.Locale, text.Text}}
		for _, l := range n.locales() {
			e.Links = append(e.Links, atomLink{Rel: "alternate", Type: "text/html", HrefLang: l, Href: s.address(n.Reference) + "?lang=" + l})
		}
		feed.Entries = append(feed.Entries, e)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(feed); err != nil {
		http.Error(w, "The feed cannot be shown at the moment.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Vary", "Accept-Language")
	answer(w, http.StatusOK, "application/atom+xml; charset=utf-8", fresh, b.Bytes())
}
