// Package channels looks before a wave at what receivers will look at while it goes out: what DNS says of the
// sender (SPF, DKIM, DMARC, where bounces go), what the relay offers, and how long its limits make the wave. It
// says in plain words what will go wrong and what to do. It sends nothing.
//
// Imports of ours: delivery, delivery/email and dkim below it.
package channels

import (
	"context"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery/email"
)

// Level is how bad a finding is.
type Level string

const (
	OK      Level = "ok"
	Warning Level = "warning" // some people may not get the message, or it takes longer
	Error   Level = "error"   // messages will be refused or bounces lost
)

// Finding is one thing that was looked at.
type Finding struct {
	Check string `json:"check"` // for email: spf, dkim, dmarc, alignment, bounces, relay, size, extensions, limits
	Level Level  `json:"level"`
	Found string `json:"found"`           // what there is
	Means string `json:"means,omitempty"` // what will go wrong
	Do    string `json:"do,omitempty"`
}

// Provider is what was found of one way out.
type Provider struct {
	Provider string    `json:"provider"`
	Channel  string    `json:"channel"`
	Findings []Finding `json:"findings"`
}

// Report is everything that was found.
type Report struct {
	Providers []Provider `json:"providers"`
	Errors    int        `json:"errors"`
	Warnings  int        `json:"warnings"`
}

// Relay is a mail relay to look at.
type Relay struct {
	Name      string
	Config    email.Config
	PerSecond float64 // the policy's limit, messages a second; 0 is none
}

// Audience is what is going to be sent.
type Audience struct {
	People int64 // 0 when nobody knows yet
	Bytes  int64 // of one message
}

// Checker looks. Takes says by which ways bounces are taken here.
type Checker struct {
	DNS      DNS
	Takes    []string // such as "SMTP on 0.0.0.0:25"; empty: by none
	Audience Audience
	Now      func() time.Time
}

// Relays looks at mail relays.
func (c *Checker) Relays(ctx context.Context, relays []Relay) Report {
	out := Report{Providers: []Provider{}}
	for _, r := range relays {
		l := &look{Checker: c, relay: r}
		l.from, l.envelope, l.signature = r.Config.Domains()
		l.spf(ctx)
		l.dkim(ctx)
		l.dmarc(ctx)
		l.bounces(ctx)
		l.connect(ctx)
		l.limits()
		out.Add(Provider{Provider: r.Name, Channel: "email", Findings: l.findings})
	}
	return out
}

// Add takes what was found of one more way out.
func (r *Report) Add(p Provider) {
	r.Providers = append(r.Providers, p)
	for _, f := range p.Findings {
		switch f.Level {
		case Error:
			r.Errors++
		case Warning:
			r.Warnings++
		case OK:
		}
	}
}

// look is one relay being looked at.
type look struct {
	*Checker
	relay    Relay
	findings []Finding

	from, envelope, signature string // domains
	signed                    bool   // a signature of ours will hold
	allowed                   bool   // SPF names something for the envelope's domain
}

func (l *look) ok(check, found string) { l.add(Finding{Check: check, Level: OK, Found: found}) }

func (l *look) warn(check, found, means, do string) {
	l.add(Finding{check, Warning, found, means, do})
}

func (l *look) wrong(check, found, means, do string) {
	l.add(Finding{check, Error, found, means, do})
}

func (l *look) add(f Finding) { l.findings = append(l.findings, f) }
