package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// Mailbox is where a person looks for an authority's answer to a report that went by email: the outbox of
// the simulators, over the HTTP that a browser uses.
type Mailbox struct {
	URL    string // of the outbox, without a slash at the end
	Client *http.Client
}

// NewMailbox looks into the outbox at an address.
func NewMailbox(url string) *Mailbox {
	return &Mailbox{URL: url, Client: &http.Client{Timeout: 5 * time.Second}}
}

// numberLine is where an authority writes the number that is to be entered.
var numberLine = regexp.MustCompile(`(?m)^Receipt number: ([A-Z0-9-]{1,200})$`)

// Number finds the number that an authority gave for a report, by what a person goes by: it is an answer to
// the mail that holds exactly this text. It is empty while no answer has come.
func (m *Mailbox) Number(ctx context.Context, report string) (string, error) {
	var answers outbox.Page
	if err := m.ask(ctx, "/outbox.json?channel="+outbox.ChannelAnswer, nil, &answers); err != nil {
		return "", err
	}
	for _, a := range answers.Messages { // newest first
		answer, err := m.message(ctx, a.ID)
		if err != nil {
			return "", err
		}
		number := numberLine.FindStringSubmatch(answer.Text)
		to := answer.HeaderValue("In-Reply-To")
		if number == nil || to == "" {
			continue
		}
		var sent outbox.Page
		if err := m.ask(ctx, "/outbox/search.json", outbox.Query{Channel: outbox.ChannelEmail, MessageID: to, Limit: 1}, &sent); err != nil {
			return "", err
		}
		for _, s := range sent.Messages {
			mail, err := m.message(ctx, s.ID)
			if err != nil {
				return "", err
			}
			if sameText(mail.Text, report) {
				return number[1], nil
			}
		}
	}
	return "", nil
}

func (m *Mailbox) message(ctx context.Context, id string) (out outbox.Message, err error) {
	return out, m.ask(ctx, "/outbox/messages/"+id, nil, &out)
}

// ask gets, or posts where there is a body: what is searched for stays out of addresses.
func (m *Mailbox) ask(ctx context.Context, path string, body, answer any) error {
	method, payload := http.MethodGet, bytes.Buffer{}
	if body != nil {
		method = http.MethodPost
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, m.URL+path, &payload)
	if err != nil {
		return err
	}
	res, err := m.Client.Do(req)
	if err != nil {
		return fmt.Errorf("the outbox does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the outbox answers with status %d", res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// sameText compares words: mail changes how lines end and are filled up.
func sameText(a, b string) bool {
	words := strings.Fields(a)
	return len(words) > 0 && strings.Join(words, " ") == strings.Join(strings.Fields(b), " ")
}
