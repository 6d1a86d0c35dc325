package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/examples"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Example is the shipped incident, moved in time so that its detection was a moment ago.
func Example(now time.Time) (breach.IncidentFile, error) {
	file, err := breach.ParseIncident(examples.Incident)
	if err != nil {
		return file, err
	}
	in := &file.Facts.Incident
	last := latest(in)
	if last.IsZero() {
		return file, nil
	}
	by := now.Add(-5 * time.Minute).Truncate(time.Minute).Sub(last)
	for _, t := range []**time.Time{&in.OccurredFrom, &in.OccurredTo, &in.DetectedAt, &in.AwareAt, &in.DeterminedAt, &in.AssessedAt, &in.ClassifiedAt, &in.MaterialAt, &in.HandledAt} {
		if *t != nil {
			moved := (*t).Add(by)
			*t = &moved
		}
	}
	return file, nil
}

func latest(in *breach.IncidentFacts) time.Time {
	var last time.Time
	for _, t := range []*time.Time{in.DetectedAt, in.AwareAt} {
		if t != nil && t.After(last) {
			last = *t
		}
	}
	return last
}

// ExamplePeople writes the shipped list to a file of its own; cleanup removes it.
func ExamplePeople() (path string, cleanup func(), err error) {
	f, err := os.CreateTemp("", "tocsin-people-*.csv")
	if err != nil {
		return "", nil, breach.Errorf(breach.ErrInternal, "the shipped list cannot be written: %w", err)
	}
	cleanup = func() { _ = os.Remove(f.Name()) }
	if _, err = f.Write(examples.People); err == nil {
		err = f.Close()
	}
	if err != nil {
		cleanup()
		return "", nil, breach.Errorf(breach.ErrInternal, "the shipped list cannot be written: %w", err)
	}
	return f.Name(), cleanup, nil
}

// Memory is a file that remembers the incident while its story runs, across restarts.
type Memory string

// Recall returns the remembered incident, or nothing.
func (m Memory) Recall() string {
	b, err := os.ReadFile(string(m))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Remember keeps the incident.
func (m Memory) Remember(incident string) error {
	// In one step: half a name would be another incident.
	if err := os.WriteFile(string(m)+".new", []byte(incident+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(string(m)+".new", string(m))
}

// Forget is for the end of the story: the next demo begins a new one.
func (m Memory) Forget() error {
	if err := os.Remove(string(m)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Identities are the tokens of the demo people, kept beside the keys.
type Identities struct {
	Author   string `json:"author"`
	Approver string `json:"approver"`
	Detector string `json:"detector"`
}

// Tokens makes the demo identities known to the ledger, once per data directory.
func Tokens(ctx context.Context, s *store.Store, dir string) (Identities, error) {
	var ids Identities
	path := filepath.Join(dir, "demo-tokens.json")
	b, err := os.ReadFile(path)
	if err != nil {
		ids = Identities{Author: token(), Approver: token(), Detector: token()}
		if b, err = json.MarshalIndent(ids, "", "  "); err != nil {
			return ids, err
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
			return ids, err
		}
	} else if err := json.Unmarshal(b, &ids); err != nil {
		return ids, breach.Errorf(breach.ErrInvalid, "the file demo-tokens.json in the key directory cannot be read; remove it to have new tokens made")
	}
	for _, who := range []struct {
		token string
		actor breach.Actor
	}{{ids.Author, Author}, {ids.Approver, Approver}, {ids.Detector, Detector}} {
		if err := s.PutToken(ctx, who.token, who.actor); err != nil {
			return ids, err
		}
	}
	return ids, nil
}

// Link is where the approver looks at the incident. The token stands behind the fragment sign, which a
// browser does not send to any server and which no log sees.
func (i Identities) Link(base, incident string) string {
	return base + "/console/incidents/" + incident + "#token=" + i.Approver
}

func token() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails on the systems that Go supports
	return "demo-" + hex.EncodeToString(b[:])
}
