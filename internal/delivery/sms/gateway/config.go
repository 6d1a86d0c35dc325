package gateway

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "gateway"

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	BaseURL string // of the gateway; plain http on loopback only
	Secret  string // whsec_ and base64, shared with the gateway for both directions
	// Previous is the secret before Secret, while both sides change over; empty otherwise. Requests are then
	// signed with both, and callbacks signed with either are believed.
	Previous      string
	PublicBaseURL string        // where the gateway reaches us: callbacks go to <PublicBaseURL>/callbacks/gateway/<attempt id>
	Timeout       time.Duration // of a whole call, default 30 s
	Connections   int           // most connections at a time, default 20
}

// ReachedAt sets where the provider reaches us.
func (c *Config) ReachedAt(publicURL string) { c.PublicBaseURL = publicURL }

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.PublicBaseURL = strings.TrimRight(c.PublicBaseURL, "/")
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
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute {
		all = append(all, errors.New("gateway: timeout: must be between 1 ms and 10 min"))
	}
	if c.Connections < 1 || c.Connections > 1000 {
		all = append(all, errors.New("gateway: connections: must be 1 to 1000"))
	}
	return errors.Join(all...)
}
