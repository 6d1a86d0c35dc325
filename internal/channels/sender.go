package channels

import (
	"context"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/tocsin-engine/tocsin/internal/delivery/email/dkim"
)

// dkim compares the keys that sign with what DNS says of them.
func (l *look) dkim(ctx context.Context) {
	if len(l.relay.Config.DKIMKeys) == 0 {
		l.warn("dkim", "nothing is signed here", "unless the relay signs for "+l.from+", large receivers refuse a wave of this mail", "ask whoever runs the relay, or set "+l.relay.Name+".dkim_keys")
		return
	}
	keys, err := dkim.Load(l.relay.Config.DKIMKeys)
	if err != nil {
		l.wrong("dkim", err.Error(), "nothing can be sent", "mend "+l.relay.Name+".dkim_keys")
		return
	}
	rsa := false
	for _, k := range keys {
		rsa = rsa || k.Type() == "rsa"
		l.key(ctx, k)
	}
	if !rsa {
		l.warn("dkim", "messages are signed with Ed25519 alone", "most receivers verify RSA only: for them the mail is not signed", "add a key of RSA")
	}
}

func (l *look) key(ctx context.Context, k *dkim.Key) {
	name := k.Selector + "._domainkey." + l.signature
	list, err := l.DNS.TXT(ctx, name)
	if err != nil {
		l.warn("dkim", "DNS does not answer for "+name, "nobody knows what receivers will find", "try again, or name another server with --dns")
		return
	}
	publish := "publish a TXT record at " + name + ": " + k.Record()
	switch {
	case len(list) == 0:
		l.wrong("dkim", name+" has no record", "receivers cannot verify the signature: the mail counts as not signed", publish)
		return
	case len(list) > 1:
		l.wrong("dkim", name+" has several records", "which one receivers take is chance", "leave one; "+publish)
		return
	}
	t := tags(list[0])
	kind := t["k"]
	if kind == "" {
		kind = "rsa"
	}
	switch {
	case t["p"] == "":
		l.wrong("dkim", name+" names no key, which means that it was revoked", "every signature is refused", publish)
	case kind != k.Type() || t["p"] != k.Public():
		l.wrong("dkim", name+" holds another key than the one in the settings", "every signature is refused, which is worse than none", publish)
	case strings.Contains(":"+t["t"]+":", ":y:"):
		l.signed = true
		l.warn("dkim", name+" says that it is only a test (t=y)", "receivers treat the mail as if it were not signed", "take t=y out of the record")
	default:
		l.signed = true
		l.ok("dkim", name+" matches the key in the settings ("+k.Type()+")")
	}
}

// dmarc looks at what the sender's domain asks receivers to do, and whether our mail will pass.
func (l *look) dmarc(ctx context.Context) {
	home, err := publicsuffix.EffectiveTLDPlusOne(l.from)
	if err != nil {
		home = l.from
	}
	text, n, err := record(ctx, l.DNS, "_dmarc."+l.from, "v=dmarc1")
	at := l.from
	if err == nil && n == 0 && home != l.from {
		text, n, err = record(ctx, l.DNS, "_dmarc."+home, "v=dmarc1")
		at = home
	}
	switch {
	case err != nil:
		l.warn("dmarc", "DNS does not answer for _dmarc."+at, "nobody knows what receivers will find", "try again, or name another server with --dns")
		return
	case n == 0:
		l.warn("dmarc", l.from+" has no DMARC record", "large receivers want one from who sends to many, and anybody can send in your name", "publish a TXT record at _dmarc."+home+": v=DMARC1; p=none; rua=mailto:<a mailbox of yours>")
	case n > 1:
		l.wrong("dmarc", "_dmarc."+at+" has several records", "receivers believe none of them", "leave one")
		return
	default:
		l.ok("dmarc", "_dmarc."+at+" says: "+text)
	}
	t := tags(text)
	wish := t["p"]
	if at != l.from && t["sp"] != "" {
		wish = t["sp"]
	}
	l.alignment(strings.ToLower(wish), t)
}

// alignment: DMARC passes when SPF or DKIM does in the name of the domain that people see.
func (l *look) alignment(wish string, t map[string]string) {
	byEnvelope := l.allowed && aligned(l.from, l.envelope, t["aspf"])
	bySignature := l.signed && aligned(l.from, l.signature, t["adkim"])
	strict := wish == "reject" || wish == "quarantine"
	shown := "from " + l.from + ", envelope " + l.envelope
	if l.signed {
		shown += ", signed by " + l.signature
	}
	switch {
	case bySignature && byEnvelope:
		l.ok("alignment", shown)
	case bySignature:
		l.ok("alignment", shown+" (by the signature alone)")
	case byEnvelope && strict:
		l.warn("alignment", shown, "it rests on SPF alone, which does not survive forwarding: forwarded mail is refused ("+wish+")", "sign with DKIM in the name of "+l.from)
	case byEnvelope:
		l.ok("alignment", shown+" (by SPF alone)")
	case strict && len(l.relay.Config.DKIMKeys) == 0:
		l.warn("alignment", shown, "unless the relay signs for "+l.from+", receivers refuse all of this mail (p="+wish+")", "ask whoever runs the relay, or set "+l.relay.Name+".dkim_keys")
	case strict:
		l.wrong("alignment", shown, "neither SPF nor DKIM passes in the name of "+l.from+": receivers do as p="+wish+" says with all of this mail", "mend the signature above, or use an envelope domain below "+l.from)
	default:
		l.warn("alignment", shown, "neither SPF nor DKIM passes in the name of "+l.from+": large receivers take the mail for spam", "sign with DKIM in the name of "+l.from)
	}
}

// aligned says whether a domain speaks for the sender's: the same one, or relaxed, one of the same owner.
func aligned(from, other, mode string) bool {
	if strings.EqualFold(from, other) {
		return true
	}
	if strings.EqualFold(mode, "s") {
		return false
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(from))
	b, bad := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(other))
	return err == nil && bad == nil && a == b
}
