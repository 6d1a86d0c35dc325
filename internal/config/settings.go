package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/bounce/mailbox"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/regulator"
)

// setting is one line of the table. The environment variable follows from the key: smtp.from_name is
// TOCSIN_SMTP_FROM_NAME.
type setting = line[Config]

// line sets something of a C.
type line[C any] struct {
	key    string
	def    string
	help   string
	secret bool
	set    func(*C, string) error
}

const prefix = "TOCSIN_"

func (s line[C]) env() string { return prefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_")) }

// settings in the order in which they are shown. A default that is empty here is the adapter's own.
var settings = slices.Concat([]setting{
	{key: "listen", def: "127.0.0.1:8080", help: "address that the API and the pages are served on", set: text(func(c *Config) *string { return &c.Listen })},
	{key: "public.url", help: "where people and providers reach this server; default: the listen address when it is loopback", set: text(func(c *Config) *string { return &c.PublicURL })},
	{key: "data.dir", def: "/var/lib/tocsin", help: "directory for what is not in the database", set: text(func(c *Config) *string { return &c.DataDir })},
	{key: "keys.dir", help: "keys of the ledger, needs a back-up of its own; default: keys below data.dir", set: text(func(c *Config) *string { return &c.Store.KeyDir })},
	{key: "evidence.dir", help: "evidence packs; default: evidence below data.dir", set: text(func(c *Config) *string { return &c.EvidenceDir })},
	{key: "database.url", secret: true, help: "PostgreSQL of the ledger, postgres://user@host/name", set: text(func(c *Config) *string { return &c.Store.DatabaseURL })},
	{key: "database.max_conns", help: "most connections to it, default 16", set: number(func(c *Config) *int32 { return &c.Store.MaxConns })},
	{key: "database.allow_plaintext", help: "say yes out loud to a connection without encryption beyond this machine", set: yesNo(func(c *Config) *bool { return &c.Store.AllowPlaintext })},
	{key: "policy.default", def: "mooc", help: "policy of incidents that name none", set: text(func(c *Config) *string { return &c.Store.DefaultPolicy })},
	{key: "policy.dir", help: "directory of further policies (*.yaml)", set: text(func(c *Config) *string { return &c.PolicyDir })},
	{key: "rules.dir", help: "directory of rule packs (*.yaml, calendars/*.yaml) over the built-in ones", set: text(func(c *Config) *string { return &c.RulesDir })},
	{key: "templates.dir", help: "directory of templates of your own over the built-in ones", set: text(func(c *Config) *string { return &c.TemplatesDir })},
	{key: "tests.to", help: "to whom notices may be sent as tests, with commas: addresses, @domains, numbers as +1..., push tokens (of a browser: its subscription as JSON); default: nobody", set: func(c *Config, v string) error {
		c.Testers = breach.ReadTesters(v)
		return nil
	}},
	{key: "lists.max_bytes", def: "1073741824", help: "largest list of people that is taken", set: number(func(c *Config) *int64 { return &c.MaxListBytes })},
	{key: "payload.key_file", help: "keys that encrypt what Temporal stores; default: payload.key below keys.dir", set: text(func(c *Config) *string { return &c.PayloadKeyFile })},
	{key: "log.level", def: "info", help: "debug, info, warn or error", set: oneOf(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
	{key: "log.format", def: "text", help: "text or json", set: oneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json")},

	{key: "announcements.dir", help: "published announcements; default: announcements below data.dir", set: text(func(c *Config) *string { return &c.Announce.Dir })},
	{key: "announcements.organisation", help: "name at the top of public pages", set: text(func(c *Config) *string { return &c.Announce.Organisation })},
}, linesOf(sections), []setting{
	{key: "bounces.listen", help: "address on which bounces and complaints are taken by SMTP, such as 0.0.0.0:25; the MX of smtp.envelope_domain leads here", set: text(func(c *Config) *string { return &c.bounces().Listen })},
	{key: "bounces.complaints", help: "mailbox for complaints in that domain, default complaints", set: text(func(c *Config) *string { return &c.bounces().Complaints })},
	{key: "bounces.cert_file", help: "certificate for STARTTLS there, PEM; default: none is offered", set: text(func(c *Config) *string { return &c.bounces().CertFile })},
	{key: "bounces.key_file", help: "its key, PEM", set: text(func(c *Config) *string { return &c.bounces().KeyFile })},
	{key: "bounces.max_bytes", help: "largest message there, default 2097152", set: number(func(c *Config) *int64 { return &c.bounces().MaxBytes })},
	{key: "bounces.connections", help: "most at a time, default 50", set: number(func(c *Config) *int { return &c.bounces().Connections })},

	{key: "bounce_mailbox.addr", help: "IMAP server with the mailbox that bounces and complaints go to, host:port", set: text(func(c *Config) *string { return &c.mailbox().Addr })},
	{key: "bounce_mailbox.starttls", help: "TLS after a plain greeting (port 143); default: from the first byte (port 993)", set: yesNo(func(c *Config) *bool { return &c.mailbox().StartTLS })},
	{key: "bounce_mailbox.ca_file", help: "PEM roots for its certificate; default: the system's", set: text(func(c *Config) *string { return &c.mailbox().CAFile })},
	{key: "bounce_mailbox.username", help: "sign-in there", set: text(func(c *Config) *string { return &c.mailbox().Username })},
	{key: "bounce_mailbox.password", secret: true, help: "sign-in there", set: text(func(c *Config) *string { return &c.mailbox().Password })},
	{key: "bounce_mailbox.folder", help: "default INBOX", set: text(func(c *Config) *string { return &c.mailbox().Folder })},
	{key: "bounce_mailbox.move_to", help: "folder that taken messages are moved to; default: they stay, marked", set: text(func(c *Config) *string { return &c.mailbox().MoveTo })},
	{key: "bounce_mailbox.poll", help: "how often it is looked into at least, default 1m", set: span(func(c *Config) *time.Duration { return &c.mailbox().Poll })},

	{key: "portal.url", help: "filing portal of the authority", set: text(func(c *Config) *string { return &c.portal().BaseURL })},
	{key: "portal.token", secret: true, help: "bearer token there", set: text(func(c *Config) *string { return &c.portal().Token })},
	{key: "portal.timeout", help: "default 30s", set: span(func(c *Config) *time.Duration { return &c.portal().Timeout })},
	{key: "reports.routes", help: "how reports are filed: cn-*=email:reports@authority.example, eu-gdpr=portal:DPC", set: func(c *Config, v string) error { return c.Routes.UnmarshalText([]byte(v)) }},
})

// A part is there as soon as one of its settings is.

func (c *Config) bounces() *receiver.Config       { return made(&c.Bounces) }
func (c *Config) mailbox() *mailbox.Config        { return made(&c.Mailbox) }
func (c *Config) portal() *regulator.PortalConfig { return made(&c.Portal) }

func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// names reads a list with commas.
func names[C any](at func(*C) *[]string) func(*C, string) error {
	return func(c *C, v string) error {
		for each := range strings.SplitSeq(v, ",") {
			*at(c) = append(*at(c), strings.TrimSpace(each))
		}
		return nil
	}
}

func text[C any, T ~string](at func(*C) *T) func(*C, string) error {
	return func(c *C, v string) error {
		if strings.ContainsAny(v, "\x00\r\n") {
			return errors.New("must be one line")
		}
		*at(c) = T(v)
		return nil
	}
}

func bytes[C any](at func(*C) *[]byte) func(*C, string) error {
	return func(c *C, v string) error { *at(c) = []byte(v); return nil }
}

func oneOf(at func(*Config) *string, words ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, w := range words {
			if v == w {
				*at(c) = v
				return nil
			}
		}
		return errors.New("must be " + strings.Join(words, ", "))
	}
}

func number[C any, T int | int32 | int64](at func(*C) *T) func(*C, string) error {
	return func(c *C, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || int64(T(n)) != n {
			return errors.New("must be a whole number that is not too large")
		}
		*at(c) = T(n)
		return nil
	}
}

func yesNo[C any](at func(*C) *bool) func(*C, string) error {
	return func(c *C, v string) error {
		switch strings.ToLower(v) {
		case "true", "yes", "1":
			*at(c) = true
		case "false", "no", "0":
			*at(c) = false
		default:
			return errors.New("must be true or false")
		}
		return nil
	}
}

func span[C any](at func(*C) *time.Duration) func(*C, string) error {
	return func(c *C, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil {
			return errors.New("must be a length of time, such as 30s or 2m")
		}
		*at(c) = d
		return nil
	}
}
