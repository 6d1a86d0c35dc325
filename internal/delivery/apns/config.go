package apns

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "apns"

// DefaultEndpoint is the vendor's API; apps that are being developed are at https://api.sandbox.push.apple.com.
const DefaultEndpoint = "https://api.push.apple.com"

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	Key         []byte        // the authentication token signing key, PEM (.p8), as the vendor hands it out
	KeyID       string        // its id, ten letters and digits
	TeamID      string        // of the developer account, ten letters and digits
	Topic       string        // the app's bundle id
	Endpoint    string        // default DefaultEndpoint; plain http on loopback only
	CAFile      string        // PEM roots for the endpoint's certificate; default the system's
	TTL         time.Duration // how long the vendor keeps a push for a device that is off, default 7 days, most 30
	Timeout     time.Duration // of a whole call, default 20 s
	Connections int           // most calls under way at a time, default 50; they share connections
}

func (c Config) withDefaults() Config {
	if c.Endpoint == "" {
		c.Endpoint = DefaultEndpoint
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
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

func (c Config) key() (*ecdsa.PrivateKey, error) {
	if block, _ := pem.Decode(c.Key); block != nil {
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, ok := parsed.(*ecdsa.PrivateKey); ok && key.Curve == elliptic.P256() {
				return key, nil
			}
		}
	}
	return nil, errors.New("key: must be the signing key that Apple hands out, a .p8 file in PEM")
}

func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // the system's
	}
	raw, err := os.ReadFile(c.CAFile)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(raw) {
		return nil, errors.New("ca file: cannot be read, or holds no certificate in PEM")
	}
	return pool, nil
}

var (
	appleID = regexp.MustCompile(`^[A-Z0-9]{10}$`)
	bundle  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,154}$`)
)

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(err error) {
		if err != nil {
			all = append(all, fmt.Errorf("apns: %w", err))
		}
	}
	must := func(ok bool, what string) {
		if !ok {
			complain(errors.New(what))
		}
	}
	_, err := c.key()
	complain(err)
	must(appleID.MatchString(c.KeyID), "key id: must be ten letters and digits")
	must(appleID.MatchString(c.TeamID), "team id: must be ten letters and digits")
	must(bundle.MatchString(c.Topic), "topic: must be the bundle id of the app, such as com.example.app")
	complain(delivery.CheckURL("endpoint", c.Endpoint))
	_, err = c.roots()
	complain(err)
	must(c.TTL >= time.Second && c.TTL <= 30*24*time.Hour, "time to live: must be between 1 s and 30 days")
	must(c.Timeout >= time.Millisecond && c.Timeout <= 10*time.Minute, "timeout: must be between 1 ms and 10 min")
	must(c.Connections >= 1 && c.Connections <= 1000, "connections: must be 1 to 1000")
	return errors.Join(all...)
}
