package simulator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/fcmsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
)

// Names of the files in a directory; all are readable by their owner only.
const (
	EndpointsFile      = "endpoints.json"
	CAFile             = "ca.pem"
	ServiceAccountFile = "service-account.json"
)

// Endpoints is everything that a client needs. File names are absolute, and
// empty when the simulators run without a directory. It holds credentials.
type Endpoints struct {
	SMTP    SMTP    `json:"smtp"`
	Twilio  Twilio  `json:"twilio"`
	FCM     FCM     `json:"fcm"`
	APNs    APNs    `json:"apns"`
	WebPush WebPush `json:"webpush"`
	Gateway Gateway `json:"gateway"`
	Portal  Portal  `json:"portal"`
	// OutboxURL is the page to browse, without a slash at the end; its JSON is
	// below it (/outbox.json, /outbox/counts.json, ...).
	OutboxURL  string `json:"outbox_url"`
	ControlURL string `json:"control_url"`
	HealthURL  string `json:"health_url"`
}

// SMTP needs STARTTLS, with the CA below, and AUTH PLAIN.
type SMTP struct {
	Address    string `json:"address"` // host:port
	ServerName string `json:"server_name"`
	CAFile     string `json:"ca_file,omitempty"`
	CAPEM      string `json:"ca_pem"`
	Username   string `json:"username"`
	Password   string `json:"password"`
}

// Twilio stands at BaseURL instead of https://api.twilio.com.
type Twilio struct {
	BaseURL    string `json:"base_url"`
	AccountSID string `json:"account_sid"`
	AuthToken  string `json:"auth_token"`
	From       string `json:"from"` // a sender number of the account
}

// FCM stands at BaseURL instead of https://fcm.googleapis.com.
type FCM struct {
	BaseURL   string `json:"base_url"`
	ProjectID string `json:"project_id"`
	TokenURL  string `json:"token_url"`
	// ServiceAccount is the credentials file as Google would give it out.
	ServiceAccount     json.RawMessage `json:"service_account"`
	ServiceAccountFile string          `json:"service_account_file,omitempty"`
}

// APNs stands at BaseURL instead of https://api.push.apple.com, over HTTP/2 without TLS.
type APNs struct {
	BaseURL string `json:"base_url"`
	KeyID   string `json:"key_id"`
	TeamID  string `json:"team_id"`
	Topic   string `json:"topic"`
	Key     string `json:"key"` // PEM, as Apple would give it out
}

// WebPush is a push service at BaseURL for pages that subscribed with Key. P256DH and Auth are those of every browser
// there: a subscription's endpoint is BaseURL/push/<any name>.
type WebPush struct {
	BaseURL string `json:"base_url"`
	Key     string `json:"key"` // private, base64url
	P256DH  string `json:"p256dh"`
	Auth    string `json:"auth"`
}

// Gateway signs with Secret ("whsec_" + base64) in both directions.
type Gateway struct {
	BaseURL string `json:"base_url"`
	KeyID   string `json:"key_id"`
	Secret  string `json:"secret"`
}

// Portal wants the token as bearer.
type Portal struct {
	BaseURL string `json:"base_url"`
	Token   string `json:"token"`
	// EmailDomain is where reports by email become filings: <authority>@domain.
	EmailDomain string `json:"email_domain"`
}

func (e Endpoints) base() string { return e.OutboxURL }

// endpoints derives what clients need from an identity with its ports.
func (id *identity) endpoints(dir, host string) (Endpoints, error) {
	base := "http://" + net.JoinHostPort(host, strconv.Itoa(id.Ports.HTTP))
	account, err := fcmsim.ServiceAccount(id.fcmConfig(base), id.rsa)
	if err != nil {
		return Endpoints{}, err
	}
	browsers, err := id.webpushConfig(base)
	if err != nil {
		return Endpoints{}, err
	}
	e := Endpoints{
		SMTP: SMTP{Address: net.JoinHostPort(host, strconv.Itoa(id.Ports.SMTP)), ServerName: host, CAPEM: id.CAPEM,
			Username: id.SMTPUsername, Password: id.SMTPPassword},
		Twilio: Twilio{BaseURL: base + "/twilio", AccountSID: id.TwilioSID, AuthToken: id.TwilioToken, From: twiliosim.Number},
		FCM:    FCM{BaseURL: base + "/fcm", ProjectID: fcmProject, TokenURL: base + "/oauth/token", ServiceAccount: account},
		APNs:   APNs{BaseURL: base + "/apns", KeyID: apnsKeyID, TeamID: apnsTeamID, Topic: apnsTopic, Key: id.APNsKeyPEM},
		WebPush: WebPush{BaseURL: base + "/webpush", Key: id.WebPushKey, P256DH: base64.RawURLEncoding.EncodeToString(browsers.Browser.PublicKey().Bytes()),
			Auth: base64.RawURLEncoding.EncodeToString(browsers.Auth)},
		Gateway:   Gateway{BaseURL: base + "/gateway", KeyID: id.GatewayKeyID, Secret: id.GatewaySecret},
		Portal:    Portal{BaseURL: base + "/portal", Token: id.PortalToken, EmailDomain: emailDomain},
		OutboxURL: base, ControlURL: base + "/control", HealthURL: base + "/healthz",
	}
	if dir == "" {
		return e, nil
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Endpoints{}, fmt.Errorf("simulator: find the directory: %w", err)
	}
	e.SMTP.CAFile = filepath.Join(absolute, CAFile)
	e.FCM.ServiceAccountFile = filepath.Join(absolute, ServiceAccountFile)
	return e, nil
}

// publish writes the identity with its ports and what clients read, and gives
// the endpoints.
func (id *identity) publish(dir, host string) (Endpoints, error) {
	e, err := id.endpoints(dir, host)
	if err != nil || dir == "" {
		return e, err
	}
	own, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return e, fmt.Errorf("simulator: encode the identity: %w", err)
	}
	public, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return e, fmt.Errorf("simulator: encode the endpoints: %w", err)
	}
	return e, errors.Join(
		replaceFile(filepath.Join(dir, identityFile), own),
		replaceFile(filepath.Join(dir, CAFile), []byte(id.CAPEM)),
		replaceFile(filepath.Join(dir, ServiceAccountFile), e.FCM.ServiceAccount),
		replaceFile(filepath.Join(dir, EndpointsFile), public),
	)
}

// replaceFile never leaves half a file where a reader could find it.
func replaceFile(path string, data []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("simulator: write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("simulator: write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// ReadEndpoints reads what simulators in another process have written.
func ReadEndpoints(dir string) (Endpoints, error) {
	data, err := os.ReadFile(filepath.Join(dir, EndpointsFile))
	if err != nil {
		return Endpoints{}, fmt.Errorf("simulator: read the endpoints: %w", err)
	}
	var e Endpoints
	if err := json.Unmarshal(data, &e); err != nil {
		return Endpoints{}, fmt.Errorf("simulator: %s is not what a simulator writes; start the simulators again", EndpointsFile)
	}
	return e, nil
}

// Await waits until the simulators of a directory, in another process, answer.
func Await(ctx context.Context, dir string) (Endpoints, error) {
	client := &http.Client{Timeout: time.Second}
	for {
		e, err := ReadEndpoints(dir)
		if err == nil && e.answers(ctx, client) {
			return e, nil
		}
		select {
		case <-ctx.Done():
			return Endpoints{}, errors.Join(errors.New("simulator: the simulators of this directory do not answer; are they running?"), ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (e Endpoints) answers(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.HealthURL, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var health struct {
		Account string `json:"account"`
	}
	// Another program may have got the port of simulators that are gone.
	return json.NewDecoder(res.Body).Decode(&health) == nil && health.Account == e.Twilio.AccountSID
}
