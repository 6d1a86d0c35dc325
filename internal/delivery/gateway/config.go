package gateway

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Kinds under which policies know this adapter. Both carry text messages and pushes; the second is for an organisation
// whose pushes go through another provider than its text messages.
const (
	Provider = "gateway"
	ForPush  = "push_gateway"
)

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	Kind    string // Provider (the default) or ForPush: callbacks go to <PublicBaseURL>/callbacks/<Kind>/<attempt id>
	BaseURL string // of the gateway; plain http on loopback only
	Secret  string // whsec_ and base64, shared with the gateway for both directions
	// Previous is the secret before Secret, while both sides change over; empty otherwise. Requests are then
	// signed with both, and callbacks signed with either are believed.
	Previous      string
	PublicBaseURL string        // where the gateway reaches us
	TTL           time.Duration // how long a push waits for a device that is off, default 7 days, most 28
	Timeout       time.Duration // of a whole call, default 30 s
	Connections   int           // most connections at a time, default 20
}

// ReachedAt sets where the provider reaches us.
func (c *Config) ReachedAt(publicURL string) { c.PublicBaseURL = publicURL }

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.PublicBaseURL = strings.TrimRight(c.PublicBaseURL, "/")
	if c.Kind == "" {
		c.Kind = Provider
	}
	if c.TTL == 0 {
		c.TTL = 7 * 24 * time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Connections == 0 {
		c.Connections = 20
	}
	return c
}

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	for _, u := range []struct{ name, value string }{{"base URL", c.BaseURL}, {"public base URL", c.PublicBaseURL}} {
		if err := delivery.CheckURL(u.name, u.value); err != nil {
			all = append(all, fmt.Errorf("gateway: %w", err))
		}
	}
	if _, err := c.secrets(); err != nil {
		all = append(all, err)
	}
	if c.Kind != Provider && c.Kind != ForPush {
		all = append(all, errors.New("gateway: kind: is none of this adapter"))
	}
	if c.TTL < time.Second || c.TTL > 28*24*time.Hour {
		all = append(all, errors.New("gateway: time to live: must be between 1 s and 28 days"))
	}
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute {
		all = append(all, errors.New("gateway: timeout: must be between 1 ms and 10 min"))
	}
	if c.Connections < 1 || c.Connections > 1000 {
		all = append(all, errors.New("gateway: connections: must be 1 to 1000"))
	}
	return errors.Join(all...)
}
