// Package voice calls people through Twilio's Calls API and reads the notice to them in their language. A key repeats
// it, another one confirms that it was understood; an answering machine gets the short text, which holds no facts.
//
// The script is kept by the ledger and fetched by the vendor when somebody answers, so that no address holds more than
// an opaque id. The vendor offers no idempotency key: a call whose result is unknown is looked for (Ask) and never
// placed again blindly. Where the vendor cannot reach us (Config.Poll), a call leaves the short text only.
//
// States: pressing the key is delivered, hearing it to the end is accepted; which of the two counts is the policy's
// proof. Everything else that ends a call is a failure with its reason.
//
// Imports of ours: breach, delivery, twilioapi.
package voice

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
)

// Scripts keeps what calls read out, and what became of them.
type Scripts interface {
	// KeepCall stores a script once per attempt; breach.ErrNotFound when nobody intended the call.
	KeepCall(ctx context.Context, s breach.CallScript, at time.Time) error
	// CallScript reads one; breach.ErrNotFound when the call is over or was never placed.
	CallScript(ctx context.Context, attempt string) (breach.CallScript, error)
	// TakeCallWord records news of a call; breach.ErrNotFound for one that was never placed.
	TakeCallWord(ctx context.Context, attempt string, w breach.CallWord, at time.Time) error
}

// Sender places calls from one number. It is safe for many goroutines.
type Sender struct {
	config  Config
	scripts Scripts
	http    *http.Client
	now     func() time.Time
}

var (
	_ delivery.Sender = (*Sender)(nil)
	_ delivery.Asker  = (*Sender)(nil)
	_ delivery.Looker = (*Sender)(nil)
	_ delivery.Eraser = (*Sender)(nil)
	_ delivery.Door   = (*Sender)(nil)
)

// New makes a sender; it opens no connection yet. The error lists everything that is wrong with the settings.
func New(c Config, scripts Scripts, now func() time.Time) (*Sender, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Sender{config: c, scripts: scripts, http: delivery.NewHTTPClient(c.Timeout, c.Connections), now: now}, nil
}

// Close ends connections that nobody uses.
func (s *Sender) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// address is where the vendor reaches us about a call; what is script, key, heard or status.
func (s *Sender) address(attempt, what string) string {
	return s.config.PublicBaseURL + "/calls/" + attempt + "/" + what
}

// Send places a call. Errors are *delivery.Failure. The receipt is handed_over: the vendor queues.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "calling was called off before anything was handed over", 0)
	}
	if f := check(&m); f != nil {
		return delivery.Receipt{}, f
	}
	if !s.config.Poll {
		kept := breach.CallScript{Attempt: m.AttemptID, Locale: m.Locale, Text: m.Text, Machine: m.Machine}
		if err := s.scripts.KeepCall(ctx, kept, s.now().UTC()); err != nil {
			return delivery.Receipt{}, delivery.Temporary(delivery.ReasonProviderDown, "the script could not be kept, so that nothing was dialled", 0)
		}
	}
	ctx, watch := delivery.Watched(ctx)
	var placed call
	err := s.request(ctx, http.MethodPost, "/Calls.json", s.order(m), &placed)
	var refused *twilioapi.Refusal
	switch {
	case errors.As(err, &refused):
		return delivery.Receipt{}, refused.Judge(m, says)
	case errors.Is(err, errUnreadable):
		return delivery.Receipt{}, delivery.NoAnswer("the API said yes in words that cannot be read")
	case err != nil:
		return delivery.Receipt{}, watch.Broken(err)
	}
	word, known := wordOf(placed.Status, placed.AnsweredBy, "", placed.SID)
	switch {
	case !known || !delivery.PlainID(placed.SID):
		return delivery.Receipt{}, delivery.NoAnswer("the API said yes without naming a call")
	case word.Ended:
		return delivery.Receipt{}, &delivery.Failure{Reason: word.Reason, Retryable: word.State == breach.FailedTemporary, Detail: word.Detail}
	}
	return delivery.Receipt{State: breach.HandedOver, ProviderRef: placed.SID}, nil
}

// order is the vendor's form for a call. Without a way back to us it is the short text, twice.
func (s *Sender) order(m delivery.Message) url.Values {
	form := url.Values{
		"To": {m.To}, "From": {s.config.From},
		"Timeout": {seconds(s.config.Ring)}, "TimeLimit": {seconds(s.config.Longest)},
		"MachineDetection": {"DetectMessageEnd"},
	}
	if s.config.Poll {
		twice := s.saying(m.Locale, m.Machine+"\n\n"+m.Machine)
		form.Set("Twiml", string(response{Does: append(twice, hangup{})}.markup()))
		return form
	}
	form.Set("Url", s.address(m.AttemptID, "script"))
	form.Set("StatusCallback", s.address(m.AttemptID, "status"))
	form.Set("StatusCallbackEvent", "completed")
	return form
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// check refuses what cannot be called and read out.
func check(m *delivery.Message) *delivery.Failure {
	if f := m.CheckSMS(); f != nil {
		return f
	}
	if m.Machine == "" || !utf8.ValidString(m.Machine) || strings.ContainsRune(m.Machine, 0) {
		return delivery.Refused("the text for answering machines is missing or cannot be read out")
	}
	return nil
}
