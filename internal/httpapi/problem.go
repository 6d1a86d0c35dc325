package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Problem is an error as clients see it (RFC 9457), made from breach.Error and breach.Catalogue.
type Problem struct {
	Type     string              `json:"type" format:"uri" doc:"Page that describes this kind of error; its last part is the error code."`
	Title    string              `json:"title" doc:"What happened, in general."`
	Status   int                 `json:"status" doc:"The HTTP status."`
	Detail   string              `json:"detail,omitempty" doc:"Why, this time. Never repeats what was sent."`
	Do       string              `json:"do,omitempty" doc:"What to do."`
	Instance string              `json:"instance" doc:"Reference number of this answer, also in the header Request-Id and in the server's log."`
	Fields   []breach.FieldError `json:"fields,omitempty" doc:"Places of the input."`
}

func (p *Problem) Error() string  { return p.Title }
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// The framework's own errors repeat rejected values and unknown property names. These two variables are
// the one place where it makes errors, and this package is the only one that uses it.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return problemOf("", "", asCatalogued(nil, status, errs))
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return failed(ctx.Context(), asCatalogued(ctx.Operation(), status, errs))
	}
}

// failed makes the problem of err and leaves err for the log.
func failed(ctx context.Context, err error) *Problem {
	v := visitOf(ctx)
	p := problemOf(v.base, v.reference, err)
	v.failure = err
	return p
}

// problemOf turns an error into what may be shown.
func problemOf(base, reference string, err error) *Problem {
	code, e := codeOf(err)
	entry := breach.Catalogue[code]
	p := &Problem{
		Type: base + "/errors/" + string(code), Title: entry.Title, Status: entry.HTTP, Do: entry.Do, Instance: reference,
	}
	if e != nil && code != breach.ErrInternal {
		p.Detail, p.Fields = shownDetail(e), e.Fields
	}
	return p
}

func codeOf(err error) (breach.Code, *breach.Error) {
	var e *breach.Error
	switch {
	case errors.As(err, &e):
		if _, known := breach.Catalogue[e.Code]; known {
			return e.Code, e
		}
	case errors.Is(err, context.DeadlineExceeded):
		return breach.ErrUnavailable, nil
	}
	return breach.ErrInternal, nil
}

// shownDetail is the detail without the text of a wrapped cause, which is for the log. A cause of our own
// catalogue was made to be shown.
func shownDetail(e *breach.Error) string {
	var ours *breach.Error
	cause := errors.Unwrap(e)
	if cause == nil || errors.As(cause, &ours) {
		return e.Detail
	}
	return strings.TrimRight(strings.ReplaceAll(e.Detail, cause.Error(), ""), " :;,.")
}

// asCatalogued finds the catalogued error among those that the framework hands over, or makes one of what
// the framework itself complains about.
func asCatalogued(op *huma.Operation, status int, errs []error) error {
	for _, err := range errs {
		var e *breach.Error
		if errors.As(err, &e) {
			return err
		}
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if len(errs) == 0 {
			return breach.Errorf(breach.ErrInvalid, "the body is empty")
		}
		out := breach.Errorf(breach.ErrInvalid, "the request does not fit its description in /openapi.json")
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				out = out.With(fieldOf(op, d.ErrorDetail()))
			}
		}
		return out
	case http.StatusRequestEntityTooLarge:
		return breach.Errorf(breach.ErrTooLarge, "the body is larger than this address takes")
	case http.StatusRequestTimeout:
		return breach.Errorf(breach.ErrTooSlow, "the body did not arrive in time")
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return breach.Errorf(breach.ErrMediaType, "the content type is not one that this address takes")
	}
	if len(errs) > 0 && errs[0] != nil {
		return errs[0]
	}
	return breach.Errorf(breach.ErrInternal, "the framework answered with status %d", status)
}

// fieldOf keeps of a framework's complaint what comes from our own description: the place as far as it is
// described, and messages that hold nothing of the input.
func fieldOf(op *huma.Operation, d *huma.ErrorDetail) breach.FieldError {
	where, known := place(op, d.Location)
	f := breach.FieldError{Where: where, What: "does not fit its description"}
	switch {
	case !known && d.Message == "unknown query parameter":
		f.What = "holds a parameter that is not known here"
	case !known:
		f.What = "holds a field that is not known here"
	case harmless(d.Message):
		f.What = d.Message
	}
	if name, ok := missing(op, d.Message); known && ok {
		return breach.FieldError{Where: name, What: "is missing"}
	}
	return f
}

// missing finds the field of ours that a complaint says is not there.
func missing(op *huma.Operation, message string) (name string, ok bool) {
	name, ok = strings.CutPrefix(message, "expected required property ")
	name, _, _ = strings.Cut(name, " ")
	return name, ok && op != nil && slices.Contains(bodyProperties(op), name)
}

// harmlessStarts begin messages that are made of our own schema alone.
var harmlessStarts = []string{
	"expected required property ", "expected boolean", "expected number", "expected integer", "expected string",
	"expected array", "expected object", "expected length ", "expected value to be one of ", "required ",
	notUTF8, notJSON, twice, tooDeep, controls,
}

func harmless(message string) bool {
	if strings.HasPrefix(message, "expected string to be ") { // some of these repeat what was sent
		return false
	}
	for _, s := range harmlessStarts {
		if strings.HasPrefix(message, s) {
			return true
		}
	}
	return false
}

// place checks a location such as body.plan_hash or query.country against what is described; what is not
// is left out.
func place(op *huma.Operation, location string) (where string, known bool) {
	in, name, nested := strings.Cut(location, ".")
	if !nested {
		return "body", location == "body"
	}
	if op == nil {
		return "request", false
	}
	if in == "body" {
		for _, p := range bodyProperties(op) {
			if p == name {
				return name, true
			}
		}
		return "body", false
	}
	for _, p := range op.Parameters {
		if p.In == in && (p.Name == name || strings.HasPrefix(name, p.Name+"[")) {
			return p.Name, true
		}
	}
	return "query", false
}

// bodyProperties lists the fields of a small JSON body. They are kept with the operation, because the
// registry of schemas is not at hand here.
func bodyProperties(op *huma.Operation) []string {
	names, _ := op.Metadata["fields"].([]string)
	return names
}

// writeProblem answers with a problem where no operation is involved.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := failed(r.Context(), err)
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = writeJSON(w, p) // a client that is gone needs no answer
}

func writeJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
