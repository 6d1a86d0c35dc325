package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	fcm "google.golang.org/api/fcm/v1"

	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/jwt"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "fcm"

// DefaultEndpoint is the vendor's API.
const DefaultEndpoint = "https://fcm.googleapis.com/"

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	// ServiceAccount is the JSON of a service account, as the vendor hands it out. Its token_uri must be
	// https, or http on loopback.
	ServiceAccount []byte
	ProjectID      string        // default the service account's
	Endpoint       string        // default DefaultEndpoint; plain http on loopback only
	TTL            time.Duration // how long the vendor keeps a push for a device that is off, default 7 days, most 28
	Timeout        time.Duration // of a whole call, default 20 s
	Connections    int           // most connections at a time, default 50
}

type serviceAccount struct {
	Type        string `json:"type"`
	ProjectID   string `json:"project_id"`
	ClientEmail string `json:"client_email"`
	PrivateKey  string `json:"private_key"`
	TokenURI    string `json:"token_uri"`
}

func (c Config) withDefaults() Config {
	if c.ProjectID == "" {
		if account, err := c.account(); err == nil {
			c.ProjectID = account.ProjectID
		}
	}
	if c.Endpoint == "" {
		c.Endpoint = DefaultEndpoint
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/") + "/"
	if c.TTL == 0 {
		c.TTL = 7 * 24 * time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Connections == 0 {
		c.Connections = 50
	}
	return c
}

func (c Config) account() (serviceAccount, error) {
	var account serviceAccount
	if json.Unmarshal(c.ServiceAccount, &account) != nil {
		return account, errors.New("service account: is not JSON")
	}
	if account.Type != "service_account" || account.ClientEmail == "" || account.PrivateKey == "" {
		return account, errors.New("service account: must be the key file of a service account")
	}
	return account, nil
}

// jwtConfig reads the account as the vendor's library does. The library's own errors are not passed on:
// some quote what they could not read.
func (c Config) jwtConfig() (*jwt.Config, error) {
	account, err := c.account()
	if err != nil {
		return nil, err
	}
	if err := delivery.CheckURL("service account: token_uri", account.TokenURI); err != nil {
		return nil, err
	}
	config, err := google.JWTConfigFromJSON(c.ServiceAccount, fcm.FirebaseMessagingScope)
	if err != nil {
		return nil, errors.New("service account: cannot be used")
	}
	return config, nil
}

var project = regexp.MustCompile(`^[a-z0-9][a-z0-9:.-]{0,62}$`)

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(err error) { all = append(all, fmt.Errorf("fcm: %w", err)) }
	if _, err := c.jwtConfig(); err != nil {
		complain(err)
	}
	if !project.MatchString(c.ProjectID) {
		complain(errors.New("project id: is missing or not one"))
	}
	if err := delivery.CheckURL("endpoint", c.Endpoint); err != nil {
		complain(err)
	}
	if c.TTL < time.Second || c.TTL > 28*24*time.Hour {
		complain(errors.New("time to live: must be between 1 s and 28 days"))
	}
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute {
		complain(errors.New("timeout: must be between 1 ms and 10 min"))
	}
	if c.Connections < 1 || c.Connections > 1000 {
		complain(errors.New("connections: must be 1 to 1000"))
	}
	return errors.Join(all...)
}
