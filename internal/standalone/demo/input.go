package demo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/intake"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// Given names the files of a demo; empty ones are the shipped example.
type Given struct {
	Incident, People string
	Policy           string // name or file; empty is as the incident file says, else mooc
}

// Input is what a demo works on. Close removes what was written for it.
type Input struct {
	File    breach.IncidentFile
	Profile *policy.Profile // nil: a shipped one
	People  string          // path of the list
	Notes   []string        // for the person who watches
	Close   func()

	policy []byte // the file of Profile
}

// Read reads and judges all input before anything is started, so that a file which cannot be used changes
// nothing and costs no wait. Its errors are of the catalogue and hold nothing of the files.
func (g Given) Read(ctx context.Context, now time.Time) (in Input, err error) {
	in.Close = func() {}
	if g.Incident == "" {
		in.File, err = Example(now)
	} else {
		in.File, in.Notes, err = incidentFile(g.Incident)
	}
	if err != nil {
		return in, err
	}
	p, err := g.profile(&in)
	if err != nil {
		return in, err
	}
	if g.People == "" {
		in.People, in.Close, err = ExamplePeople()
		return in, err
	}
	in.People = g.People
	return in, checkList(ctx, g.People, recipients.Options{On: now, ChildAge: p.Minors.Age})
}

// incidentFile reads an incident file of ours, or one in VERIS.
func incidentFile(path string) (breach.IncidentFile, []string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return breach.IncidentFile{}, nil, unreadable("incident file", err)
	}
	file, err := breach.ParseIncident(raw)
	if err == nil {
		return file, nil, nil
	}
	veris, notes, notVERIS := intake.FromVERIS(raw)
	if notVERIS != nil {
		return file, nil, err
	}
	return veris, append([]string{"The incident file is in VERIS: it opens as a draft, and people have to complete it"}, indented(notes)...), nil
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "  " + l
	}
	return out
}

// profile finds the policy: by name, or in a file.
func (g Given) profile(in *Input) (policy.Profile, error) {
	if g.Policy != "" {
		in.File.Policy = g.Policy
	}
	if in.File.Policy == "" {
		in.File.Policy = "mooc"
	}
	if !strings.ContainsAny(in.File.Policy, "./\\") {
		return policy.Builtin(in.File.Policy)
	}
	raw, err := os.ReadFile(in.File.Policy)
	if err != nil {
		e := unreadable("policy file", err)
		e.Code = breach.ErrUnknownPolicy
		return policy.Profile{}, e
	}
	p, err := policy.ParseProfile(raw, app.Kinds())
	if err != nil {
		return p, err
	}
	in.File.Policy, in.Profile, in.policy = p.Name, &p, raw
	return p, nil
}

// checkList reads a list to its end and keeps nothing.
func checkList(ctx context.Context, path string, o recipients.Options) error {
	f, err := os.Open(path)
	if err != nil {
		return unreadable("list of people", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return breach.Errorf(breach.ErrInvalid, "the list of people is not a file")
	}
	sum, err := recipients.Read(ctx, f, o, func(recipients.Row) error { return nil })
	if err != nil {
		return err
	}
	if sum.Accepted+sum.Repaired+sum.Flagged == 0 {
		return breach.Errorf(breach.ErrInvalid, "the list of people holds nobody who can be told: %d rows, none of them usable; tocsin recipients check says what is wrong with each", sum.Rows)
	}
	return nil
}

// unreadable says why a file cannot be read, without the path: whoever typed it knows it.
func unreadable(what string, err error) *breach.Error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return breach.Errorf(breach.ErrInvalid, "the %s is not there; check the path", what)
	case errors.Is(err, fs.ErrPermission):
		return breach.Errorf(breach.ErrInvalid, "the %s may not be read by this user", what)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return breach.Errorf(breach.ErrInvalid, "the %s cannot be read: %w", what, err)
}
