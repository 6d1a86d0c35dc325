package twilio

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// VerifyCallback checks X-Twilio-Signature over the address that the callback was sent to (as CallbackURL gave it) and
// its form.
func (s *Sender) VerifyCallback(address string, form url.Values, signature string) bool {
	return twilioapi.Signed(s.config.AuthToken, address, form, signature)
}

var errCallback = errors.New("twilio: the callback is not a message status")

// ParseCallback reads a status callback that was verified. Errors name no value.
func (s *Sender) ParseCallback(form url.Values) (delivery.Receipt, error) {
	code := 0
	if text := form.Get("ErrorCode"); text != "" {
		n, err := strconv.ParseUint(text, 10, 24)
		if err != nil {
			return delivery.Receipt{}, errCallback
		}
		code = int(n)
	}
	sid := form.Get("MessageSid")
	receipt, known := receiptOf(form.Get("MessageStatus"), code, plainRef(&sid))
	if !known || receipt.ProviderRef == "" || form.Get("AccountSid") != s.config.AccountSID {
		return delivery.Receipt{}, errCallback
	}
	return receipt, nil
}

const maxReport = 64 << 10

// TakeReport takes a status callback. The address that was signed is the public one, which a proxy may have rewritten on
// the way.
func (s *Sender) TakeReport(attempt string, r *http.Request) (delivery.Receipt, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxReport)
	if err := r.ParseForm(); err != nil {
		return delivery.Receipt{}, breach.Errorf(breach.ErrInvalid, "the receipt is not a form")
	}
	if !s.VerifyCallback(s.CallbackURL(attempt), r.PostForm, r.Header.Get("X-Twilio-Signature")) {
		return delivery.Receipt{}, breach.Errorf(breach.ErrForbidden, "the receipt's signature does not hold")
	}
	word, err := s.ParseCallback(r.PostForm)
	if err != nil {
		return word, breach.Errorf(breach.ErrInvalid, "the receipt cannot be read")
	}
	return word, nil
}

// nextPage takes the page token and number out of a link of the vendor.
func nextPage(link string) (token, number string, err error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", "", err
	}
	q := u.Query()
	if token, number = q.Get("PageToken"), q.Get("Page"); token == "" && number == "" {
		return "", "", errors.New("twilio: the link to the next page names none")
	}
	return token, number, nil
}
