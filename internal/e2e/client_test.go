package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// caller is somebody with a token at the API.
type caller struct {
	base, token string
	client      *http.Client
}

func (w *world) as(token string) caller {
	return caller{base: w.BaseURL, token: token, client: &http.Client{Timeout: 60 * time.Second}}
}

// problem is an answer of application/problem+json.
type problem struct {
	Type   string              `json:"type"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail"`
	Fields []breach.FieldError `json:"fields"`
}

// code is the last part of the problem's type.
func (p *problem) code() breach.Code {
	if p == nil {
		return ""
	}
	return breach.Code(p.Type[strings.LastIndexByte(p.Type, '/')+1:])
}

// sent is a body in another form than JSON.
type sent struct {
	kind string
	body []byte
}

// try calls the API. It returns the problem that it was answered with, or nil; only what is no answer of
// the API at all fails the test.
func (c caller) try(t *testing.T, method, path string, body, answer any, header ...string) *problem {
	t.Helper()
	status, raw, kind := c.raw(t, method, path, body, header...)
	if status < 300 {
		if answer != nil {
			require.NoError(t, json.Unmarshal(raw, answer), "%s %s answered %s", method, path, raw)
		}
		return nil
	}
	require.Equal(t, "application/problem+json", kind, "%s %s answered %d: %s", method, path, status, raw)
	p := &problem{}
	require.NoError(t, json.Unmarshal(raw, p))
	require.Equal(t, status, p.Status)
	return p
}

// do calls the API and must succeed.
func (c caller) do(t *testing.T, method, path string, body, answer any, header ...string) {
	t.Helper()
	if p := c.try(t, method, path, body, answer, header...); p != nil {
		require.Fail(t, "the API refused", "%s %s: %s: %s %v", method, path, p.code(), p.Detail, p.Fields)
	}
}

func (c caller) raw(t *testing.T, method, path string, body any, header ...string) (status int, answer []byte, kind string) {
	t.Helper()
	var in io.Reader
	form := "application/json"
	switch b := body.(type) {
	case nil:
	case sent:
		in, form = bytes.NewReader(b.body), b.kind
	default:
		raw, err := json.Marshal(b)
		require.NoError(t, err)
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.base+path, in)
	require.NoError(t, err)
	if in != nil {
		req.Header.Set("Content-Type", form)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, answer, res.Header.Get("Content-Type")
}
