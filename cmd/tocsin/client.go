package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

const defaultServer = "http://127.0.0.1:8080"

// client asks one server.
type client struct {
	base  string
	token string
	http  *http.Client
}

// problemError is the server's problem+json.
type problemError struct {
	Type     string              `json:"type"`
	Title    string              `json:"title"`
	Status   int                 `json:"status"`
	Detail   string              `json:"detail"`
	Do       string              `json:"do"`
	Instance string              `json:"instance"`
	Fields   []breach.FieldError `json:"fields"`
}

func (e *problemError) Error() string { return e.Title }

func (e *problemError) code() breach.Code { return breach.Code(path.Base(e.Type)) }

// connect reads address and token. The token is sent over TLS or within this machine, unless somebody says
// otherwise out loud (promise C03).
func (c *cli) connect() (*client, error) {
	base := c.server
	if base == "" {
		base = c.env("TOCSIN_SERVER")
	}
	if base == "" {
		base = defaultServer
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, usagef("the server's address must look like https://tocsin.example.com")
	}
	if u.Scheme == "http" && !delivery.Loopback(u.Hostname()) && !c.allowPlaintext {
		return nil, usagef("the server's address is plain http beyond this machine: use https, or say --allow-plaintext")
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	return &client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token stays here
	}}, nil
}

func (c *cli) token() (string, error) {
	token, file := c.env("TOCSIN_TOKEN"), c.env("TOCSIN_TOKEN_FILE")
	if c.tokenFile != "" {
		token, file = "", c.tokenFile
	}
	if token == "" && file != "" {
		b, err := c.read(file)
		if err != nil {
			return "", err
		}
		token = string(b)
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", usagef("there is no token: set TOCSIN_TOKEN, or name a file with --token-file")
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return "", usagef("the token holds characters that no token has")
		}
	}
	return token, nil
}

// call is one request.
type call struct {
	method, path string
	query        url.Values
	kind         string // content type
	body         []byte
	stream       io.Reader // instead of body; sent once
	size         int64     // of stream
	patience     time.Duration
}

func incidentPath(id string, rest ...string) string {
	return "/v1/incidents/" + url.PathEscape(id) + strings.Join(append([]string{""}, rest...), "/")
}

const tries = 3

// do asks and decodes the JSON answer into out, which may be nil. A request that got lost on the way is
// sent again with the same key, so it is carried out at most once.
func (k *client) do(ctx context.Context, q call, out any) error {
	key := newKey()
	for try := 1; ; try++ {
		resp, err := k.send(ctx, q, key)
		if err == nil {
			return decode(resp, out)
		}
		var dial *net.OpError
		refused := errors.As(err, &dial) && dial.Op == "dial"
		if try == tries || refused || q.stream != nil || ctx.Err() != nil {
			return k.unreachable(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 300 * time.Millisecond):
		}
	}
}

func (k *client) send(ctx context.Context, q call, key string) (*http.Response, error) {
	patience := q.patience
	if patience == 0 {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	var body io.Reader
	switch {
	case q.stream != nil:
		body = q.stream
	case q.body != nil:
		body = bytes.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, k.base+q.path, body)
	if err != nil {
		cancel()
		return nil, err
	}
	r.URL.RawQuery = q.query.Encode()
	if q.stream != nil {
		r.ContentLength = q.size
	}
	if q.kind != "" {
		r.Header.Set("Content-Type", q.kind)
	}
	if q.method == http.MethodPost {
		r.Header.Set("Idempotency-Key", key)
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	r.Header.Set("User-Agent", "tocsin/"+version)
	resp, err := k.http.Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &closing{resp.Body, cancel}
	return resp, nil
}

// closing ends a request's context with its body.
type closing struct {
	io.ReadCloser
	end context.CancelFunc
}

func (c *closing) Close() error { defer c.end(); return c.ReadCloser.Close() }

func (k *client) unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address of the request, which may name a person's column
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the server at %s did not answer in time; ask for the status before you do it again", k.base)
	}
	return fmt.Errorf("the server at %s cannot be reached: %w; is it running, and is TOCSIN_SERVER right?", k.base, err)
}

const maxAnswer = 256 << 20

// decode reads an answer to its end and closes it.
func decode(resp *http.Response, out any) error {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the server's answer broke off: %w", err)
	}
	if resp.StatusCode >= 300 {
		return problemOf(resp, b)
	}
	if out == nil {
		return nil
	}
	if json.Unmarshal(b, out) != nil {
		return errors.New("the server's answer is not the one of a tocsin server; is the address right?")
	}
	return nil
}

func problemOf(resp *http.Response, b []byte) error {
	p := &problemError{}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(b, p) != nil || p.Title == "" {
		return &problemError{Status: resp.StatusCode, Title: "The server answered " + resp.Status,
			Do: "Check that the address is that of a tocsin server."}
	}
	return p
}

func newKey() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("no randomness: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

func (k *client) get(ctx context.Context, path string, query url.Values, out any) error {
	return k.do(ctx, call{method: http.MethodGet, path: path, query: query}, out)
}

// post sends v as JSON; nil sends no body.
func (k *client) post(ctx context.Context, path string, v, out any) error {
	q := call{method: http.MethodPost, path: path}
	if v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		q.body, q.kind = b, "application/json"
	}
	return k.do(ctx, q, out)
}
