package simulator

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/tocsin-engine/tocsin/internal/simulator/apnssim"
	"github.com/tocsin-engine/tocsin/internal/simulator/webpushsim"
)

// The app that pushes to Apple devices.
const (
	apnsKeyID  = "SIMKEY0001"
	apnsTeamID = "SIMTEAM001"
	apnsTopic  = "test.simulator.app"
)

// makePushKeys adds what a directory of before does not hold.
func (id *identity) makePushKeys() error {
	if id.APNsKeyPEM != "" {
		return nil
	}
	var keys [3]*ecdsa.PrivateKey
	var raw [3]string
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return fmt.Errorf("simulator: make a key: %w", err)
		}
		b, err := key.Bytes()
		if err != nil {
			return fmt.Errorf("simulator: encode a key: %w", err)
		}
		keys[i], raw[i] = key, base64.RawURLEncoding.EncodeToString(b)
	}
	id.WebPushKey, id.BrowserKey, id.BrowserAuth = raw[1], raw[2], base64.RawURLEncoding.EncodeToString(random(16))
	var err error
	id.APNsKeyPEM, err = keyPEM(keys[0])
	return err
}

var errPushKeys = errors.New("simulator: " + identityFile + " is damaged; move the directory away and configure the product anew")

func (id *identity) apnsConfig() (apnssim.Config, error) {
	block, _ := pem.Decode([]byte(id.APNsKeyPEM))
	if block == nil {
		return apnssim.Config{}, errPushKeys
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return apnssim.Config{}, errPushKeys
	}
	return apnssim.Config{KeyID: apnsKeyID, TeamID: apnsTeamID, Topic: apnsTopic, Key: &key.PublicKey}, nil
}

func (id *identity) webpushConfig(base string) (webpushsim.Config, error) {
	var raw [3][]byte
	for i, s := range []string{id.WebPushKey, id.BrowserKey, id.BrowserAuth} {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(s); err != nil {
			return webpushsim.Config{}, errPushKeys
		}
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw[0])
	if err != nil {
		return webpushsim.Config{}, errPushKeys
	}
	browser, err := ecdh.P256().NewPrivateKey(raw[1])
	if err != nil {
		return webpushsim.Config{}, errPushKeys
	}
	return webpushsim.Config{Public: &key.PublicKey, Browser: browser, Auth: raw[2], Origin: base}, nil
}
