// Package letter is the channel of paper: it checks that a person's letter can be set, addressed and printed, gives
// it to the ledger for the next batch, makes batches into PDF files with a manifest, hands them to the printer (a
// directory, or SFTP) exactly once, and reads what the printer and the post office say of them afterwards.
//
// Imports of ours: breach, delivery, and its own package paper.
package letter

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

// Provider is the kind under which policies know this adapter.
const Provider = "letter"

// Spool keeps letters until they are in a batch. Both answers are for good: a letter that was not found cannot be
// taken any more, so that it is printed once at the most.
type Spool interface {
	KeepLetter(ctx context.Context, it breach.PostItem, at time.Time) error
	FindLetter(ctx context.Context, attempt string, at time.Time) (found bool, err error)
}

// Sender gives letters to the spool. It implements delivery.Sender and delivery.Asker.
type Sender struct {
	cfg     Config
	house   paper.House
	fonts   *paper.Fonts
	spool   Spool
	setters chan *paper.Setter
	now     func() time.Time
}

// setters is how many letters are set side by side.
const setters = 4

// New checks the settings. spool may be nil for a Sender that only looks at letters or prints batches.
func New(c Config, spool Spool, now func() time.Time) (*Sender, error) {
	c = c.withDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	format, err := paper.FormatOf(c.Paper)
	if err != nil {
		return nil, err
	}
	s := &Sender{
		cfg: c, spool: spool, now: now, fonts: paper.NewFonts(c.FontDirs()...), setters: make(chan *paper.Setter, setters),
		house: paper.House{Format: format, Sender: c.Sender, Country: c.Country, Pages: c.Pages},
	}
	for range setters {
		s.setters <- paper.NewSetter(s.fonts, s.house)
	}
	return s, nil
}

// Close gives nothing back: the sender holds no connection.
func (s *Sender) Close() error { return nil }

// MissingFonts names the fonts that letters in a language need and that are not installed.
func (s *Sender) MissingFonts(lang string) []string { return s.fonts.Missing(lang) }

// Send lays the letter out and gives it to the spool. handed_over means that it is in the next batch.
func (s *Sender) Send(ctx context.Context, m delivery.Message) (delivery.Receipt, error) {
	it, err := s.Item(m)
	if err != nil {
		return delivery.Receipt{}, err
	}
	if ctx.Err() != nil {
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonCrash, "sending was called off before the letter was taken", 0)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	var f *delivery.Failure
	err = s.spool.KeepLetter(ctx, it, s.now().UTC())
	switch {
	case err == nil:
		return delivery.Receipt{State: breach.HandedOver}, nil
	case errors.As(err, &f):
		return delivery.Receipt{}, f
	case breach.CodeOf(err) == breach.ErrConflict:
		return delivery.Receipt{}, delivery.Temporary(delivery.ReasonCrash, "the letter came after it had been counted as not sent", 0)
	case breach.CodeOf(err) == breach.ErrNotFound:
		return delivery.Receipt{}, delivery.Refused("nobody intended this letter")
	}
	return delivery.Receipt{}, delivery.NoAnswer("the ledger did not say whether it took the letter")
}

// Ask says whether the spool has a letter. When it says no, the letter cannot come any more.
func (s *Sender) Ask(ctx context.Context, m delivery.Message) (r delivery.Receipt, found bool, err error) {
	found, err = s.spool.FindLetter(ctx, m.AttemptID, s.now().UTC())
	if err != nil || !found {
		return delivery.Receipt{}, false, err
	}
	return delivery.Receipt{State: breach.HandedOver}, true, nil
}

// Check says why a letter cannot be printed: nil when it can. It holds nothing personal.
func (s *Sender) Check(m delivery.Message) error {
	if _, _, f := s.prepare(m); f != nil {
		return f
	}
	return nil
}

// Item is what the spool keeps of a letter.
func (s *Sender) Item(m delivery.Message) (breach.PostItem, error) {
	body, pages, f := s.prepare(m)
	if f != nil {
		return breach.PostItem{}, f
	}
	return breach.PostItem{Attempt: m.AttemptID, Delivery: m.DeliveryID, Country: m.Post.Country, Pages: pages, Body: body}, nil
}

// written is a message as a letter without its date.
func written(m delivery.Message) paper.Letter {
	return paper.Letter{
		ID: m.AttemptID, Lang: m.Locale, Name: m.ToName, Address: m.Post.Address, Country: m.Post.Country,
		Reference: m.Post.Reference, Subject: m.Subject, Text: m.Text,
	}
}

// prepare sets a letter to see that it can be, and gives what the spool keeps.
func (s *Sender) prepare(m delivery.Message) (body []byte, pages int, f *delivery.Failure) {
	if f := m.Check(); f != nil {
		return nil, 0, f
	}
	if m.Post == nil || m.Text == "" {
		return nil, 0, delivery.Refused("the letter has no address or no text")
	}
	l := written(m)
	body, err := json.Marshal(l)
	if err != nil {
		return nil, 0, delivery.Refused("the letter cannot be written down")
	}
	l.Date = s.now() // every date is about as wide
	setter := <-s.setters
	defer func() { s.setters <- setter }()
	sheets, err := setter.Set(l)
	if err != nil {
		return nil, 0, delivery.Refused(err.Error())
	}
	return body, sheets.Pages(), nil
}
