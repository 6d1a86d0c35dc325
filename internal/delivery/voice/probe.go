package voice

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Probed is what the vendor says of the account. Nobody is called.
type Probed struct {
	Active bool // the account may call
	Trial  bool // it calls verified numbers only
	Owned  bool // the number that calls belongs to it
}

// ErrSignIn says that the vendor refuses account and token.
var ErrSignIn = errors.New("voice: the vendor refuses account and token")

// Probe asks the vendor about the account and the number that calls.
func (s *Sender) Probe(ctx context.Context) (p Probed, err error) {
	var account struct {
		Status string `json:"status"`
		Type   string `json:"type"`
	}
	if err := s.request(ctx, http.MethodGet, ".json", nil, &account); err != nil {
		var answer *twilioapi.Refusal
		if errors.As(err, &answer) && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) {
			return p, ErrSignIn
		}
		return p, err
	}
	p.Active, p.Trial = account.Status == "active", account.Type == "Trial"
	var numbers struct {
		List []struct {
			Number string `json:"phone_number"`
		} `json:"incoming_phone_numbers"`
	}
	err = s.request(ctx, http.MethodGet, "/IncomingPhoneNumbers.json?PhoneNumber="+url.QueryEscape(s.config.From), nil, &numbers)
	for _, n := range numbers.List {
		p.Owned = p.Owned || n.Number == s.config.From
	}
	return p, err
}
