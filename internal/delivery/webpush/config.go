package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "webpush"

// DefaultHosts are the push services of the browsers of Google, Mozilla, Apple and Microsoft. A name that begins with a
// dot stands for all names below it.
var DefaultHosts = []string{"fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"}

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	// Key is the private half of the key that pages subscribe with (VAPID, RFC 8292): 32 bytes of P-256, base64url.
	Key string
	// Subject is where a push service reaches the sender: mailto:somebody@example.com or an https URL.
	Subject string
	// Hosts are the push services that messages may go to, default DefaultHosts. The address of a subscription comes from
	// a list of people: nothing is ever sent to a host that nobody named here.
	Hosts []string
	// PrivateHosts are those of Hosts that may be at an address of this machine or of a private network. All others are
	// called at public addresses only, unless Hosts names the address itself.
	PrivateHosts []string
	TTL          time.Duration // how long the push service keeps a push for a browser that is closed, default 7 days, most 28
	Timeout      time.Duration // of a whole call, default 20 s
	Connections  int           // most connections at a time, default 50
}

func (c Config) withDefaults() Config {
	if len(c.Hosts) == 0 {
		c.Hosts = DefaultHosts
	}
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
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.Key, "="))
	if err == nil {
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("key: must be a private key of P-256, 32 bytes in base64url")
}

// Validate lists everything that is wrong with the settings, at once. Values are not repeated.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(bad bool, what string) {
		if bad {
			all = append(all, errors.New("webpush: "+what))
		}
	}
	if _, err := c.key(); err != nil {
		all = append(all, fmt.Errorf("webpush: %w", err))
	}
	complain(!subject(c.Subject), "subject: must be mailto:somebody@example.com or an https URL")
	complain(slices.ContainsFunc(c.Hosts, func(h string) bool { return strings.Trim(h, ".") == "" || strings.ContainsAny(h, "/:@ *") }),
		"hosts: must be names of hosts, or .example.com for all below one")
	complain(slices.ContainsFunc(c.PrivateHosts, func(h string) bool { return strings.HasPrefix(h, ".") || !c.allowed(h) }),
		"private hosts: must be whole names of hosts that hosts names too")
	complain(c.TTL < time.Second || c.TTL > 28*24*time.Hour, "time to live: must be between 1 s and 28 days")
	complain(c.Timeout < time.Millisecond || c.Timeout > 10*time.Minute, "timeout: must be between 1 ms and 10 min")
	complain(c.Connections < 1 || c.Connections > 1000, "connections: must be 1 to 1000")
	return errors.Join(all...)
}

func subject(s string) bool {
	if address, ok := strings.CutPrefix(s, "mailto:"); ok {
		_, err := mail.ParseAddress(address)
		return err == nil
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// allowed says whether messages may go to a host.
func (c Config) allowed(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(c.Hosts, func(h string) bool {
		h = strings.ToLower(h)
		return host == h || (strings.HasPrefix(h, ".") && strings.HasSuffix(host, h))
	})
}

// guarded says whether a host is called at public addresses only. One that is not allowed at all is a proxy of ours.
func (c Config) guarded(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, err := netip.ParseAddr(host)
	return c.allowed(host) && err != nil && !slices.ContainsFunc(c.PrivateHosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// origin is what a token of VAPID is for; plain http is for loopback alone.
func (c Config) origin(endpoint string) (string, *delivery.Failure) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Fragment != "" || strings.HasSuffix(u.Host, ":"):
		return "", badSubscription("its endpoint is no URL")
	case u.Scheme != "https" && (u.Scheme != "http" || !delivery.Loopback(u.Hostname())):
		return "", badSubscription("its endpoint is not https")
	case !c.allowed(u.Hostname()):
		return "", badSubscription("its endpoint is at no push service that the setting webpush.hosts names")
	}
	return u.Scheme + "://" + strings.TrimSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme]), nil
}

func badSubscription(what string) *delivery.Failure {
	return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: "the subscription cannot be used: " + what}
}
