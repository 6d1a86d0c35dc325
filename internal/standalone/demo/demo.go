// Package demo carries one incident through its whole story while a person watches. It acts as two people,
// an author and an approver, through the same desk that the API uses, and decides by where the incident
// stands: started again after a crash, it goes on.
//
// It is part of the composition: it sees both sides.
package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// The two demo identities.
var (
	Author   = breach.Actor{ID: "mei.chen", Name: "Mei Chen", Role: breach.RoleResponder}
	Approver = breach.Actor{ID: "wei.lin", Name: "Wei Lin", Role: breach.RoleLead}
	Detector = breach.Actor{ID: "dlp.gateway", Name: "Leak detector", Role: breach.RoleDetector}
)

// Story is one demo run.
type Story struct {
	Desk   *app.Desk
	File   breach.IncidentFile
	People string // path of the list
	Screen *Screen
	// Recall and Remember keep the incident's id across restarts.
	Recall   func() string
	Remember func(incident string) error
	Now      func() time.Time
	// Opening is how long opening took, from the call to a running clock; 0 when it was opened before.
	Opening time.Duration
}

// Stuck says that the incident cannot go on without a person; Problems is what they must do.
type Stuck struct{ Problems []string }

func (s *Stuck) Error() string {
	text := "the incident cannot go on by itself"
	for _, p := range s.Problems {
		text += "\n  - " + p
	}
	return text
}

// Run carries the incident to its end and returns its id and how it stands then. With a *Stuck error the
// overview is as far as it got.
func (s *Story) Run(ctx context.Context) (breach.Overview, error) {
	id, err := s.open(ctx)
	if err != nil {
		return breach.Overview{}, err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	var seen int64
	for {
		v, err := s.Desk.Overview(ctx, id)
		if err != nil {
			return v, err
		}
		entries, err := s.Desk.Timeline(ctx, id, seen, 200)
		if err != nil {
			return v, err
		}
		for _, e := range entries {
			seen = e.Seq
		}
		s.Screen.Show(v, entries)
		if v.Incident.State == breach.IncidentClosed && v.Evidence != nil {
			return v, nil
		}
		if err := s.act(ctx, v); err != nil {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Story) open(ctx context.Context) (string, error) {
	if id := s.Recall(); id != "" {
		switch _, err := s.Desk.Store.Incident(ctx, id); {
		case err == nil:
			s.Screen.Say("Going on with incident " + id + ", whose story is not over; another --data-dir begins a new one")
			return id, nil
		case breach.CodeOf(err) != breach.ErrNotFound: // not there: the ledger was replaced by an empty one
			return "", err
		}
	}
	s.Screen.Say(Author.Name + " opens the incident")
	begin := s.Now()
	out, err := s.Desk.Open(ctx, s.File, Author)
	s.Opening = s.Now().Sub(begin)
	if err != nil {
		return "", err
	}
	for _, m := range out.Missing {
		s.Screen.Say("  still missing, blocks approval: " + m)
	}
	return out.Incident, s.Remember(out.Incident)
}

// act does the one thing that the incident waits for, as the person whose turn it is.
func (s *Story) act(ctx context.Context, v breach.Overview) error {
	for _, a := range v.Awaited {
		switch a.What {
		case "load_people":
			if v.Total > 0 { // loaded, and the process ended before the story was told
				return s.submit(ctx, v.Incident.ID)
			}
			return s.load(ctx, v.Incident.ID)
		case "submit":
			return s.submit(ctx, v.Incident.ID)
		case "approve":
			s.Screen.Say(Approver.Name + " reads the plan and approves exactly this: " + short(a.Ref))
			_, err := s.Desk.Approve(ctx, v.Incident.ID, a.Ref, Approver)
			return ignoreBusy(err)
		case "mend":
			return &Stuck{Problems: []string{"sending stopped by an error; the timeline has the reason"}}
		case "close":
			return s.close(ctx, v)
		}
	}
	return nil
}

func (s *Story) load(ctx context.Context, id string) error {
	f, err := os.Open(s.People)
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the list of people cannot be opened: check the path")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the list of people cannot be read")
	}
	s.Screen.Say(Author.Name + " loads the list of affected people")
	summary, report, err := s.Desk.LoadList(ctx, id, Author, s.Screen.Progress(f, info.Size()), "", nil)
	s.Screen.Done()
	if err != nil {
		return err
	}
	s.Screen.Say(fmt.Sprintf("  %d people loaded, %d rows were somebody already listed", report.Added, report.Duplicates))
	s.Screen.List(summary)
	if report.Added == 0 {
		return &Stuck{Problems: []string{"the list holds nobody who can be told: see what was said of its rows"}}
	}
	return nil
}

func (s *Story) submit(ctx context.Context, id string) error {
	s.Screen.Say(Author.Name + " submits the plan")
	out, err := s.Desk.Submit(ctx, id, 0, Author)
	if err != nil {
		return ignoreBusy(err)
	}
	if len(out.Problems) > 0 {
		return &Stuck{Problems: out.Problems}
	}
	return nil
}

func (s *Story) close(ctx context.Context, v breach.Overview) error {
	// The overview was read piece by piece: people may have been covered since it counted them.
	now, err := s.Desk.Invariant(ctx, v.Incident.ID)
	if err != nil {
		return err
	}
	if open := now.Tally[breach.Pending] + now.Tally[breach.Unreachable] + now.Tally[breach.Held]; open > 0 {
		return &Stuck{Problems: []string{fmt.Sprintf("%d people are not accounted for; a person has to decide about them", open)}}
	}
	s.Screen.Say(Approver.Name + " closes the incident: everybody is accounted for")
	return ignoreBusy(s.Desk.Close(ctx, v.Incident.ID, Approver))
}

// ignoreBusy lets the next look at the incident decide when an answer did not come in time or another step
// was quicker.
func ignoreBusy(err error) error {
	switch breach.CodeOf(err) {
	case breach.ErrUnavailable, breach.ErrConflict, breach.ErrAlreadyDecided:
		return nil
	}
	return err
}

// progressReader counts what is read.
type progressReader struct {
	io.Reader
	saw func(n int)
}

func (p progressReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.saw(n)
	return n, err
}

func short(hash string) string { return hash[:min(12, len(hash))] }
