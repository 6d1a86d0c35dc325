package channels

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
)

// bounces looks whether what comes back can arrive, and whether somebody takes it.
func (l *look) bounces(ctx context.Context) {
	if l.relay.Config.EnvelopeDomain == "" {
		l.warn("bounces", "bounces go to the sender address itself", "a bounce is found by the Message-ID that it quotes, or not at all", "set "+l.relay.Name+".envelope_domain to a domain whose mail comes to this server")
	}
	if len(l.Takes) == 0 {
		l.warn("bounces", "nothing here takes what comes back", "who did not get the mail counts as reached, unless somebody hands bounces in (POST /v1/bounces)", "set bounces.listen, or bounce_mailbox.addr")
	} else {
		l.ok("bounces", "taken by "+strings.Join(l.Takes, " and "))
	}
	hosts, err := l.DNS.MX(ctx, l.envelope)
	switch {
	case err != nil:
		l.warn("bounces", "DNS does not answer for the MX of "+l.envelope, "nobody knows whether bounces can arrive", "try again, or name another server with --dns")
		return
	case len(hosts) == 1 && hosts[0] == "":
		l.wrong("bounces", l.envelope+" says that it takes no mail (null MX)", "receivers refuse mail from a domain that cannot be answered, and bounces are lost", "publish an MX record that leads to the server that takes bounces")
		return
	case len(hosts) == 0:
		l.wrong("bounces", l.envelope+" has no MX record", "bounces do not arrive, and many receivers refuse mail from such a domain", "publish an MX record that leads to the server that takes bounces")
		return
	}
	for _, h := range hosts {
		if list, err := l.DNS.Addresses(ctx, h); err == nil && len(list) > 0 {
			l.ok("bounces", l.envelope+" takes mail at "+strings.Join(hosts, ", "))
			return
		}
	}
	l.wrong("bounces", "the MX of "+l.envelope+" ("+strings.Join(hosts, ", ")+") has no address", "bounces do not arrive", "publish an address for it")
}

// soon is when a certificate is worth a warning.
const soon = 21 * 24 * time.Hour

// connect does what a sender does, short of sending.
func (l *look) connect(ctx context.Context) {
	p, f := email.Probe(ctx, l.relay.Config)
	if p.Untrusted != "" {
		l.wrong("relay", "the relay's certificate does not hold: "+p.Untrusted, "nothing can be sent", "mend the certificate, or name its issuer with "+l.relay.Name+".ca_file")
		return
	}
	if f != nil {
		do := delivery.Reasons[f.Reason].Do
		l.wrong("relay", f.Detail, "nothing can be sent", do)
		return
	}
	l.encryption(p)
	if l.relay.Config.Username == "" {
		l.ok("relay", "it asks for no sign-in, and the settings name none")
	} else {
		l.ok("relay", "it takes our sign-in")
	}
	l.size(p)
	l.extensions(p)
}

func (l *look) encryption(p email.Probed) {
	left := p.Expires.Sub(l.Now())
	switch {
	case p.TLS == "":
		l.warn("relay", "the connection to the relay is not encrypted", "whoever is on the way reads names and addresses", "set "+l.relay.Name+".encryption to starttls or implicit, unless the relay is on this machine")
	case left < soon:
		l.warn("relay", p.TLS+", certificate valid until "+p.Expires.Format(time.DateOnly), fmt.Sprintf("it expires in %d days: nothing can be sent after that", int(left.Hours()/24)), "have it renewed before the wave")
	default:
		l.ok("relay", p.TLS+", certificate valid until "+p.Expires.Format(time.DateOnly))
	}
}

func (l *look) size(p email.Probed) {
	switch {
	case p.SizeLimit > 0 && p.SizeLimit < l.Audience.Bytes:
		l.wrong("size", fmt.Sprintf("the relay takes messages of up to %d bytes", p.SizeLimit), fmt.Sprintf("ours have up to %d: they are refused", l.Audience.Bytes), "have the limit raised, or make the notice shorter")
	case p.SizeLimit > 0:
		l.ok("size", fmt.Sprintf("the relay takes messages of up to %d bytes", p.SizeLimit))
	default:
		l.ok("size", "the relay names no limit of size")
	}
}

// wanted are the extensions that matter, and what their absence means; level is that of the absence.
var wanted = []struct {
	name, means, do string
	level           Level
}{
	{"PIPELINING", "each message takes three more round trips: the wave takes several times as long", "have the relay offer it", Warning},
	{"SMTPUTF8", "people whose address has other letters before the @ cannot be told by email", "have the relay offer it, or let them be told by another channel", Warning},
	{"8BITMIME", "nothing: our messages are ASCII on the wire", "", OK},
	{"CHUNKING", "the wave is a little slower: messages do not leave in groups", "", OK},
}

func (l *look) extensions(p email.Probed) {
	var there []string
	for _, w := range wanted {
		if _, ok := p.Extensions[w.name]; ok {
			there = append(there, w.name)
			continue
		}
		l.add(Finding{"extensions", w.level, "the relay does not offer " + w.name, w.means, w.do})
	}
	if len(there) > 0 {
		l.ok("extensions", "the relay offers "+strings.Join(there, ", "))
	}
}

// longWave is how long a wave may take before it is worth a warning: the shortest clock of most laws.
const longWave = 72 * time.Hour

// limits sets the policy's limit against the number of people.
func (l *look) limits() {
	switch {
	case l.relay.PerSecond == 0:
		l.ok("limits", "the policy sets no limit for this relay; what the relay itself allows, only whoever runs it knows")
	case l.Audience.People == 0:
		l.ok("limits", fmt.Sprintf("the policy allows %g messages a second", l.relay.PerSecond))
	default:
		takes := time.Duration(float64(l.Audience.People) / l.relay.PerSecond * float64(time.Second)).Round(time.Second)
		found := fmt.Sprintf("%d people at %g messages a second take %s", l.Audience.People, l.relay.PerSecond, takes)
		if takes > longWave {
			l.warn("limits", found, "that is longer than the clock of most laws runs", "have the limit raised, add a second relay, or plan an announcement")
			return
		}
		l.ok("limits", found)
	}
}
