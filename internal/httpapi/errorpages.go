package httpapi

import (
	"html/template"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The pages that the type of a problem points to.

var errorPage = template.Must(template.New("errors").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tocsin: errors</title>
</head>
<body>
<main>
<h1>Errors</h1>
<p>An answer that is an error names its kind, why it came, the places of the input that are meant, and a
reference number, under which the server's log has the rest.</p>
{{range .}}
<h2 id="{{.Code}}">{{.Title}}</h2>
<p><code>{{.Code}}</code>, HTTP status {{.HTTP}}, exit status {{.Exit}}</p>
<p>{{.Do}}</p>
{{end}}
</main>
</body>
</html>
`))

type errorEntry struct {
	Code breach.Code
	breach.Entry
}

func (s *server) errorPages() {
	for _, p := range []struct{ path, id, summary string }{
		{"/errors", "listErrors", "Every kind of error"},
		{"/errors/{code}", "describeError", "One kind of error"},
	} {
		s.mux.HandleFunc("GET "+p.path, s.showErrors)
		op := &huma.Operation{
			Method: http.MethodGet, Path: p.path, OperationID: p.id, Summary: p.summary, Tags: []string{"operation"},
			Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/html": {}}}},
		}
		if p.path != "/errors" {
			op.Parameters = []*huma.Param{{Name: "code", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
		}
		s.api.OpenAPI().AddOperation(op)
	}
}

func (s *server) showErrors(w http.ResponseWriter, r *http.Request) {
	var list []errorEntry
	for _, code := range slices.Sorted(maps.Keys(breach.Catalogue)) {
		if only := r.PathValue("code"); only == "" || only == string(code) {
			list = append(list, errorEntry{code, breach.Catalogue[code]})
		}
	}
	if len(list) == 0 {
		writeProblem(w, r, breach.Errorf(breach.ErrNotFound, "there is no error with this code"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = errorPage.Execute(w, list) // a client that is gone needs no page
}
