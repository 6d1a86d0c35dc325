package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Desk is what people and machines ask for. Errors are those of breach.Catalogue; any other error is shown
// as internal with a reference number and nothing else.
type Desk interface {
	CallDesk
	LetterDesk
	ReturnDesk
	FeedDesk
	Open(ctx context.Context, file breach.IncidentFile, by breach.Actor) (breach.Opened, error)
	// OpenDraft keeps the notes with the incident.
	OpenDraft(ctx context.Context, file breach.IncidentFile, notes []string, by breach.Actor) (breach.Opened, error)
	Detect(ctx context.Context, d breach.Detection) (breach.Detected, error)
	Amend(ctx context.Context, incident string, patch []byte, by breach.Actor) (breach.Amended, error)
	// LoadList reads list to its end. When list fails, nothing is loaded and the failure comes back.
	LoadList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading) (summary any, report breach.LoadReport, err error)
	Submit(ctx context.Context, incident string, wave int, by breach.Actor) (breach.Submitted, error)
	// SubmitReports puts a plan of nothing but the reports that are owed to authorities up for approval;
	// breach.ErrConflict when none is.
	SubmitReports(ctx context.Context, incident string, by breach.Actor) (breach.Submitted, error)
	Approve(ctx context.Context, incident string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error)
	Return(ctx context.Context, incident, planHash, comment string, by breach.Actor) (breach.PlanRecord, error)
	Pause(ctx context.Context, incident string, by breach.Actor) error
	Resume(ctx context.Context, incident string, by breach.Actor) error
	Stop(ctx context.Context, incident string, by breach.Actor) error
	// Lift lets go on what a brake holds back: one by its number, or all for 0; breach.ErrNotFound.
	Lift(ctx context.Context, incident string, brake int64, by breach.Actor) error
	// Close is breach.ErrConflict while a duty that applies, or may apply, was not done; CloseLeaving closes all the same,
	// with a reason that stands on the record.
	Close(ctx context.Context, incident string, by breach.Actor) error
	CloseLeaving(ctx context.Context, incident, reason string, by breach.Actor) error
	Reopen(ctx context.Context, incident string, by breach.Actor) error
	Acknowledge(ctx context.Context, incident, obligation, number string, by breach.Actor) (breach.Filing, error)
	// Unreached is one page of those who are not reached; breach.ErrForbidden for who sees numbers only.
	Unreached(ctx context.Context, incident string, q breach.UnreachedQuery, by breach.Actor) (breach.UnreachedPage, error)
	// WouldTryAgain counts what TryAgain would come to.
	WouldTryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error)
	// TryAgain gives those whom no channel reached a new set of tries; breach.ErrConflict when that is nobody,
	// after a stop and for a closed incident.
	TryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error)
	// AnnounceNow publishes the announcement of an approved plan while people are told; breach.ErrConflict when
	// there is none, or when it is published.
	AnnounceNow(ctx context.Context, incident, why string, by breach.Actor) (breach.AnnounceNow, error)
	// Hold places a hold that ends by itself; breach.ErrNoDelay where a law knows no such delay.
	Hold(ctx context.Context, incident string, h breach.Hold, by breach.Actor) (breach.Hold, error)
	// ReleaseHold ends one before its time.
	ReleaseHold(ctx context.Context, incident, hold, why string, by breach.Actor) error
	// ExplainDelay puts on record why duties are late; breach.ErrConflict for one that is not.
	ExplainDelay(ctx context.Context, incident string, obligations []string, why string, by breach.Actor) error
	// Done takes a person's word that a duty was carried out outside the product; Answer settles an open question.
	Done(ctx context.Context, incident, obligation, said string, done time.Time, by breach.Actor) (breach.Filing, error)
	Answer(ctx context.Context, incident, question string, answer bool, why string, by breach.Actor) (breach.Amended, error)
	// Revisions lists every state of the facts with what it changed, the oldest first.
	Revisions(ctx context.Context, incident string) ([]breach.Revision, error)
	// DecideAbout sets everybody of one outcome exempt or withdrawn, with a lead's reason; it counts them.
	DecideAbout(ctx context.Context, incident string, from, to breach.Outcome, reason string, by breach.Actor) (int64, error)
	// FileAgain has a report filed that was refused before; breach.ErrConflict for any other one.
	FileAgain(ctx context.Context, incident, obligation string, by breach.Actor) error
	// Processors says who carried messages of an incident, what they got and what they have deleted.
	Processors(ctx context.Context, incident string) (breach.Register, error)
	// Erase tells the processors of a closed incident to delete now; breach.ErrConflict for one that is not closed.
	Erase(ctx context.Context, incident string, by breach.Actor) (breach.Register, error)
	// RequestedErasure notes that a person asked a processor to delete; breach.ErrNotFound.
	RequestedErasure(ctx context.Context, incident, provider, reference string, by breach.Actor) error
	Incidents(ctx context.Context) ([]breach.Incident, error)
	Overview(ctx context.Context, incident string) (breach.Overview, error)
	// CheckPlan says what would keep a plan from being approved; wave 0 is the newest list, or reports alone.
	CheckPlan(ctx context.Context, incident string, wave int) (breach.PlanCheck, error)
	WaiveContents(ctx context.Context, incident string, wave int, gaps []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error)
	DecideNumber(ctx context.Context, incident string, d breach.NumberDecision, by breach.Actor) (breach.Amended, error)
	// Plan returns the newest plan of a wave with its texts; wave 0 is the newest wave.
	Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, []breach.Text, error)
	// PlanRevision returns a version of a list's plan, also one that was returned or became void.
	PlanRevision(ctx context.Context, incident string, wave, revision int) (breach.PlanRecord, []breach.Text, error)
	// DutyText is the text of a duty that a person carries out; breach.ErrConflict for one that has none.
	DutyText(ctx context.Context, incident, obligation string) (breach.DutyText, error)
	// Preview shows notices as they would leave, with names and contacts masked, on record.
	Preview(ctx context.Context, incident string, q breach.PreviewQuery, by breach.Actor) (breach.Previews, error)
	// SMSCost is nil for a plan without text messages.
	SMSCost(ctx context.Context, incident string, rec breach.PlanRecord, texts []breach.Text) (*breach.SMSCost, error)
	// FirstWays is nil for a plan of reports alone.
	FirstWays(ctx context.Context, incident string, rec breach.PlanRecord) (*breach.Ways, error)
	// TestNotice sends notices, marked as tests, to whoever tries them out; breach.ErrForbidden for an address
	// that the settings do not name.
	TestNotice(ctx context.Context, incident string, q breach.TestQuery, by breach.Actor) (breach.TestsSent, error)
	Timeline(ctx context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error)
	FindPerson(ctx context.Context, incident string, by breach.Actor, query breach.PersonQuery, reason string) (breach.PersonView, error)
	Invariant(ctx context.Context, incident string) (breach.Invariant, error)
	SealEvidence(ctx context.Context, incident string, by breach.Actor) (breach.Sealed, error)
	EvidenceFile(ctx context.Context, incident string, by breach.Actor) (name string, content io.ReadSeekCloser, err error)
	// Authenticate finds the actor behind a token with the same work for known and unknown ones;
	// breach.ErrUnauthorized.
	Authenticate(ctx context.Context, token string) (breach.Actor, error)
}

// Answers keeps who carries a request out and what was answered under an Idempotency-Key, for all servers
// of one ledger. Answers may name people: they are kept sealed.
type Answers interface {
	// ReserveKey makes r.Owner the one who carries the request out, for the length of a lease, or tells what
	// became of the key; breach.ErrKeyUsed when it was used for another request.
	ReserveKey(ctx context.Context, r breach.KeyedRequest, lease time.Duration) (breach.KeyState, error)
	// RenewKey lengthens the owner's lease; false when somebody else took the request over.
	RenewKey(ctx context.Context, r breach.KeyedRequest, lease time.Duration) (bool, error)
	// SaveAnswer keeps the owner's answer for good; breach.ErrConflict when somebody else took over.
	SaveAnswer(ctx context.Context, r breach.KeyedRequest, answer []byte, status int) error
	// GiveUpKey ends the owner's reservation without an answer. Forgotten, the key is free; else the next
	// try of the same request goes on at once, under the same deed.
	GiveUpKey(ctx context.Context, r breach.KeyedRequest, forget bool) error
}

// Callbacks takes what providers report about messages. A wrong signature is breach.ErrForbidden, an
// unknown provider breach.ErrNotFound. The request's body is not read yet and bounded.
type Callbacks interface {
	Take(ctx context.Context, provider, attempt string, r *http.Request) error
}

// Bounces takes mail that came back; to are the addresses that it came to, when they are known.
type Bounces interface {
	TakeBounce(ctx context.Context, raw []byte, to []string) (breach.ReturnTaken, error)
}

// Check is one thing that must answer before requests make sense. Name is shown to everybody.
type Check struct {
	Name  string
	Ready func(context.Context) error
}

// Page is something else that the same server shows, such as the public announcements. Pattern is one of
// http.ServeMux. A page with a Summary is listed in the OpenAPI document.
type Page struct {
	Pattern string
	Summary string
	Handler http.Handler
}

// Seen is one request that was answered, for metrics. Route is the pattern that matched, never a path; it
// is "none" when nothing matched.
type Seen struct {
	Method string
	Route  string
	Status int
	Took   time.Duration
	Stream bool // it lasted as long as the reader stayed: no measure of how fast answers are
}

// Config is everything that the API needs. Desk, Answers, ParseDetection, ParseDraft, Callbacks and Log
// are required.
type Config struct {
	Desk      Desk
	Answers   Answers
	Callbacks Callbacks
	Bounces   Bounces // nil: none are taken here
	// ParseDetection reads a detector's request body.
	ParseDetection func(contentType string, body []byte, at time.Time) (breach.Detection, error)
	// ParseDraft reads an incident of an outside form (veris, hibp); what it does not say stays unknown. The
	// notes say what is close to a fact and not one.
	ParseDraft func(form string, body []byte) (file breach.IncidentFile, notes []string, err error)

	Ready   []Check
	Metrics http.Handler // nil: /metrics is not served
	Pages   []Page

	PublicURL    string        // where people reach this server; problem types begin with it
	MaxListBytes int64         // of one list of people, default 1 GiB
	BodyTimeout  time.Duration // for a whole small body, and between two pieces of a list; default 30 s
	Version      string
	// KeyLease is how long after the last sign of life of a server that carries out a request under an
	// Idempotency-Key another one may take it over; default 20 s.
	KeyLease time.Duration

	Log     *slog.Logger
	Observe func(Seen) // may be nil
	// Streams is told of each event stream that begins (1) and ends (-1); may be nil.
	Streams func(change int)
	Now     func() time.Time
}

const (
	maxIncidentBytes  = 1 << 20
	maxDetectionBytes = 256 << 10
	maxCommandBytes   = 16 << 10
	maxCallbackBytes  = 64 << 10
	maxReturnedBytes  = 2 << 20
)

func (c Config) check() error {
	var errs []error
	for name, missing := range map[string]bool{
		"Desk": c.Desk == nil, "Answers": c.Answers == nil, "Callbacks": c.Callbacks == nil,
		"ParseDetection": c.ParseDetection == nil, "ParseDraft": c.ParseDraft == nil, "Log": c.Log == nil,
	} {
		if missing {
			errs = append(errs, fmt.Errorf("httpapi: %s is missing", name))
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.MaxListBytes == 0 {
		c.MaxListBytes = 1 << 30
	}
	if c.BodyTimeout == 0 {
		c.BodyTimeout = 30 * time.Second
	}
	if c.KeyLease == 0 {
		c.KeyLease = 20 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Observe == nil {
		c.Observe = func(Seen) {}
	}
	if c.Streams == nil {
		c.Streams = func(int) {}
	}
	if c.Version == "" {
		c.Version = "unknown"
	}
	return c
}
