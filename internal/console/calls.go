package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// CallDesk is what people who call others ask for.
type CallDesk interface {
	CallQueue(ctx context.Context, by breach.Actor) (breach.CallQueue, error)
	// TakeCall is nil when no call waits that may be made now.
	TakeCall(ctx context.Context, w breach.CallWish, by breach.Actor) (*breach.QueuedCall, error)
	// CallNumber puts the look on record; breach.ErrConflict for a call that by does not have, like EndCall.
	CallNumber(ctx context.Context, call string, by breach.Actor) (string, error)
	EndCall(ctx context.Context, call string, r breach.CallResult, by breach.Actor) error
	LeaveCall(ctx context.Context, call string, by breach.Actor) error
}

// callsView is the list of calls that people make, and the one that whoever looks has.
type callsView struct {
	CSRF     string
	May      bool
	Mine     *myCall
	Rows     []callsRow
	Now      int64
	Later    string
	Problems []string
}

type callsRow struct {
	Incident, Language, Lang, Link, Now, Later, Taken string
	Any                                               bool // some may be made now
}

// myCall is the call that a caller makes.
type myCall struct {
	ID, Incident, Link, Number, Dial, Whom, Language, Lang, There string
	Until                                                         moment
	Script, Machine                                               []string
	Outcomes                                                      []callOutcome
	Earliest, Back, Zone                                          string
}

type callOutcome struct{ Key, Code, Word, Next string }

// callOutcomes are what a caller may write down, the most likely first. Codes that only the ledger knows come last,
// by their name.
var callOutcomes = []callOutcome{
	{"1", "reached", "Reached", "They heard it and said so. It counts as proof."},
	{"2", "no_answer", "Nobody answered", "Tried again by itself, then the next channel."},
	{"3", "busy", "Engaged", "Tried again by itself, then the next channel."},
	{"4", "machine", "Answering machine", "Only the short text was left. Tried again by itself."},
	{"5", "hung_up", "Hung up before the end", "Tried again by itself, then the next channel."},
	{"6", "wrong_number", "Wrong number", "Nobody calls it again. Goes on to the next channel."},
	{"7", "not_in_use", "Number not in use", "Nobody calls it again. Goes on to the next channel."},
	{"8", "refused", "Does not want to hear it", "Not called again. Goes on to the next channel."},
}

const codeCallBack = "call_back"

// callOutcome says an outcome within a sentence.
func (l speech) callOutcome(code string) string {
	for _, o := range callOutcomes {
		if o.Code == code {
			return strings.ToLower(l.T(o.Word))
		}
	}
	if code == codeCallBack {
		return l.T("call back later")
	}
	return humanise(code)
}

func (s *server) callsPage(v *visit) error { return s.showCalls(v, http.StatusOK, "", nil) }

// showCalls shows the list; number is the whole number of the call that the visitor has, after a look on record.
func (s *server) showCalls(v *visit, status int, number string, problems []string) error {
	q, err := s.Desk.CallQueue(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	view := callsView{CSRF: v.session.csrf, May: may(v.actor, breach.RoleResponder), Problems: problems}
	var later int64
	for _, w := range q.Waiting {
		view.Now += w.Now
		later += w.Later
		view.Rows = append(view.Rows, callsRow{
			Incident: w.Incident, Link: base + "incidents/" + w.Incident, Language: v.l.Language(w.Locale), Lang: w.Locale,
			Now: v.l.Num(w.Now), Later: v.l.Num(w.Later), Taken: v.l.Num(w.Taken), Any: w.Now > 0,
		})
	}
	view.Later = v.l.Count(later, "1 call waits for its hour.", "%s calls wait for their hour.")
	if later == 0 {
		view.Later = ""
	}
	if q.Mine != nil {
		view.Mine = v.myCall(*q.Mine, q.Codes, number)
	}
	return v.show(status, "calls", frame{Title: v.l.T("Calls to make"), Here: "calls", HoldsFigures: true, Main: view})
}

func (v *visit) myCall(c breach.QueuedCall, codes []string, number string) *myCall {
	out := &myCall{
		ID: c.Call, Incident: c.Incident, Link: base + "incidents/" + c.Incident, Number: c.Number, Language: v.l.Language(c.Locale), Lang: c.Locale,
		Until: v.l.Clock(c.Until), Script: paragraphs(c.Script), Machine: paragraphs(c.Machine), Zone: v.Zone.String(),
		Earliest: v.now.In(v.Zone).Format(formTime), Back: v.now.In(v.Zone).Add(2 * time.Hour).Truncate(15 * time.Minute).Format(formTime),
		Whom: v.l.T("You speak to the person themselves."),
	}
	if c.Addressee == breach.ToGuardian {
		out.Whom = v.l.T("You speak to the guardian of a child.")
	}
	if zone, err := time.LoadLocation(c.Zone); err == nil && c.Zone != "" {
		out.There = v.l.T("It is %s where they are.", v.now.In(zone).Format("15:04"))
	}
	if number != "" {
		out.Number, out.Dial = grouped(number), number
	}
	for _, o := range callOutcomes {
		if slices.Contains(codes, o.Code) {
			out.Outcomes = append(out.Outcomes, callOutcome{o.Key, o.Code, v.l.T(o.Word), v.l.T(o.Next)})
		}
	}
	for _, code := range codes {
		known := slices.ContainsFunc(callOutcomes, func(o callOutcome) bool { return o.Code == code })
		if !known && code != codeCallBack {
			out.Outcomes = append(out.Outcomes, callOutcome{Code: code, Word: humanise(code)})
		}
	}
	return out
}

// formTime is how a browser writes a date and a time.
const formTime = "2006-01-02T15:04"

func paragraphs(text string) (out []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// grouped sets a telephone number so that it can be dialled by eye: in threes from the end.
func grouped(number string) string {
	digits := []rune(number)
	var out []rune
	for i, r := range digits {
		if left := len(digits) - i; i > 1 && left%3 == 0 {
			out = append(out, '\u202f')
		}
		out = append(out, r)
	}
	return string(out)
}

// callsDo carries out what a caller presses. The number is shown in the answer itself: no address leads to it.
func (s *server) callsDo(v *visit) error {
	f := v.r.PostFormValue
	call, ctx := f("call"), v.r.Context()
	switch f("do") {
	case "take":
		return s.nextCall(v, breach.CallWish{Incident: f("incident"), Locale: f("language")})
	case "number":
		number, err := s.Desk.CallNumber(ctx, call, v.actor)
		if err != nil {
			return s.refusedCall(v, err)
		}
		return s.showCalls(v, http.StatusOK, number, nil)
	case "leave":
		if err := s.Desk.LeaveCall(ctx, call, v.actor); err != nil {
			return s.refusedCall(v, err)
		}
		v.session.say(notice{kind: "done", text: "The call is back on the list."})
		v.redirect(callsPath)
		return nil
	}
	return s.endCall(v, call, f("outcome"))
}

const callsPath = base + "calls"

func (s *server) endCall(v *visit, call, outcome string) error {
	r := breach.CallResult{Outcome: outcome}
	if outcome == codeCallBack {
		back, err := time.ParseInLocation(formTime, v.r.PostFormValue("back"), v.Zone)
		if err != nil {
			return s.showCalls(v, http.StatusUnprocessableEntity, "", []string{v.l.T("Say when to call back.")})
		}
		r.Back = back.UTC()
	}
	if err := s.Desk.EndCall(v.r.Context(), call, r, v.actor); err != nil {
		return s.refusedCall(v, err)
	}
	if v.r.PostFormValue("next") != "" {
		return s.nextCall(v, breach.CallWish{Incident: v.r.PostFormValue("incident"), Locale: v.r.PostFormValue("language")})
	}
	v.session.say(notice{kind: "done", text: "It is on record what became of the call."})
	v.redirect(callsPath)
	return nil
}

func (s *server) nextCall(v *visit, w breach.CallWish) error {
	c, err := s.Desk.TakeCall(v.r.Context(), w, v.actor)
	if err != nil {
		return s.refusedCall(v, err)
	}
	if c == nil {
		v.session.say(notice{kind: "done", text: "No call waits that may be made now."})
	}
	v.redirect(callsPath)
	return nil
}

// refusedCall shows the list again with what is wrong.
func (s *server) refusedCall(v *visit, err error) error {
	p, status := v.problemOf(err)
	if breach.CodeOf(err) != breach.ErrInvalid && breach.CodeOf(err) != breach.ErrConflict {
		return err
	}
	problems := []string{v.l.T(p.Detail)}
	if breach.CodeOf(err) == breach.ErrConflict {
		problems = []string{v.l.T("You do not have this call any more: it was yours for too long, or its outcome is on record. Take the next one.")}
	}
	for _, f := range p.Fields {
		problems = append(problems, f.Where+": "+f.What)
	}
	return s.showCalls(v, status, "", problems)
}
