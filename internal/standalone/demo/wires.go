package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/apns"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/gateway"
	"github.com/tocsin-engine/tocsin/internal/delivery/push"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/webpush"
	"github.com/tocsin-engine/tocsin/internal/regulator"
	"github.com/tocsin-engine/tocsin/internal/simulator"
)

// Pace is by how much a demo divides the waits of a policy: 48 hours become about nine seconds. Nothing is
// skipped, and the pace is part of what is approved.
const Pace = 20_000

// Wires points the product's adapters at the simulators. They are the real adapters with other addresses.
func Wires(s *app.Settings, at simulator.Endpoints) {
	s.Email = &email.Config{
		Addr: at.SMTP.Address, Encryption: email.StartTLS, CAFile: at.SMTP.CAFile, Username: at.SMTP.Username, Password: at.SMTP.Password,
		From: "notice@tocsin.example", FromName: "Security notice", EnvelopeDomain: "bounce.tocsin.example",
		AnswerTimeout: 10 * time.Second,
	}
	s.Twilio = &twilio.Config{
		AccountSID: at.Twilio.AccountSID, AuthToken: at.Twilio.AuthToken, From: at.Twilio.From, BaseURL: at.Twilio.BaseURL,
		PublicBaseURL: s.PublicBaseURL, Timeout: 10 * time.Second,
	}
	s.Gateway = &gateway.Config{BaseURL: at.Gateway.BaseURL, Secret: at.Gateway.Secret, PublicBaseURL: s.PublicBaseURL, Timeout: 10 * time.Second}
	aggregator := *s.Gateway
	s.PushGateway = &aggregator
	s.Push = &push.Config{ServiceAccount: at.FCM.ServiceAccount, ProjectID: at.FCM.ProjectID, Endpoint: at.FCM.BaseURL, Timeout: 10 * time.Second}
	s.APNs = &apns.Config{
		Key: []byte(at.APNs.Key), KeyID: at.APNs.KeyID, TeamID: at.APNs.TeamID, Topic: at.APNs.Topic, Endpoint: at.APNs.BaseURL, Timeout: 10 * time.Second,
	}
	s.WebPush = &webpush.Config{Key: at.WebPush.Key, Subject: "mailto:notice@tocsin.example", Hosts: []string{"127.0.0.1"}, Timeout: 10 * time.Second}
	s.Portal = &regulator.PortalConfig{BaseURL: at.Portal.BaseURL, Token: at.Portal.Token}
	s.Routes = regulator.Routes{
		{Match: "cn-*", Via: regulator.ViaEmail, To: "incident-report@" + at.Portal.EmailDomain},
		{Match: "*", Via: regulator.ViaPortal},
	}
	s.Bounces = &receiver.Config{Listen: "127.0.0.1:0", Domain: s.Email.EnvelopeDomain}
	s.Testers = breach.Testers{"@tocsin.example", "+14045550143", "+8613800138000", "the-demo-testers-phone"} // all of it ends in the outbox
	s.Limits = activities.DefaultLimits
	s.Policies.Pace = Pace
}

// TakeReturns tells the simulators where mail comes back to, once the product takes it: what a DNS says elsewhere.
func TakeReturns(ctx context.Context, p *app.Product, at simulator.Endpoints) error {
	body, err := json.Marshal(map[string]string{"returns_to": p.BounceAddress(ctx)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.ControlURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return fmt.Errorf("the simulators do not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulators answer with status %d", res.StatusCode)
	}
	return nil
}
