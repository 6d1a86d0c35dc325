package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// trialView offers to send a notice of the plan to whoever looks at it.
type trialView struct {
	Channels  []channelChoice
	Languages []channelChoice
}

// trial is nil where there is nothing to try, or nobody who may.
func (l speech) trial(p breach.Plan, by breach.Actor) *trialView {
	view := &trialView{}
	for _, r := range p.Notices {
		if !slices.ContainsFunc(view.Channels, func(c channelChoice) bool { return c.ID == r.Channel }) {
			view.Channels = append(view.Channels, channelChoice{ID: r.Channel, Text: l.channel(r.Channel)})
		}
		if !slices.ContainsFunc(view.Languages, func(c channelChoice) bool { return c.ID == r.Locale }) {
			view.Languages = append(view.Languages, channelChoice{ID: r.Locale, Text: l.Language(r.Locale)})
		}
	}
	if len(view.Channels) == 0 || !may(by, breach.RoleResponder) {
		return nil
	}
	return view
}

// tryNotice sends one to the address that is written in the form.
func (s *server) tryNotice(v *visit) error {
	id, err := v.incidentID()
	if err != nil {
		return err
	}
	wave, _ := strconv.Atoi(v.r.PostFormValue("wave")) // anything else is the newest
	back := base + "incidents/" + url.PathEscape(id) + "/approve?wave=" + strconv.Itoa(max(0, wave))
	q := breach.TestQuery{
		Wave: max(0, wave), To: strings.TrimSpace(v.r.PostFormValue("to")), Channel: breach.Channel(v.r.PostFormValue("channel")),
		Locale: v.r.PostFormValue("locale"), Worst: v.r.PostFormValue("whose") == "worst",
	}
	if q.Worst {
		q.Locale = ""
	}
	out, err := s.Desk.TestNotice(v.r.Context(), id, q, v.actor)
	if err != nil {
		return s.refusedOn(v, back, err)
	}
	said := notice{kind: "done", text: "The test was sent, marked as one. It is nobody's delivery."}
	for _, t := range out.Tests {
		switch t.State {
		case breach.HandedOver, breach.Accepted, breach.Delivered:
			said.list = append(said.list, t.Why+": "+t.Provider+", "+t.Locale)
		default:
			said.kind, said.text = "soon", "A test could not be sent."
			said.list = append(said.list, t.Why+": "+t.None+strings.ReplaceAll(string(t.State)+" "+t.Reason, "_", " "))
		}
	}
	v.session.say(said)
	v.redirect(back)
	return nil
}
