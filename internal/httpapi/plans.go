package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

type submitInput struct {
	OfIncident
	Body *struct {
		Wave         int  `json:"wave,omitempty" minimum:"0" doc:"Number of the list of people; 0 is the newest."`
		ReportsAlone bool `json:"reports_alone,omitempty" doc:"A plan of nothing but the reports that are owed to authorities, for nobody on a list."`
	}
}

type approveInput struct {
	OfIncident
	Body struct {
		PlanHash   string `json:"plan_hash" minLength:"1" maxLength:"128" doc:"Hash of exactly the plan that was read."`
		Unreviewed bool   `json:"accept_unreviewed,omitempty" doc:"Texts that nobody of the organisation signed off are sent as they are. Without it such a plan is refused."`
	}
}

type returnInput struct {
	OfIncident
	Body struct {
		PlanHash string `json:"plan_hash" minLength:"1" maxLength:"128" doc:"Hash of the plan."`
		Comment  string `json:"comment" minLength:"1" maxLength:"4000" doc:"What must change."`
	}
}

type acknowledgeInput struct {
	OfIncident
	Body struct {
		Obligation string `json:"obligation" minLength:"1" maxLength:"200" doc:"Id of the duty."`
		Number     string `json:"number" minLength:"1" maxLength:"200" doc:"The authority's number."`
	}
}

type decisionInput struct {
	OfIncident
	Body struct {
		People  breach.Outcome `json:"people" enum:"pending,unreachable,held" doc:"Whom it is about: everybody of this outcome."`
		Outcome breach.Outcome `json:"outcome" enum:"exempt,withdrawn" doc:"What they become."`
		Reason  string         `json:"reason" minLength:"10" maxLength:"2000" doc:"Why; it stands on the record and names no person."`
	}
}

type decided struct {
	People int64 `json:"people" doc:"How many it was about."`
}

type fileAgainInput struct {
	OfIncident
	Body struct {
		Obligation string `json:"obligation" minLength:"1" maxLength:"200" doc:"Id of the duty."`
	}
}

type planInput struct {
	OfIncident
	Wave     int `query:"wave" minimum:"0" doc:"Number of the list of people; 0 is the newest."`
	Revision int `query:"revision" minimum:"0" doc:"Version of the plan, from 1; 0 is the newest."`
}

type previewInput struct {
	OfIncident
	Wave    int            `query:"wave" minimum:"0" doc:"Number of the list of people; 0 is the newest that has a plan."`
	Person  int64          `query:"person" minimum:"0" doc:"Place in the list, from 1."`
	Worst   bool           `query:"worst" doc:"Those whose notice is the likeliest to go wrong: longest name, right to left, no email, no name, child with guardian."`
	Channel breach.Channel `query:"channel" enum:"email,sms,push,voice,letter" doc:"The channel; without it the first by which they can be reached."`
	Paper   bool           `query:"paper" doc:"Letters as they are printed, too: one PDF file of all of them, in base64."`
}

type testInput struct {
	OfIncident
	Body struct {
		To      string         `json:"to" minLength:"1" maxLength:"4096" doc:"Address, number or push token of whoever tries it out; one that the setting tests.to names."`
		Channel breach.Channel `json:"channel" enum:"email,sms,push" doc:"The channel."`
		Wave    int            `json:"wave,omitempty" minimum:"0" doc:"Number of the list of people; 0 is the newest that has a plan."`
		Person  int64          `json:"person,omitempty" minimum:"0" doc:"Place in the list, from 1; with neither this nor worst it is a person who does not exist."`
		Worst   bool           `json:"worst,omitempty" doc:"One message for each of those whose notice is the likeliest to go wrong."`
		Locale  string         `json:"locale,omitempty" maxLength:"35" doc:"Language, instead of the person's."`
	}
}

// planView is a plan with every text that it covers.
type planView struct {
	Plan  breach.PlanRecord `json:"plan"`
	Texts []planText        `json:"texts"`
	// Ways is worked out of the list and of the policy when it is asked for, as SMSCost is.
	Ways *breach.Ways `json:"ways,omitempty"`
	// SMSCost is worked out of the list and of the policy's prices when it is asked for; the plan's hash does not cover it.
	SMSCost *breach.SMSCost `json:"sms_cost,omitempty"`
}

type planText struct {
	Ref  breach.NoticeRef `json:"ref"`
	Body textJSON         `json:"body" doc:"The bytes whose SHA-256 is in ref, without space between them."`
}

// textJSON is the bytes of a text as they were hashed; they are JSON.
type textJSON []byte

// MarshalJSON implements json.Marshaler.
func (t textJSON) MarshalJSON() ([]byte, error) { return t, nil }

// Schema implements huma.SchemaProvider.
func (textJSON) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[breach.TextBody](), true, "")
}

func (s *server) plans() {
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/plan", id: "submitPlan", tag: "plans", roles: handlers, body: command,
		summary: "Put the plan of a list, or of reports alone, up for approval", text: "A plan that is not complete is refused with all its problems.",
	}, s.submit)
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/plan", id: "readPlan", tag: "plans", roles: readers,
		summary: "The plan of a list with every text that it covers",
	}, s.plan)
	add(s, route{
		method: http.MethodGet, path: "/v1/incidents/{id}/notices/preview", id: "previewNotices", tag: "plans", roles: handlers,
		summary: "Notices as people will get them", text: "Letters of names and the code are replaced, contacts masked. Every look is put on record.",
	}, func(ctx context.Context, in *previewInput) (*answer[breach.Previews], error) {
		q := breach.PreviewQuery{Wave: in.Wave, Person: in.Person, Worst: in.Worst, Channel: in.Channel, Paper: in.Paper}
		return reply(s.cfg.Desk.Preview(ctx, in.ID, q, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/notices/test", id: "testNotice", tag: "plans", roles: handlers, body: command,
		summary: "Send a notice to yourself", text: "Through the real transport, marked as a test, with a made-up or masked name and an invented code. It is nobody's delivery. At most thirty an hour.",
	}, func(ctx context.Context, in *testInput) (*answer[breach.TestsSent], error) {
		b := in.Body
		q := breach.TestQuery{Wave: b.Wave, Person: b.Person, Worst: b.Worst, Channel: b.Channel, Locale: b.Locale, To: b.To}
		return reply(s.cfg.Desk.TestNotice(ctx, in.ID, q, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/plan/approve", id: "approvePlan", tag: "plans", roles: leads, body: command,
		summary: "Approve exactly this plan", text: "By another person than its author. One changed byte gives the plan another hash. Texts that nobody signed off must be accepted; that stands on the record.",
	}, func(ctx context.Context, in *approveInput) (*answer[breach.PlanRecord], error) {
		return reply(s.cfg.Desk.Approve(ctx, in.ID, breach.Consent{PlanHash: in.Body.PlanHash, Unreviewed: in.Body.Unreviewed}, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/plan/return", id: "returnPlan", tag: "plans", roles: leads, body: command,
		summary: "Give a plan back to its author",
	}, func(ctx context.Context, in *returnInput) (*answer[breach.PlanRecord], error) {
		return reply(s.cfg.Desk.Return(ctx, in.ID, in.Body.PlanHash, in.Body.Comment, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/acknowledgements", id: "acknowledgeReport", tag: "reports", roles: leads, body: command,
		summary: "Enter the number that an authority gave",
	}, func(ctx context.Context, in *acknowledgeInput) (*answer[breach.Filing], error) {
		return reply(s.cfg.Desk.Acknowledge(ctx, in.ID, in.Body.Obligation, in.Body.Number, actorOf(ctx)))
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/decisions", id: "decideAboutPeople", tag: "people", roles: leads, body: command,
		summary: "Decide about people who are neither told nor covered", text: "With a reason that stands on the record.",
	}, func(ctx context.Context, in *decisionInput) (*answer[decided], error) {
		n, err := s.cfg.Desk.DecideAbout(ctx, in.ID, in.Body.People, in.Body.Outcome, in.Body.Reason, actorOf(ctx))
		return reply(decided{People: n}, err)
	})
	add(s, route{
		method: http.MethodPost, path: "/v1/incidents/{id}/filings", id: "fileAgain", tag: "reports", roles: leads, body: command,
		summary: "File a report again that was refused", text: "After what kept it from being filed (a route, an address) was mended.",
	}, func(ctx context.Context, in *fileAgainInput) (*answer[done], error) {
		return did(s.cfg.Desk.FileAgain(ctx, in.ID, in.Body.Obligation, actorOf(ctx)))
	})
}

func (s *server) submit(ctx context.Context, in *submitInput) (*answer[breach.Submitted], error) {
	var out breach.Submitted
	var err error
	switch {
	case in.Body == nil:
		out, err = s.cfg.Desk.Submit(ctx, in.ID, 0, actorOf(ctx))
	case !in.Body.ReportsAlone:
		out, err = s.cfg.Desk.Submit(ctx, in.ID, in.Body.Wave, actorOf(ctx))
	case in.Body.Wave != 0:
		err = breach.Errorf(breach.ErrInvalid, "a plan of reports alone is for no list").
			With(breach.FieldError{Where: "wave", What: "leave it out, or leave out reports_alone"})
	default:
		out, err = s.cfg.Desk.SubmitReports(ctx, in.ID, actorOf(ctx))
	}
	if err == nil && len(out.Problems) > 0 {
		err = incomplete(out.Problems)
	} else if err == nil && len(out.Gaps) > 0 {
		err = lacking(out.Gaps)
	}
	return reply(out, err)
}

func (s *server) plan(ctx context.Context, in *planInput) (*answer[planView], error) {
	read := s.cfg.Desk.Plan
	if in.Revision > 0 {
		read = func(ctx context.Context, id string, wave int) (breach.PlanRecord, []breach.Text, error) {
			return s.cfg.Desk.PlanRevision(ctx, id, wave, in.Revision)
		}
	}
	record, texts, err := read(ctx, in.ID, in.Wave)
	if err != nil {
		return nil, err
	}
	view := planView{Plan: record, Texts: []planText{}}
	for _, t := range texts {
		if _, err := t.Open(); err != nil {
			return nil, err
		}
		// An encoder would write other JSON than it was given (space, escapes), and other bytes have
		// another hash.
		var same bytes.Buffer
		if json.Compact(&same, t.Body) != nil || !bytes.Equal(same.Bytes(), t.Body) {
			return nil, breach.Errorf(breach.ErrTampered, "a %s text for %s is not in its canonical form", t.Ref.Kind, t.Ref.Channel)
		}
		view.Texts = append(view.Texts, planText{t.Ref, t.Body})
	}
	if view.Ways, err = s.cfg.Desk.FirstWays(ctx, in.ID, record); err != nil {
		return nil, err
	}
	view.SMSCost, err = s.cfg.Desk.SMSCost(ctx, in.ID, record, texts)
	return reply(view, err)
}

// incomplete lists what keeps a plan from being approvable. A problem is "place: what", or a place alone.
func incomplete(problems []string) error {
	e := breach.Errorf(breach.ErrIncomplete, "the plan cannot be approved as it is")
	for _, p := range problems {
		where, what, ok := strings.Cut(p, ": ")
		if !ok {
			what = "is missing"
		}
		e = e.With(breach.FieldError{Where: where, What: what})
	}
	return e
}

// lacking names each gap of the texts with its duty, field, source and what to do.
func lacking(gaps []breach.ContentGap) error {
	e := breach.Errorf(breach.ErrContents, "the plan cannot be approved: what its regimes ask of the texts is not all there; %d to mend", len(gaps))
	for _, g := range gaps {
		e = e.With(breach.FieldError{Where: g.Place(), What: g.What()})
	}
	return e
}
