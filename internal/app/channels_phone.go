package app

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/twilioapi"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// lookAtTexts asks the vendor about account and sender, and looks whether its receipts can come here. Nothing is sent.
func lookAtTexts(ctx context.Context, c twilio.Config) channels.Provider {
	out := channels.Provider{Provider: twilio.Provider, Channel: string(breach.SMS)}
	s, err := twilio.New(c, nil)
	if err != nil {
		out.Findings = []channels.Finding{{Check: "settings", Level: channels.Error, Found: err.Error(), Means: "no text message can be sent", Do: "mend the settings below twilio"}}
		return out
	}
	account, err := s.Probe(ctx)
	out.Findings = aboutAccount(account, err, phoneWords{
		section: "twilio", stops: "text messages wait", none: "no text message is sent", number: "the sender", trial: "only verified numbers get messages, and each begins with a text of the vendor",
	})
	if !delivery.IsNumber(c.From) { // a name, a short code or a messaging service
		out.Findings = slices.DeleteFunc(out.Findings, func(f channels.Finding) bool { return f.Check == "number" })
	}
	switch {
	case c.Poll:
		out.Findings = append(out.Findings, channels.Finding{Check: "receipts", Level: channels.OK, Found: "the vendor is asked what became of each message"})
	case !reachable(c.PublicBaseURL, c.BaseURL):
		out.Findings = append(out.Findings, channels.Finding{Check: "receipts", Level: channels.Error, Found: "the vendor cannot reach " + c.PublicBaseURL,
			Means: "no receipt comes, so that text messages never count as delivered, and STOP is not heard", Do: "set public.url to an address that the vendor reaches, or twilio.poll: true"})
	default:
		out.Findings = append(out.Findings, channels.Finding{Check: "receipts", Level: channels.OK, Found: "the vendor is told to report to " + c.PublicBaseURL})
	}
	return out
}

// lookAtVoice asks the vendor about account and number, and the policy about hours. Nobody is called.
func lookAtVoice(ctx context.Context, c voice.Config, profile policy.Profile) channels.Provider {
	out := channels.Provider{Provider: voice.Provider, Channel: string(breach.Voice)}
	add := func(f channels.Finding) { out.Findings = append(out.Findings, f) }
	v, err := voice.New(c, nil, time.Now)
	if err != nil {
		add(channels.Finding{Check: "settings", Level: channels.Error, Found: err.Error(), Means: "nobody can be called", Do: "mend the settings below voice"})
		return out
	}
	account, err := v.Probe(ctx)
	out.Findings = aboutAccount(account, err, phoneWords{
		section: "voice", stops: "calls wait", none: "nobody is called", number: "the number that calls", trial: "only verified numbers are called, and a text of the vendor comes first",
	})
	switch {
	case c.Poll:
		add(channels.Finding{Check: "answers", Level: channels.Warning, Found: "voice.poll is set", Means: "calls leave the short text only and never count as reached", Do: "give the vendor a public address (public.url) and leave voice.poll out"})
	case !reachable(c.PublicBaseURL, c.BaseURL):
		add(channels.Finding{Check: "answers", Level: channels.Error, Found: "the vendor cannot reach " + c.PublicBaseURL,
			Means: "it cannot fetch what to say: whoever answers hears nothing", Do: "set public.url to an address that the vendor reaches, or voice.poll: true"})
	}
	for _, r := range profile.Channels {
		switch {
		case r.Channel != breach.Voice:
		case r.Hours == nil:
			add(channels.Finding{Check: "hours", Level: channels.Warning, Found: "the policy sets no hours for calls", Means: "people are called in the middle of the night", Do: "set hours at the channel voice of the policy"})
		default:
			add(channels.Finding{Check: "hours", Level: channels.OK, Found: "people are called from " + r.Hours.From + " to " + r.Hours.To + " by their own clock"})
		}
	}
	return out
}

// phoneWords are what an account is for.
type phoneWords struct {
	section             string // of the settings
	stops, none, number string
	trial               string // what a trial account means
}

// aboutAccount says what the vendor's answer about an account means.
func aboutAccount(a twilioapi.Account, err error, w phoneWords) []channels.Finding {
	switch {
	case errors.Is(err, twilioapi.ErrSignIn):
		do := "check twilio.account_sid and twilio.auth_token"
		if w.section != "twilio" {
			do = "check " + w.section + ".account_sid and " + w.section + ".auth_token, or those of twilio"
		}
		return []channels.Finding{{Check: "sign-in", Level: channels.Error, Found: "the vendor refuses account and token", Means: w.none, Do: do}}
	case err != nil:
		return []channels.Finding{{Check: "sign-in", Level: channels.Error, Found: "the vendor does not answer, or not as expected", Means: w.stops, Do: "check " + w.section + ".base_url and the way to it, and look again"}}
	}
	var out []channels.Finding
	for _, x := range []struct {
		fine                 bool
		check                string
		level                channels.Level
		good, bad, means, do string
	}{
		{a.Active, "sign-in", channels.Error, "the account is active", "the account is suspended or closed", w.none, "ask the vendor"},
		{!a.Trial, "account", channels.Error, "it is no trial account", "it is a trial account", w.trial, "upgrade the account"},
		{a.Owned, "number", channels.Warning, w.number + " belongs to the account", w.section + ".from is no number of the account", "the vendor refuses, unless the number is verified or hosted there", "buy or verify the number, or set another one"},
	} {
		if x.fine {
			out = append(out, channels.Finding{Check: x.check, Level: channels.OK, Found: x.good})
		} else {
			out = append(out, channels.Finding{Check: x.check, Level: x.level, Found: x.bad, Means: x.means, Do: x.do})
		}
	}
	return out
}

// reachable says whether a vendor can reach an address of ours, as far as the addresses themselves tell: what answers
// for the vendor on this machine (a simulator) reaches all of them.
func reachable(public, vendor string) bool {
	if v, err := url.Parse(vendor); err == nil && delivery.Loopback(v.Hostname()) {
		return true
	}
	u, err := url.Parse(public)
	if err != nil || delivery.Loopback(u.Hostname()) {
		return false
	}
	at, err := netip.ParseAddr(u.Hostname())
	return err != nil || delivery.Public(at)
}
