package twilio

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "twilio"

// DefaultBaseURL is the vendor's API.
const DefaultBaseURL = "https://api.twilio.com"

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	AccountSID string // AC...
	AuthToken  string // signs requests in, and verifies callbacks
	// From is the sender: a number in E.164, a short code or an alphanumeric id. One of From and
	// MessagingServiceSID is needed.
	From                string
	MessagingServiceSID string // MG...

	BaseURL       string // default DefaultBaseURL; plain http on loopback only
	PublicBaseURL string // where the vendor reaches us: callbacks go to <PublicBaseURL>/callbacks/twilio/<attempt id>
	// Poll says that the vendor cannot reach us: it is given no address for callbacks, and Look asks it instead.
	Poll bool
	// Validity is how long the vendor tries, 1 s to 10 h; default 4 h: a warning that waits longer for a phone to come
	// back is overtaken by the next channel.
	Validity    time.Duration
	Timeout     time.Duration // of a whole call, default 30 s
	Connections int           // most connections at a time, default 20
}

// ReachedAt sets where the provider reaches us.
func (c *Config) ReachedAt(publicURL string) { c.PublicBaseURL = publicURL }

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.PublicBaseURL = strings.TrimRight(c.PublicBaseURL, "/")
	if c.Validity == 0 {
		c.Validity = 4 * time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Connections == 0 {
		c.Connections = 20
	}
	return c
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9A-Za-z]{1,62}$`)
	serviceSID = regexp.MustCompile(`^MG[0-9A-Za-z]{1,62}$`)
	sender     = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 &_+-]{1,11})$`)
)

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(text string) { all = append(all, errors.New("twilio: "+text)) }
	if !accountSID.MatchString(c.AccountSID) {
		complain("account SID: must begin with AC")
	}
	if c.AuthToken == "" || strings.ContainsAny(c.AuthToken, "\r\n\x00") {
		complain("auth token: is missing or holds a line break")
	}
	switch {
	case (c.From == "") == (c.MessagingServiceSID == ""):
		complain("sender: set either a number or a messaging service")
	case c.From != "" && !sender.MatchString(c.From):
		complain("sender: must be a number such as +15005550006, a short code, or up to 11 letters and digits")
	case c.MessagingServiceSID != "" && !serviceSID.MatchString(c.MessagingServiceSID):
		complain("messaging service: must begin with MG")
	}
	urls := []struct{ name, value string }{{"base URL", c.BaseURL}}
	if !c.Poll {
		urls = append(urls, struct{ name, value string }{"public base URL", c.PublicBaseURL})
	}
	for _, u := range urls {
		if err := delivery.CheckURL(u.name, u.value); err != nil {
			all = append(all, fmt.Errorf("twilio: %w", err))
		}
	}
	if c.Validity < time.Second || c.Validity > 10*time.Hour {
		complain("validity: must be between 1 s and 10 h")
	}
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute {
		complain("timeout: must be between 1 ms and 10 min")
	}
	if c.Connections < 1 || c.Connections > 1000 {
		complain("connections: must be 1 to 1000")
	}
	return errors.Join(all...)
}
