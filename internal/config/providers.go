package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery/apns"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/delivery/gateway"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/push"
	"github.com/tocsin-engine/tocsin/internal/delivery/sms/twilio"
	"github.com/tocsin-engine/tocsin/internal/delivery/voice"
	"github.com/tocsin-engine/tocsin/internal/delivery/webpush"
)

// Providers are the settings of the ways out. One that is nil has none: its people go on to the next channel.
type Providers struct {
	Email *email.Config
	// EmailBackup is a second relay, for when the first one is down; policies name it as kind smtp_backup.
	EmailBackup *email.Config
	Twilio      *twilio.Config
	Voice       *voice.Config // calls; the account is that of Twilio where it has none of its own
	Gateway     *gateway.Config
	PushGateway *gateway.Config // pushes by such a gateway, where it is not that of text messages
	Push        *push.Config
	APNs        *apns.Config
	WebPush     *webpush.Config
	Letters     *letter.Config
}

// sections hold each provider's settings, in the order in which they are shown. A provider is added here and with a
// field above; it is there as soon as one of its settings is given.
var sections = []provider{
	section("smtp", func(p *Providers) **email.Config { return &p.Email }, mail()),
	section("smtp_backup", func(p *Providers) **email.Config { return &p.EmailBackup }, mail()),
	section("twilio", func(p *Providers) **twilio.Config { return &p.Twilio }, []line[twilio.Config]{
		{key: "account_sid", help: "account, AC...", set: text(func(c *twilio.Config) *string { return &c.AccountSID })},
		{key: "auth_token", secret: true, help: "signs requests in and verifies callbacks", set: text(func(c *twilio.Config) *string { return &c.AuthToken })},
		{key: "from", help: "sender: number, short code or name", set: text(func(c *twilio.Config) *string { return &c.From })},
		{key: "messaging_service_sid", help: "or a messaging service, MG...", set: text(func(c *twilio.Config) *string { return &c.MessagingServiceSID })},
		{key: "validity", help: "how long a message is tried, 1s to 10h; default 4h", set: span(func(c *twilio.Config) *time.Duration { return &c.Validity })},
		{key: "poll", help: "true: the vendor cannot reach us and is asked instead", set: yesNo(func(c *twilio.Config) *bool { return &c.Poll })},
		{key: "base_url", help: "default " + twilio.DefaultBaseURL, set: text(func(c *twilio.Config) *string { return &c.BaseURL })},
		{key: "timeout", help: "default 30s", set: span(func(c *twilio.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most at a time, default 20", set: number(func(c *twilio.Config) *int { return &c.Connections })},
	}),
	section("voice", func(p *Providers) **voice.Config { return &p.Voice }, []line[voice.Config]{
		{key: "from", help: "number that calls people, E.164; without it nobody is called", set: text(func(c *voice.Config) *string { return &c.From })},
		{key: "account_sid", help: "account of the calls, default twilio.account_sid with its token", set: text(func(c *voice.Config) *string { return &c.AccountSID })},
		{key: "auth_token", secret: true, help: "of that account", set: text(func(c *voice.Config) *string { return &c.AuthToken })},
		{key: "base_url", help: "default " + voice.DefaultBaseURL, set: text(func(c *voice.Config) *string { return &c.BaseURL })},
		{key: "voices", help: "the vendor's voices by language, such as en=Polly.Amy,de=Polly.Vicki", set: voices},
		{key: "poll", help: "true: the vendor cannot reach us; calls leave the short text only", set: yesNo(func(c *voice.Config) *bool { return &c.Poll })},
		{key: "ring", help: "how long it rings, default 30s", set: span(func(c *voice.Config) *time.Duration { return &c.Ring })},
		{key: "longest", help: "longest call, repeats included, default 10m", set: span(func(c *voice.Config) *time.Duration { return &c.Longest })},
		{key: "timeout", help: "of one request, default 30s", set: span(func(c *voice.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most at a time, default 20", set: number(func(c *voice.Config) *int { return &c.Connections })},
	}),
	section("gateway", func(p *Providers) **gateway.Config { return &p.Gateway }, signed()),
	section("push_gateway", func(p *Providers) **gateway.Config { return &p.PushGateway }, signed()),
	section("fcm", func(p *Providers) **push.Config { return &p.Push }, []line[push.Config]{
		{key: "service_account", secret: true, help: "key of the service account, JSON; best given as TOCSIN_FCM_SERVICE_ACCOUNT_FILE", set: bytes(func(c *push.Config) *[]byte { return &c.ServiceAccount })},
		{key: "project_id", help: "default: the service account's", set: text(func(c *push.Config) *string { return &c.ProjectID })},
		{key: "endpoint", help: "default " + push.DefaultEndpoint, set: text(func(c *push.Config) *string { return &c.Endpoint })},
		{key: "ttl", help: "how long a push waits for a device that is off, default 168h", set: span(func(c *push.Config) *time.Duration { return &c.TTL })},
		{key: "timeout", help: "default 20s", set: span(func(c *push.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most at a time, default 50", set: number(func(c *push.Config) *int { return &c.Connections })},
	}),
	section("apns", func(p *Providers) **apns.Config { return &p.APNs }, []line[apns.Config]{
		{key: "key", secret: true, help: "signing key of the developer account, a .p8 file; best given as TOCSIN_APNS_KEY_FILE", set: bytes(func(c *apns.Config) *[]byte { return &c.Key })},
		{key: "key_id", help: "its id, ten letters and digits", set: text(func(c *apns.Config) *string { return &c.KeyID })},
		{key: "team_id", help: "of the developer account", set: text(func(c *apns.Config) *string { return &c.TeamID })},
		{key: "topic", help: "bundle id of the app, such as com.example.app", set: text(func(c *apns.Config) *string { return &c.Topic })},
		{key: "endpoint", help: "default " + apns.DefaultEndpoint, set: text(func(c *apns.Config) *string { return &c.Endpoint })},
		{key: "ca_file", help: "PEM roots for its certificate; default: the system's", set: text(func(c *apns.Config) *string { return &c.CAFile })},
		{key: "ttl", help: "how long a push waits for a device that is off, default 168h", set: span(func(c *apns.Config) *time.Duration { return &c.TTL })},
		{key: "timeout", help: "default 20s", set: span(func(c *apns.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most calls at a time, default 50", set: number(func(c *apns.Config) *int { return &c.Connections })},
	}),
	section("webpush", func(p *Providers) **webpush.Config { return &p.WebPush }, []line[webpush.Config]{
		{key: "key", secret: true, help: "private key that pages subscribe with (VAPID), base64url", set: text(func(c *webpush.Config) *string { return &c.Key })},
		{key: "subject", help: "where a push service reaches us: mailto:privacy@example.com or https", set: text(func(c *webpush.Config) *string { return &c.Subject })},
		{key: "hosts", help: "push services that pushes may go to, default " + strings.Join(webpush.DefaultHosts, ","), set: names(func(c *webpush.Config) *[]string { return &c.Hosts })},
		{key: "private_hosts", help: "those of them that may be at a private address; all others are called at public addresses only", set: names(func(c *webpush.Config) *[]string { return &c.PrivateHosts })},
		{key: "ttl", help: "how long a push waits for a browser that is closed, default 168h", set: span(func(c *webpush.Config) *time.Duration { return &c.TTL })},
		{key: "timeout", help: "default 20s", set: span(func(c *webpush.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most at a time, default 50", set: number(func(c *webpush.Config) *int { return &c.Connections })},
	}),
	section("letters", func(p *Providers) **letter.Config { return &p.Letters }, []line[letter.Config]{
		{key: "dir", help: "directory in which the printer takes batches of letters", set: text(func(c *letter.Config) *string { return &c.Dir })},
		{key: "sftp", help: "or the printer's SFTP server, user@host:port/path", set: text(func(c *letter.Config) *string { return &c.SFTP })},
		{key: "sftp_host_key", help: "its public key, as ssh-keyscan prints it: ssh-ed25519 AAAA...", set: text(func(c *letter.Config) *string { return &c.HostKey })},
		{key: "sftp_key_file", help: "private key that signs in there", set: text(func(c *letter.Config) *string { return &c.KeyFile })},
		{key: "sftp_password", secret: true, help: "or the password", set: text(func(c *letter.Config) *string { return &c.Password })},
		{key: "paper", help: "din5008b (A4, default), us10 (Letter, No. 10 envelope) or cn (A4, Chinese envelope)", set: text(func(c *letter.Config) *string { return &c.Paper })},
		{key: "sender", help: "return address on one line", set: text(func(c *letter.Config) *string { return &c.Sender })},
		{key: "country", help: "from which letters are posted, such as DE", set: text(func(c *letter.Config) *string { return &c.Country })},
		{key: "pages", help: "most pages of a letter, default 6; a longer one keeps the plan from approval", set: number(func(c *letter.Config) *int { return &c.Pages })},
		{key: "batch", help: "most letters of a batch, default 1000", set: number(func(c *letter.Config) *int { return &c.Batch })},
		{key: "every", help: "how often the server hands letters over; default: by the command tocsin letters batch alone", set: span(func(c *letter.Config) *time.Duration { return &c.Every })},
		{key: "single", help: "yes makes a PDF file per letter beside the merged one", set: yesNo(func(c *letter.Config) *bool { return &c.Single })},
		{key: "fonts", help: "directories of fonts, parted as in PATH; default: where Debian and Fedora keep Noto fonts", set: text(func(c *letter.Config) *string { return &c.Fonts })},
	}),
}

// part is what an adapter's settings can do.
type part interface{ Validate() error }

// reached is a part whose provider calls us back.
type reached interface{ ReachedAt(publicURL string) }

// provider is the section of one.
type provider struct {
	name  string
	lines []setting
	of    func(*Providers) part // nil without settings
}

func section[T any, P interface {
	*T
	part
}](name string, at func(*Providers) **T, lines []line[T]) provider {
	out := provider{name: name, of: func(p *Providers) part {
		if c := *at(p); c != nil {
			return P(c)
		}
		return nil
	}}
	for _, l := range lines {
		out.lines = append(out.lines, setting{key: name + "." + l.key, help: l.help, secret: l.secret, set: func(c *Config, v string) error {
			return l.set(made(at(&c.Providers)), v)
		}})
	}
	return out
}

// ReachedAt tells everyone who is called back where that is, without a trailing slash.
func (p *Providers) ReachedAt(publicURL string) {
	for _, s := range sections {
		if r, ok := s.of(p).(reached); ok {
			r.ReachedAt(publicURL)
		}
	}
}

// validate lists what is wrong with the settings of all of them.
func (p *Providers) validate() (errs []error) {
	for _, s := range sections {
		c := s.of(p)
		if c == nil {
			continue
		}
		if err := c.Validate(); err != nil {
			if !strings.HasPrefix(err.Error(), s.name+":") {
				err = fmt.Errorf("%s: %w", s.name, err)
			}
			errs = append(errs, err)
		}
	}
	return errs
}

func linesOf(providers []provider) (out []setting) {
	for _, p := range providers {
		out = slices.Concat(out, p.lines)
	}
	return out
}

// mail are the settings of one relay.
func mail() []line[email.Config] {
	return []line[email.Config]{
		{key: "addr", help: "mail relay, host:port", set: text(func(c *email.Config) *string { return &c.Addr })},
		{key: "encryption", help: "starttls (default), implicit, or none (loopback only)", set: text(func(c *email.Config) *email.Encryption { return &c.Encryption })},
		{key: "allow_plaintext", help: "say yes out loud to mail without encryption beyond loopback", set: yesNo(func(c *email.Config) *bool { return &c.AllowPlaintext })},
		{key: "ca_file", help: "PEM roots for the relay's certificate; default: the system's", set: text(func(c *email.Config) *string { return &c.CAFile })},
		{key: "username", help: "sign-in at the relay", set: text(func(c *email.Config) *string { return &c.Username })},
		{key: "password", secret: true, help: "sign-in at the relay", set: text(func(c *email.Config) *string { return &c.Password })},
		{key: "from", help: "sender address", set: text(func(c *email.Config) *string { return &c.From })},
		{key: "from_name", help: "sender name", set: text(func(c *email.Config) *string { return &c.FromName })},
		{key: "reply_to", help: "address for answers", set: text(func(c *email.Config) *string { return &c.ReplyTo })},
		{key: "envelope_domain", help: "domain that bounces go to", set: text(func(c *email.Config) *string { return &c.EnvelopeDomain })},
		{key: "message_id_domain", help: "domain of message ids", set: text(func(c *email.Config) *string { return &c.MessageIDDomain })},
		{key: "helo_name", help: "name that we greet with", set: text(func(c *email.Config) *string { return &c.HeloName })},
		{key: "feedback_id", help: "header Feedback-ID", set: text(func(c *email.Config) *string { return &c.FeedbackID })},
		{key: "dkim_keys", help: "keys that sign every message, selector=file of PEM, RSA from 2048 bits and Ed25519: 2026a=/etc/tocsin/rsa.pem,2026b=/etc/tocsin/ed25519.pem; default: none", set: func(c *email.Config, v string) error { return c.DKIMKeys.UnmarshalText([]byte(v)) }},
		{key: "dkim_domain", help: "domain that signs; default: that of the sender", set: text(func(c *email.Config) *string { return &c.DKIMDomain })},
		{key: "list_unsubscribe", help: "where people stop advisory mail, mailto: or https:; leave it out for notices that the law requires", set: text(func(c *email.Config) *string { return &c.Unsubscribe })},
		{key: "connections", help: "most connections at a time, default 20", set: number(func(c *email.Config) *int { return &c.Connections })},
		{key: "connect_timeout", help: "default 20s", set: span(func(c *email.Config) *time.Duration { return &c.ConnectTimeout })},
		{key: "command_timeout", help: "default 30s", set: span(func(c *email.Config) *time.Duration { return &c.CommandTimeout })},
		{key: "answer_timeout", help: "default 2m", set: span(func(c *email.Config) *time.Duration { return &c.AnswerTimeout })},
		{key: "idle_timeout", help: "default 20s", set: span(func(c *email.Config) *time.Duration { return &c.IdleTimeout })},
		{key: "backoff_min", help: "default 250ms", set: span(func(c *email.Config) *time.Duration { return &c.BackoffMin })},
		{key: "backoff_max", help: "default 30s", set: span(func(c *email.Config) *time.Duration { return &c.BackoffMax })},
	}
}

func voices(c *voice.Config, v string) (err error) {
	c.Voices, err = voice.ParseVoices(v)
	return err
}

// signed are the settings of one signed HTTP provider.
func signed() []line[gateway.Config] {
	return []line[gateway.Config]{
		{key: "url", help: "provider of text messages and pushes that speaks signed HTTP, such as a domestic one", set: text(func(c *gateway.Config) *string { return &c.BaseURL })},
		{key: "secret", secret: true, help: "whsec_..., shared with the gateway", set: text(func(c *gateway.Config) *string { return &c.Secret })},
		{key: "secret_previous", secret: true, help: "the secret before it, while both sides change over; default none", set: text(func(c *gateway.Config) *string { return &c.Previous })},
		{key: "ttl", help: "how long a push waits for a device that is off, default 168h", set: span(func(c *gateway.Config) *time.Duration { return &c.TTL })},
		{key: "timeout", help: "default 30s", set: span(func(c *gateway.Config) *time.Duration { return &c.Timeout })},
		{key: "connections", help: "most at a time, default 20", set: number(func(c *gateway.Config) *int { return &c.Connections })},
	}
}
