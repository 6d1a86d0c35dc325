package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/engine"
	"github.com/tocsin-engine/tocsin/internal/recipients"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Desk is what people and machines ask through API and console.
type Desk struct {
	*engine.Engine
	Store *store.Store
	Packs *Packs
	// Checker looks at a plan before it is submitted.
	Checker Checker
	// Profiles explain why people are not reached.
	Profiles Profiles
	// Words compose previews.
	Words Wording
	// Paper writes letters as they are printed into a PDF file.
	Paper Paper
	// Ways and Testers are through whom tests leave, and to whom they may go.
	Ways    Ways
	Testers breach.Testers
	Notices func(reference string) string // address of a published page
	Now     func() time.Time

	testing sync.Mutex // a test is counted and written down in one step

	heard  engine.Told
	counts counting[counts]
	walks  counting[walked]
}

// Incidents lists all cases, the newest first.
func (d *Desk) Incidents(ctx context.Context) ([]breach.Incident, error) {
	return d.Store.Incidents(ctx)
}

// Authenticate finds the actor behind a token.
func (d *Desk) Authenticate(ctx context.Context, token string) (breach.Actor, error) {
	return d.Store.Authenticate(ctx, token)
}

// Timeline lists the audit chain.
func (d *Desk) Timeline(ctx context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error) {
	return d.Store.Timeline(ctx, incident, after, limit)
}

// Plan returns the newest plan of a wave (0 is the newest wave that has one) with its texts.
func (d *Desk) Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, []breach.Text, error) {
	rec, err := d.plan(ctx, incident, wave)
	if err != nil {
		return rec, nil, err
	}
	texts, err := d.textsOf(ctx, incident, rec)
	return rec, texts, err
}

func (d *Desk) textsOf(ctx context.Context, incident string, rec breach.PlanRecord) (texts []breach.Text, err error) {
	for _, refs := range [][]breach.NoticeRef{rec.Plan.Notices, rec.Plan.Announcement, rec.Plan.Reports} {
		for _, ref := range refs {
			t, err := d.Store.Text(ctx, incident, ref.SHA256)
			if err != nil {
				return nil, err
			}
			t.Ref.Reviewed = ref.Reviewed
			texts = append(texts, t)
		}
	}
	return texts, nil
}

func (d *Desk) plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, error) {
	if wave > 0 {
		return d.Store.Plan(ctx, incident, wave)
	}
	waves, err := d.Store.WaveNumbers(ctx, incident)
	if err != nil {
		return breach.PlanRecord{}, err
	}
	for i := len(waves) - 1; i >= 0; i-- {
		rec, err := d.Store.Plan(ctx, incident, waves[i])
		if breach.CodeOf(err) != breach.ErrNotFound {
			return rec, err
		}
	}
	if _, err := d.Store.Incident(ctx, incident); err != nil {
		return breach.PlanRecord{}, err
	}
	return breach.PlanRecord{}, breach.Errorf(breach.ErrNotFound, "no plan has been submitted yet")
}

// LoadList reads, judges and stores a list of people as a new wave. Nothing is stored when it cannot be
// read to its end.
func (d *Desk) LoadList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading) (any, breach.LoadReport, error) {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return nil, breach.LoadReport{}, err
	}
	age, err := d.Policies.ChildAge(inc.Policy)
	if err != nil {
		return nil, breach.LoadReport{}, err
	}
	earlier, err := d.Store.LastProfile(ctx, incident)
	if err != nil {
		return nil, breach.LoadReport{}, err
	}
	var summary recipients.Summary
	source := &breach.Source{}
	sum := &hashing{r: list, h: sha256.New()}
	people := func(yield func(breach.Person, error) bool) {
		var err error
		summary, err = recipients.Read(ctx, sum, recipients.OptionsFor(how, inc.AgesOn(), age),
			func(row recipients.Row) error {
				source.Fixes = source.Fixes || recipients.IsErrorFile(row.Header)
				if row.Verdict.Kept() && !yield(row.Person, nil) {
					return errEnough
				}
				return nil
			})
		summary.Doubts = append(summary.Doubts, summary.Profile.Changes(earlier)...)
		*source = breach.Source{Format: summary.File.Format, Encoding: summary.File.Encoding, SHA256: hex.EncodeToString(sum.h.Sum(nil)), Rows: summary.Rows,
			Fixes: source.Fixes, Doubts: summary.Doubts, Profile: summary.Profile}
		if err == nil {
			err = breach.RefuseList(summary.Doubts)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(breach.Person{}, err)
		}
	}
	report, err := d.LoadPeople(ctx, incident, by, source, people)
	return summary, report, err
}

var errEnough = errors.New("the ledger wants no more people")

// hashing hashes what is read through it.
type hashing struct {
	r io.Reader
	h hash.Hash
}

func (x *hashing) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	x.h.Write(p[:n])
	return n, err
}

// FindPerson answers "did you tell this person?" with masked contacts; every look is on record.
func (d *Desk) FindPerson(ctx context.Context, incident string, by breach.Actor, q breach.PersonQuery, reason string) (breach.PersonView, error) {
	f, err := d.Store.FindPerson(ctx, incident, store.PersonQuery{Email: q.Email, Phone: q.Phone, ExternalID: q.ExternalID}, by, reason, d.Now().UTC())
	if err != nil {
		return breach.PersonView{}, err
	}
	p := f.Subject.Person
	v := breach.PersonView{Reference: f.Subject.Ref, Wave: f.Wave, Locale: p.Locale, Country: p.Country, Outcome: f.Subject.Outcome, Reason: f.Subject.Reason, Masked: maskAll(p)}
	for _, h := range f.History {
		what := h.State
		if h.Channel != "" {
			what = string(h.Channel) + " " + h.State
		}
		v.History = append(v.History, breach.PersonMoment{At: h.At, What: what, Why: h.Reason})
	}
	return v, nil
}

// DecideAbout sets everybody of one outcome exempt or withdrawn, with the reason that a lead writes: people
// whom no channel and no announcement covers, or who were not told because sending was stopped. It is refused
// while people are being told. Doing it again finds nobody left and changes nothing.
func (d *Desk) DecideAbout(ctx context.Context, incident string, from, to breach.Outcome, reason string, by breach.Actor) (int64, error) {
	if by.Role != breach.RoleLead {
		return 0, breach.Errorf(breach.ErrForbidden, "only a lead decides about people who are not covered")
	}
	if err := decidable(from, to, reason); err != nil {
		return 0, err
	}
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return 0, err
	}
	_, stopped, err := d.Store.Gate(ctx, incident)
	if err != nil {
		return 0, err
	}
	if inc.State == breach.IncidentNotifying && !stopped {
		return 0, breach.Errorf(breach.ErrConflict, "people are being told; wait until that is done, or stop sending first")
	}
	blocks, err := d.Store.Blocks(ctx, incident, 0)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, b := range blocks {
		subjects, err := d.Store.Subjects(ctx, incident, b)
		if err != nil {
			return n, err
		}
		var events []breach.PersonEvent
		for _, s := range subjects {
			if s.Outcome == from {
				events = append(events, breach.PersonEvent{Person: s.ID, Outcome: to, Reason: "decided_by_a_lead", By: by.ID, At: d.Now().UTC()})
			}
		}
		if err := d.Store.SetOutcomes(ctx, incident, events); err != nil {
			return n, err
		}
		n += int64(len(events))
	}
	err = d.Store.Note(ctx, incident, "", by.ID, "people.decided", map[string]any{"from": from, "to": to, "people": n, "reason": reason}, d.Now().UTC())
	return n, err
}

func decidable(from, to breach.Outcome, reason string) error {
	var wrong []breach.FieldError
	if from != breach.Pending && from != breach.Unreachable && from != breach.Held {
		wrong = append(wrong, breach.FieldError{Where: "people", What: "is pending, unreachable or held"})
	}
	if to != breach.Exempt && to != breach.Withdrawn {
		wrong = append(wrong, breach.FieldError{Where: "outcome", What: "is exempt or withdrawn"})
	}
	if n := len(strings.TrimSpace(reason)); n < 10 || n > 2000 {
		wrong = append(wrong, breach.FieldError{Where: "reason", What: "says why, in 10 to 2,000 characters; name no person"})
	}
	if len(wrong) > 0 {
		return breach.Errorf(breach.ErrInvalid, "the decision cannot be recorded as it is").With(wrong...)
	}
	return nil
}

// Invariant recounts people from the rows and compares.
func (d *Desk) Invariant(ctx context.Context, incident string) (breach.Invariant, error) {
	i, err := d.Store.CheckInvariant(ctx, incident)
	return breach.Invariant{People: i.People, Tally: i.Tally, Recount: i.Recount, Equal: i.Equal}, err
}

// SealEvidence writes the evidence pack of an incident as it stands now; that is an event on its record.
func (d *Desk) SealEvidence(ctx context.Context, incident string, by breach.Actor) (breach.Sealed, error) {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return breach.Sealed{}, breach.Errorf(breach.ErrForbidden, "the role %q does not export evidence", by.Role)
	}
	if _, err := d.Store.Incident(ctx, incident); err != nil {
		return breach.Sealed{}, err
	}
	w, commit, err := d.Packs.Create(incident)
	if err != nil {
		return breach.Sealed{}, err
	}
	if err := d.Store.Export(ctx, incident, w); err != nil {
		return breach.Sealed{}, err
	}
	path, manifest, err := commit()
	if err != nil {
		return breach.Sealed{}, err
	}
	now := d.Now().UTC()
	err = d.Store.Note(ctx, incident, "evidence/"+manifest+"/"+by.ID, by.ID, "evidence.exported", map[string]string{"file": filepath.Base(path), "manifest": manifest}, now)
	return breach.Sealed{File: filepath.Base(path), SHA256: manifest, At: now}, err
}

// EvidenceFile opens the newest evidence pack; breach.ErrNotFound before the first.
func (d *Desk) EvidenceFile(ctx context.Context, incident string, by breach.Actor) (string, io.ReadSeekCloser, error) {
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return "", nil, breach.Errorf(breach.ErrForbidden, "the role %q does not export evidence", by.Role)
	}
	path, ok := d.Packs.Newest(incident)
	if !ok {
		return "", nil, breach.Errorf(breach.ErrNotFound, "no evidence pack is sealed yet")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil, breach.Errorf(breach.ErrInternal, "the evidence pack cannot be opened: %w", err)
	}
	err = d.Store.Note(ctx, incident, "evidence/downloaded/"+d.Now().UTC().Format(time.RFC3339Nano), by.ID, "evidence.downloaded", map[string]string{"file": filepath.Base(path)}, d.Now().UTC())
	return filepath.Base(path), f, err
}
