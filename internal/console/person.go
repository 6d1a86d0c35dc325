package console

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// personView answers "did you tell me?". Nothing of it is ever part of an address.
type personView struct {
	CSRF      string
	Incidents []incidentChoice
	MayAct    bool
	Kind      string
	Reason    string // what was typed as reason is kept; what was typed as contact is not
	Error     string
	ReasonErr string
	Asked     bool
	Found     *foundView
	Incident  string
}

type incidentChoice struct {
	ID, Text string
	Selected bool
}

type foundView struct {
	Class, Yes string
	Badge      badge
	Because    string
	Say, SayZh string
	History    []personMoment
	Contacts   []string
	Facts      []fact
}

type personMoment struct {
	At        moment
	What, Why string
	Class     string
}

func (s *server) personPage(v *visit) error {
	view, err := s.personView(v, v.r.URL.Query().Get("incident"))
	if err != nil {
		return err
	}
	return s.showPerson(v, http.StatusOK, view)
}

func (s *server) showPerson(v *visit, status int, view personView) error {
	return v.show(status, "person", frame{Title: v.l.T("Find a person"), Here: "person", Main: view})
}

func (s *server) personView(v *visit, selected string) (personView, error) {
	view := personView{CSRF: v.session.csrf, MayAct: may(v.actor, breach.RoleResponder), Kind: "auto"}
	all, err := s.Desk.Incidents(v.r.Context())
	if err != nil {
		return view, err
	}
	for _, inc := range all {
		view.Incidents = append(view.Incidents, incidentChoice{inc.ID, v.l.incidentTitle(inc) + ", " + inc.ID, inc.ID == selected})
	}
	return view, nil
}

// findPerson looks somebody up by a whole contact. Found or not, it is on record; the answer is not kept
// by any cache, and the form comes back without the contact.
func (s *server) findPerson(v *visit) error {
	incident := v.r.PostFormValue("incident")
	view, err := s.personView(v, incident)
	if err != nil {
		return err
	}
	view.Reason, view.Kind, view.Incident = strings.TrimSpace(v.r.PostFormValue("reason")), v.r.PostFormValue("kind"), incident
	query, ok := queryOf(view.Kind, v.r.PostFormValue("contact"))
	known := slices.ContainsFunc(view.Incidents, func(c incidentChoice) bool { return c.ID == incident })
	switch {
	case !known:
		view.Error = v.l.T("Choose the incident that they ask about.")
	case !ok:
		view.Error = v.l.T("Enter the whole email address, phone number or id, as it may stand on the list.")
	case view.Reason == "":
		view.ReasonErr = v.l.T("Say why you look. It is recorded, sealed, with your name.")
	}
	if view.Error != "" || view.ReasonErr != "" {
		return s.showPerson(v, http.StatusUnprocessableEntity, view)
	}
	found, err := s.Desk.FindPerson(v.r.Context(), incident, v.actor, query, view.Reason)
	if err != nil && breach.CodeOf(err) != breach.ErrNotFound {
		return err
	}
	view.Asked = true
	if err == nil {
		shown := v.l.found(found, s.Reasons)
		view.Found = &shown
	}
	return s.showPerson(v, http.StatusOK, view)
}

// queryOf tells an address from a number from an id.
func queryOf(kind, contact string) (breach.PersonQuery, bool) {
	contact = strings.TrimSpace(contact)
	if contact == "" || len(contact) > 320 || strings.ContainsFunc(contact, unicode.IsControl) {
		return breach.PersonQuery{}, false
	}
	number, isNumber := phoneOf(contact)
	if kind == "auto" || kind == "" {
		switch {
		case strings.Contains(contact, "@"):
			kind = "email"
		case isNumber && strings.HasPrefix(number, "+"):
			kind = "phone"
		default:
			kind = "id"
		}
	}
	switch kind {
	case "email":
		return breach.PersonQuery{Email: contact}, strings.Contains(contact, "@")
	case "phone":
		return breach.PersonQuery{Phone: number}, isNumber
	case "id":
		return breach.PersonQuery{ExternalID: contact}, true
	}
	return breach.PersonQuery{}, false
}

// phoneOf leaves out what people write between digits.
func phoneOf(s string) (string, bool) {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -./() ", r):
		default:
			return "", false
		}
	}
	n := b.String()
	if strings.HasPrefix(n, "00") {
		n = "+" + n[2:]
	}
	return n, len(n) >= 6
}

var answers = map[breach.Outcome]struct{ yes, class, say string }{
	breach.Reached: {"Yes. Told, and it is confirmed.", "",
		"We told you about this incident, and we have proof that the message reached you. You can check the reference code on our verify page."},
	breach.Attempted: {"Yes, sent. Not confirmed yet.", "is-open",
		"We have sent you a message about this incident. We have no confirmation yet that it reached you; please look for it, also among unwanted messages."},
	breach.Pending: {"Not yet. The message is still to be sent.", "is-open",
		"You are on our list, and our message to you has not been sent yet. You will hear from us."},
	breach.Held: {"Not yet. They must not be told yet.", "is-open",
		"I cannot say anything about this today. Please let me note how we can reach you."},
	breach.Unreachable: {"No. No allowed channel reaches them.", "is-no",
		"You are on our list, but we could not reach you by the contacts that we hold. Please let me note how we can reach you."},
	breach.Covered: {"Yes, by the public announcement.", "",
		"We could not reach you directly, so our public announcement is the notice to you. I can read it to you, or tell you where it stands."},
	breach.Exempt: {"No notice is asked for.", "",
		"You are on our list, but your data were of a kind for which the law asks for no notice. I can have the reason explained to you."},
	breach.Withdrawn: {"Taken off the list, with a reason.", "",
		"You were on our list and were taken off it, for a reason that I can have explained to you."},
}

func (l speech) found(p breach.PersonView, reasons map[string]Reason) foundView {
	a, known := answers[p.Outcome]
	if !known {
		a.yes, a.class = string(p.Outcome), "is-open"
	}
	v := foundView{Class: a.class, Yes: l.T(a.yes), Contacts: p.Masked, Badge: outcomeBadge(l, p.Outcome), Say: a.say, SayZh: inChinese[a.say]}
	if p.Reason != "" {
		v.Because = l.T("Reason: %s.", l.reason(p.Reason, reasons))
	}
	v.Facts = []fact{
		{l.T("Language"), l.Language(p.Locale), false}, {l.T("Country"), l.Country(p.Country), false},
		{l.T("List"), l.Num(int64(p.Wave)), false}, {l.T("Reference"), p.Reference, true},
	}
	for _, h := range p.History {
		v.History = append(v.History, l.personMoment(h, reasons))
	}
	slices.Reverse(v.History)
	return v
}

func outcomeBadge(l speech, o breach.Outcome) badge {
	w := l.word(breach.PersonMachine, string(o))
	b := badge{"", "hand", w.Text, w.Anchor}
	switch o {
	case breach.Reached, breach.Covered:
		b.Class, b.Icon = "is-done", "check"
	case breach.Unreachable:
		b.Class, b.Icon = "is-now", "warn"
	case breach.Attempted, breach.Pending, breach.Held:
		b.Class, b.Icon = "is-soon", "clock"
	}
	return b
}

// attemptClasses say which texture of the people's bar an attempt stands for.
var attemptClasses = map[breach.AttemptState]string{
	breach.Intended: "o-pending", breach.HandedOver: "o-attempted", breach.Accepted: "o-attempted", breach.Delivered: "o-reached",
	breach.FailedTemporary: "o-pending", breach.FailedPermanent: "o-unreachable", breach.Unknown: "o-held", breach.Reconciled: "o-attempted",
}

// personMoment puts "email accepted" or "reached" into words.
func (l speech) personMoment(h breach.PersonMoment, reasons map[string]Reason) personMoment {
	m := personMoment{At: l.At(h.At), What: h.What, Class: "o-pending"}
	channel, state, two := strings.Cut(h.What, " ")
	switch {
	case two && state == "refused":
		m.What, m.Class = l.channel(channel)+l.T(": ")+l.T("not allowed by the policy"), "o-exempt"
	case two && state == "reopened":
		m.What, m.Class = l.channel(channel)+l.T(": ")+l.T("open again"), "o-pending"
	case two && attemptClasses[breach.AttemptState(state)] != "":
		m.What = l.channel(channel) + l.T(": ") + l.T(wordOf(breach.AttemptMachine, state))
		m.Class = attemptClasses[breach.AttemptState(state)]
	case outcomeClasses[breach.Outcome(h.What)] != "":
		m.What, m.Class = l.T(wordOf(breach.PersonMachine, h.What)), outcomeClasses[breach.Outcome(h.What)]
	}
	if h.Why != "" {
		m.Why = upperFirst(sentence(l.reason(h.Why, reasons)))
	}
	return m
}

var reasonWords = map[string]string{
	"no_contact":           "no usable contact",
	"not_allowed":          "a promise or an objection closes every channel",
	"failed_everywhere":    "every allowed channel failed",
	"guardian_unreachable": "the guardian cannot be reached",
	"processor_abroad":     "their data may not go abroad",
	"third_party":          "the policy allows no outside provider",
	"objection":            "they objected to this channel",
	"stopped":              "they answered STOP to a text message",
	"started":              "they answered START to a text message",
	"contact_gone":         "the push token is gone, as an earlier list learned",
	"not_operated":         "the organisation does not operate this channel",

	"unreachable":       "no channel reached them",
	"first_channel":     "the first message is still to be sent",
	"next_channel":      "what was tried did not suffice; the next channel is due",
	"retry":             "it failed for the time being; the next try is due",
	"repeat":            "the result was not known; the same message is due once more, recognisable as the same",
	"tried_again":       "a person decided to try again; the next try is due",
	"quiet_period":      "a message was taken; it counts as proof when no failure follows",
	"awaiting_proof":    "a message is on its way; proof or failure is waited for",
	"outside_hours":     "the channel waits for its hours in the person's time zone",
	"back_off":          "it failed for the time being; the next try waits",
	"in_flight":         "a message is being handed over",
	"result_unknown":    "the provider may or may not have the message; it is asked, never sent again blindly",
	"reached":           "proof has just come",
	"attempted":         "a message was handed over, there is no proof, and nothing else is left to try",
	"not_knowable":      "nobody can tell whether the message arrived, and the policy goes no further",
	"held":              "they must not be told yet",
	"exempt":            "the law asks for no notice",
	"withdrawn":         "they were taken off the list",
	"corrected":         "their contact was corrected, and a later list tells them there",
	"decided_by_a_lead": "a lead decided so, with a reason that is on the record",
	"may_have_arrived":  "a message may have reached them: it is not sent again blindly",
	"other_reason":      "they are not among those whom the decision is about",
}

// reason says why something happened to a person: a rule of the policy, a failure of the catalogue, or the
// code itself in words.
func (l speech) reason(code string, failures map[string]Reason) string {
	if w, known := reasonWords[code]; known {
		return l.T(w)
	}
	if r, known := failures[code]; known {
		return l.T(r.Cause)
	}
	return strings.ToLower(humanise(code))
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
