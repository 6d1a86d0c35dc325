package letter

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Desk keeps batches. A batch stays open, with its id and its letters, until it is closed.
type Desk interface {
	LockLetters(ctx context.Context) (unlock func(), ok bool, err error)
	OpenLetterBatch(ctx context.Context, most int, at time.Time) (*breach.PostBatch, error)
	// RejectLetters takes letters out of an open batch that cannot be printed, for good.
	RejectLetters(ctx context.Context, unset []breach.UnsetLetter, reason string, at time.Time) error
	PublishLetterBatch(ctx context.Context, id, checksum string) error
	CloseLetterBatch(ctx context.Context, id string, at time.Time) error
}

// Handed is one batch that the printer got.
type Handed struct {
	Batch    string `json:"batch"`
	Letters  int    `json:"letters"`
	Pages    int    `json:"pages,omitempty"` // 0 when an interrupted run had made it
	Checksum string `json:"checksum"`        // SHA-256 of its file SHA256SUMS
	Resumed  bool   `json:"resumed,omitempty"`
}

// HandOver takes one batch of letters that wait to the printer, or ends what an interrupted run began; nil when no
// letter waits. However often it is interrupted, the printer gets each batch once: before the printer may see a
// batch, the ledger knows that all of it lies at the door, and then nothing of it is ever made or brought again.
func (s *Sender) HandOver(ctx context.Context, d Desk) (*Handed, error) {
	unlock, ok, err := d.LockLetters(ctx)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, breach.Errorf(breach.ErrConflict, "another process is handing letters over; run the command again when it has ended")
	}
	defer unlock()
	if err := s.clear(); err != nil {
		return nil, err
	}
	for {
		b, err := d.OpenLetterBatch(ctx, s.cfg.Batch, s.now().UTC())
		if err != nil || b == nil {
			return nil, err
		}
		out, err := s.handOver(ctx, d, b)
		if err != nil || out != nil {
			return out, err
		}
	}
}

// handOver takes a batch to the printer; nil when none of its letters can be printed.
func (s *Sender) handOver(ctx context.Context, d Desk, b *breach.PostBatch) (*Handed, error) {
	door, err := s.door(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = door.close() }()
	out := &Handed{Batch: b.ID, Letters: len(b.Items), Checksum: b.Checksum, Resumed: b.Checksum != ""}
	if b.Checksum == "" {
		m, err := s.carry(ctx, d, door, b)
		if err != nil || m.Letters == 0 {
			return nil, err
		}
		out.Letters, out.Pages, out.Checksum = m.Letters, m.Pages, m.Checksum
		if err := d.PublishLetterBatch(ctx, b.ID, m.Checksum); err != nil {
			return nil, err
		}
	}
	if err := admit(door, b.ID, out.Checksum); err != nil {
		return nil, err
	}
	return out, d.CloseLetterBatch(ctx, b.ID, s.now().UTC())
}

func (s *Sender) door(ctx context.Context) (place, error) {
	if s.cfg.SFTP == "" {
		return openFolder(s.cfg.Dir)
	}
	to, err := s.cfg.server()
	if err != nil {
		return nil, breach.Errorf(breach.ErrInvalid, "letters.sftp: %w", err)
	}
	return dial(ctx, to)
}

const workPrefix = "letters-"

// clear removes what a run left behind that was killed while it made a batch: it is personal. Whoever calls it is the only
// one who makes batches now.
func (s *Sender) clear() error {
	if s.cfg.Work == "" {
		return nil // the machine's own directory for such things has others' in it
	}
	left, err := filepath.Glob(filepath.Join(s.cfg.Work, workPrefix+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return breach.Errorf(breach.ErrUnavailable, "what an interrupted run left in the directory in which batches of letters are made cannot be removed: %w", err)
	}
	return nil
}

// carry makes the files of a batch and brings them to the door. What was made is removed again: it is personal. Letters
// that cannot be set any more, such as after a change of the paper, leave the batch.
func (s *Sender) carry(ctx context.Context, d Desk, door place, b *breach.PostBatch) (m Manifest, err error) {
	if s.cfg.Work != "" {
		if err := os.MkdirAll(s.cfg.Work, 0o700); err != nil {
			return m, breach.Errorf(breach.ErrUnavailable, "the directory in which batches of letters are made cannot be made: %w", err)
		}
	}
	dir, err := os.MkdirTemp(s.cfg.Work, workPrefix)
	if err != nil {
		return m, breach.Errorf(breach.ErrUnavailable, "there is no room in which batches of letters can be made: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	m, unset, err := s.Print(ctx, b, filepath.Clean(dir))
	if err == nil && len(unset) > 0 {
		err = d.RejectLetters(ctx, unset, delivery.ReasonBadInput, s.now().UTC())
	}
	if err != nil || m.Letters == 0 {
		return m, err
	}
	return m, bring(ctx, door, b.ID, dir)
}
