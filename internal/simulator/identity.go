package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/fcmsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/portalsim"
)

const (
	identityFile = "identity.json"
	fcmProject   = "tocsin-simulator"
	emailDomain  = portalsim.EmailDomain
)

// identity is what must stay the same over restarts: keys, credentials, ports.
type identity struct {
	Ports         Ports  `json:"ports"`
	CAPEM         string `json:"ca_pem"`
	CAKeyPEM      string `json:"ca_key_pem"`
	SMTPUsername  string `json:"smtp_username"`
	SMTPPassword  string `json:"smtp_password"`
	TwilioSID     string `json:"twilio_sid"`
	TwilioToken   string `json:"twilio_token"`
	FCMKeyPEM     string `json:"fcm_key_pem"`
	FCMKeyID      string `json:"fcm_key_id"`
	FCMSecret     []byte `json:"fcm_secret"`
	APNsKeyPEM    string `json:"apns_key_pem"`
	WebPushKey    string `json:"webpush_key"`  // private, base64url
	BrowserKey    string `json:"browser_key"`  // so are these
	BrowserAuth   string `json:"browser_auth"` //
	GatewayKeyID  string `json:"gateway_key_id"`
	GatewaySecret string `json:"gateway_secret"`
	PortalToken   string `json:"portal_token"`

	rsa *rsa.PrivateKey
}

// sharedKey is used by all simulators of a process that run without a
// directory: tests start many, and making an RSA key is slow.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func loadIdentity(dir string) (*identity, error) {
	if dir == "" {
		key, err := sharedKey()
		if err != nil {
			return nil, fmt.Errorf("simulator: make a key: %w", err)
		}
		return newIdentity(key)
	}
	data, err := os.ReadFile(filepath.Join(dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("simulator: make a key: %w", err)
		}
		return newIdentity(key)
	}
	if err != nil {
		return nil, fmt.Errorf("simulator: read the identity: %w", err)
	}
	damaged := fmt.Errorf("simulator: %s is damaged; move the directory away and configure the product anew", identityFile)
	var id identity
	if err := json.Unmarshal(data, &id); err != nil {
		return nil, damaged
	}
	block, _ := pem.Decode([]byte(id.FCMKeyPEM))
	if block == nil {
		return nil, damaged
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, damaged
	}
	var ok bool
	if id.rsa, ok = key.(*rsa.PrivateKey); !ok {
		return nil, damaged
	}
	return &id, id.makePushKeys()
}

func newIdentity(key *rsa.PrivateKey) (*identity, error) {
	fcmKey, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	id := &identity{
		SMTPUsername: "tocsin", SMTPPassword: rand.Text(),
		TwilioSID: "AC" + randomHex(16), TwilioToken: randomHex(16),
		FCMKeyPEM: fcmKey, FCMKeyID: randomHex(20), FCMSecret: random(32),
		GatewayKeyID: "gw_" + randomHex(6), GatewaySecret: "whsec_" + base64.StdEncoding.EncodeToString(random(32)),
		PortalToken: rand.Text(), rsa: key,
	}
	if err := id.makePushKeys(); err != nil {
		return nil, err
	}
	return id, id.makeCA()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by its documentation
	return b
}

func randomHex(n int) string { return hex.EncodeToString(random(n)) }

func (id *identity) fcmConfig(base string) fcmsim.Config {
	return fcmsim.Config{
		ProjectID: fcmProject, ClientEmail: "tocsin@" + fcmProject + ".iam.gserviceaccount.com", KeyID: id.FCMKeyID,
		Key: &id.rsa.PublicKey, TokenURI: base + "/oauth/token", Secret: id.FCMSecret,
	}
}

func keyPEM(key any) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("simulator: encode a key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// makeCA makes the authority that clients are told to trust. It is good for
// nothing but simulators: its key lies beside it.
func (id *identity) makeCA() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("simulator: make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)), Subject: pkix.Name{CommonName: "Tocsin simulator CA"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("simulator: make the CA: %w", err)
	}
	id.CAPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	id.CAKeyPEM, err = keyPEM(key)
	return err
}

// certificate makes a server certificate of the CA, anew at every start.
func (id *identity) certificate(host string) (tls.Certificate, error) {
	ca, err := tls.X509KeyPair([]byte(id.CAPEM), []byte(id.CAKeyPEM))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("simulator: the CA in %s cannot be used; move the directory away: %w", identityFile, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("simulator: make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)), Subject: pkix.Name{CommonName: "Tocsin simulator"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "mx.simulator.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("simulator: make the server certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
