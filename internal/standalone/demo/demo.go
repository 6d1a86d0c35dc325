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
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// The two demo identities.
var (
	Author   = breach.Actor{ID: "mei.chen", Name: "Mei Chen", Role: breach.RoleResponder}
	Approver = breach.Actor{ID: "wei.lin", Name: "Wei Lin", Role: breach.RoleLead}
	Detector = breach.Actor{ID: "dlp.gateway", Name: "Leak detector", Role: breach.RoleDetector}
)

// Desk is what the two people use, the same as API and console.
type Desk interface {
	Open(ctx context.Context, file breach.IncidentFile, by breach.Actor) (breach.Opened, error)
	LoadList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading) (any, breach.LoadReport, error)
	Submit(ctx context.Context, incident string, wave int, by breach.Actor) (breach.Submitted, error)
	WaiveContents(ctx context.Context, incident string, wave int, gaps []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error)
	Approve(ctx context.Context, incident string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error)
	Acknowledge(ctx context.Context, incident, obligation, number string, by breach.Actor) (breach.Filing, error)
	FileAgain(ctx context.Context, incident, obligation string, by breach.Actor) error
	Close(ctx context.Context, incident string, by breach.Actor) error
	CloseLeaving(ctx context.Context, incident, reason string, by breach.Actor) error

	Overview(ctx context.Context, incident string) (breach.Overview, error)
	Timeline(ctx context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error)
	Status(ctx context.Context, incident string) (protocol.Status, error)
	Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, []breach.Text, error)
	Invariant(ctx context.Context, incident string) (breach.Invariant, error)
}

// Story is one demo run.
type Story struct {
	Desk   Desk
	Mail   *Mailbox
	File   breach.IncidentFile
	People string // path of the list
	Screen *Screen
	// Recall and Remember keep the incident's id across restarts.
	Recall   func() string
	Remember func(incident string) error
	Now      func() time.Time
	// Patience is how long nothing may move before the story is given up; 0 waits for ever.
	Patience time.Duration
	// Opening is how long opening took, from the call to a running clock; 0 when it was opened before.
	Opening time.Duration

	seen    int64             // of the record
	trouble map[string]string // why somebody must mend something, by list or obligation
	told    map[string]bool   // what is said once, by key
	resumed bool              // the incident was opened by an earlier run
	retried map[string]bool   // what was begun again after it had failed in an earlier run
	moved   time.Time         // when anything was last different
	last    string
}

const (
	tick = 250 * time.Millisecond
	// glance bounds one look at the incident and what follows from it, but for reading a list.
	glance = time.Minute
	// mailPatience is how long the story waits for an authority's answer by mail before it closes without.
	mailPatience = 20 * time.Second
)

// Run carries the incident to its end and returns how it stands then. With a *Stuck error the overview is as
// far as it got.
func (s *Story) Run(ctx context.Context) (breach.Overview, error) {
	s.trouble, s.told, s.retried, s.moved = map[string]string{}, map[string]bool{}, map[string]bool{}, s.Now()
	id, err := s.open(ctx)
	if err != nil {
		return breach.Overview{}, err
	}
	next := time.NewTicker(tick)
	defer next.Stop()
	v := breach.Overview{Incident: breach.Incident{ID: id}}
	for {
		now, err := s.look(ctx, id)
		if now.Incident.ID != "" {
			v = now
		}
		if err != nil {
			return v, err
		}
		if v.Incident.State == breach.IncidentClosed && v.Evidence != nil {
			return v, nil
		}
		if err := s.act(ctx, v); err != nil {
			return v, err
		}
		if err := s.still(v); err != nil {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-next.C:
		}
	}
}

// look reads where the incident stands and shows it.
func (s *Story) look(ctx context.Context, id string) (breach.Overview, error) {
	short, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	v, err := s.Desk.Overview(short, id)
	if err != nil {
		return breach.Overview{}, late(ctx, short, err)
	}
	entries, err := s.Desk.Timeline(short, id, s.seen, 200)
	if err != nil {
		return v, late(ctx, short, err)
	}
	for _, e := range entries {
		s.seen = e.Seq
		s.learn(e)
	}
	s.Screen.Show(v, entries)
	return v, nil
}

// late says what a look that took too long means; the words of a deadline help nobody.
func late(ctx, short context.Context, err error) error {
	if short.Err() != nil && ctx.Err() == nil {
		return breach.Errorf(breach.ErrUnavailable, "the ledger did not answer within %s", glance)
	}
	return err
}

// still gives the story up when nothing has moved for too long.
func (s *Story) still(v breach.Overview) error {
	now := fmt.Sprint(v.Revision, v.Incident.State, v.People, v.Channels, len(v.Filings), v.Awaited)
	if now != s.last {
		s.last, s.moved = now, s.Now()
	}
	if s.Patience <= 0 || s.Now().Sub(s.moved) < s.Patience {
		return nil
	}
	why := "nothing has moved for " + s.Patience.Round(time.Second).String() + " while the incident is " + strings.ToLower(word(breach.IncidentMachine, string(v.Incident.State)))
	if reports := unfiled(v); len(reports) > 0 {
		why += "; no authority has taken " + strings.Join(reports, ", ") + " yet, and it is tried again and again"
	}
	switch {
	case v.Paused:
		why += "; sending is paused: tocsin send resume " + v.Incident.ID
	case !v.EngineAnswers:
		why += "; the workflow engine does not answer, its log is in the data directory"
	}
	return &Stuck{Mend: true, Problems: []string{why}}
}

func (s *Story) open(ctx context.Context) (string, error) {
	if id := s.Recall(); id != "" {
		switch _, err := s.Desk.Overview(ctx, id); {
		case err == nil:
			s.Screen.Say("Going on with incident " + id + ", whose story is not over; another --data-dir begins a new one")
			s.Screen.Say("On record so far:")
			s.resumed = true
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

// act does what the incident waits for, as the person whose turn it is. What has to be mended ends the story
// only once nothing else is under way: other people are told, other reports filed.
func (s *Story) act(ctx context.Context, v breach.Overview) error {
	var mend []breach.Awaited
	waiting := false
	for _, a := range v.Awaited {
		switch a.What {
		case "mend":
			mend = append(mend, a)
			if again, err := s.again(ctx, v, a.Ref); again || err != nil {
				return err
			}
			if a.Ref == factsRef && !s.underway(ctx, v, mend) {
				return s.stuck(v, mend)
			}
		case "load_people":
			if v.Total > 0 { // loaded, and the process ended before the story was told
				return s.submit(ctx, v.Incident.ID, 0)
			}
			return s.load(ctx, v.Incident.ID)
		case "submit", "submit_reports":
			return s.submit(ctx, v.Incident.ID, 0)
		case "approve":
			s.Screen.Say(Approver.Name + " reads the plan and approves exactly this: " + short(a.Ref))
			_, err := s.Desk.Approve(ctx, v.Incident.ID, breach.Consent{PlanHash: a.Ref, Unreviewed: true}, Approver)
			return ignoreBusy(err)
		case "acknowledge":
			later, err := s.acknowledge(ctx, v, a.Ref)
			if err != nil {
				return err
			}
			waiting = waiting || later
		case "close":
			if waiting || len(mend) > 0 {
				continue
			}
			if s.underway(ctx, v, nil) {
				s.once("filing", "Everybody was told; closing waits until the reports are filed")
				continue
			}
			return s.close(ctx, v)
		}
	}
	if len(mend) > 0 && !waiting && !s.underway(ctx, v, mend) {
		return s.stuck(v, mend)
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
	summary, report, err := s.Desk.LoadList(ctx, id, Author, s.Screen.Progress(f, info.Size()), breach.Reading{})
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

// submit puts the plan of a list up for approval; list 0 is the newest.
func (s *Story) submit(ctx context.Context, id string, list int) error {
	s.Screen.Say(Author.Name + " submits the plan")
	out, err := s.Desk.Submit(ctx, id, list, Author)
	if err != nil {
		return ignoreBusy(err)
	}
	if len(out.Problems) > 0 {
		return &Stuck{Problems: out.Problems}
	}
	if len(out.Gaps) > 0 {
		return s.waive(ctx, id, list, out.Gaps)
	}
	return nil
}

// waive lets go what regimes ask of the texts and the incident file does not say, by name and in sight: the approver
// of the demo sees it in the plan, as a real one would.
func (s *Story) waive(ctx context.Context, id string, list int, gaps []breach.ContentGap) error {
	names := make([]breach.Waiver, len(gaps))
	for i, g := range gaps {
		names[i] = breach.Waiver{Obligation: g.Obligation, Field: g.Field}
	}
	s.Screen.Say(fmt.Sprintf("The plan lacks %d things that regimes ask for; %s lets them go by name, with a reason:", len(gaps), Author.Name))
	for _, g := range gaps {
		s.Screen.Say("  " + g.Place() + ": " + g.Says + " (" + g.Citation + ")")
	}
	if _, err := s.Desk.WaiveContents(ctx, id, list, names, "The incident file of this demo does not say it; a real one must.", Author); err != nil {
		return ignoreBusy(err)
	}
	out, err := s.Desk.Submit(ctx, id, list, Author)
	if err == nil && len(out.Problems)+len(out.Gaps) > 0 {
		return &Stuck{Problems: append(out.Problems, "the texts still lack what their regimes ask for: tocsin plan check")}
	}
	return ignoreBusy(err)
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
	s.once("close", Approver.Name+" closes the incident: everybody is accounted for")
	left := leftBehind(v)
	if left.None() {
		return ignoreBusy(s.Desk.Close(ctx, v.Incident.ID, Approver))
	}
	s.once("left", "  What the demo does not do is left by name, with a reason on record:")
	for _, id := range slices.Concat(left.Undone, left.Untold) {
		s.once("left "+id, "  "+id)
	}
	return ignoreBusy(s.Desk.CloseLeaving(ctx, v.Incident.ID, "The demo ends here; a real case does these first, or says of each why not.", Approver))
}

// leftBehind are the duties that nothing in the demo carries out: follow-up reports, and what is done by hand.
func leftBehind(v breach.Overview) (left breach.Left) {
	for _, d := range v.Duties {
		filed := slices.ContainsFunc(v.Filings, func(f breach.Filing) bool { return f.Obligation == d.ID })
		shown := d.Duty == "public_notice" && v.Announcement != nil
		if d.OwedAtEnd() && !filed && !shown && d.Duty != "notify_individuals" {
			left.Add(d.Obligation)
		}
	}
	return left
}

// once says something the first time only.
func (s *Story) once(key, text string) {
	if !s.told[key] {
		s.told[key] = true
		s.Screen.Say(text)
	}
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
