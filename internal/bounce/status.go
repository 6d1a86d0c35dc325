package bounce

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const maxRecipients = 100

// deliveryStatus reads the machine's part of an RFC 3464 report: a group of fields about the report, and one for
// each recipient. ok is false when it says of nobody what became of the message.
//
// A message of ours has one recipient. Where a report has several, an address of a person was expanded: the
// message failed only if it failed for all of them.
func deliveryStatus(body []byte) (out Report, ok bool) {
	reporter := ""
	for n := 0; n < maxRecipients && len(body) > 0; n++ {
		var f fields
		f, body = readFields(bytes.TrimLeft(body, "\r\n \t"))
		if v := server(f.get("reporting-mta")); v != "" {
			reporter = v
		}
		one, known := recipient(f)
		if known && (!ok || weight[one.Kind] < weight[out.Kind]) {
			out, ok = one, true
		}
	}
	out.Reporter = reporter
	return out, ok
}

// weight orders what became of a message, the best first.
var weight = map[breach.ReturnKind]int{
	breach.ReturnDelivered: 0, breach.ReturnRelayed: 1, breach.ReturnDelayed: 2, breach.ReturnUnclassified: 3, breach.ReturnFailed: 4,
}

// recipient reads the fields of one recipient. Action decides. Without one, a status of class 5 has failed and
// one of class 4 goes on; a server that says failed gave up, whatever its code.
func recipient(f fields) (Report, bool) {
	action, status := strings.ToLower(word(f.get("action"))), statusIn.FindString(f.get("status"))
	if action == "" && status == "" && f.get("diagnostic-code") == "" {
		return Report{}, false
	}
	out := Report{Status: status, Words: words(f.get("diagnostic-code")), Recipient: address(f.get("final-recipient"))}
	if own := address(f.get("original-recipient")); own != "" {
		out.Recipient = own
	}
	if precise := statusIn.FindString(out.Words); vague(out.Status) && precise != "" {
		out.Status = precise
	}
	switch {
	case action == "failed":
		out.Kind = breach.ReturnFailed
	case action == "delayed":
		out.Kind = breach.ReturnDelayed
	case action == "delivered":
		out.Kind = breach.ReturnDelivered
	case action == "relayed", action == "expanded":
		out.Kind = breach.ReturnRelayed
	case strings.HasPrefix(status, "5."):
		out.Kind = breach.ReturnFailed
	case strings.HasPrefix(status, "4."):
		out.Kind = breach.ReturnDelayed
	default:
		out.Kind = breach.ReturnUnclassified
	}
	return out, true
}

// vague is a status that says no more than its class.
func vague(status string) bool { return status == "" || strings.HasSuffix(status, ".0.0") }

// words are those of a field like "smtp; 550 5.1.1 no such user".
func words(v string) string {
	if _, after, ok := strings.Cut(v, ";"); ok {
		v = after
	}
	return strings.TrimSpace(v)
}

func word(v string) string {
	v, _, _ = strings.Cut(strings.TrimSpace(v), " ")
	return v
}

// server is the name of a machine in a field like "dns; mx.example.com"; empty for anything but a plain name.
func server(v string) string {
	name := strings.ToLower(words(v))
	if len(name) > 100 || !serverName.MatchString(name) {
		return ""
	}
	return name
}

var serverName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// address is that of a field like "rfc822; a@b.example".
func address(v string) string {
	v = strings.Trim(words(v), "<> ")
	if len(v) > 254 || !strings.Contains(v, "@") {
		return ""
	}
	return v
}

var (
	qmailHead = regexp.MustCompile(`^\s*Hi\. This is the `)
	qmailMan  = regexp.MustCompile(`(?m)^<([^<>\n]{1,254})>:\r?\n((?:[^\r\n]+\r?\n?){1,20})`)
)

// qmail reads the text of qmail and what copies it (QSBMF): its bounces are always for good.
func qmail(text string) (Report, bool) {
	if !qmailHead.MatchString(text) {
		return Report{}, false
	}
	m := qmailMan.FindStringSubmatch(text)
	if m == nil {
		return Report{Kind: breach.ReturnUnclassified, Words: firstLines(text)}, true
	}
	said := strings.Join(strings.Fields(m[2]), " ")
	return Report{Kind: breach.ReturnFailed, Status: statusIn.FindString(said), Words: said, Recipient: address(m[1])}, true
}
