package letter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

// Config is what the adapter needs to know. Zero values of optional fields get the defaults named here.
type Config struct {
	Paper   string        // din5008b (default), us10 or cn
	Sender  string        // return address on one line
	Country string        // from which letters are posted, ISO 3166-1; it is left out of addresses in it
	Pages   int           // most pages of a letter, default 6
	Fonts   string        // directories, separated as in PATH; default paper.DefaultFontDirs
	Single  bool          // a PDF file per letter beside the merged one
	Batch   int           // most letters of a batch, default 1,000
	Timeout time.Duration // of a question to the ledger or the printer's server, default 20 s
	Every   time.Duration // how often the server hands letters over; 0: by command alone
	Work    string        // directory in which batches are made; default that for temporary files

	// Dir is the printer's door when it is a directory.
	Dir string
	// SFTP is the printer's door when it is a server: user@host:port/path. HostKey is its public key as ssh-keyscan
	// prints it, without the host ("ssh-ed25519 AAAA..."). One of KeyFile and Password signs in.
	SFTP, HostKey, KeyFile, Password string
}

func (c Config) withDefaults() Config {
	if c.Paper == "" {
		c.Paper = "din5008b"
	}
	if c.Pages == 0 {
		c.Pages = 6
	}
	if c.Batch == 0 {
		c.Batch = 1000
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	return c
}

// FontDirs are the directories in which fonts are looked for.
func (c Config) FontDirs() []string {
	var out []string
	for _, dir := range filepath.SplitList(c.Fonts) {
		if dir != "" {
			out = append(out, dir)
		}
	}
	return out
}

// Validate says everything that is wrong; it never repeats a secret.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf("letters."+format, args...)) }
	if _, err := paper.FormatOf(c.Paper); err != nil {
		complain("paper: %w", err)
	}
	if c.Country != "" && (len(c.Country) != 2 || strings.ToUpper(c.Country) != c.Country) {
		complain("country: must be two capital letters (ISO 3166-1)")
	}
	if c.Pages < 1 || c.Pages > 100 || c.Batch < 1 || c.Batch > 10000 {
		complain("pages and letters.batch: must be 1 to 100 pages, 1 to 10000 letters")
	}
	if (c.Dir == "") == (c.SFTP == "") {
		complain("dir or letters.sftp: give one of them, where the printer takes batches")
	}
	if c.SFTP != "" {
		if _, err := c.server(); err != nil {
			complain("sftp: %w", err)
		}
	}
	return errors.Join(errs...)
}

// server is where an SFTP door is.
type server struct {
	addr, user, path string
	ssh              *ssh.ClientConfig
}

func (c Config) server() (server, error) {
	user, rest, ok := strings.Cut(c.SFTP, "@")
	addr, path, _ := strings.Cut(rest, "/")
	if !ok || user == "" || addr == "" {
		return server{}, errors.New("must be user@host:port/path")
	}
	if !strings.Contains(addr, ":") {
		addr += ":22"
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey))
	if err != nil {
		return server{}, errors.New("letters.sftp_host_key must be the server's public key, such as ssh-ed25519 AAAA…; nothing is sent to a server that cannot prove who it is")
	}
	conf := &ssh.ClientConfig{User: user, HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: algorithms(key), Timeout: c.Timeout}
	switch {
	case c.KeyFile != "":
		pem, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return server{}, errors.New("letters.sftp_key_file cannot be read")
		}
		signer, err := ssh.ParsePrivateKey(pem)
		if err != nil {
			return server{}, errors.New("letters.sftp_key_file is not a private key without a passphrase")
		}
		conf.Auth = []ssh.AuthMethod{ssh.PublicKeys(signer)}
	case c.Password != "":
		conf.Auth = []ssh.AuthMethod{ssh.Password(c.Password)}
	default:
		return server{}, errors.New("needs letters.sftp_key_file or letters.sftp_password")
	}
	return server{addr: addr, user: user, path: "/" + path, ssh: conf}, nil
}

// algorithms are those that the pinned key can answer for, so that a server with several keys shows that one.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}
