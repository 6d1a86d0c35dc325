package policy

import (
	"fmt"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// fieldMeans says a field in plain words.
func fieldMeans(o breach.Obligation, field string) string {
	switch field {
	case "title":
		return fmt.Sprintf("the title %q", o.Heading)
	case "headings":
		return "the headings " + strings.Join(o.Headings, " / ")
	case "posting_days":
		return "how long the public notice stays up"
	case "call_centre":
		return "a number that people can call"
	case "min_font_pt":
		return printMeans(o)
	}
	if words, known := offerMeans(o, field); known {
		return words
	}
	if words := PackContents[field]; words != "" {
		return words
	}
	return strings.ReplaceAll(field, "_", " ")
}

// factsBehind are the facts that give a field its words.
var factsBehind = map[string]string{
	"controller_id": "facts.organisation.name", "contact_point": "contact.name with contact.email or contact.phone",
	"nature": "facts.incident.nature", "cause": "facts.incident.cause", "occurred_at": "facts.incident.occurred_from",
	"detected_at": "facts.incident.detected_at", "data_categories": "facts.data.classes",
	"subject_count": "facts.people.total", "subject_categories": "facts.people.categories", "cross_border": "facts.people.by_country",
	"notice_date":         "facts.incident.individuals_notified_at",
	"subject_count_local": "facts.people.by_region",
	"notice_copy":         "narrative.<language>",
	"law_enforcement":     "facts.law_enforcement.delay_requested",
	"prior_safeguards":    "facts.data.encrypted", "risk_reasoning": "facts.exposure.exfiltrated",
	"summary": "narrative.<language>.summary", "consequences": "narrative.<language>.consequences",
	"measures_taken": "narrative.<language>.measures_taken", "measures_planned": "narrative.<language>.measures_planned",
	"recurrence_prevention": "narrative.<language>.measures_planned", "individual_steps": "narrative.<language>.individual_steps",
	"remedies": "narrative.<language>.remedies", "remedies_offered": "narrative.<language>.remedies",
}

func whatToDo(kind, field string) string {
	const waive = "or let it go by name with a reason (tocsin plan waive)"
	switch kind {
	case breach.GapConflict:
		return "One text cannot do both: decide which duty it follows, and let the other one's demand go by name with a reason (tocsin plan waive)"
	case breach.GapForbidden:
		return "Take it out of the words of the incident or of the template in templates/, " + waive
	case breach.GapTitle, breach.GapHeadings:
		return "Put them into the template in templates/notice and templates/announcement, word for word and in this order, " + waive
	case breach.GapFont:
		return "Make the print larger in the template of the email in templates/notice (a letter is printed in the size that the program has), " + waive
	case breach.GapRemedy:
		return "Offer it, and state it with its months under offers of the incident (tocsin incident amend); who gets it and how is said under contents.<language>." + field + ", " + waive
	case breach.GapPosting:
		return "Raise announcement.keep_days in the policy, " + waive
	case breach.GapCallCentre:
		return "State contact.phone, " + waive
	}
	own := "contents.<language>." + field
	if fact := factsBehind[field]; fact != "" && fact != own {
		return "State " + fact + ", or write it as " + own + " of the incident (tocsin incident amend), " + waive
	}
	return "Write it as " + own + " of the incident (tocsin incident amend), " + waive
}

var noteWords = map[string]string{
	breach.NoteNotKnownYet:    "The report says that it is not known yet; a later report supplies it",
	breach.NoteMayBeRequired:  "Required if the duty turns out to apply",
	breach.NoteMayBeForbidden: "Forbidden if the duty turns out to apply",
	breach.NoteNoText:         "This plan holds no text for it: a person sends it apart from it (its text: tocsin report text), and then states it as done: tocsin report done",
	breach.NoteHandOver:       "Media get the words of the public page, and they were checked for it; giving them to the media, in time, is a person's task, who then states it: tocsin report done",
	breach.NoteOwnText:        "Its people get a text of their own, which leaves out what the law forbids. Who they are is taken from country and region of their rows: whose row names neither gets the text for everybody",
	breach.NoteKeepAnswering:  "In place of telling people one by one, the regime wants a number that is answered for as long as the notice is up",
}

func suffixed(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}

func posted(keep, days int) string {
	return fmt.Sprintf("the policy keeps it up for %d days, the regime asks for %d", keep, days)
}
