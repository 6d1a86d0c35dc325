package smtpsim

import (
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// auth does AUTH PLAIN (RFC 4616), with the credentials in the command or in
// answer to an empty challenge.
func (s *session) auth(arg string) error {
	mechanism, initial, _ := strings.Cut(arg, " ")
	switch {
	case !s.hello:
		return s.fail("503 5.5.1 Say EHLO first")
	case !s.secure:
		return s.fail("538 5.7.11 Encryption is required before AUTH")
	case s.signed:
		return s.fail("503 5.5.1 Signed in already")
	case s.mail.open:
		return s.fail("503 5.5.1 Not during a mail transaction")
	case !strings.EqualFold(mechanism, "PLAIN"):
		return s.fail("504 5.5.4 Only PLAIN is offered")
	}
	if initial == "" {
		s.reply("334 ")
		line, err := s.line()
		if err != nil {
			return err
		}
		initial = line
	}
	if initial == "*" {
		return s.fail("501 5.7.0 AUTH was cancelled")
	}
	user, password, ok := plainCredentials(initial)
	if !ok {
		return s.fail("501 5.5.2 The credentials cannot be read")
	}
	sameUser := subtle.ConstantTimeCompare([]byte(user), []byte(s.server.config.Username))
	samePassword := subtle.ConstantTimeCompare([]byte(password), []byte(s.server.config.Password))
	if sameUser&samePassword != 1 {
		return s.fail("535 5.7.8 Wrong user name or password")
	}
	s.signed = true
	s.reply("235 2.7.0 Signed in")
	return nil
}

// plainCredentials reads base64(authzid NUL authcid NUL password).
func plainCredentials(encoded string) (user, password string, ok bool) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(string(data), "\x00")
	if len(parts) != 3 || parts[1] == "" {
		return "", "", false
	}
	return parts[1], parts[2], true
}
