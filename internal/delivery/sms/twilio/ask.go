package twilio

import (
	"context"
	"errors"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

const (
	pageSize = 100
	maxPages = 50
	// clockSkew is how far the vendor's clock may lag behind ours. A message that is missed is sent
	// twice; one of an earlier try that is found instead tells the same person the same thing.
	clockSkew = time.Minute
)

// ErrCannotAsk says that the vendor gave no usable answer now. What it may have is still unknown.
var ErrCannotAsk = errors.New("twilio: the list of messages could not be read now; ask again later")

// Ask looks for a message to m.To with exactly m.Text that was sent or created since m.SentAfter. The
// vendor filters by the instant of sending, which a message that still waits does not have; so that such
// a one is not missed, the whole list of the number is read before the answer is "certainly not". Among
// several that match, one that did not fail wins.
func (s *Sender) Ask(ctx context.Context, m delivery.Message) (delivery.Receipt, bool, error) {
	if f := m.CheckSMS(); f != nil || m.SentAfter.IsZero() {
		return delivery.Receipt{}, false, errors.New("twilio: to ask, number, text and the earliest instant are needed")
	}
	since := m.SentAfter.UTC().Add(-clockSkew).Truncate(time.Second)
	byDate := (&api.ListMessageParams{}).SetTo(m.To).SetDateSentAfter(since).SetPageSize(pageSize)
	everything := (&api.ListMessageParams{}).SetTo(m.To).SetPageSize(pageSize)
	for _, params := range []*api.ListMessageParams{byDate, everything} {
		if receipt, found, err := s.search(ctx, params, m, since); found || err != nil {
			return receipt, found, err
		}
	}
	return delivery.Receipt{}, false, nil
}

// MustAsk says whether the vendor cannot tell us.
func (s *Sender) MustAsk() bool { return s.config.Poll }

// Look asks for the state of a message by its id, where the vendor cannot tell us.
func (s *Sender) Look(ctx context.Context, sid string) (delivery.Receipt, error) {
	if !delivery.PlainID(sid) {
		return delivery.Receipt{}, delivery.Refused("the message's id is none")
	}
	m, err := s.service(ctx).FetchMessage(sid, nil)
	if err != nil {
		return delivery.Receipt{}, ErrCannotAsk
	}
	receipt, known := receiptOf(deref(m.Status), deref(m.ErrorCode), plainRef(m.Sid))
	if !known || receipt.ProviderRef != sid {
		return delivery.Receipt{}, ErrCannotAsk
	}
	return receipt, nil
}

// search reads a list page by page, newest first, until a page holds nothing but what is too old.
func (s *Sender) search(ctx context.Context, params *api.ListMessageParams, m delivery.Message, since time.Time) (best delivery.Receipt, found bool, err error) {
	service := s.service(ctx)
	token, number := "", ""
	for range maxPages {
		page, err := service.PageMessage(params, token, number)
		if err != nil {
			return delivery.Receipt{}, false, ErrCannotAsk
		}
		older := len(page.Messages) > 0
		for _, candidate := range page.Messages {
			if created := instant(candidate.DateCreated); !created.IsZero() && created.Before(since) {
				continue
			}
			older = false
			if deref(candidate.Body) != m.Text || deref(candidate.To) != m.To {
				continue
			}
			receipt, known := receiptOf(deref(candidate.Status), deref(candidate.ErrorCode), plainRef(candidate.Sid))
			if known && (!found || failed(best) && !failed(receipt)) {
				best, found = receipt, true
			}
		}
		if found && !failed(best) || older || page.NextPageUri == nil || *page.NextPageUri == "" {
			return best, found, nil
		}
		if token, number, err = nextPage(*page.NextPageUri); err != nil {
			return delivery.Receipt{}, false, ErrCannotAsk
		}
	}
	return delivery.Receipt{}, false, ErrCannotAsk // too long to be sure
}

func failed(r delivery.Receipt) bool {
	return r.State == breach.FailedPermanent || r.State == breach.FailedTemporary
}

// instant reads the vendor's dates (RFC 2822); zero when there is none.
func instant(s *string) time.Time {
	at, err := time.Parse(time.RFC1123Z, deref(s))
	if err != nil {
		return time.Time{}
	}
	return at
}
