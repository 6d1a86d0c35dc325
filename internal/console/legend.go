package console

import (
	"net/http"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// legendView explains every word of state that the pages use.
type legendView struct{ Groups []legendGroup }

type legendGroup struct {
	Heading, Note string
	Rows          []legendRow
}

type legendRow struct{ Anchor, Word, Meaning, Class string }

var machineHeadings = map[string][2]string{
	"incident":   {"Incident", "Where a case stands."},
	"obligation": {"Duty", "Where the work on one duty stands, once it applies."},
	"person":     {"Person", "What became of one person. Everybody has exactly one of these at any moment, and they add up."},
	"attempt":    {"Attempt", "What became of one try to reach a person by one channel."},
}

func (s *server) legend(v *visit) error {
	l := v.l
	var view legendView
	for _, m := range breach.Machines {
		g := legendGroup{Heading: l.T(machineHeadings[m.Name][0]), Note: l.T(machineHeadings[m.Name][1])}
		for _, st := range m.States {
			row := legendRow{m.Name + "-" + st.ID, l.T(st.Word), l.T(st.Meaning), ""}
			if m.Name == "person" {
				row.Class = outcomeClasses[breach.Outcome(st.ID)]
			}
			g.Rows = append(g.Rows, row)
		}
		view.Groups = append(view.Groups, g)
	}
	for _, more := range otherWords {
		g := legendGroup{Heading: l.T(more.Heading), Note: l.T(more.Note)}
		for _, r := range more.Rows {
			g.Rows = append(g.Rows, legendRow{r.Anchor, l.T(r.Word), l.T(r.Meaning), ""})
		}
		view.Groups = append(view.Groups, g)
	}
	return v.show(http.StatusOK, "legend", frame{Title: l.T("What the words mean"), Here: "legend", Main: view})
}

// otherWords are those that are not states of a machine.
var otherWords = []legendGroup{
	{"Verdict", "Whether a law asks for something.", []legendRow{
		{"verdict-applies", "Applies", "The law asks for it, or an exemption is not proven.", ""},
		{"verdict-does_not_apply", "Does not apply", "Looked at; the reason is given.", ""},
		{"verdict-cannot_tell", "Cannot tell", "A fact is missing; it is named.", ""},
	}},
	{"Deadline", "How to read a clock.", []legendRow{
		{"duty-overdue", "Overdue", "The deadline has passed; a late report must give its reason.", ""},
		{"duty-provisional", "Provisional", "The fact that starts the clock is missing; the earliest known instant counts until then.", ""},
	}},
	{"Plan", "What a second person approves: texts, people, channels, rules.", []legendRow{
		{"plan-awaiting_approval", "Awaiting approval", "A second person must decide.", ""},
		{"plan-approved", "Approved", "Exactly this may be sent. One changed byte makes the approval void.", ""},
		{"plan-returned", "Returned", "The author has it back with a comment; nothing was sent.", ""},
		{"plan-void", "Void", "Something that the plan covers changed before it was approved.", ""},
	}},
	{"Proof", "Two words that are easily mixed up.", []legendRow{
		{"word-receipt", "Receipt", "A provider's word on a delivery.", ""},
		{"word-acknowledgement", "Acknowledgement", "The number that an authority gave for a report.", ""},
	}},
}
