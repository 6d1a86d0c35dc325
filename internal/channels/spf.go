package channels

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// mostLookups is how many questions SPF may cost a receiver (RFC 7208 4.6.4).
const mostLookups = 10

// spf looks at who may send for the domain of the envelope.
func (l *look) spf(ctx context.Context) {
	w := &walk{dns: l.DNS}
	own, err := l.DNS.Addresses(ctx, l.relay.Config.Host())
	if address, bad := netip.ParseAddr(l.relay.Config.Host()); bad == nil {
		own, err = []netip.Addr{address.Unmap()}, nil
	}
	text, n, asked := record(ctx, l.DNS, l.envelope, "v=spf1")
	switch {
	case asked != nil:
		l.warn("spf", "DNS does not answer for "+l.envelope, "nobody knows what receivers will find", "try again, or name another server with --dns")
		return
	case n == 0:
		l.wrong("spf", l.envelope+" has no SPF record", "many receivers refuse mail whose sender allows nobody to send", "publish a TXT record at "+l.envelope+" that names the relay, such as: v=spf1 include:<the relay's domain> -all")
		return
	case n > 1:
		l.wrong("spf", fmt.Sprintf("%s has %d SPF records", l.envelope, n), "receivers treat that as an error and believe none of them", "merge them into one")
		return
	}
	l.allowed = true
	all, found := w.record(ctx, l.envelope, text, own, 0)
	shown := l.envelope + " says: " + text
	switch {
	case w.broken != "":
		l.wrong("spf", shown, "receivers treat the record as an error: "+w.broken, "mend the record")
	case w.lookups > mostLookups:
		l.wrong("spf", fmt.Sprintf("%s; it needs %d look-ups", shown, w.lookups), "receivers stop at 10 and treat it as an error", "name addresses in place of some of the includes")
	case all == "+":
		l.warn("spf", shown, "it allows everybody, which receivers hold against the sender", "end it with -all or ~all")
	case found:
		l.ok("spf", shown+" (the relay's own address is allowed)")
	case err != nil || len(own) == 0:
		l.warn("spf", shown, "the relay's address cannot be found, so nobody here knows whether it is allowed", "ask whoever runs the relay from which addresses it sends")
	case all == "-" || all == "~":
		l.warn("spf", shown+"; the relay's own address is not among them", "if the relay sends from the address that it is reached at, receivers refuse the mail or take it for spam", "ask whoever runs the relay from which addresses it sends, and name these")
	default:
		l.ok("spf", shown+" (it says nothing of the relay's own address)")
	}
}

// walk follows a record as a receiver does.
type walk struct {
	dns     DNS
	lookups int
	broken  string
}

// record says whether one of the addresses is allowed, and how the record ends (+, -, ~, ? or nothing).
func (w *walk) record(ctx context.Context, domain, text string, own []netip.Addr, depth int) (all string, found bool) {
	redirect := ""
	for _, term := range strings.Fields(text)[1:] {
		sign, term := sign(term)
		name, value, _ := strings.Cut(term, ":")
		switch name = strings.ToLower(name); {
		case name == "all":
			return sign, found
		case strings.HasPrefix(name, "redirect="):
			redirect = term[len("redirect="):]
		case strings.Contains(name, "="), strings.Contains(value, "%"):
			// modifiers that nothing follows from here, and macros, which depend on each message
		case name == "ip4" || name == "ip6":
			found = found || sign == "+" && w.among(value, own)
		case name == "include":
			_, there := w.follow(ctx, value, own, depth)
			found = found || sign == "+" && there
		default:
			found = w.asked(ctx, domain, term, own) && sign == "+" || found
		}
	}
	if redirect == "" {
		return "", found
	}
	end, there := w.follow(ctx, redirect, own, depth)
	return end, found || there
}

// asked carries out a term that costs a receiver a question.
func (w *walk) asked(ctx context.Context, domain, term string, own []netip.Addr) bool {
	if w.lookups++; w.lookups > 2*mostLookups {
		return false
	}
	whole, _, _ := strings.Cut(term, "/")
	name, value, _ := strings.Cut(whole, ":")
	if value == "" {
		value = domain
	}
	switch strings.ToLower(name) {
	case "a":
		return w.host(ctx, value, own)
	case "mx":
		list, err := w.dns.MX(ctx, value)
		return err == nil && slices.ContainsFunc(list, func(h string) bool { return w.host(ctx, h, own) })
	case "exists", "ptr": // depend on each message
		return false
	}
	w.broken = "nobody knows what " + term + " is"
	return false
}

func sign(term string) (string, string) {
	if strings.ContainsRune("+-~?", rune(term[0])) {
		return term[:1], term[1:]
	}
	return "+", term
}

func (w *walk) follow(ctx context.Context, domain string, own []netip.Addr, depth int) (string, bool) {
	if w.lookups++; w.lookups > 2*mostLookups || depth > mostLookups {
		return "", false
	}
	text, n, err := record(ctx, w.dns, domain, "v=spf1")
	if err != nil || n != 1 {
		w.broken = domain + ", which it includes, has no record that can be used"
		return "", false
	}
	return w.record(ctx, domain, text, own, depth+1)
}

func (w *walk) among(value string, own []netip.Addr) bool {
	if !strings.Contains(value, "/") {
		value += "/" + map[bool]string{true: "128", false: "32"}[strings.Contains(value, ":")]
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		w.broken = "it names an address that is none"
		return false
	}
	return slices.ContainsFunc(own, p.Contains)
}

func (w *walk) host(ctx context.Context, host string, own []netip.Addr) bool {
	list, err := w.dns.Addresses(ctx, host)
	return err == nil && slices.ContainsFunc(list, func(a netip.Addr) bool { return slices.Contains(own, a) })
}
