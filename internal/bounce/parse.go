package bounce

import (
	"bytes"
	"mime"
	"regexp"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Kinds of mail that say nothing about a message of ours, besides those of breach.ReturnKind.
const (
	AutoReply breach.ReturnKind = "auto_reply" // an absence note, a read receipt
	Feedback  breach.ReturnKind = "feedback"   // a report about mail in our name, such as one of failed authentication
	Other     breach.ReturnKind = "other"      // a person wrote, or it is something else
)

// Report is what a returned message says.
type Report struct {
	Kind      breach.ReturnKind
	Status    string // enhanced status code as given, such as 5.1.1; may be empty, and one that nobody knows
	Words     string // the server's own, as given: they may hold contacts
	Recipient string // whom the report is about, as it says; may be empty
	Reporter  string // server that reports

	traces traces // where ids of our messages may stand, the surest first
}

type traces struct {
	senders  []string // what may hold a return path of ours
	messages []string // what may hold a Message-ID of ours
}

// Parse reads a message that came back: RFC 3464 reports with or without all their parts, RFC 5965 complaints,
// qmail's text, and what looks like a bounce. It never fails: what cannot be told is Unclassified or Other.
func Parse(raw []byte) Report {
	raw = raw[:min(len(raw), maxRaw)]
	head, body := readFields(raw)
	r := reader{left: maxParts}
	r.walk(head, body, 0)
	out := r.report(head)
	out.traces = r.traces(head)
	return out
}

func (r *reader) report(head fields) Report {
	var disposition bool
	for i := range r.parts {
		switch p := &r.parts[i]; p.kind {
		case "message/delivery-status", "message/global-delivery-status":
			if out, ok := deliveryStatus(p.body); ok {
				return out
			}
		case "message/feedback-report":
			return feedback(p.body)
		case "message/disposition-notification", "message/global-disposition-notification":
			disposition = true
		}
	}
	if disposition {
		return Report{Kind: AutoReply}
	}
	text := r.text()
	if out, ok := qmail(text); ok {
		return out
	}
	if out, ok := r.looseStatus(); ok {
		return out
	}
	switch {
	case reportType(head) == "delivery-status" || fromMailer(head) && !answersItself(head):
		return Report{Kind: breach.ReturnUnclassified, Status: statusIn.FindString(text), Words: firstLines(text)}
	case answersItself(head):
		return Report{Kind: AutoReply}
	case emptyPath(head):
		return Report{Kind: breach.ReturnUnclassified, Status: statusIn.FindString(text), Words: firstLines(text)}
	}
	return Report{Kind: Other}
}

// text is the first text for people.
func (r *reader) text() string {
	for _, p := range r.parts {
		if p.kind == "text/plain" || p.kind == "" {
			return string(p.body[:min(len(p.body), 16<<10)])
		}
	}
	return ""
}

// looseStatus finds the fields of a report in a part that is declared as plain text, as some servers do.
func (r *reader) looseStatus() (Report, bool) {
	for _, p := range r.parts {
		if (p.kind == "text/plain" || strings.HasPrefix(p.kind, "application/")) && actionIn.Match(p.body) && statusField.Match(p.body) {
			return deliveryStatus(p.body)
		}
	}
	return Report{}, false
}

var (
	statusIn    = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	actionIn    = regexp.MustCompile(`(?im)^action:[ \t]*(failed|delayed|delivered|relayed|expanded)`)
	statusField = regexp.MustCompile(`(?im)^status:[ \t]*[245]\.`)
)

func reportType(head fields) string {
	kind, params, _ := mime.ParseMediaType(head.get("content-type"))
	if kind != "multipart/report" {
		return ""
	}
	return strings.ToLower(params["report-type"])
}

func emptyPath(head fields) bool {
	return head.get("return-path") == "<>"
}

// fromMailer says that a mail server wrote, by the names that they use.
func fromMailer(head fields) bool {
	from := strings.ToLower(head.get("from"))
	for _, name := range []string{"mailer-daemon", "postmaster@", "mail delivery sub", "mail delivery system"} {
		if strings.Contains(from, name) {
			return true
		}
	}
	_, failed := head["x-failed-recipients"]
	return failed
}

// answersItself knows answers that nobody wrote (RFC 3834, and what was usual before it).
func answersItself(head fields) bool {
	auto := strings.ToLower(head.get("auto-submitted"))
	if _, reply := head["x-autoreply"]; reply || auto != "" && !strings.HasPrefix(auto, "no") {
		return true
	}
	if _, reply := head["x-autorespond"]; reply {
		return true
	}
	switch strings.ToLower(head.get("precedence")) {
	case "auto_reply", "bulk", "junk", "list":
		return true
	}
	subject := head.get("subject")
	if plain, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = plain
	}
	subject = strings.ToLower(subject)
	for _, s := range []string{"automatic reply", "auto reply", "auto-reply", "autoreply", "auto:", "out of office", "out of the office", "vacation", "abwesen", "réponse automatique", "respuesta automática", "自动回复", "自動回覆", "自動応答"} {
		if strings.Contains(subject, s) {
			return true
		}
	}
	return false
}

// firstLines is the beginning of a text in one line.
func firstLines(text string) string {
	return strings.Join(strings.Fields(text[:min(len(text), 600)]), " ")
}

// feedback reads a complaint. Other feedback (auth-failure, virus) is about mail in our name, not about a person.
func feedback(body []byte) Report {
	f, _ := readFields(bytes.TrimLeft(body, "\r\n"))
	out := Report{Kind: breach.ReturnComplained, Words: f.get("feedback-type"), Reporter: server(f.get("reporting-mta")), Recipient: address(f.get("original-rcpt-to"))}
	switch strings.ToLower(out.Words) {
	case "abuse", "fraud", "opt-out", "opt-out-list", "other", "":
	default:
		out.Kind = Feedback
	}
	return out
}

// traces gathers the places at which ids of ours stand in a report: addresses that the report came to, the
// path that it quotes, then anything.
func (r *reader) traces(head fields) (t traces) {
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"} {
		t.senders = append(t.senders, head[name]...)
	}
	for _, p := range r.parts {
		switch p.kind {
		case "message/feedback-report":
			f, _ := readFields(bytes.TrimLeft(p.body, "\r\n"))
			t.senders = append(t.senders, f["original-mail-from"]...)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			f, _ := readFields(bytes.TrimLeft(p.body, "\r\n"))
			t.senders = append(t.senders, f["return-path"]...)
			t.messages = append(t.messages, f["message-id"]...)
		}
	}
	t.messages = append(append(t.messages, head["in-reply-to"]...), head["references"]...)
	left := maxScan
	for _, p := range r.parts {
		text := string(p.body[:min(len(p.body), maxScanned, left)])
		left -= len(text)
		t.senders, t.messages = append(t.senders, text), append(t.messages, text)
	}
	return t
}
