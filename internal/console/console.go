// Package console serves the web pages on which people follow an incident, approve what will be sent, and
// answer "did you tell this person?". Pages are complete without scripts; scripts keep them fresh.
//
// Imports of ours: breach.
package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Desk is what the pages ask for. Errors are those of breach.Catalogue; any other error is shown as
// internal, with a reference number and nothing else. Roles are checked behind it too: what a page leaves
// out is only for comfort.
type Desk interface {
	CallDesk
	LetterDesk
	ReturnDesk
	Incidents(ctx context.Context) ([]breach.Incident, error)
	Overview(ctx context.Context, incident string) (breach.Overview, error)
	// Plan returns the newest plan of a wave with its texts; wave 0 is the newest that has one.
	Plan(ctx context.Context, incident string, wave int) (breach.PlanRecord, []breach.Text, error)
	// Timeline returns entries with a number above after, oldest first.
	Timeline(ctx context.Context, incident string, after int64, limit int) ([]breach.AuditEntry, error)
	Submit(ctx context.Context, incident string, wave int, by breach.Actor) (breach.Submitted, error)
	// SubmitReports is for a plan of nothing but the reports that are owed to authorities.
	SubmitReports(ctx context.Context, incident string, by breach.Actor) (breach.Submitted, error)
	Approve(ctx context.Context, incident string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error)
	// SMSCost is nil for a plan without text messages.
	SMSCost(ctx context.Context, incident string, rec breach.PlanRecord, texts []breach.Text) (*breach.SMSCost, error)
	// FirstWays is nil for a plan of reports alone.
	FirstWays(ctx context.Context, incident string, rec breach.PlanRecord) (*breach.Ways, error)
	// TestNotice sends notices, marked as tests, to whoever tries them out, and to nobody whom the settings do not name.
	TestNotice(ctx context.Context, incident string, q breach.TestQuery, by breach.Actor) (breach.TestsSent, error)
	Return(ctx context.Context, incident, planHash, comment string, by breach.Actor) (breach.PlanRecord, error)
	Pause(ctx context.Context, incident string, by breach.Actor) error
	Resume(ctx context.Context, incident string, by breach.Actor) error
	Stop(ctx context.Context, incident string, by breach.Actor) error
	// Lift lets go on what a brake holds back, by its number.
	Lift(ctx context.Context, incident string, brake int64, by breach.Actor) error
	// Close is breach.ErrConflict while duties that apply were not done; CloseLeaving takes the reason for that.
	Close(ctx context.Context, incident string, by breach.Actor) error
	CloseLeaving(ctx context.Context, incident, reason string, by breach.Actor) error
	// Unreached is one page of those who are not reached; one with masked contacts is put on record.
	Unreached(ctx context.Context, incident string, q breach.UnreachedQuery, by breach.Actor) (breach.UnreachedPage, error)
	// WouldTryAgain counts what TryAgain would come to.
	WouldTryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error)
	TryAgain(ctx context.Context, incident string, r breach.Retry, by breach.Actor) (breach.Retried, error)
	// AnnounceNow publishes the announcement of an approved plan while people go on being told.
	AnnounceNow(ctx context.Context, incident, why string, by breach.Actor) (breach.AnnounceNow, error)
	// SetSeverityCell puts a person's value in the place of what the facts give for one cell of the score.
	SetSeverityCell(ctx context.Context, incident string, o breach.SeverityOverride, by breach.Actor) (breach.Amended, error)
	// CheckPlan says what would keep a plan from being approved; wave 0 is the newest list, or reports alone.
	CheckPlan(ctx context.Context, incident string, wave int) (breach.PlanCheck, error)
	WaiveContents(ctx context.Context, incident string, wave int, gaps []breach.Waiver, reason string, by breach.Actor) ([]breach.Waiver, error)
	DecideNumber(ctx context.Context, incident string, d breach.NumberDecision, by breach.Actor) (breach.Amended, error)
	// Hold places a hold that ends by itself, ReleaseHold ends one early, ExplainDelay says why duties are late.
	Hold(ctx context.Context, incident string, h breach.Hold, by breach.Actor) (breach.Hold, error)
	ReleaseHold(ctx context.Context, incident, hold, why string, by breach.Actor) error
	ExplainDelay(ctx context.Context, incident string, obligations []string, why string, by breach.Actor) error
	// DutyText is the text of a duty that a person carries out.
	DutyText(ctx context.Context, incident, obligation string) (breach.DutyText, error)
	// Done takes a person's word that a duty was carried out outside the product; Answer settles an open question.
	Done(ctx context.Context, incident, obligation, said string, done time.Time, by breach.Actor) (breach.Filing, error)
	Answer(ctx context.Context, incident, question string, answer bool, why string, by breach.Actor) (breach.Amended, error)
	// Processors says who carried messages; Erase tells them to delete, RequestedErasure that a person asked one.
	Processors(ctx context.Context, incident string) (breach.Register, error)
	Erase(ctx context.Context, incident string, by breach.Actor) (breach.Register, error)
	RequestedErasure(ctx context.Context, incident, provider, reference string, by breach.Actor) error
	// JudgeList reads a list and changes nothing; rows to look at are written to bad, when it is not nil. TakeList loads
	// it: what was judged is there even when the list is refused.
	JudgeList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading, bad io.Writer) (breach.ListJudged, error)
	TakeList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading) (breach.ListJudged, breach.LoadReport, error)
	// FindPerson puts every look on record; breach.ErrNotFound when nobody fits.
	FindPerson(ctx context.Context, incident string, by breach.Actor, query breach.PersonQuery, reason string) (breach.PersonView, error)
	Authenticate(ctx context.Context, token string) (breach.Actor, error)
}

// Reason explains a failure code to a person: the cause in plain words, what happens by itself, what a
// person can do.
type Reason struct{ Cause, Next, Do string }

// Config is what the pages need. Desk and Log are required.
type Config struct {
	Desk    Desk
	Log     *slog.Logger
	Now     func() time.Time  // nil: time.Now
	Reasons map[string]Reason // by failure code; a code that is not in it is shown as it is
	Zone    *time.Location    // in which times are shown, said once a page; nil: UTC
	// MaxListBytes bounds a list of people that is sent by a form; 0 means 1 GiB.
	MaxListBytes int64
	// Done ends open event streams when it is closed, so that a server can shut down at once. May be nil.
	Done <-chan struct{}
}

func (c Config) withDefaults() (Config, error) {
	if c.Desk == nil || c.Log == nil {
		return c, errors.New("console: Desk and Log are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxListBytes == 0 {
		c.MaxListBytes = 1 << 30
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	return c, nil
}

// base is the path below which everything is served.
const base = "/console/"

// server holds what all requests share.
type server struct {
	Config
	files    *files
	pages    *pages
	sessions *sessions
	hub      *hub
	outside  *http.CrossOriginProtection
}

// New makes the handler of everything below /console/.
func New(c Config) (http.Handler, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &server{Config: c, sessions: newSessions(c.Now), outside: http.NewCrossOriginProtection()}
	if s.files, err = loadFiles(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(s.files); err != nil {
		return nil, err
	}
	s.hub = newHub(c.Desk.Overview, c.Log, c.Done)
	return s.routes(), nil
}

func (s *server) routes() http.Handler {
	m := http.NewServeMux()
	m.Handle("GET /console/static/{file}", s.files)

	m.Handle("GET /console/sign-in", s.open(s.signInPage))
	m.Handle("POST /console/sign-in", s.open(s.signIn))
	m.Handle("POST /console/sign-out", s.signed(s.signOut))
	m.Handle("GET /console/legend", s.signed(s.legend))

	m.Handle("GET /console/{$}", s.signed(s.incidents))
	m.Handle("GET /console/incidents/{id}", s.signed(s.incident))
	m.Handle("GET /console/incidents/{id}/parts/{part}", s.signed(s.part))
	m.Handle("GET /console/incidents/{id}/events", s.signed(s.events))
	m.Handle("GET /console/incidents/{id}/timeline", s.signed(s.timeline))
	m.Handle("GET /console/incidents/{id}/approve", s.signed(s.approvePage))
	m.Handle("POST /console/incidents/{id}/approve", s.signed(s.decide))
	m.Handle("POST /console/incidents/{id}/test", s.signed(s.tryNotice))
	m.Handle("GET /console/incidents/{id}/texts/{wave}/{sha}", s.signed(s.textFrame))
	m.Handle("GET /console/incidents/{id}/stop", s.signed(s.stopPage))
	m.Handle("POST /console/incidents/{id}/stop", s.signed(s.stop))
	m.Handle("POST /console/incidents/{id}/pause", s.signed(s.pause))
	m.Handle("POST /console/incidents/{id}/resume", s.signed(s.resume))
	m.Handle("POST /console/incidents/{id}/lift", s.signed(s.lift))
	m.Handle("POST /console/incidents/{id}/submit", s.signed(s.submit))
	m.Handle("GET /console/incidents/{id}/close", s.signed(s.closePage))
	m.Handle("POST /console/incidents/{id}/close", s.signed(s.close))

	m.Handle("GET /console/incidents/{id}/unreached", s.signed(s.unreachedPage))
	m.Handle("POST /console/incidents/{id}/unreached", s.signed(s.unreachedContacts))
	m.Handle("GET /console/incidents/{id}/again", s.signed(s.retryPage))
	m.Handle("POST /console/incidents/{id}/again", s.signed(s.retry))
	m.Handle("GET /console/incidents/{id}/severity", s.signed(s.severityPage))
	m.Handle("POST /console/incidents/{id}/severity", s.signed(s.setSeverity))
	m.Handle("GET /console/incidents/{id}/load", s.signed(s.loadPage))
	m.Handle("POST /console/incidents/{id}/load", s.entered((*visit).readUpload, s.known(s.takeList)))
	m.Handle("GET /console/incidents/{id}/mend", s.signed(s.mendPage))
	m.Handle("POST /console/incidents/{id}/mend/waive", s.signed(s.waive))
	m.Handle("POST /console/incidents/{id}/mend/number", s.signed(s.decideNumber))
	m.Handle("GET /console/incidents/{id}/announce", s.signed(s.announcePage))
	m.Handle("POST /console/incidents/{id}/announce", s.signed(s.announceNow))

	m.Handle("GET /console/incidents/{id}/delay", s.signed(s.running("delay", delayTitle, breach.RoleResponder)))
	m.Handle("POST /console/incidents/{id}/delay", s.signed(s.delay))
	m.Handle("GET /console/incidents/{id}/done", s.signed(s.running("done", doneTitle, breach.RoleLead)))
	m.Handle("POST /console/incidents/{id}/done", s.signed(s.stateDone))
	m.Handle("GET /console/incidents/{id}/done/text", s.signed(s.dutyText))
	m.Handle("GET /console/incidents/{id}/answer", s.signed(s.running("answer", answerTitle, breach.RoleResponder)))
	m.Handle("POST /console/incidents/{id}/answer", s.signed(s.answerQuestion))
	m.Handle("GET /console/incidents/{id}/hold", s.signed(s.running("hold", holdTitle, breach.RoleLead)))
	m.Handle("POST /console/incidents/{id}/hold", s.signed(s.placeHold))
	m.Handle("POST /console/incidents/{id}/hold/release", s.signed(s.releaseHold))

	m.Handle("GET /console/incidents/{id}/returns", s.signed(s.returnsPage))
	m.Handle("GET /console/incidents/{id}/processors", s.signed(s.processorsPage))
	m.Handle("POST /console/incidents/{id}/processors/erase", s.signed(s.eraseThere))
	m.Handle("POST /console/incidents/{id}/processors/requested", s.signed(s.requestedThere))

	m.Handle("GET /console/letters", s.signed(s.lettersPage))
	m.Handle("POST /console/letters", s.entered((*visit).readUpload, s.known(s.takeLetters)))
	m.Handle("GET /console/letters/{batch}/manifest.csv", s.signed(s.manifest))
	m.Handle("GET /console/calls", s.signed(s.callsPage))
	m.Handle("POST /console/calls", s.signed(s.callsDo))
	m.Handle("GET /console/person", s.signed(s.personPage))
	m.Handle("POST /console/person", s.signed(s.findPerson))
	m.Handle("GET /console/", s.signed(s.nothing))
	return s.outer(m)
}
