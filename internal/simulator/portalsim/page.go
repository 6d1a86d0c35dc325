package portalsim

import (
	"net/http"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

var filingsPage = outbox.Template(`{{define "body"}}
<h1>Filings received</h1>
<p class="soft">What the simulated authorities hold: reports by the portal's API and by email.</p>
<div class="card">{{if .Filings}}
<table class="stack"><caption>{{len .Filings}} {{if eq (len .Filings) 1}}filing{{else}}filings{{end}}, newest first</caption>
<thead><tr><th scope="col">Acknowledgement</th><th scope="col">Authority</th><th scope="col">Came by</th><th scope="col">SHA-256</th><th scope="col" class="right">Received (UTC)</th></tr></thead>
<tbody>{{range .Filings}}<tr>
<td><a class="mono" href="/messages/{{.Message}}">{{.Acknowledgement}}</a></td><td>{{.Authority}}</td><td>{{.Via}}</td><td class="mono soft">{{slice .SHA256 0 16}}…</td>
<td class="right"><time datetime="{{.ReceivedAt.Format "2006-01-02T15:04:05Z07:00"}}">{{.ReceivedAt.Format "2 Jan 2006 15:04:05"}}</time></td>
</tr>{{end}}</tbody></table>
{{else}}<p class="soft">Nothing has been filed yet.</p>{{end}}</div>
{{end}}`)

type row struct {
	Filing
	Message string
}

func (s *Service) page(w http.ResponseWriter, _ *http.Request) {
	var rows []row
	s.mu.Lock()
	for _, f := range slices.Backward(s.all) {
		rows = append(rows, row{Filing: *f, Message: f.boxID})
	}
	s.mu.Unlock()
	outbox.Write(w, filingsPage, struct {
		Title   string
		Tabs    []outbox.Tab
		Filings []row
	}{"Filings received", s.box.Tabs("/portal/"), rows})
}
