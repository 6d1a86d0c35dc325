package e2e

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// receiptOrPush is somebody whose receipt comes about when the next channel has its turn.
const receiptOrPush = "late receipt: push may have been started meanwhile"

// times repeats what the outbox must hold.
func times(n int, s string) []string {
	var out []string
	for range n {
		out = append(out, s)
	}
	return out
}

// Shorthands of the table.
const (
	reached   = breach.Reached
	attempted = breach.Attempted
	covered   = breach.Covered

	mailed, mailRefused     = "smtp to email", "smtp to email, refused"
	twilio, twilioRefused   = "twilio to phone", "twilio to phone, refused"
	gateway, gatewayRefused = "gateway to phone", "gateway to phone, refused"
	pushed, pushRefused     = "fcm to token", "fcm to token, refused"
	aggregated              = "gateway to token"
)

// theForty are hand-made people under the policy mooc, what must become of each, and what must have reached
// the far ends about them. People without a country count as being in mainland China, where the
// organisation is.
func theForty(c *crowd) []human {
	rows := []struct {
		why     string
		country string
		email   string // domain
		phone   string // ending of a number of the country
		token   string // prefix
		want    breach.Outcome
		outbox  []string
	}{
		{"email abroad", "GB", "mail.test", "", "", reached, []string{mailed}},
		{"email in mainland China", "CN", "mail.test", "", "", reached, []string{mailed}},
		{"all contacts: email is enough", "GB", "mail.test", "12345", "fine-", reached, []string{mailed}},
		{"phone abroad: Twilio", "GB", "", "12345", "", reached, []string{twilio}},
		{"phone in mainland China: the domestic gateway", "CN", "", "12345", "", reached, []string{gateway}},
		{"phone of somebody whose country is unknown stays at home", "", "", "12345", "", reached, []string{gateway}},
		{"push alone abroad is a pointer and never enough", "GB", "", "", "fine-", attempted, []string{pushed}},
		{"push in mainland China goes by the aggregator there", "CN", "", "", "fine-", attempted, []string{aggregated}},
		{"nothing at all", "GB", "", "", "", covered, nil},

		{"bounce, then SMS", "GB", "bounce.simulator.test", "12345", "", reached, []string{mailRefused, twilio}},
		{"bounce, then SMS at home", "CN", "bounce.simulator.test", "12345", "", reached, []string{mailRefused, gateway}},
		{"bounce, then push", "GB", "bounce.simulator.test", "", "fine-", attempted, []string{mailRefused, pushed}},
		{"bounce, then push at home", "CN", "bounce.simulator.test", "", "fine-", attempted, []string{mailRefused, aggregated}},
		{"bounce and nothing else", "GB", "bounce.simulator.test", "", "", covered, []string{mailRefused}},
		{"every channel fails", "GB", "bounce.simulator.test", "00001", "gone-", covered, []string{mailRefused, twilioRefused, pushRefused}},
		{"looks like spam, then SMS", "GB", "spam.simulator.test", "12345", "", reached, []string{mailRefused, twilio}},
		{"full for good", "GB", "full.simulator.test", "", "", covered, times(5, mailRefused)},
		{"full for good, then SMS", "CN", "full.simulator.test", "12345", "", reached, append(times(5, mailRefused), gateway)},
		{"greylisted once", "GB", "greylist.simulator.test", "", "", reached, []string{mailRefused, mailed}},
		{"busy once", "GB", "busy.simulator.test", "", "", reached, []string{mailRefused, mailed}},
		{"answer lost: the same message once more", "GB", "drop.simulator.test", "", "", reached, []string{mailed, mailed}},

		{"wrong number", "GB", "", "00001", "", covered, []string{twilioRefused}},
		{"handset off, tried again, then covered", "GB", "", "00002", "", covered, times(3, twilio)},
		{"number unknown to the carrier", "GB", "", "00003", "", covered, []string{twilio}},
		{"STOP, then push", "GB", "", "00004", "fine-", attempted, []string{twilioRefused, pushed}},
		{"answer lost: asked, never sent blindly", "GB", "", "00005", "", reached, []string{twilio}},
		{receiptOrPush, "GB", "", "00006", "fine-", reached, []string{twilio}},
		{"late receipt and nothing else", "GB", "", "00006", "", reached, []string{twilio}},
		{"no receipt, then push", "GB", "", "00007", "fine-", attempted, []string{twilio, pushed}},
		{"no receipt and nothing else", "GB", "", "00007", "", attempted, []string{twilio}},
		{"too many requests once", "GB", "", "00008", "", reached, []string{twilioRefused, twilio}},
		{"server error once: asked, and sent again", "GB", "", "00009", "", reached, []string{twilioRefused, twilio}},

		{"wrong number at home", "CN", "", "00001", "", covered, []string{gatewayRefused}},
		{"handset off at home", "CN", "", "00002", "", covered, times(3, gateway)},
		{"unknown subscriber at home", "CN", "", "00003", "", covered, []string{gateway}},
		{"opted out at home, then push there", "CN", "", "00004", "fine-", attempted, []string{gatewayRefused, aggregated}},
		{"answer lost at home", "CN", "", "00005", "", reached, []string{gateway}},
		{"late receipt at home", "CN", "", "00006", "", reached, []string{gateway}},
		{"no receipt at home", "CN", "", "00007", "", attempted, []string{gateway}},
		{"too many requests at home once", "CN", "", "00008", "", reached, []string{gatewayRefused, gateway}},
		{"server error at home once", "CN", "", "00009", "", reached, []string{gatewayRefused, gateway}},

		{"device gone", "GB", "", "", "gone-", covered, []string{pushRefused}},
		{"token not one", "GB", "", "", "invalid-", covered, []string{pushRefused}},
		{"push quota once", "GB", "", "", "quota-", attempted, []string{pushRefused, pushed}},
		{"push service down once", "GB", "", "", "server-", attempted, []string{pushRefused, pushed}},
		{"push answer lost: nobody can know, repeated once in its place", "GB", "", "", "drop-", attempted, []string{pushed, pushed}},
	}
	var out []human
	for i, r := range rows {
		h := human{why: r.why, want: r.want, outbox: r.outbox}
		h.ExternalID, h.Name, h.Country = c.tag+"-row-"+string(rune('A'+i/26))+string(rune('A'+i%26)), "Alex Doe", r.country
		if r.email != "" {
			h.Email = c.email(r.email)
		}
		switch {
		case r.phone == "":
		case r.country == "CN":
			h.Phone = c.chinese(r.phone)
		default:
			h.Phone = c.british(r.phone)
		}
		if r.token != "" {
			h.PushToken = c.token(r.token)
		}
		out = append(out, h)
	}
	return append(out, theChildren(c)...)
}

// theChildren act through a guardian, whose being told decides; the child is told beside.
func theChildren(c *crowd) []human {
	born := time.Now().AddDate(-9, 0, 0).Format(time.DateOnly)
	child := func(id, why string, want breach.Outcome, g *breach.Guardian, own string, outbox ...string) human {
		return human{why: why, want: want, outbox: outbox, Person: breach.Person{
			ExternalID: c.tag + "-child-" + id, Name: "Robin Doe", Country: "GB", BirthDate: born, Email: own, Guardian: g,
		}}
	}
	objector := func(id, why string, want breach.Outcome, to []breach.Channel, phone string, outbox ...string) human {
		return human{why: why, want: want, outbox: outbox, Person: breach.Person{
			ExternalID: c.tag + "-objects-" + id, Name: "Sam Doe", Country: "GB", Email: c.email("mail.test"), Phone: phone, Objections: to,
		}}
	}
	return []human{
		child("a", "guardian and child by email", reached, &breach.Guardian{Name: "Pat Doe", Email: c.email("mail.test")}, c.email("mail.test"), mailed, "smtp to guardian's email"),
		child("b", "guardian by SMS, child has nothing", reached, &breach.Guardian{Name: "Pat Doe", Phone: c.british("12345")}, "", "twilio to guardian's phone"),
		child("c", "guardian cannot be reached, child told", covered, &breach.Guardian{Name: "Pat Doe", Email: c.email("bounce.simulator.test")}, c.email("mail.test"), mailed, "smtp to guardian's email, refused"),
		child("d", "no guardian known, child told", covered, nil, c.email("mail.test"), mailed),
		objector("a", "objects to email, told by SMS", reached, []breach.Channel{breach.Email}, c.british("12345"), twilio),
		objector("b", "objects to email and has nothing else", covered, []breach.Channel{breach.Email}, ""),
		objector("c", "objects to all", covered, []breach.Channel{breach.Email, breach.SMS, breach.Push}, c.british("12345")),
	}
}
