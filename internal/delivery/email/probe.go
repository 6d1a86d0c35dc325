package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Probed is what a relay shows to somebody who signs in and sends nothing.
type Probed struct {
	TLS        string            // version, such as TLS 1.3; empty without encryption
	Expires    time.Time         // the certificate, UTC; zero without one
	Untrusted  string            // why the certificate does not hold; empty when it does
	Extensions map[string]string // EHLO keywords in upper case with their parameters
	SizeLimit  int64             // octets of a message, 0 when it names none
}

// Probe connects, encrypts and signs in as a sender does, and says good-bye. The failure is what every message would
// meet; what was seen until then is given too.
func Probe(ctx context.Context, c Config) (out Probed, _ *delivery.Failure) {
	if err := c.Validate(); err != nil {
		return out, delivery.Refused("the settings cannot be used")
	}
	c = c.withDefaults()
	secure, err := c.tlsConfig()
	if err != nil {
		return out, delivery.Refused("the settings cannot be used")
	}
	// Verified as ever, but here, so that a certificate that does not hold can be described.
	verify := x509.VerifyOptions{DNSName: secure.ServerName, Roots: secure.RootCAs}
	secure.InsecureSkipVerify = true
	secure.VerifyConnection = func(s tls.ConnectionState) error {
		own := verify
		own.Intermediates = x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			own.Intermediates.AddCert(c)
		}
		out.TLS, out.Expires = tls.VersionName(s.Version), s.PeerCertificates[0].NotAfter.UTC()
		_, err := s.PeerCertificates[0].Verify(own)
		if err != nil {
			out.Untrusted = untrusted(err)
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		return nil
	}
	conn, f := dial(ctx, ctx, &c, secure)
	if f != nil {
		return out, f
	}
	out.Extensions, out.SizeLimit = maps.Clone(conn.extensions), conn.sizeLimit
	conn.quit()
	return out, nil
}

// untrusted says in plain words why a certificate does not hold.
func untrusted(err error) string {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	case errors.As(err, &name):
		return "it is for another name than the one in the settings"
	case errors.As(err, &unknown):
		return "it was issued by nobody whom this machine trusts"
	}
	return "it cannot be verified"
}

// Host is the relay's name.
func (c Config) Host() string { host, _, _ := net.SplitHostPort(c.Addr); return host }

// Domains gives the domains by which receivers judge a message: that of the sender address, of the envelope, and of
// our signature (which there is only with keys). All are in ASCII.
func (c Config) Domains() (from, envelope, signature string) {
	c = c.withDefaults()
	wire := func(d string) string {
		if a, err := asciiDomain(d); err == nil {
			return a
		}
		return d
	}
	_, from, _ = cutAddress(c.From)
	from = wire(from)
	if envelope = from; c.EnvelopeDomain != "" {
		envelope = wire(c.EnvelopeDomain)
	}
	return from, envelope, wire(c.DKIMDomain)
}
