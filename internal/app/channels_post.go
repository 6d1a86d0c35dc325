package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// lookAtLetters looks whether the printer's door is open, the fonts of the policy's languages are there, and an address
// fits the window of the envelope. A file is put at the door for a moment.
func lookAtLetters(ctx context.Context, c letter.Config, languages []string) channels.Provider {
	out := channels.Provider{Provider: letter.Provider, Channel: string(breach.Letter)}
	add := func(f channels.Finding) { out.Findings = append(out.Findings, f) }
	l, err := letter.New(c, nil, time.Now)
	if err != nil {
		add(channels.Finding{Check: "settings", Level: channels.Error, Found: err.Error(), Means: "no letter can be made", Do: "mend the settings below letters"})
		return out
	}
	door, where := "directory", "letters.dir"
	if c.SFTP != "" {
		door, where = "sftp", "letters.sftp"
	}
	if err := l.Probe(ctx); err != nil {
		add(channels.Finding{Check: door, Level: channels.Error, Found: err.Error(), Means: "letters wait here and are not handed to the printer", Do: "mend " + where + " or what it names, and look again"})
	} else {
		add(channels.Finding{Check: door, Level: channels.OK, Found: "batches can be written to the place where the printer takes them"})
	}
	missing := false
	for _, lang := range languages {
		lost := l.MissingFonts(lang)
		missing = missing || len(lost) > 0
		if len(lost) > 0 {
			add(channels.Finding{Check: "fonts", Level: channels.Error, Found: "for " + lang + " these fonts are not installed: " + strings.Join(lost, ", "),
				Means: "letters in this language cannot be printed", Do: "install them (Debian: fonts-noto-core, fonts-noto-cjk), or name their directory in letters.fonts"})
		}
	}
	if missing {
		return out
	}
	add(channels.Finding{Check: "fonts", Level: channels.OK, Found: "there are fonts for " + strings.Join(languages, ", ")})
	add(envelope(l, languages[0]))
	return out
}

// envelope sets a letter with an address as long as they usually become.
func envelope(l *letter.Sender, lang string) channels.Finding {
	err := l.Check(delivery.Message{
		DeliveryID: "check", AttemptID: "check-1", Channel: breach.Letter, Locale: lang, To: "Springfield", ToName: "Maximiliane Mustermann-Beispiel", Subject: "Check", Text: "Check.",
		Post: &delivery.Post{Address: []string{"c/o Example Learning", "4711 Sample Avenue, Apartment 12", "Springfield, IL 62701"}, Country: "US", Reference: "AAAA-BBBB-CCCC-DDDD"},
	})
	if err != nil {
		return channels.Finding{Check: "envelope", Level: channels.Error, Found: "an address of usual length does not fit: " + err.Error(), Means: "people with longer addresses get no letter",
			Do: "choose another letters.paper, or shorten letters.sender"}
	}
	return channels.Finding{Check: "envelope", Level: channels.OK, Found: "an address of five lines and the sender's line fit the window"}
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
	p, err := v.Probe(ctx)
	switch {
	case errors.Is(err, voice.ErrSignIn):
		add(channels.Finding{Check: "sign-in", Level: channels.Error, Found: "the vendor refuses account and token", Means: "nobody is called", Do: "check voice.account_sid and voice.auth_token, or those of twilio"})
	case err != nil:
		add(channels.Finding{Check: "sign-in", Level: channels.Error, Found: "the vendor does not answer, or not as expected", Means: "calls wait", Do: "check voice.base_url and the way to it, and look again"})
	default:
		for _, x := range []struct {
			check, good, bad, means, do string
			fine                        bool
			level                       channels.Level
		}{
			{"sign-in", "the account is active", "the account is suspended or closed", "nobody is called", "ask the vendor", p.Active, channels.Error},
			{"account", "it is no trial account", "it is a trial account", "only verified numbers are called, and a text of the vendor comes first", "upgrade the account", !p.Trial, channels.Error},
			{"number", "the number that calls belongs to the account", "voice.from is no number of the account", "calls are refused, unless it is a verified caller id", "buy or verify the number, or set another one", p.Owned, channels.Warning},
		} {
			if x.fine {
				add(channels.Finding{Check: x.check, Level: channels.OK, Found: x.good})
			} else {
				add(channels.Finding{Check: x.check, Level: x.level, Found: x.bad, Means: x.means, Do: x.do})
			}
		}
	}
	if c.Poll {
		add(channels.Finding{Check: "answers", Level: channels.Warning, Found: "voice.poll is set", Means: "calls leave the short text only and never count as reached", Do: "give the vendor a public address (public.url) and leave voice.poll out"})
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
