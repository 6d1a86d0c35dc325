package app

import (
	"context"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/channels"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
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
