package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// What adapters for HTTP providers share. It decides one thing: whether a call that failed can have
// reached the provider.

// maxAnswer bounds the body of a provider's answer, in bytes.
const maxAnswer = 1 << 20

// maxRetryAfter bounds a provider's wish for the next try.
const maxRetryAfter = time.Hour

// NewHTTPClient makes a client that never sends a request twice: no redirects, no retries of its own,
// HTTP/1.1 only (with HTTP/2 it cannot be told whether a request left). Every call ends after timeout.
// Answers are cut at 1 MiB.
func NewHTTPClient(timeout time.Duration, connections int) *http.Client {
	return NewGuardedClient(timeout, connections, func(string) bool { return false })
}

// NewGuardedClient is NewHTTPClient for addresses that come from others: a host that is guarded is called at public
// addresses alone, whatever its name leads to. The error of the call is ErrNotPublic then.
func NewGuardedClient(timeout time.Duration, connections int, guarded func(host string) bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            publicOnly(net.Dialer{Timeout: min(timeout, 10*time.Second)}, guarded),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
		ResponseHeaderTimeout:  timeout,
		IdleConnTimeout:        30 * time.Second,
		MaxConnsPerHost:        connections,
		MaxIdleConnsPerHost:    connections,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
	}
	return &http.Client{
		Transport:     &boundedAnswers{transport},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type boundedAnswers struct{ next *http.Transport }

func (b *boundedAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

func (b *boundedAnswers) CloseIdleConnections() { b.next.CloseIdleConnections() }

// Watch observes one call. Left is true from the moment at which a connection was handed to the request:
// from then on bytes may have left.
type Watch struct{ left atomic.Bool }

// Watched adds a watch to the context of one call.
func Watched(ctx context.Context) (context.Context, *Watch) {
	w := &Watch{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { w.left.Store(true) },
	}), w
}

// Left says whether bytes of the request may have reached the provider.
func (w *Watch) Left() bool { return w.left.Load() }

// Broken turns a call that brought no answer into a failure: unknown when bytes may have left, retryable
// when they certainly did not. The transport's own error text is not kept, because it holds the URL.
func (w *Watch) Broken(err error) *Failure {
	what := "the connection broke"
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		what = "the call was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		what = "no answer within the time limit"
	}
	if w.Left() {
		return NoAnswer(what + " after the request was sent")
	}
	return Temporary(ReasonProviderDown, what+" before the request was sent", 0)
}

// RetryAfter reads the header of that name, seconds or a date (RFC 9110), bounded to an hour; 0 without.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// CheckURL accepts an absolute https URL, or http on loopback, without credentials, query or fragment.
// name is the setting that the complaint is about.
func CheckURL(name, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New(name + ": must be an absolute URL such as https://example.com")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New(name + ": must hold no credentials, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	}
	return errors.New(name + ": must be https; plain http is allowed on loopback only")
}

// Loopback says whether a host name or address never leaves this machine.
func Loopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
