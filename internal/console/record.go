package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	lastEvents = 6   // on the page of an incident
	pageOfLog  = 100 // on the page of the whole record
)

// event is one entry of the record in words.
type event struct {
	Seq    int64
	At     moment
	Text   string
	Action string // as it is stored
	Data   string
	Hash   string
}

// recordData are the fields of entries that words are made of. What an entry does not have stays empty.
type recordData struct {
	Wave            int       `json:"wave"`
	Revision        int       `json:"revision"`
	FactRevision    int       `json:"fact_revision"`
	Added           int64     `json:"added"`
	Duplicates      int64     `json:"duplicates"`
	People          int64     `json:"people"`
	PlanHash        string    `json:"plan_hash"`
	From            string    `json:"from"`
	To              string    `json:"to"`
	Obligation      string    `json:"obligation"`
	Kind            string    `json:"kind"`
	Acknowledgement string    `json:"acknowledgement"`
	Level           string    `json:"level"`
	Obligations     int64     `json:"obligations"`
	Covered         int64     `json:"covered"`
	Announce        bool      `json:"announce"`
	File            string    `json:"file"`
	Matches         *int64    `json:"matches"`
	Reason          string    `json:"reason"`
	Why             string    `json:"why"`
	AskedBy         string    `json:"asked_by"`
	Reference       string    `json:"reference"`
	Changes         []string  `json:"changes"`
	Until           time.Time `json:"until"`
	Field           string    `json:"field"`
	Said            string    `json:"said"`
	// Undone are ids of duties that were left undone.
	Undone []string `json:"open_duties"`
	Untold []string `json:"untold_duties"` // left, too, and nobody could tell whether they apply
	Notes  []string `json:"notes"`
	Masked string   `json:"masked"`
	State  string   `json:"state"`
	// Accepted are texts that nobody had signed off.
	Accepted []string `json:"accepted_unreviewed"`

	Stage    string         `json:"stage"`
	Channel  breach.Channel `json:"channel"`
	Provider string         `json:"provider"`
	Domain   string         `json:"domain"`
	Out      int64          `json:"out"`
	Failed   int64          `json:"failed"`

	Currency string  `json:"currency"`
	Limit    float64 `json:"limit"`
	Spent    float64 `json:"spent"`
	Due      float64 `json:"due"`

	Outcome   string `json:"outcome"`
	Letters   int64  `json:"letters"`
	Calls     int64  `json:"calls"`
	Deleted   int64  `json:"deleted"`
	Requested int64  `json:"requested"`
	Kept      int64  `json:"kept"`
}

// events puts entries into words, the newest first.
func (l speech) events(o breach.Overview, entries []breach.AuditEntry, short bool) []event {
	out := make([]event, 0, len(entries))
	for _, e := range entries {
		at := l.At(e.At)
		if short {
			at = l.Clock(e.At)
		}
		shown := event{Seq: e.Seq, At: at, Action: e.Action, Text: l.told(o, e), Hash: e.Hash}
		if !short && len(e.Data) > 0 && string(e.Data) != "null" {
			shown.Data = string(e.Data)
		}
		out = append(out, shown)
	}
	slices.Reverse(out)
	return out
}

// told says one entry of the record in a sentence. Entries of kinds that this release does not know are
// shown by their name.
func (l speech) told(o breach.Overview, e breach.AuditEntry) string {
	var d recordData
	_ = json.Unmarshal(e.Data, &d) // what does not fit leaves its field empty
	who, duty := l.actor(e.Actor), l.T(dutyTitle(o, d.Obligation))
	switch e.Action {
	case "incident.opened":
		return l.T("%s opened the incident.", who)
	case "incident.detected":
		return l.T("A detector opened the incident; the clock runs.")
	case "incident.moved":
		return l.toldMove(o, e.Actor, d)
	case "facts.amended":
		return l.T("%s amended the facts, revision %d.", who, d.FactRevision)
	case "people.counted":
		return l.T("The lists were counted; the numbers are in revision %d of the facts.", d.FactRevision)
	case "facts.filed":
		return l.T("%s was done; when is in revision %d of the facts, and what follows it counts from there.", duty, d.FactRevision)
	case "facts.told":
		return l.T("Everybody on the lists was told; when is in revision %d of the facts.", d.FactRevision)
	case "contents.waived":
		return l.T("%s let something go that a regime asks of the texts, %s (%s): %s", who, duty, d.Field, d.Reason)
	case "duties.judged":
		said := l.T("Duties were judged from revision %d of the facts; severity %s.", d.FactRevision, l.T(d.Level))
		if n := len(d.Changes); n > 0 {
			said += l.T(" ") + l.Count(int64(n), "1 duty changed.", "%s duties changed.")
		}
		return said
	case "assess.judged":
		return l.T("Deadlines follow from revision %d of the facts.", d.Revision)
	case "people.loaded":
		return l.T("%s loaded list %d: %s.", who, d.Wave, l.People(d.Added))
	case "people.corrected":
		return l.T("%s loaded corrected rows: %s of list %d stand as they are now.", who, l.People(d.People), d.Wave)
	case "person.viewed":
		return l.T("%s looked a person up; the reason is sealed.", who)
	case "unreached.viewed":
		return l.T("%s looked at the masked contacts of %s who are not reached.", who, l.People(d.People))
	case "calls.listed":
		return l.T("%s took the call list, with the numbers and scripts of %s.", who, l.People(d.People))
	case "calls.outcomes":
		return l.T("%s brought what became of calls to %s.", who, l.People(d.People))
	case "letters.report":
		return l.T("%s brought the printer's report on %s letters.", who, l.Num(d.Letters))
	case "letters.returned":
		return l.T("%s brought %s letters that came back.", who, l.Num(d.Letters))
	case "call.taken":
		return l.T("%s took a call from the list.", who)
	case "call.number":
		return l.T("%s looked at the number of a call.", who)
	case "call.ended":
		return l.T("%s wrote down what became of a call: %s.", who, l.callOutcome(d.Outcome))
	case "in_app.acknowledged":
		return l.T("In an application, %s acknowledged the notice.", l.People(d.People))
	case "texts.stopped":
		return l.T("Somebody answered STOP: %s get no further text message.", l.People(d.People))
	case "texts.resumed":
		return l.T("Somebody answered START: %s get text messages again.", l.People(d.People))
	case "notice.previewed":
		return l.T("%s looked at the notice of %s, with names and contacts masked.", who, l.People(d.People))
	case "notice.tested":
		return l.T("%s sent a test of a notice by %s to %s, through %s.", who, l.channel(string(d.Channel)), d.Masked, d.Provider)
	case "notice.test_ended":
		return l.T("A test of a notice by %s ended: %s.", l.channel(string(d.Channel)), strings.ReplaceAll(strings.TrimSpace(d.State+" "+d.Reason), "_", " "))
	case "intake.noted":
		return l.T("%s noted what is close to a fact: %s. A person decides about it.", who, l.Count(int64(len(d.Notes)), "1 thing", "%s things"))
	case "people.decided":
		return l.T("%s decided about %s: %s.", who, l.People(d.People), l.word(breach.PersonMachine, d.To).Text)
	case "case.trouble":
		return l.T("Something waits for a person to mend it: %s.", d.Reason)
	case "sufficiency.set":
		return l.T("What counts as told was set by the policy.")
	case "evidence.sealed":
		return l.T("Evidence was sealed.")
	case "evidence.exported", "evidence.downloaded":
		return l.T("%s took out the evidence.", who)
	}
	if text := l.toldCascade(e.Action, who, d); text != "" {
		return text
	}
	if text := l.toldSending(e.Action, who, duty, d); text != "" {
		return text
	}
	return l.T("Recorded: %s, by %s.", e.Action, who)
}

// toldMove says where the incident went, who moved it when a person did, and what that leaves undone.
func (l speech) toldMove(o breach.Overview, actor string, d recordData) string {
	if person := actor != "" && actor != "tocsin"; !person || (d.To != string(breach.IncidentClosed) && d.From != string(breach.IncidentClosed)) {
		return l.T("The incident moved on: %s.", l.word(breach.IncidentMachine, d.To).Text)
	}
	if d.From == string(breach.IncidentClosed) {
		return l.T("%s opened the incident again.", l.actor(actor))
	}
	said := l.T("%s closed the incident.", l.actor(actor))
	if len(d.Undone) > 0 {
		said = l.T("%s closed the incident and left undone: %s.", l.actor(actor), l.titles(o, d.Undone))
	}
	if len(d.Untold) > 0 {
		said = l.T("%s %s", said, l.T("Nobody could tell whether these apply, and they were not done: %s.", l.titles(o, d.Untold)))
	}
	return said
}

func (l speech) titles(o breach.Overview, duties []string) string {
	named := make([]string, len(duties))
	for i, id := range duties {
		named[i] = l.T(dutyTitle(o, id))
	}
	return strings.Join(named, l.T("; "))
}

func (l speech) toldSending(action, who, duty string, d recordData) string {
	switch action {
	case "plan.submitted":
		return l.T("%s submitted the plan for list %d, %s.", who, d.Wave, l.toldBy(d.People))
	case "reports.begun":
		return l.T("%s asked for a plan of the reports alone, list %d.", who, d.Wave)
	case "plan.approved":
		if len(d.Accepted) > 0 {
			return l.T("%s approved the plan for list %d and accepted texts that nobody had signed off: %s.", who, d.Wave, strings.Join(d.Accepted, l.T(", ")))
		}
		return l.T("%s approved the plan for list %d.", who, d.Wave)
	case "plan.returned":
		return l.T("%s returned the plan for list %d.", who, d.Wave)
	case "plan.voided":
		return l.T("The plan for list %d became void: something that it covers changed.", d.Wave)
	case "send.stage":
		return l.stageSaid(d)
	case "brake.set":
		return l.braked(d)
	case "brake.lifted":
		return l.T("%s let go on what was held back: %s.", who, l.heldPlace(d))
	case "send.paused":
		return l.T("%s paused sending.", who)
	case "send.resumed":
		return l.T("%s let sending go on.", who)
	case "send.stopped":
		return l.T("%s stopped sending for good.", who)
	case "announce.decided":
		if d.Announce {
			return l.T("Measured facts ask for a public announcement.")
		}
		return l.T("Measured facts ask for no public announcement.")
	case "announce.early":
		if d.Reason == "too_late" {
			return l.T("The announcement was published early: not everybody can be told in time. People go on being told one by one.")
		}
		return l.T("The announcement was published early, as %s decided. People go on being told one by one.", who)
	case "announce.asked":
		return l.T("%s decided that the public is told now: %s", who, d.Why)
	case "send.again":
		return l.T("%s decided to try %s again: %s", who, l.People(d.People), d.Why)
	case "people.tried_again":
		return l.T("They were set back to be told once more: %s.", l.People(d.People))
	case "announce.published":
		return l.T("The announcement was published; it covers %s.", l.People(d.Covered))
	case "announce.shown":
		return l.T("The page that messages point to was put up.")
	case "announcement.stored":
		return l.T("The announcement was stored as approved.")
	case "report.filed":
		return l.T("Report filed: %s.", duty)
	case "duty.done_by_hand":
		return l.T("%s stated that it was done by hand, %s: %s", who, duty, d.Said)
	case "report.tried_again":
		return l.T("%s had a report filed again: %s.", who, duty)
	case "hold.placed":
		return l.T("%s put a hold on record until %s, as %s asked (%s): %s", who, l.At(d.Until).Shown, d.AskedBy, d.Reference, d.Reason)
	case "hold.released":
		return l.T("%s ended a hold early: %s", who, d.Reason)
	case "hold.expired":
		return l.T("A hold ended by itself: who was held is told, and the clocks run on.")
	case "duty.delay_explained":
		return l.T("%s said why duties are late: %s", who, d.Reason)
	case "close.reasoned":
		return l.T("%s said why duties are left undone: %s", who, d.Reason)
	case "report.acknowledged":
		return l.T("Report acknowledged, number %s: %s.", d.Acknowledgement, duty)
	case "duty.moved":
		return l.T("%s: %s.", duty, l.word(breach.ObligationMachine, d.To).Text)
	case "clock.reminder":
		return l.T("Reminder: the deadline comes nearer. %s.", duty)
	case "clock.overdue":
		return l.T("Overdue: %s.", duty)
	}
	return ""
}

// timelineView is one page of the whole record.
type timelineView struct {
	ID, Base, Title string
	Entries         []event
	Total           int64
	Older, Newer    string // addresses, empty at the ends
}

func (s *server) timeline(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	o, err := s.Desk.Overview(v.r.Context(), id)
	if err != nil {
		return err
	}
	upTo := o.Revision
	if n, err := strconv.ParseInt(v.r.URL.Query().Get("upto"), 10, 64); err == nil && n > 0 && n < upTo {
		upTo = n
	}
	from := max(0, upTo-pageOfLog)
	entries, err := s.Desk.Timeline(v.r.Context(), id, from, int(upTo-from))
	if err != nil {
		return err
	}
	here := base + "incidents/" + id
	view := timelineView{ID: id, Base: here, Title: v.l.incidentTitle(o.Incident), Total: o.Revision, Entries: v.l.events(o, entries, false)}
	if from > 0 {
		view.Older = here + "/timeline?upto=" + strconv.FormatInt(from, 10)
	}
	switch next := upTo + pageOfLog; {
	case upTo >= o.Revision:
	case next >= o.Revision:
		view.Newer = here + "/timeline"
	default:
		view.Newer = here + "/timeline?upto=" + strconv.FormatInt(next, 10)
	}
	return v.show(http.StatusOK, "timeline", frame{Title: v.l.T("Record of incident %s", id), Here: "incidents", HoldsFigures: true, Main: view})
}
