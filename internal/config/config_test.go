package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/regulator"
)

const secretText = "s3cret-CANARY"

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Load([]string{"HOME=/root", "TOCSIN_TOKEN=x", "TOCSIN_SMTP_ADDR=", "TOCSIN_PORT=tcp://10.0.0.1:80", "TOCSIN_SERVICE_HOST=10.0.0.1", "TOCSIN_PORT_8080_TCP_ADDR=10.0.0.1"}, "")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", c.Listen)
	require.Equal(t, "http://127.0.0.1:8080", c.PublicURL)
	require.Equal(t, "/var/lib/tocsin/keys", c.Store.KeyDir)
	require.Equal(t, "/var/lib/tocsin/keys/payload.key", c.PayloadKeyFile)
	require.Equal(t, "mooc", c.Store.DefaultPolicy)
	require.Equal(t, "http://127.0.0.1:8080", c.Announce.PublicBaseURL)
	require.Equal(t, int64(1<<30), c.MaxListBytes)
	require.Nil(t, c.Email, "a channel without settings is not configured")
	require.Nil(t, c.Twilio)
	require.Nil(t, c.Gateway)
	require.Nil(t, c.Push)
	require.Nil(t, c.Portal)
	require.ErrorContains(t, c.Complete(), "TOCSIN_DATABASE_URL")
}

func TestEnvironmentOverFile(t *testing.T) {
	t.Parallel()
	path := file(t, "tocsin.yaml", `
listen: 0.0.0.0:9090
public: {url: https://tocsin.example/}
smtp:
  addr: mail.example:587
  from: security@example.com
  connections: 7
  idle_timeout: 45s
smtp.from_name: Security
database.url: postgres://a@b/c
reports.routes: "cn-*=email:cac@authority.example"
`)
	c, err := config.Load([]string{
		"TOCSIN_SMTP_FROM_NAME=安全团队", "TOCSIN_GATEWAY_URL=https://sms.example", "TOCSIN_GATEWAY_SECRET=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
	}, path)
	require.NoError(t, err)
	require.NoError(t, c.Complete())
	require.Equal(t, "0.0.0.0:9090", c.Listen)
	require.Equal(t, "https://tocsin.example", c.PublicURL)
	require.Equal(t, "安全团队", c.Email.FromName)
	require.Equal(t, 7, c.Email.Connections)
	require.Equal(t, 45*time.Second, c.Email.IdleTimeout)
	require.Equal(t, "https://tocsin.example", c.Gateway.PublicBaseURL)
	require.Equal(t, regulator.Routes{{Match: "cn-*", Via: "email", To: "cac@authority.example"}}, c.Routes)
}

// The second relay sends in the name of the first unless it is told otherwise, and always under the same message ids.
func TestASecondRelay(t *testing.T) {
	t.Parallel()
	one := []string{"TOCSIN_SMTP_ADDR=mail.example:587", "TOCSIN_SMTP_FROM=security@example.com", "TOCSIN_SMTP_FROM_NAME=Security"}
	c, err := config.Load(append(one, "TOCSIN_SMTP_BACKUP_ADDR=spare.example:587"), "")
	require.NoError(t, err)
	require.Equal(t, "spare.example:587", c.EmailBackup.Addr)
	require.Equal(t, "security@example.com", c.EmailBackup.From)
	require.Equal(t, "Security", c.EmailBackup.FromName)
	require.Empty(t, c.EmailBackup.Password, "its sign-in is its own")
	c, err = config.Load(append(one, "TOCSIN_SMTP_BACKUP_ADDR=spare.example:587", "TOCSIN_SMTP_BACKUP_FROM=a@other.example"), "")
	require.NoError(t, err)
	require.Equal(t, "a@other.example", c.EmailBackup.From)
	require.Equal(t, "example.com", c.EmailBackup.MessageIDDomain)
	for _, ids := range []struct {
		set  []string
		want string
	}{
		{[]string{"BACKUP_ENVELOPE_DOMAIN=bounce.spare.example"}, "example.com"},
		{[]string{"BACKUP_ENVELOPE_DOMAIN=bounce.spare.example", "ENVELOPE_DOMAIN=bounce.example.com"}, "bounce.example.com"},
		{[]string{"BACKUP_ENVELOPE_DOMAIN=bounce.spare.example", "ENVELOPE_DOMAIN=bounce.example.com", "MESSAGE_ID_DOMAIN=id.example.com"}, "id.example.com"},
		{[]string{"BACKUP_MESSAGE_ID_DOMAIN=id.spare.example", "MESSAGE_ID_DOMAIN=id.example.com"}, "id.spare.example"},
	} {
		given := append(slices.Clone(one), "TOCSIN_SMTP_BACKUP_ADDR=spare.example:587")
		for _, s := range ids.set {
			given = append(given, "TOCSIN_SMTP_"+s)
		}
		c, err = config.Load(given, "")
		require.NoError(t, err, ids.set)
		require.Equal(t, ids.want, c.EmailBackup.MessageIDDomain, "a repeated email is recognisable by its id: %v", ids.set)
	}
	c, _ = config.Load(append(one, "TOCSIN_SMTP_BACKUP_ADDR=spare.example:587", "TOCSIN_SMTP_DKIM_KEYS=a=/absent"), "")
	require.Equal(t, c.Email.DKIMKeys, c.EmailBackup.DKIMKeys, "it signs in the same name")
	c, _ = config.Load(append(one, "TOCSIN_SMTP_BACKUP_ADDR=spare.example:587", "TOCSIN_SMTP_BACKUP_FROM=a@other.example", "TOCSIN_SMTP_DKIM_KEYS=a=/absent"), "")
	require.Empty(t, c.EmailBackup.DKIMKeys, "another sender has keys of its own")
	_, err = config.Load(append(one, "TOCSIN_SMTP_BACKUP_ADDR=spare"), "")
	require.ErrorContains(t, err, "smtp_backup: smtp: address")
	c, err = config.Load(one, "")
	require.NoError(t, err)
	require.Nil(t, c.EmailBackup)
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	password, url := file(t, "p", secretText+"\n"), file(t, "u", "postgres://tocsin:"+secretText+"@db.example/tocsin?sslmode=verify-full\r\n")
	settings := file(t, "tocsin.yaml", "smtp:\n  addr: mail.example:587\n  from: a@example.com\n  username: u\n  password_file: "+password+"\n")
	c, err := config.Load([]string{"TOCSIN_DATABASE_URL_FILE=" + url}, settings)
	require.NoError(t, err)
	require.Equal(t, secretText, c.Email.Password)
	require.Equal(t, "postgres://tocsin:"+secretText+"@db.example/tocsin?sslmode=verify-full", c.Store.DatabaseURL)

	var out strings.Builder
	require.NoError(t, c.Show(&out))
	require.NotContains(t, out.String(), secretText)
	require.Contains(t, out.String(), "postgres://tocsin:xxxxx@db.example/tocsin?sslmode=verify-full")
	require.Contains(t, out.String(), "file "+url)
	require.Regexp(t, `smtp.password +\(hidden\)`, out.String())

	for _, dsn := range []string{"host=db password=" + secretText, "postgres://db/x?password=" + secretText, "postgres://db/x?sslpassword=" + secretText, "://" + secretText} {
		c, err := config.Load([]string{"TOCSIN_DATABASE_URL=" + dsn}, "")
		require.NoError(t, err)
		for _, s := range c.List() {
			require.NotContains(t, s.Value, secretText, dsn)
		}
	}
}

func TestAllComplaintsAtOnceAndNoSecrets(t *testing.T) {
	t.Parallel()
	path := file(t, "tocsin.yaml", `
lsiten: 1
smtp:
  adress: x
  connections: many
  password: `+secretText+`
log: {level: loud}
log.level: info
list: [a]
twilio:
  auth_token: "`+secretText+`"
`)
	_, err := config.Load([]string{
		"TOCSIN_SMTP_FORM=x", "TOCSIN_LISTEN=8080", "TOCSIN_PORTAL_TOKEN=" + secretText, "TOCSIN_PORTAL_TOKEN_FILE=/nonexistent/" + "file",
		"TOCSIN_PUBLIC_URL=http://tocsin.example", "TOCSIN_SMTP_IDLE_TIMEOUT=" + secretText, "TOCSIN_FCM_SERVICE_ACCOUNT={" + secretText,
		"TOCSIN_REPORTS_ROUTES=*=email:a@b.example", "TOCSIN_SMTP_ALLOW_PLAINTEXT=maybe",
	}, path)
	require.Error(t, err)
	for _, want := range []string{
		`"lsiten" is not a setting; did you mean listen?`, `"smtp.adress" is not a setting; did you mean smtp.addr?`,
		"TOCSIN_SMTP_FORM: is not a setting; did you mean TOCSIN_SMTP_FROM?", "smtp.connections: must be a whole number",
		"log.level is given twice", "log.level: must be debug", "the value must be one text", "listen: must be host:port",
		"TOCSIN_PORTAL_TOKEN_FILE: the file cannot be read", "public.url: must be https", "TOCSIN_SMTP_IDLE_TIMEOUT: must be a length of time",
		"smtp: address", "smtp: sign-in", "twilio: account SID", "fcm: service account", "TOCSIN_SMTP_ALLOW_PLAINTEXT: must be true or false",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), secretText)
}

func TestARouteNeedsItsWay(t *testing.T) {
	t.Parallel()
	_, err := config.Load([]string{"TOCSIN_REPORTS_ROUTES=cn-*=email:a@b.example,*=portal"}, "")
	require.ErrorContains(t, err, "smtp.addr")
	require.ErrorContains(t, err, "portal.url")
}

func TestOnceByVariableAndOnceByFile(t *testing.T) {
	t.Parallel()
	path := file(t, "x", "postgres://x@y/z")
	_, err := config.Load([]string{"TOCSIN_DATABASE_URL=postgres://x@y/z", "TOCSIN_DATABASE_URL_FILE=" + path}, "")
	require.ErrorContains(t, err, "give one of them")
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"missing":   filepath.Join(t.TempDir(), "none.yaml"),
		"not YAML":  file(t, "a.yaml", "a: [b\n"+secretText),
		"a list":    file(t, "b.yaml", "- a\n"),
		"an anchor": file(t, "c.yaml", "smtp: &x {addr: y}\n"),
		"too large": file(t, "d.yaml", strings.Repeat("#", 1<<20+1)),
	} {
		_, err := config.Load(nil, path)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), secretText)
	}
	_, err := config.Load(nil, file(t, "empty.yaml", ""))
	require.NoError(t, err)
}

// TestTheTable holds what the variables rely on: names are unique, also with _FILE behind them, every
// setting can be set, and every one has words for people.
func TestTheTable(t *testing.T) {
	t.Parallel()
	c, err := config.Load(nil, "")
	require.NoError(t, err)
	names := map[string]bool{}
	for _, s := range c.List() {
		require.False(t, names[s.Env], s.Env)
		names[s.Env] = true
		require.NotEmpty(t, s.Help, s.Key)
		require.Equal(t, "TOCSIN_"+strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_")), s.Env)
	}
	for name := range names {
		require.False(t, names[name+"_FILE"], "%s_FILE means two things", name)
	}
	for _, s := range c.List() {
		for _, v := range []string{"1", "true", "1s", "info", "text", "*=portal", "127.0.0.1:1"} {
			_, err := config.Load([]string{s.Env + "=" + v}, "")
			if err == nil || !strings.Contains(err.Error(), s.Env+":") {
				v = ""
			}
			if v == "" {
				names[s.Env] = false // it took one of them
				break
			}
		}
		require.False(t, names[s.Env], "nothing can be set for %s", s.Key)
	}
}

func FuzzSettingsFile(f *testing.F) {
	f.Add("smtp: {addr: x}\n")
	f.Add("a: &b [*b]\n")
	f.Add("? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, content string) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		c, err := config.Load(nil, path)
		again, errAgain := config.Load(nil, path)
		require.Equal(t, err == nil, errAgain == nil, "the same file, the same answer")
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, c, again)
		_ = c.Complete()
	})
}

// Bounces come by SMTP or from a mailbox; the domain is that of the envelope.
func TestWaysBack(t *testing.T) {
	t.Parallel()
	mail := []string{"TOCSIN_SMTP_ADDR=mail.example:587", "TOCSIN_SMTP_FROM=security@example.com", "TOCSIN_SMTP_ENVELOPE_DOMAIN=bounce.example.com"}
	c, err := config.Load(append(mail, "TOCSIN_BOUNCES_LISTEN=0.0.0.0:25", "TOCSIN_BOUNCE_MAILBOX_ADDR=imap.example:993",
		"TOCSIN_BOUNCE_MAILBOX_USERNAME=bounces", "TOCSIN_BOUNCE_MAILBOX_PASSWORD="+secretText, "TOCSIN_BOUNCE_MAILBOX_POLL=30s"), "")
	require.NoError(t, err)
	require.Equal(t, "bounce.example.com", c.Bounces.Domain)
	require.Empty(t, c.Bounces.Also)
	for given, want := range map[string]string{"": "bounce.example.com", "zurück.example.net": "zurück.example.net"} { // the second relay sends as the first, unless it is told otherwise
		c, err := config.Load(append(slices.Clone(mail), "TOCSIN_BOUNCES_LISTEN=0.0.0.0:25", "TOCSIN_SMTP_BACKUP_ADDR=second.example:587", "TOCSIN_SMTP_BACKUP_ENVELOPE_DOMAIN="+given), "")
		require.NoError(t, err)
		require.Equal(t, want, c.Bounces.Also)
	}
	require.Equal(t, 30*time.Second, c.Mailbox.Poll)
	_, err = config.Load([]string{"TOCSIN_BOUNCES_LISTEN=25", "TOCSIN_BOUNCE_MAILBOX_ADDR=imap.example", "TOCSIN_BOUNCE_MAILBOX_PASSWORD=" + secretText}, "")
	for _, want := range []string{"host:port, such as 0.0.0.0:25", "smtp.envelope_domain", "imap.example.com:993", "user name"} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), secretText)
}

// Lists with commas are read with and without blanks; the commas of a browser's subscription part nothing.
func TestListsWithCommas(t *testing.T) {
	t.Parallel()
	c, err := config.Load([]string{
		"HOME=/root", `TOCSIN_TESTS_TO=@larkfield.example, {"endpoint":"https://push.example.net/a","keys":{"p256dh":"BPk","auth":"c2U"}}`,
		"TOCSIN_WEBPUSH_KEY=q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "TOCSIN_WEBPUSH_SUBJECT=mailto:privacy@example.com",
		"TOCSIN_WEBPUSH_HOSTS=.push.apple.com, push.larkfield.example", "TOCSIN_WEBPUSH_PRIVATE_HOSTS=push.larkfield.example",
	}, "")
	require.NoError(t, err)
	require.Len(t, c.Testers, 2)
	require.Equal(t, []string{".push.apple.com", "push.larkfield.example"}, c.Providers.WebPush.Hosts)
	require.Equal(t, []string{"push.larkfield.example"}, c.Providers.WebPush.PrivateHosts)
}
