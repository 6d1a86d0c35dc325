package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// Posted is what a run of handing letters over did.
type Posted struct {
	Batches []letter.Handed     `json:"batches"`
	Left    breach.PostStanding `json:"left"`
}

// LettersBatch hands all letters that wait to the printer, batch by batch, and first what an interrupted run left.
func LettersBatch(ctx context.Context, c config.Config) (Posted, error) {
	out := Posted{Batches: []letter.Handed{}}
	return out, withLetters(ctx, c, func(s *store.Store, l *letter.Sender) error {
		of := Settings{Policies: &worker.Policies{}}
		if err := of.providers(c); err != nil {
			return err
		}
		if err := dropLetters(ctx, s, of.Policies); err != nil {
			return err
		}
		for {
			h, err := l.HandOver(ctx, postDesk{s, of.Policies})
			if err != nil {
				return err
			}
			if h == nil {
				out.Left, err = s.LetterStanding(ctx)
				return err
			}
			out.Batches = append(out.Batches, *h)
		}
	})
}

// Told is what became of a file of words about letters.
type Told breach.PostTold

// Refused counts lines that were not taken.
func (t Told) Refused() int { return len(t.Unknown) + len(t.Wrong) }

// dropLetters takes letters out of the spool that nobody needs any more.
func dropLetters(ctx context.Context, s *store.Store, policies activities.Profiles) error {
	waiting, err := s.LetterIncidents(ctx)
	if err != nil {
		return err
	}
	for _, id := range waiting {
		if _, err := s.DropLetters(ctx, id, atOnce(policies), time.Now().UTC()); err != nil {
			return err
		}
	}
	return nil
}

// atOnce says which policies tell somebody by all channels, also when one has reached them. Of a policy that is gone
// nobody knows: what is queued for those who are reached stays.
func atOnce(policies activities.Profiles) store.AtOnce {
	return func(name string) bool {
		profile, err := policies.Profile(name)
		return err != nil || profile.Strategy == policy.Blast
	}
}

// postDesk keeps batches of letters in the ledger, by the rules of the policies.
type postDesk struct {
	*store.Store
	policies activities.Profiles
}

// OpenLetterBatch opens a batch of letters that may go now.
func (d postDesk) OpenLetterBatch(ctx context.Context, most int, at time.Time) (*breach.PostBatch, error) {
	return d.Store.OpenLetterBatch(ctx, most, atOnce(d.policies), at)
}

// LettersReport takes the printer's report; by is who brought it, for the record.
func LettersReport(ctx context.Context, c config.Config, file []byte, by string) (Told, error) {
	return wordsOf(ctx, c, breach.PostReport, file, by)
}

// LettersReturned takes letters that came back; by is who brought the file, for the record.
func LettersReturned(ctx context.Context, c config.Config, file []byte, by string) (Told, error) {
	return wordsOf(ctx, c, breach.PostReturned, file, by)
}

func wordsOf(ctx context.Context, c config.Config, kind breach.PostWords, file []byte, by string) (out Told, err error) {
	return out, withLetters(ctx, c, func(s *store.Store, _ *letter.Sender) error {
		told, err := takeLetterWords(ctx, s, kind, file, by, time.Now)
		out = Told(told)
		return err
	})
}

// takeLetterWords gives every word to the ledger, and puts on record of each incident who brought them. The same file
// again changes nothing.
func takeLetterWords(ctx context.Context, s *store.Store, kind breach.PostWords, file []byte, by string, clock func() time.Time) (breach.PostTold, error) {
	out, news, err := takeWords(ctx, s, kind, file, clock)
	if len(news) == 0 {
		return out, err
	}
	of, counted := s.IncidentsOfLetters(ctx, news)
	if err == nil {
		err = counted
	}
	for _, incident := range sortedKeys(of) {
		noted := s.Note(ctx, incident, "", by, "letters."+string(kind), map[string]int64{"letters": of[incident]}, clock().UTC())
		if err == nil {
			err = noted
		}
	}
	return out, err
}

// furthestEast is how far the clocks of the world are ahead of UTC at the most.
const furthestEast = 14 * time.Hour

// takeWords also lists the letters of which the file brought news.
func takeWords(ctx context.Context, s *store.Store, kind breach.PostWords, file []byte, clock func() time.Time) (out breach.PostTold, news []string, err error) {
	out = breach.PostTold{Unknown: []string{}, Wrong: []breach.WrongLine{}}
	read := letter.Report
	if kind == breach.PostReturned {
		read = letter.Returned
	}
	words, wrong, err := read(file)
	if err != nil {
		return out, nil, err
	}
	for _, w := range wrong {
		out.Wrong = append(out.Wrong, breach.WrongLine(w))
	}
	out.Lines = len(words) + len(wrong)
	for _, w := range words {
		now := clock().UTC()
		if w.On.IsZero() {
			w.On = now
		}
		if w.On.After(now.Add(furthestEast)) { // a day begins there while it is yesterday in UTC
			out.Wrong = append(out.Wrong, breach.WrongLine{Line: w.Line, Why: "date lies in the future"})
			continue
		}
		known, fresh, err := s.TakeLetterWord(ctx, w.Letter, store.Receipt{State: w.Receipt.State, Reason: w.Receipt.Reason, Detail: w.Receipt.Detail}, w.On, now)
		switch {
		case err != nil:
			return out, news, err
		case !known:
			out.Unknown = append(out.Unknown, w.Letter)
		case !fresh:
			out.Again++
		default:
			out.Taken++
			news = append(news, w.Letter)
		}
	}
	return out, news, nil
}

func withLetters(ctx context.Context, c config.Config, run func(*store.Store, *letter.Sender) error) error {
	if c.Store.DatabaseURL == "" {
		return noDatabase()
	}
	if c.Letters == nil {
		return breach.Errorf(breach.ErrInvalid, "there are no settings of letters").
			With(breach.FieldError{Where: "letters.dir", What: "set it to the directory in which the printer takes batches, or letters.sftp to the printer's server"})
	}
	s, err := store.Open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := letter.New(*c.Letters, s, time.Now)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the settings of letters cannot be used: %w", err)
	}
	return run(s, l)
}

// post hands letters over as often as the settings say, until ctx ends. Any number of servers may do so: the ledger
// lets one batch be open at a time, and whoever finds it open carries it on.
func (p *Product) post(ctx context.Context, log *slog.Logger) {
	if p.letters == nil || p.postEvery <= 0 {
		return
	}
	tick := time.NewTicker(p.postEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := dropLetters(ctx, p.Store, p.Desk.Profiles); err != nil && ctx.Err() == nil {
			log.Warn("letters that are needed no more could not be taken out; it is tried again", "error", err)
			continue
		}
		for {
			h, err := p.letters.HandOver(ctx, postDesk{p.Store, p.Desk.Profiles})
			if err != nil && ctx.Err() == nil {
				log.Warn("letters could not be handed to the printer; it is tried again", "error", err)
			}
			if err != nil || h == nil {
				break
			}
			log.Info("handed letters to the printer", "batch", h.Batch, "letters", h.Letters)
		}
	}
}
