package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/bounce/mailbox"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/push"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/gateway"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/regulator"
)

// setting is one line of the table. The environment variable follows from the key: smtp.from_name is
// TOCSIN_SMTP_FROM_NAME.
type setting struct {
	key    string
	def    string
	help   string
	secret bool
	set    func(*Config, string) error
}

const prefix = "TOCSIN_"

func (s setting) env() string { return prefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_")) }

// settings in the order in which they are shown. A default that is empty here is the adapter's own.
var settings = slices.Concat([]setting{
	{key: "listen", def: "127.0.0.1:8080", help: "address that the API and the pages are served on", set: text(func(c *Config) *string { return &c.Listen })},
	{key: "public.url", help: "where people and providers reach this server; default: the listen address when it is loopback", set: text(func(c *Config) *string { return &c.PublicURL })},
	{key: "data.dir", def: "/var/lib/tocsin", help: "directory for what is not in the database", set: text(func(c *Config) *string { return &c.DataDir })},
	{key: "keys.dir", help: "keys of the ledger, needs a back-up of its own; default: keys below data.dir", set: text(func(c *Config) *string { return &c.Store.KeyDir })},
	{key: "evidence.dir", help: "evidence packs; default: evidence below data.dir", set: text(func(c *Config) *string { return &c.EvidenceDir })},
	{key: "database.url", secret: true, help: "PostgreSQL of the ledger, postgres://user@host/name", set: text(func(c *Config) *string { return &c.Store.DatabaseURL })},
	{key: "database.max_conns", help: "most connections to it, default 16", set: number(func(c *Config) *int32 { return &c.Store.MaxConns })},
	{key: "policy.default", def: "mooc", help: "policy of incidents that name none", set: text(func(c *Config) *string { return &c.Store.DefaultPolicy })},
	{key: "policy.dir", help: "directory of further policies (*.yaml)", set: text(func(c *Config) *string { return &c.PolicyDir })},
	{key: "rules.dir", help: "directory of rule packs (*.yaml, calendars/*.yaml) over the built-in ones", set: text(func(c *Config) *string { return &c.RulesDir })},
	{key: "templates.dir", help: "directory of templates of your own over the built-in ones", set: text(func(c *Config) *string { return &c.TemplatesDir })},
	{key: "tests.to", help: "to whom notices may be sent as tests, with commas: addresses, @domains, numbers as +1..., push tokens; default: nobody", set: func(c *Config, v string) error {
		for each := range strings.SplitSeq(v, ",") {
			c.Testers = append(c.Testers, strings.TrimSpace(each))
		}
		return nil
	}},
	{key: "lists.max_bytes", def: "1073741824", help: "largest list of people that is taken", set: number(func(c *Config) *int64 { return &c.MaxListBytes })},
	{key: "payload.key_file", help: "keys that encrypt what Temporal stores; default: payload.key below keys.dir", set: text(func(c *Config) *string { return &c.PayloadKeyFile })},
	{key: "log.level", def: "info", help: "debug, info, warn or error", set: oneOf(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
	{key: "log.format", def: "text", help: "text or json", set: oneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json")},

	{key: "announcements.dir", help: "published announcements; default: announcements below data.dir", set: text(func(c *Config) *string { return &c.Announce.Dir })},
	{key: "announcements.organisation", help: "name at the top of public pages", set: text(func(c *Config) *string { return &c.Announce.Organisation })},
}, mail("smtp", (*Config).mail), mail("smtp_backup", (*Config).backup), []setting{
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

	{key: "twilio.account_sid", help: "account, AC...", set: text(func(c *Config) *string { return &c.twilio().AccountSID })},
	{key: "twilio.auth_token", secret: true, help: "signs requests in and verifies callbacks", set: text(func(c *Config) *string { return &c.twilio().AuthToken })},
	{key: "twilio.from", help: "sender: number, short code or name", set: text(func(c *Config) *string { return &c.twilio().From })},
	{key: "twilio.messaging_service_sid", help: "or a messaging service, MG...", set: text(func(c *Config) *string { return &c.twilio().MessagingServiceSID })},
	{key: "twilio.validity", help: "how long a message is tried, 1s to 10h; default 4h", set: span(func(c *Config) *time.Duration { return &c.twilio().Validity })},
	{key: "twilio.poll", help: "true: the vendor cannot reach us and is asked instead", set: yesNo(func(c *Config) *bool { return &c.twilio().Poll })},
	{key: "twilio.base_url", help: "default " + twilio.DefaultBaseURL, set: text(func(c *Config) *string { return &c.twilio().BaseURL })},
	{key: "twilio.timeout", help: "default 30s", set: span(func(c *Config) *time.Duration { return &c.twilio().Timeout })},
	{key: "twilio.connections", help: "most at a time, default 20", set: number(func(c *Config) *int { return &c.twilio().Connections })},

	{key: "voice.from", help: "number that calls people, E.164; without it nobody is called", set: text(func(c *Config) *string { return &c.voice().From })},
	{key: "voice.account_sid", help: "account of the calls, default twilio.account_sid with its token", set: text(func(c *Config) *string { return &c.voice().AccountSID })},
	{key: "voice.auth_token", secret: true, help: "of that account", set: text(func(c *Config) *string { return &c.voice().AuthToken })},
	{key: "voice.base_url", help: "default " + voice.DefaultBaseURL, set: text(func(c *Config) *string { return &c.voice().BaseURL })},
	{key: "voice.voices", help: "the vendor's voices by language, such as en=Polly.Amy,de=Polly.Vicki", set: voices},
	{key: "voice.poll", help: "true: the vendor cannot reach us; calls leave the short text only", set: yesNo(func(c *Config) *bool { return &c.voice().Poll })},
	{key: "voice.ring", help: "how long it rings, default 30s", set: span(func(c *Config) *time.Duration { return &c.voice().Ring })},
	{key: "voice.longest", help: "longest call, repeats included, default 10m", set: span(func(c *Config) *time.Duration { return &c.voice().Longest })},
	{key: "voice.timeout", help: "of one request, default 30s", set: span(func(c *Config) *time.Duration { return &c.voice().Timeout })},
	{key: "voice.connections", help: "most at a time, default 20", set: number(func(c *Config) *int { return &c.voice().Connections })},

	{key: "gateway.url", help: "domestic SMS gateway", set: text(func(c *Config) *string { return &c.gateway().BaseURL })},
	{key: "gateway.secret", secret: true, help: "whsec_..., shared with the gateway", set: text(func(c *Config) *string { return &c.gateway().Secret })},
	{key: "gateway.secret_previous", secret: true, help: "the secret before it, while both sides change over; default none", set: text(func(c *Config) *string { return &c.gateway().Previous })},
	{key: "gateway.timeout", help: "default 30s", set: span(func(c *Config) *time.Duration { return &c.gateway().Timeout })},
	{key: "gateway.connections", help: "most at a time, default 20", set: number(func(c *Config) *int { return &c.gateway().Connections })},

	{key: "fcm.service_account", secret: true, help: "key of the service account, JSON; best given as TOCSIN_FCM_SERVICE_ACCOUNT_FILE", set: bytes(func(c *Config) *[]byte { return &c.push().ServiceAccount })},
	{key: "fcm.project_id", help: "default: the service account's", set: text(func(c *Config) *string { return &c.push().ProjectID })},
	{key: "fcm.endpoint", help: "default " + push.DefaultEndpoint, set: text(func(c *Config) *string { return &c.push().Endpoint })},
	{key: "fcm.ttl", help: "how long a push waits for a device that is off, default 168h", set: span(func(c *Config) *time.Duration { return &c.push().TTL })},
	{key: "fcm.timeout", help: "default 20s", set: span(func(c *Config) *time.Duration { return &c.push().Timeout })},
	{key: "fcm.connections", help: "most at a time, default 50", set: number(func(c *Config) *int { return &c.push().Connections })},

	{key: "letters.dir", help: "directory in which the printer takes batches of letters", set: text(func(c *Config) *string { return &c.letters().Dir })},
	{key: "letters.sftp", help: "or the printer's SFTP server, user@host:port/path", set: text(func(c *Config) *string { return &c.letters().SFTP })},
	{key: "letters.sftp_host_key", help: "its public key, as ssh-keyscan prints it: ssh-ed25519 AAAA...", set: text(func(c *Config) *string { return &c.letters().HostKey })},
	{key: "letters.sftp_key_file", help: "private key that signs in there", set: text(func(c *Config) *string { return &c.letters().KeyFile })},
	{key: "letters.sftp_password", secret: true, help: "or the password", set: text(func(c *Config) *string { return &c.letters().Password })},
	{key: "letters.paper", help: "din5008b (A4, default), us10 (Letter, No. 10 envelope) or cn (A4, Chinese envelope)", set: text(func(c *Config) *string { return &c.letters().Paper })},
	{key: "letters.sender", help: "return address on one line", set: text(func(c *Config) *string { return &c.letters().Sender })},
	{key: "letters.country", help: "from which letters are posted, such as DE", set: text(func(c *Config) *string { return &c.letters().Country })},
	{key: "letters.pages", help: "most pages of a letter, default 6; a longer one keeps the plan from approval", set: number(func(c *Config) *int { return &c.letters().Pages })},
	{key: "letters.batch", help: "most letters of a batch, default 1000", set: number(func(c *Config) *int { return &c.letters().Batch })},
	{key: "letters.every", help: "how often the server hands letters over; default: by the command tocsin letters batch alone", set: span(func(c *Config) *time.Duration { return &c.letters().Every })},
	{key: "letters.single", help: "yes makes a PDF file per letter beside the merged one", set: yesNo(func(c *Config) *bool { return &c.letters().Single })},
	{key: "letters.fonts", help: "directories of fonts, parted as in PATH; default: where Debian and Fedora keep Noto fonts", set: text(func(c *Config) *string { return &c.letters().Fonts })},

	{key: "portal.url", help: "filing portal of the authority", set: text(func(c *Config) *string { return &c.portal().BaseURL })},
	{key: "portal.token", secret: true, help: "bearer token there", set: text(func(c *Config) *string { return &c.portal().Token })},
	{key: "portal.timeout", help: "default 30s", set: span(func(c *Config) *time.Duration { return &c.portal().Timeout })},
	{key: "reports.routes", help: "how reports are filed: cn-*=email:reports@authority.example, eu-gdpr=portal:DPC", set: func(c *Config, v string) error { return c.Routes.UnmarshalText([]byte(v)) }},
})

// mail are the settings of one relay.
func mail(of string, at func(*Config) *email.Config) []setting {
	return []setting{
		{key: of + ".addr", help: "mail relay, host:port", set: text(func(c *Config) *string { return &at(c).Addr })},
		{key: of + ".encryption", help: "starttls (default), implicit, or none (loopback only)", set: text(func(c *Config) *email.Encryption { return &at(c).Encryption })},
		{key: of + ".allow_plaintext", help: "say yes out loud to mail without encryption beyond loopback", set: yesNo(func(c *Config) *bool { return &at(c).AllowPlaintext })},
		{key: of + ".ca_file", help: "PEM roots for the relay's certificate; default: the system's", set: text(func(c *Config) *string { return &at(c).CAFile })},
		{key: of + ".username", help: "sign-in at the relay", set: text(func(c *Config) *string { return &at(c).Username })},
		{key: of + ".password", secret: true, help: "sign-in at the relay", set: text(func(c *Config) *string { return &at(c).Password })},
		{key: of + ".from", help: "sender address", set: text(func(c *Config) *string { return &at(c).From })},
		{key: of + ".from_name", help: "sender name", set: text(func(c *Config) *string { return &at(c).FromName })},
		{key: of + ".reply_to", help: "address for answers", set: text(func(c *Config) *string { return &at(c).ReplyTo })},
		{key: of + ".envelope_domain", help: "domain that bounces go to", set: text(func(c *Config) *string { return &at(c).EnvelopeDomain })},
		{key: of + ".message_id_domain", help: "domain of message ids", set: text(func(c *Config) *string { return &at(c).MessageIDDomain })},
		{key: of + ".helo_name", help: "name that we greet with", set: text(func(c *Config) *string { return &at(c).HeloName })},
		{key: of + ".feedback_id", help: "header Feedback-ID", set: text(func(c *Config) *string { return &at(c).FeedbackID })},
		{key: of + ".dkim_keys", help: "keys that sign every message, selector=file of PEM, RSA from 2048 bits and Ed25519: 2026a=/etc/tocsin/rsa.pem,2026b=/etc/tocsin/ed25519.pem; default: none", set: func(c *Config, v string) error { return at(c).DKIMKeys.UnmarshalText([]byte(v)) }},
		{key: of + ".dkim_domain", help: "domain that signs; default: that of the sender", set: text(func(c *Config) *string { return &at(c).DKIMDomain })},
		{key: of + ".list_unsubscribe", help: "where people stop advisory mail, mailto: or https:; leave it out for notices that the law requires", set: text(func(c *Config) *string { return &at(c).Unsubscribe })},
		{key: of + ".connections", help: "most connections at a time, default 20", set: number(func(c *Config) *int { return &at(c).Connections })},
		{key: of + ".connect_timeout", help: "default 20s", set: span(func(c *Config) *time.Duration { return &at(c).ConnectTimeout })},
		{key: of + ".command_timeout", help: "default 30s", set: span(func(c *Config) *time.Duration { return &at(c).CommandTimeout })},
		{key: of + ".answer_timeout", help: "default 2m", set: span(func(c *Config) *time.Duration { return &at(c).AnswerTimeout })},
		{key: of + ".idle_timeout", help: "default 20s", set: span(func(c *Config) *time.Duration { return &at(c).IdleTimeout })},
		{key: of + ".backoff_min", help: "default 250ms", set: span(func(c *Config) *time.Duration { return &at(c).BackoffMin })},
		{key: of + ".backoff_max", help: "default 30s", set: span(func(c *Config) *time.Duration { return &at(c).BackoffMax })},
	}
}

// A part is there as soon as one of its settings is.

func (c *Config) mail() *email.Config             { return made(&c.Email) }
func (c *Config) backup() *email.Config           { return made(&c.EmailBackup) }
func (c *Config) bounces() *receiver.Config       { return made(&c.Bounces) }
func (c *Config) mailbox() *mailbox.Config        { return made(&c.Mailbox) }
func (c *Config) twilio() *twilio.Config          { return made(&c.Twilio) }
func (c *Config) voice() *voice.Config            { return made(&c.Voice) }
func (c *Config) gateway() *gateway.Config        { return made(&c.Gateway) }
func (c *Config) push() *push.Config              { return made(&c.Push) }
func (c *Config) letters() *letter.Config         { return made(&c.Letters) }
func (c *Config) portal() *regulator.PortalConfig { return made(&c.Portal) }

func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

func text[T ~string](at func(*Config) *T) func(*Config, string) error {
	return func(c *Config, v string) error {
		if strings.ContainsAny(v, "\x00\r\n") {
			return errors.New("must be one line")
		}
		*at(c) = T(v)
		return nil
	}
}

func voices(c *Config, v string) (err error) {
	c.voice().Voices, err = voice.ParseVoices(v)
	return err
}

func bytes(at func(*Config) *[]byte) func(*Config, string) error {
	return func(c *Config, v string) error { *at(c) = []byte(v); return nil }
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

func number[T int | int32 | int64](at func(*Config) *T) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || int64(T(n)) != n {
			return errors.New("must be a whole number that is not too large")
		}
		*at(c) = T(n)
		return nil
	}
}

func yesNo(at func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
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

func span(at func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil {
			return errors.New("must be a length of time, such as 30s or 2m")
		}
		*at(c) = d
		return nil
	}
}
