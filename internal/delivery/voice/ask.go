package voice

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

const (
	pageSize = "100"
	maxPages = 50
	// clockSkew is how far the vendor's clock may lag behind ours.
	clockSkew = time.Minute
)

// ErrCannotAsk says that the vendor gave no usable answer now. What it may have is still unknown.
var ErrCannotAsk = errors.New("voice: the list of calls could not be read now; ask again later")

// Ask looks for a call to m.To that was made since m.SentAfter. Which attempt a call belongs to stands in the addresses
// that the vendor fetched for it; one that has fetched nothing (it still rings, or nobody answered) counts as this one:
// it is to the same person.
func (s *Sender) Ask(ctx context.Context, m delivery.Message) (delivery.Receipt, bool, error) {
	if f := check(&m); f != nil || m.SentAfter.IsZero() {
		return delivery.Receipt{}, false, errors.New("voice: to ask, number, texts and the earliest instant are needed")
	}
	since := m.SentAfter.UTC().Add(-clockSkew).Truncate(time.Second)
	query := url.Values{"To": {m.To}, "PageSize": {pageSize}}
	var best delivery.Receipt
	found := false
	for range maxPages {
		var page struct {
			Calls []call  `json:"calls"`
			Next  *string `json:"next_page_uri"`
		}
		if err := s.request(ctx, http.MethodGet, "/Calls.json?"+query.Encode(), nil, &page); err != nil || page.Calls == nil {
			return delivery.Receipt{}, false, ErrCannotAsk
		}
		older := len(page.Calls) > 0
		for _, c := range page.Calls {
			if made, err := time.Parse(time.RFC1123Z, c.DateCreated); err == nil && made.Before(since) {
				continue
			}
			older = false
			receipt, ours, err := s.answer(ctx, c, m)
			if err != nil {
				return delivery.Receipt{}, false, err
			}
			if ours && (!found || failed(best) && !failed(receipt)) {
				best, found = receipt, true
			}
		}
		if found && !failed(best) || older || page.Next == nil || *page.Next == "" {
			return best, found, nil
		}
		next, err := url.Parse(*page.Next)
		if err != nil || next.Query().Get("PageToken") == query.Get("PageToken") && next.Query().Get("Page") == query.Get("Page") {
			return delivery.Receipt{}, false, ErrCannotAsk
		}
		query.Set("PageToken", next.Query().Get("PageToken"))
		query.Set("Page", next.Query().Get("Page"))
	}
	return delivery.Receipt{}, false, ErrCannotAsk // too long to be sure
}

func failed(r delivery.Receipt) bool {
	return r.State == breach.FailedPermanent || r.State == breach.FailedTemporary
}

// answer says what a call of the list means for the attempt, and whether it is the attempt's.
func (s *Sender) answer(ctx context.Context, c call, m delivery.Message) (r delivery.Receipt, ours bool, err error) {
	word, known := wordOf(c.Status, c.AnsweredBy, "", c.SID)
	if !known || c.To != m.To || !delivery.PlainID(c.SID) {
		return r, false, nil
	}
	t, err := s.talked(ctx, c.SID)
	if err != nil || t.attempt != "" && t.attempt != m.AttemptID {
		return r, false, err
	}
	return t.receipt(word), true, nil
}

// talk is what the vendor asked of us during a call, and so what was heard in it.
type talk struct {
	attempt        string // empty when nothing was asked
	pressed, heard bool
}

// receipt is what a call comes to that the vendor has a word about.
func (t talk) receipt(word breach.CallWord) delivery.Receipt {
	r := delivery.Receipt{State: word.State, ProviderRef: word.ProviderRef, Reason: word.Reason, Detail: word.Detail}
	switch {
	case t.pressed:
		r.State, r.Reason, r.Detail = breach.Delivered, "", ""
	case t.heard:
		r.State, r.Reason, r.Detail = breach.Accepted, "", ""
	}
	return r
}

// talked reads what the vendor asked of us during a call.
func (s *Sender) talked(ctx context.Context, sid string) (t talk, err error) {
	var list struct {
		Events []struct {
			Request struct {
				URL        string         `json:"url"`
				Parameters map[string]any `json:"parameters"`
			} `json:"request"`
		} `json:"events"`
	}
	if err := s.request(ctx, http.MethodGet, "/Calls/"+sid+"/Events.json", nil, &list); err != nil {
		return talk{}, ErrCannotAsk
	}
	for _, e := range list.Events {
		path, about := strings.CutPrefix(e.Request.URL, s.config.PublicBaseURL+"/calls/")
		if !about {
			continue
		}
		id, what, _ := strings.Cut(path, "/")
		digits, _ := e.Request.Parameters["digits"].(string)
		t.attempt = id
		t.pressed = t.pressed || what == "key" && digits == keyUnderstood
		t.heard = t.heard || what == "heard"
	}
	return t, nil
}

// MustAsk says whether the vendor cannot tell us.
func (s *Sender) MustAsk() bool { return s.config.Poll }

// Look asks for the state of a call by its id, when the vendor cannot tell us or did not. The receipt is empty while the
// call goes on, and after somebody took it of whom nobody knows what they heard: that proves nothing.
func (s *Sender) Look(ctx context.Context, sid string) (delivery.Receipt, error) {
	if !delivery.PlainID(sid) {
		return delivery.Receipt{}, delivery.Refused("the call's id is none")
	}
	var c call
	if err := s.request(ctx, http.MethodGet, "/Calls/"+sid+".json", nil, &c); err != nil {
		return delivery.Receipt{}, ErrCannotAsk
	}
	word, known := wordOf(c.Status, c.AnsweredBy, "", c.SID)
	switch {
	case !known:
		return delivery.Receipt{}, ErrCannotAsk
	case !word.Ended:
		return delivery.Receipt{}, nil
	case word.Reason != delivery.ReasonHungUp:
		return talk{}.receipt(word), nil
	case s.config.Poll:
		return delivery.Receipt{}, nil
	}
	t, err := s.talked(ctx, sid)
	if err != nil || t.attempt == "" {
		return delivery.Receipt{}, err
	}
	return t.receipt(word), nil
}
