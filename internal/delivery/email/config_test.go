package email

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestValidateListsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	err := Config{
		Addr: "mail.example.com", Encryption: "maybe", CAFile: "/nonexistent", Username: "user\r\n", From: "nobody", FromName: "a\r\nBcc: x",
		ReplyTo: "x", EnvelopeDomain: "a b", HeloName: "-", FeedbackID: "a b", Connections: -1, IdleTimeout: time.Nanosecond,
	}.Validate()
	require.Error(t, err)
	for _, part := range []string{
		"address", "encryption", "CA file", "sign-in: user name and password go together", "sign-in: user name and password must hold",
		"from:", "from name", "reply-to", "envelope domain", "helo name", "feedback id", "connections", "idle timeout",
	} {
		require.ErrorContains(t, err, "smtp: "+part)
	}
	_, err = New(Config{})
	require.Error(t, err)
}

func TestPlaintextNeedsLoopbackOrALoudSetting(t *testing.T) {
	t.Parallel()
	c := Config{From: "notice@example.com", Addr: "mail.example.com:25", Encryption: Plain}
	require.ErrorContains(t, c.Validate(), "loopback only")
	c.AllowPlaintext = true
	require.NoError(t, c.Validate())
	c.Username, c.Password = "user", "secret"
	require.ErrorContains(t, c.Validate(), "never sent over plaintext", "no setting allows that")
	for _, host := range []string{"127.0.0.1:25", "[::1]:25", "localhost:25", "127.8.8.8:25"} {
		local := Config{From: "notice@example.com", Addr: host, Encryption: Plain, Username: "user", Password: "secret"}
		require.NoError(t, local.Validate(), host)
	}
	c = Config{From: "notice@example.com", Addr: "mail.example.com:587"}
	require.NoError(t, c.Validate())
	require.Equal(t, StartTLS, c.withDefaults().Encryption, "encryption is what you get without saying anything")
}

func TestCAFileMustHoldCertificates(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, []byte("hello"), 0o600))
	c := Config{From: "notice@example.com", Addr: "mail.example.com:587", CAFile: file}
	require.ErrorContains(t, c.Validate(), "no certificate")
}
