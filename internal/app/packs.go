package app

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// Packs keeps evidence packs as files of one directory. Names hold the opaque incident id and an instant.
type Packs struct {
	Dir string
	Key ed25519.PrivateKey
	Now func() time.Time
}

// Create opens a new pack; commit closes it and makes it visible under its final name.
func (p *Packs) Create(incident string) (*evidence.Writer, func() (path, manifest string, err error), error) {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, nil, breach.Errorf(breach.ErrInternal, "the evidence directory cannot be made: %w", err)
	}
	f, err := os.CreateTemp(p.Dir, ".sealing-*")
	if err != nil {
		return nil, nil, breach.Errorf(breach.ErrInternal, "the evidence pack cannot be made: %w", err)
	}
	now := p.Now().UTC()
	w, err := evidence.NewWriter(f, p.Key, evidence.Meta{Product: "tocsin", Incident: incident, CreatedAt: now})
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, nil, err
	}
	commit := func() (path, manifest string, err error) {
		defer func() {
			if err != nil {
				_ = f.Close()
				_ = os.Remove(f.Name())
			}
		}()
		if manifest, err = w.Close(); err != nil {
			return "", "", err
		}
		if err = f.Sync(); err != nil {
			return "", "", breach.Errorf(breach.ErrInternal, "the evidence pack cannot be written: %w", err)
		}
		if err = f.Close(); err != nil {
			return "", "", breach.Errorf(breach.ErrInternal, "the evidence pack cannot be written: %w", err)
		}
		path = filepath.Join(p.Dir, "evidence-"+incident+"-"+now.Format("20060102T150405.000Z")+".zip")
		if err = os.Rename(f.Name(), path); err != nil {
			return "", "", breach.Errorf(breach.ErrInternal, "the evidence pack cannot be named: %w", err)
		}
		return path, manifest, nil
	}
	return w, commit, nil
}

// Newest finds the latest pack of an incident.
func (p *Packs) Newest(incident string) (path string, ok bool) {
	if strings.ContainsAny(incident, `/\*?[`) {
		return "", false
	}
	found, err := filepath.Glob(filepath.Join(p.Dir, "evidence-"+incident+"-*.zip"))
	if err != nil || len(found) == 0 {
		return "", false
	}
	return slices.Max(found), true
}
