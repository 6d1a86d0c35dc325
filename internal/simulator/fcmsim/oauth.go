package fcmsim

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	skew      = 2 * time.Minute
)

// The scopes that let an account send messages.
var scopes = []string{"https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"}

// Token serves POST /oauth/token.
func (s *Service) Token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != grantType {
		oauthError(w, "unsupported_grant_type", "Invalid grant_type: expected the JWT bearer grant")
		return
	}
	if err := s.checkAssertion(r.PostForm.Get("assertion"), time.Now()); err != nil {
		oauthError(w, "invalid_grant", err.Error())
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": s.accessToken(time.Now().Add(TokenLife)), "expires_in": int(TokenLife.Seconds()), "token_type": "Bearer",
	})
}

func oauthError(w http.ResponseWriter, code, description string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

type claims struct {
	Issuer   string `json:"iss"`
	Scope    string `json:"scope"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Issued   int64  `json:"iat"`
}

// checkAssertion verifies a service account's JWT as Google does: RS256 and
// nothing else, by the account's key, for this endpoint, fresh, at most an hour.
func (s *Service) checkAssertion(assertion string, now time.Time) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("Invalid JWT: it has not three parts.")
	}
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	var c claims
	if err := decodePart(parts[0], &header); err != nil {
		return errors.New("Invalid JWT: the header cannot be read.")
	}
	if err := decodePart(parts[1], &c); err != nil {
		return errors.New("Invalid JWT: the claims cannot be read.")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || header.Algorithm != "RS256" || (header.KeyID != "" && header.KeyID != s.config.KeyID) {
		return errors.New("Invalid JWT Signature.")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(s.config.Key, crypto.SHA256, digest[:], signature) != nil {
		return errors.New("Invalid JWT Signature.")
	}
	issued, expires := time.Unix(c.Issued, 0), time.Unix(c.Expires, 0)
	switch {
	case c.Issuer != s.config.ClientEmail:
		return errors.New("Invalid grant: account not found")
	case c.Audience != s.config.TokenURI:
		return errors.New("Invalid JWT: the audience is another endpoint.")
	case issued.After(now.Add(skew)), !expires.After(now.Add(-skew)), expires.Sub(issued) > time.Hour+skew:
		return errors.New("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
	}
	for _, scope := range strings.Fields(c.Scope) {
		for _, known := range scopes {
			if scope == known {
				return nil
			}
		}
	}
	return errors.New("Invalid OAuth scope or ID token audience provided.")
}

func decodePart(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// accessToken is "ya29.<expiry>.<mac>".
func (s *Service) accessToken(expires time.Time) string {
	text := strconv.FormatInt(expires.Unix(), 36)
	return "ya29." + text + "." + s.mac(text)
}

func (s *Service) mac(text string) string {
	mac := hmac.New(sha256.New, s.config.Secret)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *Service) checkBearer(header string, now time.Time) error {
	scheme, token, _ := strings.Cut(header, " ")
	parts := strings.Split(token, ".")
	if !strings.EqualFold(scheme, "Bearer") || len(parts) != 3 || parts[0] != "ya29" {
		return errToken
	}
	if !hmac.Equal([]byte(parts[2]), []byte(s.mac(parts[1]))) {
		return errToken
	}
	expires, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil || !time.Unix(expires, 0).After(now) {
		return errToken
	}
	return nil
}

func decodeStrict(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("fcmsim: more than one JSON value")
	}
	return nil
}
