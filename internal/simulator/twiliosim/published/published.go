// Package published holds what the vendor publishes about its API (OpenAPI) against what goes over the wire between
// our client and its simulator: requests and answers that the description does not know are faults of one of the two.
//
// Imports of ours: none.
package published

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// file is where scripts/ensure-test-tools.sh puts the description, below the module's root.
const file = ".tools/twilio-openapi/0.7.0/twilio_api_v2010.json"

// Find is where the description is: in the file that TOCSIN_TWILIO_OPENAPI names, or where the script puts it, which is
// looked for from the working directory upwards. Empty: it is not there.
func Find() string {
	if path := os.Getenv("TOCSIN_TWILIO_OPENAPI"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	for err == nil {
		if _, there := os.Stat(filepath.Join(dir, file)); there == nil {
			return filepath.Join(dir, file)
		}
		if _, root := os.Stat(filepath.Join(dir, "go.mod")); root == nil || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// Description is the API as the vendor describes it.
type Description struct{ doc *openapi3.T }

var formats sync.Once

// Read reads a description.
func Read(path string) (*Description, error) {
	formats.Do(func() {
		openapi3.DefineStringFormatValidator("date-time-rfc-2822", openapi3.NewCallbackValidator(func(s string) error {
			_, err := time.Parse(time.RFC1123Z, s)
			return err
		}))
		openapi3.DefineStringFormatValidator("uri", openapi3.NewCallbackValidator(func(s string) error {
			_, err := url.Parse(s)
			return err
		}))
	})
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("the description cannot be read: %w", err)
	}
	return &Description{doc}, nil
}

// Watch stands before the simulator and tells of everything that the description does not have. Answers that refuse are
// not described: of those only the shape of the vendor's errors is known, and not looked at here.
func (d *Description) Watch(next http.Handler, fault func(error)) http.Handler {
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			fault(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		in := &openapi3filter.RequestValidationInput{Request: r.Clone(r.Context()), Options: options}
		in.Request.Body = io.NopCloser(bytes.NewReader(body))
		if in.Route, in.PathParams, err = d.route(r); err != nil {
			fault(err)
			next.ServeHTTP(w, r)
			return
		}
		asked := errors.Join(openapi3filter.ValidateRequest(r.Context(), in), unknown(in, body))
		said := httptest.NewRecorder()
		next.ServeHTTP(said, r)
		if said.Code/100 == 2 {
			if asked != nil {
				fault(fmt.Errorf("%s %s: %w", r.Method, in.Route.Path, asked))
			}
			if err := answered(r.Context(), in, said); err != nil {
				fault(fmt.Errorf("answer to %s %s: %w", r.Method, in.Route.Path, err))
			}
		}
		for name, values := range said.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(said.Code)
		_, _ = w.Write(said.Body.Bytes())
	})
}

// unknown names fields of a form and parameters that the description does not have; the library lets them pass.
func unknown(in *openapi3filter.RequestValidationInput, body []byte) error {
	var errs []error
	if content := in.Route.Operation.RequestBody; content != nil && len(body) > 0 {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return err
		}
		schema := content.Value.Content.Get("application/x-www-form-urlencoded").Schema.Value
		for name := range form {
			if schema.Properties[name] == nil {
				errs = append(errs, fmt.Errorf("the form has no field %s", name))
			}
		}
	} else if len(body) > 0 {
		errs = append(errs, errors.New("nothing is said of a body"))
	}
	for name := range in.Request.URL.Query() {
		if in.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			errs = append(errs, fmt.Errorf("there is no parameter %s", name))
		}
	}
	return errors.Join(errs...)
}

func answered(ctx context.Context, in *openapi3filter.RequestValidationInput, said *httptest.ResponseRecorder) error {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: said.Code, Header: said.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	return openapi3filter.ValidateResponse(ctx, out.SetBodyBytes(said.Body.Bytes()))
}

// route finds what is said of a request.
func (d *Description) route(r *http.Request) (*routers.Route, map[string]string, error) {
	parts := strings.Split(r.URL.Path, "/")
	paths := d.doc.Paths.Map()
	names := make([]string, 0, len(paths))
	for name := range paths {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values, fits := match(strings.Split(name, "/"), parts)
		if !fits {
			continue
		}
		operation := paths[name].GetOperation(r.Method)
		if operation == nil {
			continue
		}
		return &routers.Route{Spec: d.doc, Path: name, PathItem: paths[name], Method: r.Method, Operation: operation}, values, nil
	}
	return nil, nil, fmt.Errorf("the description has no %s of this address", r.Method)
}

// match takes the values of a template such as /Accounts/{Sid}.json out of an address.
func match(template, parts []string) (map[string]string, bool) {
	if len(template) != len(parts) {
		return nil, false
	}
	values := map[string]string{}
	for i, t := range template {
		open, end := strings.IndexByte(t, '{'), strings.IndexByte(t, '}')
		if open < 0 || end < open {
			if t != parts[i] {
				return nil, false
			}
			continue
		}
		before, after := t[:open], t[end+1:]
		value, begins := strings.CutPrefix(parts[i], before)
		value, ends := strings.CutSuffix(value, after)
		if !begins || !ends || value == "" || strings.ContainsAny(value, ".") {
			return nil, false
		}
		values[t[open+1:end]] = value
	}
	return values, true
}
