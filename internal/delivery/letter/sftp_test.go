package letter

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// keyPair makes a key, in the forms of a file and of a server's public key.
func keyPair(t *testing.T) (signer ssh.Signer, file, public string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err = ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	return signer, file, string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

// goServer is a server of the library's own, which loses connections after limit bytes while that is above 0.
type goServer struct {
	addr, public string
	limit        atomic.Int64
}

// cutting is a connection that breaks after so many bytes came in.
type cutting struct {
	net.Conn
	left int64
}

func (c *cutting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.left -= int64(n); c.left < 0 {
		_ = c.Close()
		return 0, errors.New("the line broke")
	}
	return n, err
}

func startGoServer(t *testing.T, clientKey ssh.PublicKey, password string) *goServer {
	t.Helper()
	return startServer(t, clientKey, password, func(ch ssh.Channel) {
		if s, err := sftp.NewServer(ch); err == nil {
			_ = s.Serve()
		}
	})
}

// sftpServer is OpenSSH's.
const sftpServer = "/usr/lib/openssh/sftp-server"

func startServer(t *testing.T, clientKey ssh.PublicKey, password string, files func(ssh.Channel)) *goServer {
	t.Helper()
	host, _, public := keyPair(t)
	conf := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if password == "" || string(p) != password {
				return nil, errors.New("no")
			}
			return &ssh.Permissions{}, nil
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			if clientKey == nil || string(k.Marshal()) != string(clientKey.Marshal()) {
				return nil, errors.New("no")
			}
			return &ssh.Permissions{}, nil
		},
	}
	conf.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	s := &goServer{addr: l.Addr().String(), public: public}
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			if n := s.limit.Load(); n > 0 {
				raw = &cutting{raw, n}
			}
			go serveSFTP(raw, conf, files)
		}
	}()
	return s
}

func serveSFTP(raw net.Conn, conf *ssh.ServerConfig, files func(ssh.Channel)) {
	_, channels, requests, err := ssh.NewServerConn(raw, conf)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		ch, in, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range in {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		go func() {
			files(ch)
			_ = ch.Close()
		}()
	}
}

// startOpenSSH runs the server that most printers run; it takes the key of the client for the present user.
func startOpenSSH(t *testing.T, client ssh.PublicKey) (addr, public string) {
	t.Helper()
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Skip("SKIPPED: sshd is not installed (Debian: openssh-server)")
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	_, hostKey, public := keyPair(t)
	keys := filepath.Join(dir, "authorized_keys")
	require.NoError(t, os.WriteFile(keys, ssh.MarshalAuthorizedKey(client), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr = l.Addr().String()
	require.NoError(t, l.Close())
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(dir, "sshd_config")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\nSubsystem sftp internal-sftp\n", port, hostKey, keys), 0o600))
	if os.Getuid() == 0 {
		require.NoError(t, os.MkdirAll("/run/sshd", 0o755))
	}
	cmd := exec.CommandContext(t.Context(), sshd, "-D", "-e", "-f", conf)
	out, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd.Stderr = out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = out.Close() })
	require.Eventually(t, func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
	return addr, public
}

func TestSFTP(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	signer, keyFile, _ := keyPair(t)
	me, err := user.Current()
	require.NoError(t, err)
	for name, start := range map[string]func(*testing.T) Config{
		"library, key": func(t *testing.T) Config {
			s := startGoServer(t, signer.PublicKey(), "")
			return Config{SFTP: "printer@" + s.addr, HostKey: s.public, KeyFile: keyFile}
		},
		"library, password": func(t *testing.T) Config {
			s := startGoServer(t, nil, "correct horse")
			return Config{SFTP: "printer@" + s.addr, HostKey: s.public, Password: "correct horse"}
		},
		"OpenSSH's files": func(t *testing.T) Config {
			if _, err := os.Stat(sftpServer); err != nil {
				t.Skip("SKIPPED: OpenSSH's sftp-server is not installed (Debian: openssh-sftp-server)")
			}
			s := startServer(t, signer.PublicKey(), "", func(ch ssh.Channel) {
				cmd := exec.CommandContext(t.Context(), sftpServer)
				cmd.Stdin, cmd.Stdout = ch, ch
				_ = cmd.Run()
			})
			return Config{SFTP: "printer@" + s.addr, HostKey: s.public, KeyFile: keyFile}
		},
		"OpenSSH": func(t *testing.T) Config {
			addr, public := startOpenSSH(t, signer.PublicKey())
			return Config{SFTP: me.Username + "@" + addr, HostKey: public, KeyFile: keyFile}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			door := t.TempDir()
			c := start(t)
			c.SFTP += door
			s := newSender(t, c, nil)
			d := &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 3)}}
			h, err := s.HandOver(t.Context(), d)
			require.NoError(t, err)
			require.Equal(t, 3, h.Letters)
			requireSums(t, filepath.Join(door, "letters-1"))
			printed := map[string]int{}
			printer(t, door, printed)
			require.Len(t, printed, 3)
		})
	}
}

// Nothing goes to a server that shows another key than the pinned one, or that refuses the sign-in.
func TestSFTPStranger(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	signer, keyFile, _ := keyPair(t)
	_, _, other := keyPair(t)
	_, wrongKey, _ := keyPair(t)
	s := startGoServer(t, signer.PublicKey(), "right")
	for name, c := range map[string]Config{
		"another host key": {HostKey: other, KeyFile: keyFile},
		"a wrong key":      {HostKey: s.public, KeyFile: wrongKey},
		"a wrong password": {HostKey: s.public, Password: "wrong-canary"},
	} {
		door := t.TempDir()
		c.SFTP = "printer@" + s.addr + door
		sender := newSender(t, c, nil)
		_, err := sender.HandOver(t.Context(), &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, sender, 1)}})
		require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err), name)
		require.NotContains(t, err.Error(), "canary")
		left, err := os.ReadDir(door)
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
	require.ErrorContains(t, Config{SFTP: "printer@" + s.addr + "/x", KeyFile: keyFile}.Validate(), "sftp_host_key")
	require.ErrorContains(t, Config{SFTP: "printer@" + s.addr + "/x", HostKey: other}.Validate(), "sftp_password")
}

// A server that takes the connection and then says nothing, before or after the sign-in, is not waited for without end.
func TestSFTPSilence(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	signer, keyFile, public := keyPair(t)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = mute.Close() })
	s := startServer(t, signer.PublicKey(), "", func(ssh.Channel) { <-t.Context().Done() })
	for name, c := range map[string]Config{
		"no handshake":       {SFTP: "printer@" + mute.Addr().String() + "/x", HostKey: public, KeyFile: keyFile},
		"no word afterwards": {SFTP: "printer@" + s.addr + "/x", HostKey: s.public, KeyFile: keyFile},
	} {
		c.Timeout = 300 * time.Millisecond
		sender := newSender(t, c, nil)
		began := time.Now()
		_, err := sender.HandOver(t.Context(), &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, sender, 1)}})
		require.Equal(t, breach.ErrUnavailable, breach.CodeOf(err), name)
		require.Less(t, time.Since(began), 20*time.Second, name)
	}
}

// The line breaks after so many bytes, again and again at other places: in the end the printer has each letter once.
func TestSFTPLineBreaks(t *testing.T) {
	t.Parallel()
	needFonts(t, "de")
	signer, keyFile, _ := keyPair(t)
	srv := startGoServer(t, signer.PublicKey(), "")
	door := t.TempDir()
	s := newSender(t, Config{SFTP: "printer@" + srv.addr + door, HostKey: srv.public, KeyFile: keyFile, Single: true, Timeout: 5 * time.Second}, nil)
	d := &desk{batch: &breach.PostBatch{ID: "letters-1", MadeAt: day, Items: items(t, s, 3)}}
	broke := 0
	for limit := int64(3000); !d.closed; limit += 2500 {
		srv.limit.Store(limit)
		if limit > 300_000 {
			srv.limit.Store(0)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := s.HandOver(ctx, d); err != nil {
			broke++
		}
		cancel()
	}
	require.Greater(t, broke, 3)
	requireSums(t, filepath.Join(door, "letters-1"))
	printed := map[string]int{}
	printer(t, door, printed)
	require.Len(t, printed, 3)
}
