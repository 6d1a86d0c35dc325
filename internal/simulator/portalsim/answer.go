package portalsim

import (
	"context"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// ProviderMail is the name under which an authority's own mail stands in the outbox.
const ProviderMail = "authority"

// Silent is a mailbox, silent@authority.simulator.test, that takes reports and never answers.
const Silent = "silent"

// answerAfter is how long the clerk takes; real ones take days, and a person waits for this one.
const answerAfter = 400 * time.Millisecond

// NumberLine stands in front of the number, on a line of its own, in every answer.
const NumberLine = "Receipt number: "

// Answer has reports that came by email answered by email, one answer for each
// filing: an email from the authority in the outbox, under ChannelAnswer, with
// the number in its text. Reports that an earlier run filed and did not answer
// are answered now. later runs what it is given beside everything else, with a
// context that ends when the simulators do.
func (s *Service) Answer(later func(life func(ctx context.Context))) error {
	answered := map[string]bool{}
	err := s.box.Each(outbox.Query{Channel: outbox.ChannelAnswer, Provider: ProviderMail}, func(m outbox.Message) error {
		answered[m.AttemptID] = true
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = later
	for _, f := range s.all {
		if f.Via == viaEmail && !answered[f.Acknowledgement] {
			s.answer(f)
		}
	}
	return nil
}

// answer has one filing answered. Callers hold the lock.
func (s *Service) answer(f *Filing) {
	if s.later == nil || f.Authority == authorityCode(Silent) {
		return
	}
	number, authority, id := f.Acknowledgement, f.Authority, f.boxID
	s.later(func(ctx context.Context) {
		if !faults.Sleep(ctx, answerAfter) {
			return // the next run answers
		}
		filed, err := s.box.Get(id)
		if err != nil {
			return
		}
		if m, ok := compose(filed.Raw, authority, number, time.Now()); ok {
			_, _ = s.box.Append(m) // a full disk: the next run answers
		}
	})
}

// compose writes the answer to a report; false when the report names nobody
// who could be answered.
func compose(report []byte, authority, number string, now time.Time) (outbox.Message, bool) {
	of := outbox.ParseEmail(report)
	head := outbox.Message{Headers: of.Headers}
	back := head.HeaderValue("Reply-To")
	if back == "" {
		back = head.HeaderValue("From")
	}
	writer, err := mail.ParseAddress(back)
	if err != nil || strings.ContainsFunc(writer.Address, unicode.IsControl) {
		return outbox.Message{}, false
	}
	from := strings.ToLower(authority) + "@" + EmailDomain
	subject := "Re: " + oneLine(head.HeaderValue("Subject"))
	m := outbox.Message{
		Channel: outbox.ChannelAnswer, Provider: ProviderMail, Sender: from, Recipient: writer.Address, Subject: subject,
		Outcome: "received", Taken: true, Transport: viaEmail, AttemptID: number,
		MessageID: "<" + number + "@" + EmailDomain + ">",
	}
	var b strings.Builder
	field := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	field("From", "Registry of reports <"+from+">")
	field("To", "<"+writer.Address+">")
	field("Subject", mime.QEncoding.Encode("utf-8", subject))
	field("Date", now.UTC().Format(time.RFC1123Z))
	field("Message-ID", m.MessageID)
	if to := oneLine(head.HeaderValue("Message-ID")); to != "" {
		field("In-Reply-To", to)
		field("References", to)
	}
	field("Auto-Submitted", "auto-replied")
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=utf-8")
	field("Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	body := base64.StdEncoding.EncodeToString([]byte(letter(of.Text, subject, number, now)))
	for len(body) > 76 {
		b.WriteString(body[:76] + "\r\n")
		body = body[76:]
	}
	b.WriteString(body + "\r\n")
	m.Raw = []byte(b.String())
	return m, true
}

// letter is what the clerk writes, in the language of the report as well.
func letter(report, subject, number string, now time.Time) string {
	var b strings.Builder
	if strings.ContainsFunc(report, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		b.WriteString("您单位的报告已收到并登记。回执编号见下。\n\n")
	}
	fmt.Fprintf(&b, "We have received your report and registered it on %s.\n\n%s%s\n\nQuote this number in everything that you send us about it.\n\nRegistry of reports (simulated)\n",
		now.UTC().Format("2 January 2006 at 15:04 UTC"), NumberLine, number)
	b.WriteString("\nAbout your message: " + strings.TrimPrefix(subject, "Re: ") + "\n")
	lines := strings.Split(strings.TrimSpace(report), "\n")
	for _, line := range lines[:min(3, len(lines))] {
		b.WriteString("> " + strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// oneLine keeps a decoded header from becoming more than one line of another message.
func oneLine(s string) string { return strings.Join(strings.FieldsFunc(s, unicode.IsControl), " ") }
