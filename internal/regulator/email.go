package regulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Mailer hands an email to our own relay. Every delivery.Sender for email is one.
type Mailer interface {
	Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error)
}

// EmailIDs are the delivery and the attempt of the email with a report, by the report's key: what a mail server sends back
// names one of them.
func EmailIDs(key string) (delivery, attempt string) {
	sum := sha256.Sum256([]byte("filing|" + key))
	delivery = "filing-" + hex.EncodeToString(sum[:16])
	return delivery, delivery + "-1"
}

// byEmail sends a report to the authority's mailbox. The Message-ID depends on the key alone, so that a
// repetition is recognisable as the same report. The authority's number comes later, by a person.
func (r *Router) byEmail(ctx context.Context, key string, route Route, rep report) error {
	id, attempt := EmailIDs(key)
	text := rep.body.Parts["text"]
	m := delivery.Message{
		DeliveryID: id, AttemptID: attempt, Channel: breach.Email, To: route.To, Locale: rep.body.Locale,
		Subject: strings.Join(strings.Fields(rep.body.Parts["title"]), " "), Text: text,
		HTML: `<!doctype html><html lang="` + html.EscapeString(rep.body.Locale) + `"><head><meta charset="utf-8"><title>` + html.EscapeString(rep.body.Parts["title"]) +
			`</title></head><body><pre style="white-space:pre-wrap;font-family:sans-serif;font-size:11pt;line-height:1.5">` + html.EscapeString(text) + `</pre></body></html>`,
	}
	if f := m.Check(); f != nil {
		return breach.Errorf(breach.ErrInvalid, "the report of %s cannot be sent by email: %s", rep.obligation, f.Detail)
	}
	receipt, err := r.mail.Send(ctx, m)
	if err != nil {
		return failed(rep.obligation, err)
	}
	switch receipt.State {
	case breach.HandedOver, breach.Accepted, breach.Delivered:
		return nil
	case breach.FailedPermanent:
		return breach.Errorf(breach.ErrInvalid, "the authority's mailbox refused the report of %s (%s); check the address, or file it by hand", rep.obligation, receipt.Reason)
	default:
		return breach.Errorf(breach.ErrUnavailable, "the report of %s was not taken yet (%s); it is sent again, recognisable as the same one", rep.obligation, receipt.Reason)
	}
}

// failed says whether sending again makes sense. What is not known to have failed is sent again: an
// authority that gets a report twice sees the same Message-ID; one that gets none is a missed deadline.
func failed(obligation string, err error) error {
	var f *delivery.Failure
	if errors.As(err, &f) && !f.Retryable && !f.Unknown {
		return breach.Errorf(breach.ErrInvalid, "the report of %s was refused (%s); check the authority's address, or file it by hand", obligation, f.Reason)
	}
	return breach.Errorf(breach.ErrUnavailable, "the report of %s may not have left (%s); it is sent again, recognisable as the same one", obligation, delivery.AsFailure(err).Reason)
}
