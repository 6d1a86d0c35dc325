package smtpsim

import (
	"context"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// returnAfter is how long receiving servers take until they find out and write back.
const returnAfter = 300 * time.Millisecond

// ReturnTo says where mail to return paths goes: the MX of the domain that bounces go to. Until it is known,
// what should come back waits for up to half a minute.
func (s *Server) ReturnTo(address string) { s.returns.Store(&address) }

// writings are what receiving servers write back, by the label of the magic domain. An empty sender is that of
// reports; complaints go to a mailbox of their own.
var writings = map[string]func(outbox.Message) (from, to, text string){
	"dsn": func(m outbox.Message) (string, string, string) {
		return "", m.Sender, report(m, "failed", "5.1.1", "550 5.1.1 User unknown")
	},
	"expired": func(m outbox.Message) (string, string, string) {
		return "", m.Sender, report(m, "failed", "4.4.7", "connection timed out")
	},
	"delayed": func(m outbox.Message) (string, string, string) {
		return "", m.Sender, report(m, "delayed", "4.4.1", "connection refused")
	},
	"confirmed": func(m outbox.Message) (string, string, string) {
		return "", m.Sender, report(m, "delivered", "2.1.5", "250 2.1.5 Ok")
	},
	"forged": func(m outbox.Message) (string, string, string) {
		return "", forged(m.Sender), report(m, "failed", "5.1.1", "550 5.1.1 User unknown")
	},
	"qmail":    func(m outbox.Message) (string, string, string) { return "", m.Sender, qmail(m) },
	"vacation": func(m outbox.Message) (string, string, string) { return m.Recipient, m.Sender, vacation(m) },
	"complaint": func(m outbox.Message) (string, string, string) {
		_, domain, _ := strings.Cut(m.Sender, "@")
		return "feedback@complaint.simulator.test", "complaints@" + domain, complaint(m)
	},
}

// writeBack has the server of a magic recipient write back later.
func (s *Server) writeBack(m outbox.Message) {
	write, ok := writings[magic(m.Recipient)]
	if !ok {
		return
	}
	from, to, text := write(m)
	s.wg.Go(func() {
		for try := 0; try < 100 && faults.Sleep(s.ctx, returnAfter); try++ {
			at := s.returns.Load()
			if at == nil {
				continue
			}
			// Refused for good is the end, as for any mail server.
			err := carry(s.ctx, *at, from, to, text)
			if refused, ok := err.(*textproto.Error); err == nil || ok && refused.Code >= 500 { //nolint:errorlint // net/smtp wraps nothing
				return
			}
		}
	})
}

// carry hands one message over, as a mail server does.
func carry(ctx context.Context, at, from, to, text string) error {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", at)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	c, err := smtp.NewClient(conn, "mx.simulator.test")
	if err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// head is how the headers of every answer begin.
func head(to, subject string) string {
	return fmt.Sprintf("Date: %s\nTo: <%s>\nSubject: %s\nMIME-Version: 1.0\n", time.Now().UTC().Format(time.RFC1123Z), to, subject)
}

// report is a delivery status notification (RFC 3464).
func report(m outbox.Message, action, status, words string) string {
	return "From: Mail Delivery System <MAILER-DAEMON@mx.simulator.test>\n" + head(m.Sender, "Delivery status: "+action) +
		"Auto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=_report\"\n\n" +
		"--=_report\nContent-Type: text/plain\n\nThis is the mail system at mx.simulator.test.\n\n" +
		"--=_report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.simulator.test\n\n" +
		"Final-Recipient: rfc822; " + m.Recipient + "\nAction: " + action + "\nStatus: " + status + "\nDiagnostic-Code: smtp; " + words + "\n\n" +
		"--=_report\nContent-Type: text/rfc822-headers\n\nMessage-ID: " + m.MessageID + "\n\n--=_report--\n"
}

// forged changes the last letter of the local part.
func forged(sender string) string {
	local, domain, _ := strings.Cut(sender, "@")
	last := "a"
	if strings.HasSuffix(local, last) {
		last = "b"
	}
	return local[:max(0, len(local)-1)] + last + "@" + domain
}

func qmail(m outbox.Message) string {
	return "From: MAILER-DAEMON@mx.simulator.test\n" + head(m.Sender, "failure notice") +
		"\nHi. This is the qmail-send program at mx.simulator.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n" +
		"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<" + m.Recipient + ">:\nSorry, no mailbox here by that name. (#5.1.1)\n\n" +
		"--- Below this line is a copy of the message.\n\nMessage-ID: " + m.MessageID + "\n"
}

func vacation(m outbox.Message) string {
	return "From: <" + m.Recipient + ">\n" + head(m.Sender, "Automatic reply: "+m.Subject) + "Auto-Submitted: auto-replied\n\nI am away until Monday.\n"
}

// complaint is a report in the Abuse Reporting Format (RFC 5965).
func complaint(m outbox.Message) string {
	return "From: feedback@complaint.simulator.test\n" + head("complaints", "FW: "+m.Subject) +
		"Content-Type: multipart/report; report-type=feedback-report; boundary=\"=_report\"\n\n" +
		"--=_report\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n" +
		"--=_report\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: simulator/1\nVersion: 1\nReporting-MTA: dns; mx.simulator.test\n\n" +
		"--=_report\nContent-Type: text/rfc822-headers\n\nMessage-ID: " + m.MessageID + "\n\n--=_report--\n"
}
