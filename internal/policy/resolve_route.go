package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	operatedBySelf      = "self"
	operatedByProcessor = "processor"
	notifyGuardian      = "guardian"
	notifyBoth          = "both"
)

// Reason codes of refusals, as breach.Refusal carries them.
const (
	RefusedAbroad      = "processor_abroad" // the person's data may not go where the provider keeps it (M16)
	RefusedThirdParty  = "third_party"      // the policy shares with nobody (C01)
	RefusedObjection   = "objection"        // the person objected to this channel (C02)
	RefusedNotOperated = "not_operated"     // the organisation has nobody for this channel
	RefusedStopped     = "stopped"          // they answered STOP to a text message
	RefusedGone        = "contact_gone"     // the push token is gone, as an earlier list learned
)

// promised says that a reason is a promise or a wish, and not that nothing can be used.
func promised(reason string) bool { return reason != RefusedNotOperated && reason != RefusedGone }

// IsChild reports whether a person was younger than the policy's age on the day of on, read in on's own
// zone. Without a readable birth date a person is an adult, unless a guardian is given.
func (p Profile) IsChild(who breach.Person, on time.Time) bool {
	return who.IsChild(p.Minors.Age, on)
}

// Addressees lists to whom messages about a person go. The first alone decides the person's outcome: the
// guardian for a child, else the person. A second one is told as well as can be.
func (p Profile) Addressees(who breach.Person, on time.Time) []breach.Addressee {
	switch {
	case !p.IsChild(who, on):
		return []breach.Addressee{breach.ToSelf}
	case p.Minors.Notify == notifyBoth:
		return []breach.Addressee{breach.ToGuardian, breach.ToSelf}
	default:
		return []breach.Addressee{breach.ToGuardian}
	}
}

// ContactOf is the address, number or token by which an addressee is reached on a channel; empty when there
// is none. It is personal data.
func ContactOf(who breach.Person, to breach.Addressee, c breach.Channel) string {
	email, phone, token, post := who.Email, who.Phone, who.PushToken, who.PostalAddress
	if to == breach.ToGuardian {
		if who.Guardian == nil {
			return ""
		}
		email, phone, token, post = who.Guardian.Email, who.Guardian.Phone, "", ""
	}
	var s string
	switch c {
	case breach.Email:
		s = email
	case breach.SMS, breach.Voice:
		s = phone
	case breach.Push:
		s = token
	case breach.Letter:
		s = post
	}
	return strings.TrimSpace(s)
}

// Permits reports whether a person's contact may go to a provider, with the refusal's reason code when it
// may not. Sending activities ask it again right before they hand over.
func (p Profile) Permits(who breach.Person, c breach.Channel, provider string) (reason string, ok bool) {
	v, known := p.Provider(provider)
	used := slices.ContainsFunc(p.Channels, func(r ChannelRule) bool { return r.Channel == c })
	switch {
	case !used:
		return p.closedReason(c), false
	case !known || v.Channel != c || !serves(v, who):
		return RefusedNotOperated, false
	case slices.Contains(who.Objections, c):
		return RefusedObjection, false
	}
	reason, _ = p.refuses(v, who)
	return reason, reason == ""
}

// route is the answer for one person and one channel.
type route struct {
	provider  string
	exception string // the exception of a transfer rule that this way rests on
	refused   []refusedProvider
}

type refusedProvider struct{ provider, reason string }

// routeFor picks the first provider that the policy allows, and tells which it refused before that. An empty
// provider means that none is left.
func (p *Profile) routeFor(who breach.Person, c breach.Channel) route {
	var r route
	if slices.Contains(who.Objections, c) {
		r.refused = []refusedProvider{{"", RefusedObjection}}
		return r
	}
	for _, id := range p.candidates(who, c) {
		v, ok := p.Provider(id)
		if !ok || !serves(v, who) {
			continue
		}
		reason, exception := p.refuses(v, who)
		if reason == "" {
			r.provider, r.exception = id, exception
			return r
		}
		r.refused = append(r.refused, refusedProvider{id, reason})
	}
	if len(r.refused) == 0 {
		r.refused = []refusedProvider{{"", RefusedNotOperated}}
	}
	return r
}

// candidates are the providers of the first routing rule that fits, or all of the channel.
func (p *Profile) candidates(who breach.Person, c breach.Channel) []string {
	for _, r := range p.Routing {
		if r.Channel == c && (len(r.PeopleIn) == 0 || slices.Contains(r.PeopleIn, p.countryOf(who))) {
			return r.Providers
		}
	}
	return p.of(c)
}

// of are the providers of a channel, in their order.
func (p *Profile) of(c breach.Channel) []string {
	var out []string
	for _, v := range p.Providers {
		if v.Channel == c {
			out = append(out, v.ID)
		}
	}
	return out
}

// countryOf is where a person is. Somebody whose country is unknown counts as being where the organisation
// is: data is kept at home until it is known that it may leave.
func (p *Profile) countryOf(who breach.Person) string {
	if c := strings.ToUpper(strings.TrimSpace(who.Country)); c != "" {
		return c
	}
	return p.Location
}

// refuses gives the reason why a provider must not get a person's data, or the exception that lets it.
func (p *Profile) refuses(v Provider, who breach.Person) (reason, exception string) {
	if p.ThirdPartyProcessors == NoThirdParties && v.OperatedBy != operatedBySelf {
		return RefusedThirdParty, ""
	}
	for _, t := range p.Transfers {
		if !slices.Contains(t.PeopleIn, p.countryOf(who)) || slices.Contains(t.OnlyIn, v.Location) {
			continue
		}
		if exception = t.Exceptions.claimed(); exception == "" {
			return RefusedAbroad, ""
		}
	}
	return "", exception
}

// claimed names the first exception that is claimed.
func (e TransferExceptions) claimed() string {
	switch {
	case e.LawProvides != "":
		return "law_provides"
	case e.Consented != "":
		return "consented"
	case e.CrossBorderTransaction != "":
		return "cross_border_transaction"
	}
	return ""
}

// serves reports whether a provider can reach this person's kind of device at all: one of a kind that is a platform
// reaches that platform's alone.
func serves(v Provider, who breach.Person) bool {
	return who.PushPlatform == "" || !slices.Contains(breach.PushPlatforms, v.Kind) || v.Kind == who.PushPlatform
}

func (p *Profile) closedReason(c breach.Channel) string {
	for _, r := range p.Closed {
		if r.Channel == c {
			return r.Reason
		}
	}
	return RefusedNotOperated
}
