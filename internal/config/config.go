// Package config reads the settings of a server: environment variables TOCSIN_..., each also as ..._FILE,
// over one YAML file with the same keys. One table (settings.go) names every setting; each adapter
// validates its own part, and everything that is wrong is said at once. Secrets are never repeated.
//
// Imports of ours: the adapters and store, for their Config types.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/announce"
	"github.com/tocsin-engine/tocsin/internal/bounce/mailbox"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/regulator"
	"github.com/tocsin-engine/tocsin/internal/store"
)

// Config is what a server is told.
type Config struct {
	Listen    string // host:port
	PublicURL string // where people reach the pages and providers the callbacks; no trailing slash
	DataDir   string

	Store store.Config
	Providers
	Portal  *regulator.PortalConfig
	Bounces *receiver.Config // takes mail that comes back
	Mailbox *mailbox.Config  // or reads it there
	Routes  regulator.Routes

	Announce       announce.Config
	EvidenceDir    string
	PolicyDir      string         // further policy profiles, *.yaml; empty: none
	Testers        breach.Testers // to whom notices may be sent as tests
	TemplatesDir   string         // templates of the organisation over the built-in ones; empty: none
	RulesDir       string         // rule packs over the built-in ones, *.yaml; empty: none
	PayloadKeyFile string         // encrypts what Temporal stores; made on the first start
	MaxListBytes   int64          // of one list of people

	LogLevel  string // debug, info, warn, error
	LogFormat string // text, json

	shown []shown
}

// Load reads environ ("NAME=value", as os.Environ gives it) over the YAML file at path; an empty path is
// no file. The error lists everything that is wrong.
func Load(environ []string, path string) (Config, error) {
	var c Config
	given, errs := gather(environ, path)
	for _, s := range settings {
		v, ok := given[s.key]
		if !ok {
			v = value{text: s.def, from: byDefault}
		}
		if v.text != "" {
			if err := s.set(&c, v.text); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", v.name(s), err))
			}
		}
		c.shown = append(c.shown, shown{s, v})
	}
	c.derive()
	errs = append(errs, c.validate()...)
	return c, errors.Join(errs...)
}

// derive fills what follows from other settings.
func (c *Config) derive() {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if host, port, err := net.SplitHostPort(c.Listen); c.PublicURL == "" && err == nil && delivery.Loopback(host) {
		c.PublicURL = "http://" + net.JoinHostPort(host, port)
	}
	below := func(dir *string, parts ...string) {
		if *dir == "" {
			*dir = filepath.Join(parts...)
		}
	}
	below(&c.Store.KeyDir, c.DataDir, "keys")
	below(&c.EvidenceDir, c.DataDir, "evidence")
	below(&c.Announce.Dir, c.DataDir, "announcements")
	below(&c.PayloadKeyFile, c.Store.KeyDir, "payload.key")
	c.Announce.PublicBaseURL = c.PublicURL
	c.deriveBackup()
	if c.Bounces != nil && c.Bounces.Domain == "" && c.Email != nil {
		c.Bounces.Domain = c.Email.EnvelopeDomain
	}
	if c.Bounces != nil && c.EmailBackup != nil {
		c.Bounces.Also = c.EmailBackup.EnvelopeDomain
	}
	c.deriveVoice()
	c.ReachedAt(c.PublicURL)
	if c.Letters != nil {
		c.Letters.Work = filepath.Join(c.DataDir, "letters")
	}
}

// deriveVoice gives calls the account, and the way to reach the vendor, of text messages.
func (c *Config) deriveVoice() {
	if c.Voice == nil {
		return
	}
	t := c.Twilio
	if t == nil || c.Voice.AccountSID != "" {
		return
	}
	c.Voice.AccountSID, c.Voice.AuthToken = t.AccountSID, t.AuthToken
	if c.Voice.BaseURL == "" {
		c.Voice.BaseURL = t.BaseURL
	}
}

// deriveBackup lets the second relay send in the name of the first: the same sender, and always the same ids of
// messages, so that one which is repeated through it is recognisable.
func (c *Config) deriveBackup() {
	to, from := c.EmailBackup, c.Email
	if to == nil || from == nil {
		return
	}
	if to.MessageIDDomain == "" { // what the first one uses, whatever the bounces and the sender of the second are
		to.MessageIDDomain = cmp.Or(from.MessageIDDomain, from.EnvelopeDomain, from.From[strings.LastIndexByte(from.From, '@')+1:])
	}
	if len(to.DKIMKeys) == 0 && to.DKIMDomain == "" && (to.From == "" || to.From == from.From) {
		to.DKIMKeys, to.DKIMDomain = from.DKIMKeys, from.DKIMDomain
	}
	for _, v := range []struct{ to, from *string }{
		{&to.FromName, &from.FromName}, {&to.ReplyTo, &from.ReplyTo}, {&to.EnvelopeDomain, &from.EnvelopeDomain},
		{&to.HeloName, &from.HeloName}, {&to.FeedbackID, &from.FeedbackID}, {&to.From, &from.From},
	} {
		if *v.to == "" {
			*v.to = *v.from
		}
	}
}

func (c Config) validate() []error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if host, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" || strings.Contains(host, "/") {
		complain("listen: must be host:port, such as 127.0.0.1:8080")
	}
	if c.PublicURL != "" {
		if err := delivery.CheckURL("public.url", c.PublicURL); err != nil {
			errs = append(errs, err)
		}
	}
	if c.PolicyDir != "" {
		if i, err := os.Stat(c.PolicyDir); err != nil || !i.IsDir() {
			complain("policy.dir: is not a directory that can be read")
		}
	}
	if c.RulesDir != "" {
		if i, err := os.Stat(c.RulesDir); err != nil || !i.IsDir() {
			complain("rules.dir: is not a directory that can be read")
		}
	}
	if c.TemplatesDir != "" {
		if i, err := os.Stat(c.TemplatesDir); err != nil || !i.IsDir() {
			complain("templates.dir: is not a directory that can be read")
		}
	}
	if fault := c.Testers.Fault(); fault != "" {
		complain("tests.to: %s", fault)
	}
	if c.Store.MaxConns < 0 || c.MaxListBytes < 0 {
		complain("database.max_conns and lists.max_bytes: must not be negative")
	}
	part := func(validate func() error) {
		if err := validate(); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, c.Providers.validate()...)
	if c.Bounces != nil {
		part(c.Bounces.Validate)
	}
	if c.Mailbox != nil {
		part(c.Mailbox.Validate)
	}
	if c.Portal != nil {
		part(c.Portal.Validate)
	}
	for _, r := range c.Routes {
		switch {
		case r.Via == regulator.ViaEmail && c.Email == nil:
			complain("reports.routes: the route of %s goes by email, which has no settings (smtp.addr)", r.Match)
		case r.Via == regulator.ViaPortal && c.Portal == nil:
			complain("reports.routes: the route of %s goes to a portal, which has no settings (portal.url)", r.Match)
		}
	}
	return errs
}

// Complete says what a role that works on the ledger still lacks; a program that brings its own database
// does not ask.
func (c Config) Complete() error {
	var errs []error
	if c.Store.DatabaseURL == "" {
		errs = append(errs, errors.New("database.url (TOCSIN_DATABASE_URL): is missing; use postgres://user@host/name"))
	}
	if c.PublicURL == "" {
		errs = append(errs, errors.New("public.url (TOCSIN_PUBLIC_URL): is missing; people and providers must know where to reach this server"))
	}
	return errors.Join(errs...)
}
