package app

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/apns"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/gateway"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/push"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice/calllist"
	"github.com/tocsin-engine/tocsin/internal/delivery/webpush"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// backupRelay is the kind of provider by which policies name the second relay.
const backupRelay = "smtp_backup"

// kinds are the kinds of providers that this program has, as policies name them: a line for each. What else one can do
// (take reports, be asked, delete, answer) it shows by implementing that interface of package delivery.
var kinds = []kind{
	{email.Provider, on(breach.Email), made(func(s *Settings) *email.Config { return s.Email }, alone(email.New))},
	{backupRelay, on(breach.Email), made(func(s *Settings) *email.Config { return s.EmailBackup }, alone(email.New))},
	{twilio.Provider, on(breach.SMS), made(func(s *Settings) *twilio.Config { return s.Twilio }, func(c twilio.Config, m means) (*twilio.Sender, error) { return twilio.New(c, m.ledger) })},
	{gateway.Provider, on(breach.SMS, breach.Push), made(func(s *Settings) *gateway.Config { return s.Gateway }, alone(gateway.New))},
	{gateway.ForPush, on(breach.Push), made(func(s *Settings) *gateway.Config { return s.PushGateway }, alone(gateway.NewForPush))},
	{push.Provider, on(breach.Push), made(func(s *Settings) *push.Config { return s.Push }, alone(push.New))},
	{apns.Provider, on(breach.Push), made(func(s *Settings) *apns.Config { return s.APNs }, alone(apns.New))},
	{webpush.Provider, on(breach.Push), made(func(s *Settings) *webpush.Config { return s.WebPush }, alone(webpush.New))},
	{voice.Provider, on(breach.Voice), made(func(s *Settings) *voice.Config { return s.Voice }, func(c voice.Config, m means) (*voice.Sender, error) { return voice.New(c, m.ledger, m.now) })},
	{calllist.Provider, on(breach.Voice), made(always, func(_ struct{}, m means) (*calllist.Sender, error) { return calllist.New(m.ledger, m.now), nil })},
	{letter.Provider, on(breach.Letter), made(func(s *Settings) *letter.Config { return s.Letters }, func(c letter.Config, m means) (*letter.Sender, error) { return letter.New(c, m.ledger, m.now) })},
}

// kind is one kind of provider.
type kind struct {
	name     string
	channels []breach.Channel
	maker
}

// maker makes an adapter of a kind.
type maker struct {
	adapter  reflect.Type
	settings func(*Settings) any // nil without settings
	make     func(settings any, m means) (delivery.Sender, error)
}

// means are what adapters may need besides their settings.
type means struct {
	ledger *store.Store
	now    func() time.Time
}

func on(channels ...breach.Channel) []breach.Channel { return channels }

// made says how an adapter S is made from settings C.
func made[C any, S delivery.Sender](of func(*Settings) *C, from func(C, means) (S, error)) maker {
	return maker{
		adapter: reflect.TypeFor[S](),
		settings: func(s *Settings) any {
			if c := of(s); c != nil {
				return *c
			}
			return nil
		},
		make: func(settings any, m means) (delivery.Sender, error) { return from(settings.(C), m) },
	}
}

// alone is an adapter that needs nothing but its settings.
func alone[C any, S delivery.Sender](from func(C) (S, error)) func(C, means) (S, error) {
	return func(c C, _ means) (S, error) { return from(c) }
}

// always is for what needs no settings.
func always(*Settings) *struct{} { return new(struct{}) }

// Kinds are the kinds of providers that policies may name.
func Kinds() policy.Kinds {
	out := policy.Kinds{}
	for _, k := range kinds {
		kind := policy.Kind{Channels: k.channels}
		if k.adapter.Implements(reflect.TypeFor[delivery.Eraser]()) {
			kind.Deletes = append(kind.Deletes, policy.DeleteThere)
		}
		if k.adapter.Implements(reflect.TypeFor[delivery.Redactor]()) {
			kind.Deletes = append(kind.Deletes, policy.RedactThere)
		}
		out[k.name] = kind
	}
	return out
}

// configured says for which kinds of providers there are settings.
func (s *Settings) configured(name string) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name && k.settings(s) != nil })
}

// adapters are the configured ways out, by the kind of provider.
type adapters map[string]delivery.Sender

// Sender finds an adapter.
func (a adapters) Sender(kind string) (delivery.Sender, bool) {
	s, ok := a[kind]
	return s, ok
}

// letters is the adapter that posts them; nil: none does.
func (a adapters) letters() *letter.Sender {
	l, _ := a[letter.Provider].(*letter.Sender)
	return l
}

func (p *Product) adapters(s *Settings) (adapters, error) {
	a := adapters{}
	var errs []error
	for _, k := range kinds {
		settings := k.settings(s)
		if settings == nil {
			continue
		}
		sender, err := k.make(settings, means{ledger: p.Store, now: s.Now})
		if err != nil {
			errs = append(errs, breach.Errorf(breach.ErrInvalid, "the settings of the provider %s cannot be used: %w", k.name, err))
			continue
		}
		a[k.name] = sender
		if c, ok := sender.(interface{ Close() error }); ok {
			p.closers = append(p.closers, c.Close)
		}
	}
	return a, errors.Join(errs...)
}
