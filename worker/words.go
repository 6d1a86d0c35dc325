package worker

import (
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Words gives the renderer what the policy in force says about words.
type Words struct {
	*render.Engine
	// PublicBaseURL is where people can check that a notice is genuine.
	PublicBaseURL string
}

// Texts composes everything that a plan covers.
func (w Words) Texts(file breach.IncidentFile, p policy.Profile, duties []breach.Obligation, locales []string, page string) ([]breach.Text, []string, error) {
	scope := render.Scope{
		Policy: p.Name, DefaultLocale: p.Languages.Default, Locales: p.Languages.Available, Channels: p.Order(),
		Guardian: p.Minors.Age > 0, MinorAge: p.Minors.Age, ContactRequired: p.ContactRequired, PublicBaseURL: w.PublicBaseURL, PageReference: page,
	}
	if t := p.Promises.InquiryAnswer; t != nil && t.Unit == "calendar_days" {
		scope.AnswerDays = t.Value
	}
	if file.Facts.Incident.Title != nil {
		scope.Title = *file.Facts.Incident.Title
	}
	if file.Facts.Organisation.Name != nil {
		scope.Organisation = *file.Facts.Organisation.Name
	}
	return w.Engine.Texts(file, scope, duties, locales)
}
