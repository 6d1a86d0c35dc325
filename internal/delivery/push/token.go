package push

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// tokens keeps one access token and fetches the next when it is about to expire. The token is fetched
// before a message is sent and not inside the call that sends it, so that trouble with it can never leave
// a message unknown.
type tokens struct {
	config *jwt.Config
	http   *http.Client
	turn   chan struct{} // one token: whoever holds it may fetch
	kept   atomic.Pointer[oauth2.Token]
}

func newTokens(config *jwt.Config, client *http.Client) *tokens {
	return &tokens{config: config, http: client, turn: make(chan struct{}, 1)}
}

// get gives an access token. Its failures are retryable: nothing was sent.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, *delivery.Failure) {
	if token := t.kept.Load(); token.Valid() {
		return token, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, cancelled()
	}
	if token := t.kept.Load(); token.Valid() {
		return token, nil
	}
	bound := &http.Client{Transport: boundTo{ctx, t.http.Transport}, Timeout: t.http.Timeout, CheckRedirect: t.http.CheckRedirect}
	token, err := t.config.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, bound)).Token()
	var refused *oauth2.RetrieveError
	switch {
	case err == nil && token.AccessToken != "":
		t.kept.Store(token)
		return token, nil
	case errors.As(err, &refused) && refused.Response.StatusCode/100 == 4 && refused.Response.StatusCode != http.StatusTooManyRequests:
		return nil, delivery.Temporary(delivery.ReasonAuth, "the token endpoint refused the service account", 0)
	case ctx.Err() != nil:
		return nil, cancelled()
	}
	return nil, delivery.Temporary(delivery.ReasonProviderDown, "the token endpoint gave no token", 0)
}

// forget drops a token that the API refused, unless it was replaced meanwhile.
func (t *tokens) forget(token *oauth2.Token) { t.kept.CompareAndSwap(token, nil) }

// boundTo ends requests of the token library, which knows no context, with ours.
type boundTo struct {
	ctx  context.Context
	next http.RoundTripper
}

func (b boundTo) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.next.RoundTrip(r.WithContext(b.ctx))
}

func cancelled() *delivery.Failure {
	return delivery.Temporary(delivery.ReasonProviderDown, "sending was called off before anything was handed over", 0)
}
