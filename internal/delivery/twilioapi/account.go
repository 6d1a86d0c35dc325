package twilioapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// Account is what the vendor says of an account. Nobody is called and nothing is sent for it.
type Account struct {
	Active bool // it may send and call
	Trial  bool // it reaches verified numbers only
	Owned  bool // the number that sends or calls belongs to it
}

// ErrSignIn says that the vendor refuses account and token.
var ErrSignIn = errors.New("twilio: the vendor refuses account and token")

// Probe asks the vendor about the account and a number, E.164; without one Owned stays false. get asks for what is at a
// path below the account.
func Probe(ctx context.Context, number string, get func(ctx context.Context, path string, into any) error) (a Account, err error) {
	var account struct {
		Status string `json:"status"`
		Type   string `json:"type"`
	}
	if err := get(ctx, ".json", &account); err != nil {
		var answer *Refusal
		if errors.As(err, &answer) && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) {
			return a, ErrSignIn
		}
		return a, err
	}
	a.Active, a.Trial = account.Status == "active", account.Type == "Trial"
	if number == "" {
		return a, nil
	}
	var numbers struct {
		List []struct {
			Number string `json:"phone_number"`
		} `json:"incoming_phone_numbers"`
	}
	err = get(ctx, "/IncomingPhoneNumbers.json?PhoneNumber="+url.QueryEscape(number), &numbers)
	for _, n := range numbers.List {
		a.Owned = a.Owned || n.Number == number
	}
	return a, err
}
