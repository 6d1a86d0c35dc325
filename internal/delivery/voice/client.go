package voice

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

const apiVersion = "/2010-04-01"

// call is as much of the vendor's resource as is read.
type call struct {
	SID         string `json:"sid"`
	Status      string `json:"status"`
	To          string `json:"to"`
	AnsweredBy  string `json:"answered_by"`
	DateCreated string `json:"date_created"`
}

// errUnreadable is an answer of success that is no JSON.
var errUnreadable = errors.New("voice: the API's answer cannot be read")

// request carries out one request; path is below the account. An answer that is no success comes back as an
// *twilioapi.Refusal; errors of the transport as they are. The body is passed over where into is nil.
func (s *Sender) request(ctx context.Context, method, path string, form url.Values, into any) error {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, s.config.BaseURL+apiVersion+"/Accounts/"+s.config.AccountSID+path, body)
	if err != nil {
		return err
	}
	req.SetBasicAuth(s.config.AccountSID, s.config.AuthToken)
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return twilioapi.ReadRefusal(resp, s.now())
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return errUnreadable
	}
	return nil
}
