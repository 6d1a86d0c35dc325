package activitiestest

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Aware is the instant of awareness of File.
var Aware = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// File is a complete incident file under a built-in policy.
func File(profile string) breach.IncidentFile {
	title, aware, no := "Leaked table", Aware, false
	return breach.IncidentFile{
		Policy: profile,
		Facts: breach.Facts{
			Incident: breach.IncidentFacts{Title: &title, AwareAt: &aware, Malicious: &no},
			Data:     breach.DataFacts{Classes: []string{"email"}},
		},
		Narrative: map[string]breach.Narrative{"en": {
			Summary: "What happened", Consequences: "c", MeasuresTaken: "m", MeasuresPlanned: "p", IndividualSteps: "s", Remedies: "r",
		}},
		Contact: breach.Contact{Name: "The office", Email: "office@school.example"},
	}
}

// Someone has an email address and a phone made of the name and a number, and lives abroad, where the
// policies let both channels be used.
func Someone(name string, n int) breach.Person {
	return breach.Person{
		Name: name, Email: fmt.Sprintf("%s.%d@mail.example", name, n), Phone: fmt.Sprintf("+4420794600%02d", n), Locale: "en", Country: "GB",
	}
}

// Stage is everything that stands behind the ports of one incident.
type Stage struct {
	Ledger   *Ledger
	Post     *Post
	Office   *Office
	Vault    *Vault
	Profiles *Profiles
	Judge    *Judge
	Limits   activities.Limits
	Now      func() time.Time
	Owner    string
}

// NewStage opens the incident "case-1" under a built-in policy. now is every clock.
func NewStage(profile string, now func() time.Time) *Stage {
	p, err := policy.Builtin(profile)
	if err != nil {
		panic("not a built-in policy: " + profile)
	}
	p = p.Equipped(func(string) bool { return false })
	l := New("case-1", File(profile), p.Sufficiency(), p.Minors.Age, Aware)
	l.Now = now
	return &Stage{
		Ledger: l, Post: &Post{}, Office: &Office{Number: "AUTH-1"}, Vault: &Vault{Now: now}, Profiles: &Profiles{}, Judge: &Judge{},
		Limits: activities.Limits{Batch: 3, Parallel: 2, Lease: 20 * time.Second, Margin: 8 * time.Second, Settling: 3 * time.Second},
		Now:    now, Owner: "worker-1",
	}
}

// Deliver is the sending stage behind this stage's ports.
func (s *Stage) Deliver() *activities.Deliver {
	return &activities.Deliver{
		Cases: s.Ledger, Plans: s.Ledger, People: s.Ledger, Sending: s.Ledger, Brakes: s.Ledger, Holds: s.Ledger, Profiles: s.Profiles, Words: Words{},
		Senders: s.Post, Now: s.Now, Limits: s.Limits, Owner: s.Owner,
	}
}

// Case reads and moves the incident behind this stage's ports.
func (s *Stage) Case() *activities.Case {
	return &activities.Case{Cases: s.Ledger, Duties: s.Ledger, Plans: s.Ledger, People: s.Ledger, Filings: s.Ledger, Waves: s.Ledger, Sending: s.Ledger, Retries: s.Ledger, Public: s.Ledger, Holds: s.Ledger, Paces: s.Ledger, Now: s.Now}
}

// Assess judges behind this stage's ports.
func (s *Stage) Assess() *activities.Assess {
	return &activities.Assess{Cases: s.Ledger, Duties: s.Ledger, Plans: s.Ledger, Waves: s.Ledger, Holds: s.Ledger, Judge: s.Judge, Profiles: s.Profiles, Now: s.Now}
}

// Approve composes and verifies behind this stage's ports.
func (s *Stage) Approve() *activities.Approve {
	return &activities.Approve{Cases: s.Ledger, Duties: s.Ledger, Plans: s.Ledger, Sending: s.Ledger, Holds: s.Ledger, Judge: s.Judge, Profiles: s.Profiles, Words: Words{}, Now: s.Now}
}

// Resolve surveys behind this stage's ports.
func (s *Stage) Resolve() *activities.Resolve {
	return &activities.Resolve{Cases: s.Ledger, People: s.Ledger, Sending: s.Ledger, Brakes: s.Ledger, Holds: s.Ledger, Profiles: s.Profiles,
		Plans: s.Ledger, Words: Words{}, Costs: s.Ledger, Now: s.Now}
}

// Announce tells the public behind this stage's ports.
func (s *Stage) Announce() *activities.Announce {
	return &activities.Announce{
		Cases: s.Ledger, Duties: s.Ledger, Plans: s.Ledger, People: s.Ledger, Sending: s.Ledger, Paces: s.Ledger, Brakes: s.Ledger, Holds: s.Ledger, Profiles: s.Profiles,
		Announcements: s.Ledger, Publisher: s.Office, Now: s.Now,
	}
}

// Again tries people again behind this stage's ports.
func (s *Stage) Again() *activities.Again {
	return &activities.Again{Cases: s.Ledger, People: s.Ledger, Waves: s.Ledger, Profiles: s.Profiles, Retries: s.Ledger, Now: s.Now}
}

// Report files behind this stage's ports.
func (s *Stage) Report() *activities.Report {
	return &activities.Report{Cases: s.Ledger, Duties: s.Ledger, Plans: s.Ledger, Filings: s.Ledger, Holds: s.Ledger, Filer: s.Office, Now: s.Now}
}

// Hold knows what stands still behind this stage's ports.
func (s *Stage) Hold() *activities.Hold {
	return &activities.Hold{Cases: s.Ledger, Duties: s.Ledger, People: s.Ledger, Waves: s.Ledger, Holds: s.Ledger, Now: s.Now}
}

// Evidence seals behind this stage's ports.
func (s *Stage) Evidence() *activities.Evidence {
	return &activities.Evidence{Cases: s.Ledger, Exporter: s.Ledger, Vault: s.Vault, Now: s.Now}
}

// Quick takes the quiet periods away: what a provider took counts at once.
func (s *Stage) Quick() {
	s.Profiles.Change(func(p *policy.Profile) {
		p.Channels = slices.Clone(p.Channels)
		for i := range p.Channels {
			p.Channels[i].Quiet = 0
		}
	})
	p, err := s.Profiles.Profile(s.Ledger.Head().Policy)
	if err != nil {
		panic("a profile that was there is gone: " + err.Error())
	}
	s.Ledger.mu.Lock()
	defer s.Ledger.mu.Unlock()
	s.Ledger.rules = p.Sufficiency()
}
