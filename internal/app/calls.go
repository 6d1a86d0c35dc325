package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice/calllist"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// CallList writes the calls that wait for people to make them as CSV, and says how many there are. That by looked is
// on the record of each incident, and nobody else is given these calls for as long as keep says.
func CallList(ctx context.Context, c config.Config, by string, keep time.Duration, to io.Writer) (n int, err error) {
	err = withCalls(ctx, c, func(s *store.Store) error {
		of := Settings{Policies: &worker.Policies{}}
		if err := of.providers(c); err != nil {
			return err
		}
		now := time.Now().UTC()
		calls, err := s.CallList(ctx, by, atOnce(of.Policies), now, now.Add(keep))
		if err != nil {
			return err
		}
		n = len(calls)
		return calllist.Write(to, calls)
	})
	return n, err
}

// CallsTold is what became of a file of outcomes.
type CallsTold struct {
	Lines   int              `json:"lines"`
	Taken   int              `json:"taken"`
	Later   int              `json:"later"`   // to be called another time
	Unknown []string         `json:"unknown"` // ids that are on no list
	Wrong   []calllist.Wrong `json:"wrong"`
}

// Refused counts lines that were not taken.
func (t CallsTold) Refused() int { return len(t.Unknown) + len(t.Wrong) }

// CallOutcomes takes what a call centre wrote down, and puts on record of each incident who brought it. The same file
// again changes nothing.
func CallOutcomes(ctx context.Context, c config.Config, file []byte, by string) (CallsTold, error) {
	out := CallsTold{Unknown: []string{}, Wrong: []calllist.Wrong{}}
	words, wrong, err := calllist.Read(file)
	if err != nil {
		return out, breach.Errorf(breach.ErrInvalid, "the outcomes cannot be read: %w", err)
	}
	out.Lines, out.Wrong = len(words)+len(wrong), append(out.Wrong, wrong...)
	return out, withCalls(ctx, c, func(s *store.Store) error {
		var taken []string
		for _, w := range words {
			err := s.TakeCallWord(ctx, w.Call, w.CallWord, time.Now().UTC())
			switch {
			case breach.CodeOf(err) == breach.ErrNotFound:
				out.Unknown = append(out.Unknown, w.Call)
			case err != nil:
				return err
			case w.Ended:
				out.Taken++
				taken = append(taken, w.Call)
			default:
				out.Later++
			}
		}
		of, err := s.IncidentsOfCalls(ctx, taken)
		if err != nil {
			return err
		}
		key := fmt.Sprintf("calls.outcomes|%x", sha256.Sum256(file))
		for _, incident := range sortedKeys(of) {
			if err := s.Note(ctx, incident, key, by, "calls.outcomes", map[string]int64{"people": of[incident]}, time.Now().UTC()); err != nil {
				return err
			}
		}
		return nil
	})
}

func withCalls(ctx context.Context, c config.Config, run func(*store.Store) error) error {
	if c.Store.DatabaseURL == "" {
		return noDatabase()
	}
	s, err := store.Open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer s.Close()
	return run(s)
}
