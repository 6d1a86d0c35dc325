package voice

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the kind under which policies know this adapter.
const Provider = "twilio_voice"

// DefaultBaseURL is the vendor's API.
const DefaultBaseURL = "https://api.twilio.com"

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	AccountSID string // AC...
	AuthToken  string // signs requests in, and verifies the vendor's
	From       string // number that calls, E.164

	BaseURL       string        // default DefaultBaseURL; plain http on loopback only
	PublicBaseURL string        // where the vendor reaches us: <PublicBaseURL>/calls/<attempt id>/...
	Timeout       time.Duration // of one request, default 30 s
	Connections   int           // most connections at a time, default 20
	Ring          time.Duration // how long it rings, default 30 s
	Longest       time.Duration // of a call, repeats included, default 10 min
	// Voices are names of the vendor's voices by language, in place of its own choice.
	Voices map[string]string
	// Poll says that the vendor cannot reach us. A call leaves the short text then, and no key can be taken.
	Poll bool
}

// ReachedAt sets where the provider reaches us.
func (c *Config) ReachedAt(publicURL string) { c.PublicBaseURL = publicURL }

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL, c.PublicBaseURL = strings.TrimRight(c.BaseURL, "/"), strings.TrimRight(c.PublicBaseURL, "/")
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&c.Timeout, 30 * time.Second}, {&c.Ring, 30 * time.Second}, {&c.Longest, 10 * time.Minute}} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	if c.Connections == 0 {
		c.Connections = 20
	}
	return c
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9A-Za-z]{1,62}$`)
	caller     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	voiceName  = regexp.MustCompile(`^[A-Za-z0-9.-]{1,60}$`)
)

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	unless := func(ok bool, text string) {
		if !ok {
			all = append(all, errors.New("voice: "+text))
		}
	}
	unless(accountSID.MatchString(c.AccountSID), "account SID: must begin with AC")
	unless(c.AuthToken != "" && !strings.ContainsAny(c.AuthToken, "\r\n\x00"), "auth token: is missing or holds a line break")
	unless(caller.MatchString(c.From), "from: must be a number such as +15005550006")
	urls := []struct{ name, value string }{{"base URL", c.BaseURL}}
	if !c.Poll {
		urls = append(urls, struct{ name, value string }{"public base URL", c.PublicBaseURL})
	}
	for _, u := range urls {
		if err := delivery.CheckURL(u.name, u.value); err != nil {
			all = append(all, fmt.Errorf("voice: %w", err))
		}
	}
	unless(c.Timeout >= time.Millisecond && c.Timeout <= 10*time.Minute, "timeout: must be between 1 ms and 10 min")
	unless(c.Connections >= 1 && c.Connections <= 1000, "connections: must be 1 to 1000")
	unless(c.Ring >= 5*time.Second && c.Ring <= 10*time.Minute, "ring: must be between 5 s and 10 min")
	unless(c.Longest >= time.Minute && c.Longest <= 4*time.Hour, "longest: must be between 1 min and 4 h")
	for language, name := range c.Voices {
		unless(language != "" && voiceName.MatchString(name), "voices: must be a list such as en=Polly.Amy,de=Polly.Vicki")
	}
	return errors.Join(all...)
}
