package e2e

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// human is one hand-made person and what must become of them.
type human struct {
	breach.Person
	why  string
	want breach.Outcome
	// outbox lists the messages that must be in the outbox about them, as provider/recipient/taken or
	// provider/recipient/refused, in any order; nil is not looked at.
	outbox []string
}

// crowd makes people with contacts that no other test uses.
type crowd struct {
	tag string
	no  int
}

var crowds atomic.Int64

func newCrowd() *crowd { return &crowd{tag: fmt.Sprintf("k%d", crowds.Add(1))} }

// phones gives every number its own digits before the last five, which choose what becomes of a message.
var phones atomic.Int64

// chinese is a mobile number of mainland China with this ending.
func (c *crowd) chinese(ending string) string {
	return fmt.Sprintf("+861%d%s", 39000+phones.Add(1), ending)
}

// british is a mobile number of Great Britain with this ending.
func (c *crowd) british(ending string) string {
	return fmt.Sprintf("+447%d%s", 4000+phones.Add(1), ending)
}

// email is an address of this crowd's own in a domain.
func (c *crowd) email(domain string) string {
	c.no++
	return fmt.Sprintf("%s-%d@%s", c.tag, c.no, domain)
}

// token is a push token with a prefix, which chooses what becomes of a message.
func (c *crowd) token(prefix string) string {
	c.no++
	return fmt.Sprintf("%s%s-%d-%s", prefix, c.tag, c.no, strings.Repeat("x", 20))
}

// some are n ordinary people with a mailbox.
func (c *crowd) some(n int) []human {
	var out []human
	for range n {
		out = append(out, human{why: "ordinary", want: breach.Reached, Person: breach.Person{
			ExternalID: fmt.Sprintf("%s-%d", c.tag, c.no+1), Name: "Kim Doe", Email: c.email("mail.test"), Country: "GB", Locale: "en-GB",
		}})
	}
	return out
}

var listColumns = []string{"external_id", "name", "email", "phone", "locale", "country", "region", "birth_date", "guardian_name",
	"guardian_email", "guardian_phone", "postal_address", "push_token", "push_platform", "data_classes", "objections"}

// listOf writes people as a list in CSV.
func listOf(t *testing.T, people []human) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	require.NoError(t, w.Write(listColumns))
	for _, h := range people {
		g := breach.Guardian{}
		if h.Guardian != nil {
			g = *h.Guardian
		}
		platform := h.PushPlatform
		if h.PushToken != "" && platform == "" {
			platform = "fcm"
		}
		var objections []string
		for _, o := range h.Objections {
			objections = append(objections, string(o))
		}
		require.NoError(t, w.Write([]string{h.ExternalID, h.Name, h.Email, h.Phone, h.Locale, h.Country, h.Region, h.BirthDate, g.Name,
			g.Email, g.Phone, h.PostalAddress, h.PushToken, platform, strings.Join(h.DataClasses, ";"), strings.Join(objections, ";")}))
	}
	w.Flush()
	require.NoError(t, w.Error())
	return b.Bytes()
}

// sentTo is everything that reached a far end for one recipient, refused attempts too, newest first.
func (w *world) sentTo(t *testing.T, recipient string) []outbox.Message {
	t.Helper()
	if recipient == "" {
		return nil
	}
	var out []outbox.Message
	for _, s := range w.sims.Outbox().List(outbox.Query{Recipient: recipient, Refused: true, Limit: 1000}).Messages {
		m, err := w.sims.Outbox().Get(s.ID)
		require.NoError(t, err)
		out = append(out, m)
	}
	return out
}

// taken counts the messages for a recipient that a far end took.
func (w *world) taken(recipient string) int { return w.sims.Outbox().CountFor(recipient) }

// contacts lists everything by which a person may be written to, the guardian's included.
func (h human) contacts() []string {
	list := []string{h.Email, h.Phone, h.PushToken}
	if h.Guardian != nil {
		list = append(list, h.Guardian.Email, h.Guardian.Phone)
	}
	var out []string
	for _, c := range list {
		if c != "" {
			out = append(out, c)
		}
	}
	return out
}

// findOutcome asks the API what became of a person.
func (k *kase) find(t *testing.T, h human) breach.PersonView {
	t.Helper()
	var out struct {
		Found  bool              `json:"found"`
		Person breach.PersonView `json:"person"`
	}
	k.lead.do(t, "POST", k.path("/person"), map[string]string{"external_id": h.ExternalID, "reason": "end-to-end test"}, &out)
	require.True(t, out.Found, "%s (%s) is not found", h.ExternalID, h.why)
	return out.Person
}

// reachedThe lists what the far ends have about a person, in the words of human.outbox.
func (w *world) reachedThe(t *testing.T, h human) []string {
	t.Helper()
	kinds := map[string]string{h.Email: "email", h.Phone: "phone", h.PushToken: "token"}
	if h.Guardian != nil {
		kinds[h.Guardian.Email], kinds[h.Guardian.Phone] = "guardian's email", "guardian's phone"
	}
	delete(kinds, "")
	out := []string{}
	for contact, kind := range kinds {
		for _, m := range w.sentTo(t, contact) {
			s := m.Provider + " to " + kind
			if !m.Taken {
				s += ", refused"
			}
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
