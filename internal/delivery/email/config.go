package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/dkim"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
)

// Provider is the id under which policies and the ledger know this adapter.
const Provider = "smtp"

// Encryption says how the connection to the relay is protected.
type Encryption string

const (
	StartTLS Encryption = "starttls" // required, never opportunistic; the default
	Implicit Encryption = "implicit" // TLS from the first byte (port 465)
	Plain    Encryption = "none"     // loopback only, unless AllowPlaintext says otherwise
)

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	Addr       string     // relay, host:port
	Encryption Encryption // default starttls
	// AllowPlaintext permits Encryption none to a relay beyond loopback. Sign-in stays forbidden there.
	AllowPlaintext bool
	CAFile         string // PEM roots for the relay's certificate, default the system's
	Username       string // sign-in; when set, a relay that offers none is refused
	Password       string

	From     string // sender address
	FromName string // display name of the sender
	ReplyTo  string // optional address for answers
	// EnvelopeDomain is where bounces go: the envelope sender is b-<attempt id>@<EnvelopeDomain>. Without
	// it, the envelope sender is From.
	EnvelopeDomain  string
	MessageIDDomain string // default EnvelopeDomain, else the domain of From
	// Returns puts a keyed code into envelope senders and Message-IDs, without which nobody believes a bounce.
	Returns *returnpath.Key
	// DKIMKeys sign every message in the name of DKIMDomain; none: it is the relay's work, or nobody's.
	DKIMKeys   dkim.Sources
	DKIMDomain string // default the domain of From
	// Unsubscribe is where people stop advisory mail, mailto: or https:. A notice that the law requires has none.
	Unsubscribe string
	HeloName    string // default the domain of From
	FeedbackID  string // default security-notice:<domain of From>

	Connections    int           // most connections at a time, default 20
	ConnectTimeout time.Duration // dial, TLS, greeting and sign-in together, default 20 s
	CommandTimeout time.Duration // every single read and write, default 30 s
	AnswerTimeout  time.Duration // the answer to a whole message, default 2 min (RFC 5321 asks for 10)
	IdleTimeout    time.Duration // an unused connection says QUIT after it, default 20 s
	BackoffMin     time.Duration // first pause after a refused connection, default 250 ms
	BackoffMax     time.Duration // longest pause, default 30 s
}

func (c Config) withDefaults() Config {
	_, domain, _ := cutAddress(c.From)
	if wire, err := asciiDomain(domain); err == nil {
		domain = wire
	}
	text := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	span := func(v *time.Duration, def time.Duration) {
		if *v == 0 {
			*v = def
		}
	}
	if c.Encryption == "" {
		c.Encryption = StartTLS
	}
	text(&c.MessageIDDomain, c.EnvelopeDomain)
	text(&c.MessageIDDomain, domain)
	text(&c.HeloName, domain)
	text(&c.DKIMDomain, domain)
	text(&c.FeedbackID, "security-notice:"+domain)
	if c.Connections == 0 {
		c.Connections = 20
	}
	span(&c.ConnectTimeout, 20*time.Second)
	span(&c.CommandTimeout, 30*time.Second)
	span(&c.AnswerTimeout, 2*time.Minute)
	span(&c.IdleTimeout, 20*time.Second)
	span(&c.BackoffMin, 250*time.Millisecond)
	span(&c.BackoffMax, 30*time.Second)
	return c
}

// Validate lists everything that is wrong with the settings, at once. It reads CAFile and opens no
// connection.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(format string, args ...any) { all = append(all, fmt.Errorf("smtp: "+format, args...)) }

	host, port, err := net.SplitHostPort(c.Addr)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		complain("address: must be host:port, such as mail.example.com:587")
	}
	local := delivery.Loopback(host)
	switch c.Encryption {
	case StartTLS, Implicit:
	case Plain:
		if !local && !c.AllowPlaintext {
			complain("encryption: none is allowed on loopback only; use starttls or implicit, or allow plaintext in the settings")
		}
		if !local && c.Username != "" {
			complain("encryption: a password is never sent over plaintext; use starttls or implicit")
		}
	default:
		complain("encryption: must be starttls, implicit or none")
	}
	if _, err := c.roots(); err != nil {
		complain("CA file: %w", err)
	}
	if (c.Username == "") != (c.Password == "") {
		complain("sign-in: user name and password go together")
	}
	if strings.ContainsAny(c.Username+c.Password, "\x00\r\n") {
		complain("sign-in: user name and password must hold no NUL or line break")
	}
	all = append(all, c.validateSender()...)
	if c.Connections < 1 || c.Connections > 1000 {
		complain("connections: must be 1 to 1000")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"connect timeout", c.ConnectTimeout},
		{"command timeout", c.CommandTimeout},
		{"answer timeout", c.AnswerTimeout},
		{"idle timeout", c.IdleTimeout},
		{"shortest back-off", c.BackoffMin},
		{"longest back-off", c.BackoffMax},
	} {
		if d.value < time.Millisecond || d.value > time.Hour {
			complain("%s: must be between 1 ms and 1 h", d.name)
		}
	}
	return errors.Join(all...)
}

func (c Config) validateSender() (all []error) {
	complain := func(format string, args ...any) { all = append(all, fmt.Errorf("smtp: "+format, args...)) }
	if a, err := parseAddress(c.From); err != nil {
		complain("from: %w", err)
	} else if a.utf8 {
		complain("from: the part before @ must be ASCII")
	}
	if c.ReplyTo != "" {
		if a, err := parseAddress(c.ReplyTo); err != nil {
			complain("reply-to: %w", err)
		} else if a.utf8 {
			complain("reply-to: the part before @ must be ASCII")
		}
	}
	if !headerText(c.FromName) {
		complain("from name: must be UTF-8 without line breaks and NUL")
	}
	for _, d := range []struct{ name, value string }{
		{"envelope domain", c.EnvelopeDomain},
		{"message id domain", c.MessageIDDomain},
		{"helo name", c.HeloName},
		{"DKIM domain", c.DKIMDomain},
	} {
		if d.value == "" {
			continue // From is wrong, and has its own complaint
		}
		if _, err := asciiDomain(d.value); err != nil {
			complain("%s: %w", d.name, err)
		}
	}
	for i := 0; i < len(c.FeedbackID); i++ {
		if c.FeedbackID[i] <= ' ' || c.FeedbackID[i] > '~' {
			complain("feedback id: must be printable ASCII without spaces")
			break
		}
	}
	if _, err := dkim.Load(c.DKIMKeys); err != nil {
		complain("DKIM: %w", err)
	}
	if c.Unsubscribe != "" && !unsubscribable(c.Unsubscribe) {
		complain("list-unsubscribe: must be an address such as mailto:stop@example.com or https://example.com/stop")
	}
	if len(c.FeedbackID) > 200 {
		complain("feedback id: must have at most 200 characters")
	}
	return all
}

// roots gives the certificates to trust; nil stands for those of the system, as in tls.Config.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil //nolint:nilnil // nil means the certificates of the system
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, errors.New("cannot be read")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return pool, nil
}

// tlsConfig verifies the certificate against the host in Addr; there is no setting that turns it off.
func (c Config) tlsConfig() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, err
	}
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// unsubscribable accepts what can stand between angle brackets in List-Unsubscribe.
func unsubscribable(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 200 && !strings.ContainsAny(s, "<> ,\"") && (u.Scheme == "mailto" && u.Opaque != "" || u.Scheme == "https" && u.Host != "")
}
