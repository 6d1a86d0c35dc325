package render

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// InventedReference is a code that no notice carries.
const InventedReference = "EXM-0000-0000-0000"

// Invented is somebody who does not exist: whom a text is tried on before it goes to anybody.
func Invented() breach.Person {
	return breach.Person{
		Name: "Alex Example", Email: "alex@person.example", Phone: "+12025550143", PushToken: "invented-token", Country: "US",
		DataClasses:   []string{"email", "password_hash"},
		PostalAddress: "1 Example Street\n10000 Example Town",
		Guardian:      &breach.Guardian{Name: "Robin Example", Email: "robin@person.example", Phone: "+12025550144"},
	}
}

// invented is a complete incident that never happened, told in the given languages.
func invented(tags []string) (breach.IncidentFile, Scope) {
	name, cause, hashed, total := "Example Organisation", "error", "weak", int64(1200)
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	file := breach.IncidentFile{
		Facts: breach.Facts{
			Incident:     breach.IncidentFacts{Nature: []string{"confidentiality"}, Cause: &cause, OccurredFrom: &at, DetectedAt: &at, AwareAt: &at},
			Organisation: breach.Organisation{Name: &name},
			People:       breach.PeopleFacts{Total: &total, Categories: []string{"customers"}},
			Data:         breach.DataFacts{Classes: []string{"name", "email", "phone", "password_hash"}, Hashed: &hashed},
		},
		Narrative: map[string]breach.Narrative{},
		Contact:   breach.Contact{Name: "Privacy desk", Email: "privacy@organisation.example", Phone: "+1 202 555 0100", Address: "1 Example Street"},
	}
	for _, tag := range tags {
		file.Narrative[tag] = breach.Narrative{
			Summary: "On 15 January a copy of our accounts could be read from outside.", Consequences: "Somebody could try your password elsewhere.",
			MeasuresTaken: "We closed the access.", MeasuresPlanned: "We store passwords in a stronger form.",
			IndividualSteps: "Change your password.", Remedies: "A free check of your account.",
		}
	}
	return file, Scope{
		DefaultLocale: tags[0], Locales: tags, Channels: []breach.Channel{breach.Email, breach.SMS, breach.Push, breach.Letter, breach.Voice}, Guardian: true, MinorAge: 14, AnswerDays: 15,
		PublicBaseURL: "https://organisation.example", PageReference: "EXM-2026-01",
	}
}
