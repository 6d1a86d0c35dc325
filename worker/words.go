package worker

import (
	"errors"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Words gives the renderer what the policy in force says about words.
type Words struct {
	*render.Engine
	// PublicBaseURL is where people can check that a notice is genuine.
	PublicBaseURL string
	// Letters says why letters with a text cannot be printed (pages, fonts, characters); nil when nothing is printed.
	Letters func(delivery.Message) error
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
	texts, problems, err := w.Engine.Texts(file, scope, duties, locales)
	if err == nil && len(problems) == 0 {
		problems = w.Unprintable(texts, file.Facts.Data.Classes)
	}
	return texts, problems, err
}

// Unprintable sets each letter for somebody invented, with a long name and every kind of data, so that one that is too long
// or that no font draws is known before anybody approves it.
func (w Words) Unprintable(texts []breach.Text, classes []string) (problems []string) {
	if w.Letters == nil {
		return nil
	}
	for _, t := range texts {
		if t.Ref.Channel != string(breach.Letter) || t.Ref.Variant != string(breach.ToSelf) {
			continue
		}
		m, err := w.Message(t, breach.Person{
			Name: "Maximiliana Example-Longestname", PostalAddress: "1 Example Street\n10000 Example Town", DataClasses: classes,
		}, breach.ToSelf, "AAAA-AAAA-AAAA-AAAA")
		if err == nil {
			m.AttemptID, m.DeliveryID = "preview-1", "preview"
			err = w.Letters(m)
		}
		var f *delivery.Failure
		switch {
		case errors.As(err, &f):
			problems = append(problems, "letter "+t.Ref.Locale+": "+f.Detail)
		case err != nil:
			problems = append(problems, "letter "+t.Ref.Locale+": "+err.Error())
		}
	}
	return problems
}
