package outbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed web/layout.html web/list.html web/message.html
var web embed.FS

// tone picks the colour of a status; the word stands beside it always.
func tone(s Summary) string {
	switch {
	case !s.Taken || strings.HasPrefix(s.Status, "undelivered"):
		return "bad"
	case s.Status == "delivered" || s.Status == "accepted" || s.Status == "received":
		return "good"
	case s.Status == "queued" || s.Status == "sent":
		return ""
	}
	return "odd"
}

// fateHidden says that the status does not show yet, or never will, what the
// simulator chose for a message.
func fateHidden(s Summary) bool { return s.Taken && !strings.HasPrefix(s.Outcome, s.Status) }

var functions = template.FuncMap{"tone": tone, "fateHidden": fateHidden, "channel": channelName}

// channelName names a channel for people.
func channelName(channel string) string {
	if name, ok := channelNames[channel]; ok {
		return name
	}
	return "All messages"
}

// Template makes a page in the outbox's own frame out of a "body" template, for
// the other browse pages of the simulators. Its data must have Title and Tabs.
func Template(body string) *template.Template {
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(web, "web/layout.html"))
	return template.Must(layout.Parse(body))
}

func page(file string) *template.Template {
	return template.Must(template.New(file).Funcs(functions).ParseFS(web, "web/layout.html", "web/"+file))
}

// Tab is a link in the head of every page.
type Tab struct {
	Name, Href string
	Count      int
	Here       bool
}

// Tabs gives the head of a page; here is the Href of the page that is shown.
func (b *Box) Tabs(here string) []Tab {
	counts := b.Counts()
	tabs := []Tab{
		{Name: "All", Href: "/", Count: counts.Total},
		{Name: "Email", Href: "/?channel=email", Count: counts.Channels[ChannelEmail]},
		{Name: "SMS", Href: "/?channel=sms", Count: counts.Channels[ChannelSMS]},
		{Name: "Push", Href: "/?channel=push", Count: counts.Channels[ChannelPush]},
		{Name: "Calls", Href: "/?channel=voice", Count: counts.Channels[ChannelVoice]},
		{Name: "Filings", Href: "/portal/", Count: counts.Channels[ChannelFiling]},
		{Name: "Answers", Href: "/?channel=answer", Count: counts.Channels[ChannelAnswer]},
	}
	for i := range tabs {
		tabs[i].Here = tabs[i].Href == here
	}
	return tabs
}

// Write sends a page. Nothing on it may load from anywhere: an email that is
// shown inherits this policy, so its remote images and scripts stay dead.
func Write(w http.ResponseWriter, t *template.Template, data any) {
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, "layout", data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(buf.Bytes()) // the reader is gone if this fails
}
