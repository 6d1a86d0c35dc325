package fcmsim

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// maxPayload is FCM's limit for what an app receives.
const maxPayload = 4096

// sendRequest is the part of a v1 request that is judged; the rest is kept as
// it stands. Fields that v1 does not know are an error there, and here.
type sendRequest struct {
	// Google reads both spellings of a name of two words.
	ValidateOnly  bool `json:"validate_only"`
	ValidateCamel bool `json:"validateOnly"`
	Message       struct {
		Name         string            `json:"name"`
		Token        string            `json:"token"`
		Topic        string            `json:"topic"`
		Condition    string            `json:"condition"`
		Data         map[string]string `json:"data"`
		Notification *struct {
			Title string `json:"title"`
			Body  string `json:"body"`
			Image string `json:"image"`
		} `json:"notification"`
		Android    json.RawMessage `json:"android"`
		Webpush    json.RawMessage `json:"webpush"`
		APNS       json.RawMessage `json:"apns"`
		FCMOptions json.RawMessage `json:"fcmOptions"`
		FCMSnake   json.RawMessage `json:"fcm_options"`
	} `json:"message"`
}

func readRequest(body io.Reader) (sendRequest, []byte, error) {
	var r sendRequest
	raw, err := io.ReadAll(body)
	if err != nil {
		return r, nil, errors.New("Request payload size exceeds the limit.")
	}
	err = decodeStrict(raw, &r)
	if err != nil {
		return r, nil, errors.New("Invalid JSON payload received. Unknown name or wrong type.")
	}
	r.ValidateOnly = r.ValidateOnly || r.ValidateCamel
	targets := 0
	for _, target := range []string{r.Message.Token, r.Message.Topic, r.Message.Condition} {
		if target != "" {
			targets++
		}
	}
	if targets != 1 {
		return r, nil, errors.New("Exactly one of 'token', 'topic' or 'condition' must be set.")
	}
	size := 0
	for name, value := range r.Message.Data {
		size += len(name) + len(value)
	}
	if n := r.Message.Notification; n != nil {
		size += len(n.Title) + len(n.Body)
	}
	if size > maxPayload {
		return r, nil, errors.New("Android message is too big")
	}
	return r, raw, nil
}

func (r sendRequest) record(raw []byte) outbox.Message {
	m := outbox.Message{Channel: outbox.ChannelPush, Provider: Provider, Transport: "http", Raw: raw}
	m.Recipient = r.Message.Token + r.Message.Topic + r.Message.Condition
	if n := r.Message.Notification; n != nil {
		m.Subject, m.Text = n.Title, n.Body
	}
	m.AttemptID = r.Message.Data["attempt_id"]
	return m
}
