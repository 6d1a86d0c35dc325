package twilio

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// call stands between the vendor's generated code and the wire, for one call: the vendor's own client
// knows no context, reaches hosts that end in twilio.com only, reads answers of any size, and puts the
// number into its errors.
type call struct {
	ctx    context.Context // of this one call; the vendor's interface has no place for it
	sender *Sender
}

var _ client.BaseClient = (*call)(nil)

func (c *call) AccountSid() string       { return c.sender.config.AccountSID }
func (c *call) SetTimeout(time.Duration) {}
func (c *call) SetOauth(client.OAuth)    {}
func (c *call) OAuth() client.OAuth      { return nil }

// SendRequest sends one request to the configured base URL. An answer that is no success comes back as an
// *twilioapi.Refusal; errors of the transport as they are.
func (c *call) SendRequest(method, rawURL string, data url.Values, headers map[string]any, _ ...byte) (*http.Response, error) {
	target, err := c.target(rawURL)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(data.Encode())
	} else if len(data) > 0 {
		target += "?" + data.Encode()
	}
	req, err := http.NewRequestWithContext(c.ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(c.sender.config.AccountSID, c.sender.config.AuthToken)
	for name, value := range headers {
		if text, ok := value.(string); ok && (method == http.MethodPost || name != "Content-Type") {
			req.Header.Set(name, text)
		}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.sender.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		defer func() { _ = resp.Body.Close() }()
		return nil, twilioapi.ReadRefusal(resp, c.sender.now())
	}
	return resp, nil
}

// target keeps path and query of what the generated code asks for. The page links that the vendor gives
// are followed like this too, so that an answer can never lead a request, with its password, elsewhere.
func (c *call) target(rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	return c.sender.config.BaseURL + u.RequestURI(), nil
}
