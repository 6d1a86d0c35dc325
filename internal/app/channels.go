package app

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/worker"
)

// Wave is what channels are looked at for.
type Wave struct {
	Policy string // by name; empty is the default one
	People int64  // 0: nobody knows yet
	Bytes  int64  // of one email
	DNS    string // server to ask, host:port; empty: those of the system
}

// CheckChannels looks at the configured mail relays, the printer's door, text messages and the telephone before a wave. It sends nothing.
func CheckChannels(ctx context.Context, c config.Config, w Wave) (channels.Report, error) {
	s := Settings{Policies: &worker.Policies{}}
	if err := s.providers(c); err != nil {
		return channels.Report{}, err
	}
	if w.Policy == "" {
		w.Policy = c.Store.DefaultPolicy
	}
	profile, err := s.Policies.Profile(w.Policy)
	if err != nil {
		return channels.Report{}, err
	}
	var relays []channels.Relay
	for _, k := range kinds {
		of, relay := k.settings(&s).(email.Config)
		if !relay {
			continue
		}
		r := channels.Relay{Name: k.name, Config: of}
		for _, p := range profile.Providers {
			if p.Kind == k.name && p.Limits != nil {
				r.PerSecond = p.Limits.PerSecond
			}
		}
		relays = append(relays, r)
	}
	check := channels.Checker{
		DNS: channels.Resolver(w.DNS), Audience: channels.Audience{People: w.People, Bytes: w.Bytes}, Now: time.Now,
	}
	if c.Bounces != nil {
		check.Takes = append(check.Takes, "SMTP on "+c.Bounces.Listen)
	}
	if c.Mailbox != nil {
		check.Takes = append(check.Takes, "IMAP from "+c.Mailbox.Addr)
	}
	out := check.Relays(ctx, relays)
	if c.Letters != nil {
		out.Add(lookAtLetters(ctx, *c.Letters, profile.Languages.Available))
	}
	for _, k := range kinds {
		switch of := k.settings(&s).(type) {
		case twilio.Config:
			out.Add(lookAtTexts(ctx, of))
		case voice.Config:
			out.Add(lookAtVoice(ctx, of, profile))
		}
	}
	return out, nil
}
