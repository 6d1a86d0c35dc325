// Package engine is the only door to Temporal for the API and the command line. What a person decides is
// written to the ledger first and passed on to the workflow second, so that a decision survives when no
// worker runs; what Temporal has not taken yet is passed on again by CatchUp.
//
// Imports of ours: breach, protocol.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"iter"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Ledger is what the engine needs of the store.
type Ledger interface {
	OpenIncident(ctx context.Context, id string, file breach.IncidentFile, suff breach.Sufficiency, by breach.Actor, state breach.IncidentState, at time.Time) error
	RecordDetection(ctx context.Context, d breach.Detection, newID string, suff breach.Sufficiency, at time.Time) (incident string, first bool, err error)
	Incident(ctx context.Context, incident string) (breach.Incident, error)
	Incidents(ctx context.Context) ([]breach.Incident, error)
	File(ctx context.Context, incident string, revision int) (breach.IncidentFile, int, error)
	AmendFile(ctx context.Context, incident string, file breach.IncidentFile, base int, by breach.Actor, at time.Time) (revision int, err error)
	SetState(ctx context.Context, incident string, to breach.IncidentState, by string, at time.Time) error
	Unstarted(ctx context.Context) ([]breach.Incident, error)
	MarkStarted(ctx context.Context, incident string) error
	ApprovePlan(ctx context.Context, incident string, wave int, c breach.Consent, by breach.Actor, at time.Time) (breach.PlanRecord, error)
	ReturnPlan(ctx context.Context, incident string, wave int, planHash, comment string, by breach.Actor, at time.Time) (breach.PlanRecord, error)
	PendingCommands(ctx context.Context, incident string) ([]breach.QueuedCommand, error)
	CommandTaken(ctx context.Context, id string) error
	MoveGate(ctx context.Context, incident, id string, move breach.GateMove, by breach.Actor, at time.Time) error
	LiftBrakes(ctx context.Context, incident, id string, brake int64, by breach.Actor, at time.Time) error
	PlaceHold(ctx context.Context, incident string, h breach.Hold, by breach.Actor, at time.Time) (breach.Hold, error)
	ReleaseHold(ctx context.Context, incident, hold, id, reason string, by breach.Actor, at time.Time) error
	Holds(ctx context.Context, incident string) (breach.Holds, error)
	Waits(ctx context.Context, incident string, now time.Time) (breach.Waits, error)
	Judgement(ctx context.Context, incident string) (j breach.Judgement, revision int, err error)
	ExplainDelays(ctx context.Context, incident, id string, obligations []string, reason string, by breach.Actor, at time.Time) error
	DecideAgain(ctx context.Context, incident string, d breach.Retry, measured breach.Retried, by breach.Actor, at time.Time) error
	AskAnnouncement(ctx context.Context, incident, id, why string, by breach.Actor, at time.Time) (breach.AnnounceNow, error)
	Waive(ctx context.Context, incident string, list []breach.Waiver, at time.Time) error
	OwedReports(ctx context.Context, incident string) ([]string, error)
	EmptyList(ctx context.Context, incident string, by breach.Actor, at time.Time) (wave int, err error)
	DueLists(ctx context.Context) ([]breach.DueList, error)
	WaitingLists(ctx context.Context) ([]breach.WaitingList, error)
	SettleDue(ctx context.Context, now time.Time) (int, error)
	Note(ctx context.Context, incident, key, actor, action string, data any, at time.Time) error
	LastEntryOf(ctx context.Context, incident, action string) (breach.AuditEntry, error)
	Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, error)
	WaveNumbers(ctx context.Context, incident string) ([]int, error)
	Filing(ctx context.Context, incident, obligation string) (breach.Filing, error)
	Acknowledge(ctx context.Context, f breach.Filing, by breach.Actor) error
	TellFilings(ctx context.Context, at time.Time) (int, error)
	SaveDone(ctx context.Context, incident, obligation, said string, done time.Time, by breach.Actor, at time.Time) (breach.Filing, error)
	LoadPeople(ctx context.Context, incident string, by breach.Actor, source *breach.Source, childAge int, on time.Time, people iter.Seq2[breach.Person, error], at time.Time) (breach.LoadReport, error)
}

// Policies says what a policy means for the ledger. breach.ErrUnknownPolicy.
type Policies interface {
	Sufficiency(policy string) (breach.Sufficiency, error)
	ChildAge(policy string) (int, error)
}

// Engine carries out what people and detectors ask for.
type Engine struct {
	Temporal client.Client // nil: nothing is passed on, and what needs an answer is breach.ErrUnavailable
	Ledger   Ledger
	Policies Policies
	// DefaultPolicy binds incidents that a detector opens.
	DefaultPolicy string
	Now           func() time.Time

	due     dueLists
	resting resting
}

// Patience is how long a caller waits for the workflow to take a decision that the ledger has already.
const patience = 10 * time.Second

// Open records an incident and starts its story. Where no worker or no Temporal runs, it is recorded all
// the same, its clock runs, and the story starts later.
func (e *Engine) Open(ctx context.Context, file breach.IncidentFile, by breach.Actor) (breach.Opened, error) {
	return e.open(ctx, file, by, breach.IncidentOpen)
}

// OpenDraft records an incident that nobody has confirmed; its clock runs all the same.
func (e *Engine) OpenDraft(ctx context.Context, file breach.IncidentFile, by breach.Actor) (breach.Opened, error) {
	return e.open(ctx, file, by, breach.IncidentDraft)
}

func (e *Engine) open(ctx context.Context, file breach.IncidentFile, by breach.Actor, state breach.IncidentState) (breach.Opened, error) {
	if by.Role != breach.RoleResponder && by.Role != breach.RoleLead {
		return breach.Opened{}, breach.Errorf(breach.ErrForbidden, "the role %q does not open incidents", by.Role)
	}
	if file.Facts.List != nil {
		return breach.Opened{}, breach.Errorf(breach.ErrInvalid, "the incident file says what lists hold that are not loaded yet").
			With(breach.FieldError{Where: "facts.list", What: "leave it out: it is counted when a list is loaded"})
	}
	if file.Policy == "" {
		file.Policy = e.DefaultPolicy
	}
	suff, err := e.Policies.Sufficiency(file.Policy)
	if err != nil {
		return breach.Opened{}, err
	}
	id, again := openedAs(ctx)
	at := e.Now().UTC()
	if err := e.Ledger.OpenIncident(ctx, id, file, suff, by, state, at); err != nil && (!again || breach.CodeOf(err) != breach.ErrConflict) {
		return breach.Opened{}, err
	}
	e.tryStart(ctx, id, at)
	return breach.Opened{Incident: id, Missing: file.Missing()}, nil
}

// Detect records a detection; the first of its kind opens a draft incident.
func (e *Engine) Detect(ctx context.Context, d breach.Detection) (breach.Detected, error) {
	suff, err := e.Policies.Sufficiency(e.DefaultPolicy)
	if err != nil {
		return breach.Detected{}, err
	}
	at := e.Now().UTC()
	incident, first, err := e.Ledger.RecordDetection(ctx, d, newID(), suff, at)
	if err != nil {
		return breach.Detected{}, err
	}
	if first {
		e.tryStart(ctx, incident, at)
	}
	return breach.Detected{Incident: incident, First: first}, nil
}

// tryStart starts the story, or leaves it to CatchUp: the ledger's row is the clock.
func (e *Engine) tryStart(ctx context.Context, incident string, at time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if e.start(ctx, incident, at) == nil {
		_ = e.Ledger.MarkStarted(ctx, incident) // else it is started again, which changes nothing
	}
}

func (e *Engine) start(ctx context.Context, incident string, at time.Time) error {
	if e.Temporal == nil {
		return noEngine()
	}
	_, err := e.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: protocol.IncidentID(incident), TaskQueue: protocol.QueueIncident,
	}, protocol.WorkflowIncident, protocol.IncidentInput{Incident: incident, OpenedAt: at})
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &running) {
		return nil
	}
	return err
}

// revive starts the story of an incident or, where one runs that may be about to end, has it look whether the
// incident is open again. A plain start would take the one that is ending for the one that is wanted.
func (e *Engine) revive(ctx context.Context, incident string, at time.Time) error {
	if e.Temporal == nil {
		return noEngine()
	}
	_, err := e.Temporal.SignalWithStartWorkflow(ctx, protocol.IncidentID(incident), protocol.SignalReopened, nil, client.StartWorkflowOptions{
		TaskQueue: protocol.QueueIncident,
	}, protocol.WorkflowIncident, protocol.IncidentInput{Incident: incident, OpenedAt: at})
	return err
}

// update passes a decision on and waits for the answer. The same id gives the same answer, so a request that
// is tried again after it broke down is carried out once more under another one.
func (e *Engine) update(ctx context.Context, incident, name, id string, arg, answer any) error {
	err := e.updateAs(ctx, incident, name, id, arg, answer)
	if err != nil && breach.CodeOf(err) == breach.ErrInternal && id == breach.DeedOf(ctx) {
		err = e.updateAs(ctx, incident, name, newID(), arg, answer)
	}
	return err
}

func (e *Engine) updateAs(ctx context.Context, incident, name, id string, arg, answer any) error {
	if e.Temporal == nil {
		return noEngine()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		h, err := e.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: protocol.IncidentID(incident), UpdateName: name, UpdateID: id,
			Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = h.Get(ctx, answer)
		}
		if !notListening(err) && !e.ending(ctx, incident, err) {
			return e.explain(ctx, incident, err)
		}
		select {
		case <-ctx.Done():
			return breach.Errorf(breach.ErrUnavailable, "the story of this incident is just beginning and does not listen yet")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// notListening recognises the refusal of a story that has begun a moment ago and still recalls where the
// ledger stands. The SDK gives it no type of its own.
func notListening(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && strings.HasPrefix(app.Message(), "unknown update ")
}

// ending recognises the answer of a story that is about to end, of an incident that was reopened meanwhile.
func (e *Engine) ending(ctx context.Context, incident string, err error) bool {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Message() != protocol.Closed {
		return false
	}
	inc, err := e.Ledger.Incident(ctx, incident)
	return err == nil && inc.State != breach.IncidentClosed
}

func (e *Engine) query(ctx context.Context, incident, name string, answer any) error {
	if e.Temporal == nil {
		return noEngine()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := e.Temporal.QueryWorkflow(ctx, protocol.IncidentID(incident), "", name)
	if err == nil {
		err = v.Get(answer)
	}
	return e.explain(ctx, incident, err)
}

// explain turns Temporal's errors into those of the catalogue.
func (e *Engine) explain(ctx context.Context, incident string, err error) error {
	if err == nil {
		return nil
	}
	if breach.CodeOf(err) == breach.ErrUnavailable {
		return err
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		if _, known := breach.Catalogue[breach.Code(app.Type())]; known {
			return breach.Errorf(breach.Code(app.Type()), "%s", app.Message())
		}
		return breach.Errorf(breach.ErrInternal, "the workflow could not carry it out")
	}
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		inc, lerr := e.Ledger.Incident(context.WithoutCancel(ctx), incident)
		switch {
		case lerr != nil:
			return lerr
		case inc.State == breach.IncidentClosed:
			return breach.Errorf(breach.ErrConflict, "the incident is closed; reopen it first")
		}
		return breach.Errorf(breach.ErrUnavailable, "the story of this incident has not started yet; it starts as soon as the workflow engine answers")
	}
	return breach.Errorf(breach.ErrUnavailable, "the workflow engine did not answer in time")
}

// command names what a person asks for. A request that is tried again is the same command, so that the
// workflow engine answers it as it did at first.
func command(ctx context.Context, by breach.Actor) protocol.Command {
	return protocol.Command{ID: commandID(ctx), Actor: by.ID, Role: by.Role}
}

func commandID(ctx context.Context) string {
	if id := breach.DeedOf(ctx); id != "" {
		return id
	}
	return newID()
}

func noEngine() error {
	return breach.Errorf(breach.ErrUnavailable, "no workflow engine is configured")
}

func newID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("no randomness: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

// Ready reports whether the workflow engine answers.
func (e *Engine) Ready(ctx context.Context) error {
	if e.Temporal == nil {
		return noEngine()
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := e.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return breach.Errorf(breach.ErrUnavailable, "the workflow engine does not answer")
	}
	return nil
}
