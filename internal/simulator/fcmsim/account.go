package fcmsim

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
)

// ServiceAccount gives the JSON file that Google would hand out for an account
// with this key: what a client library reads its credentials from.
func ServiceAccount(config Config, key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("fcmsim: encode the service account's key: %w", err)
	}
	return json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": config.ProjectID, "private_key_id": config.KeyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": config.ClientEmail, "client_id": "100000000000000000001", "token_uri": config.TokenURI,
		"universe_domain": "googleapis.com",
	}, "", "  ")
}
