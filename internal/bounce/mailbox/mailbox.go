// Package mailbox takes what mail servers sent back out of a mailbox, over IMAP. A message is marked, and moved
// where a folder is named for it, after its fact is in the ledger; one that is read twice changes nothing. What
// people wrote stays where it is, unread.
//
// Imports of ours: bounce.
package mailbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/tocsin-engine/tocsin/internal/bounce"
)

// Config of a mailbox. Zero values of optional fields get the defaults named here.
type Config struct {
	Addr     string // host:port
	StartTLS bool   // TLS after a plain greeting (port 143); default: from the first byte (port 993)
	CAFile   string // PEM roots for the server's certificate, default the system's
	Username string
	Password string
	Folder   string        // default INBOX
	MoveTo   string        // folder for what was taken; default: it stays, marked
	Poll     time.Duration // how often it is looked into at least, default 1 min; servers that can tell at once do
}

func (c Config) withDefaults() Config {
	if c.Folder == "" {
		c.Folder = "INBOX"
	}
	if c.Poll == 0 {
		c.Poll = time.Minute
	}
	return c
}

// Validate lists everything that is wrong with the settings. It reads CAFile and opens no connection.
func (c Config) Validate() error {
	c = c.withDefaults()
	var all []error
	complain := func(what string) { all = append(all, errors.New("bounces: the mailbox: "+what)) }
	if host, port, err := net.SplitHostPort(c.Addr); err != nil || host == "" || port == "" {
		complain("the address must be host:port, such as imap.example.com:993")
	}
	if c.Username == "" || c.Password == "" {
		complain("user name and password are needed")
	}
	if strings.ContainsAny(c.Username+c.Password+c.Folder+c.MoveTo, "\x00\r\n") {
		complain("names and password must be one line each")
	}
	if c.Folder == c.MoveTo {
		complain("what was taken cannot be moved to the folder that it is in")
	}
	if c.Poll < time.Second || c.Poll > time.Hour {
		complain("it must be looked into every second to every hour")
	}
	if _, err := c.tls(); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// tls verifies the server's certificate; there is no setting that turns it off.
func (c Config) tls() (*tls.Config, error) {
	host, _, _ := net.SplitHostPort(c.Addr)
	out := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, errors.New("bounces: the mailbox: the CA file cannot be read")
	}
	if out.RootCAs = x509.NewCertPool(); !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("bounces: the mailbox: the CA file holds no certificate in PEM form")
	}
	return out, nil
}

const (
	// taken is the mark of messages that were looked at.
	taken imap.Flag = "$TocsinTaken"
	// batch is how many messages are fetched at once.
	batch = 8
	// maxFetch is how much of a message is fetched, in bytes.
	maxFetch = 2 << 20

	shortestPause = 2 * time.Second
	longestPause  = 5 * time.Minute
)

// Reader takes messages out of one mailbox.
type Reader struct {
	config Config
	taker  *bounce.Taker
	log    *slog.Logger
	seen   map[imap.UID]bool // looked at and not marked, because the server keeps no marks
}

// New makes a reader; it opens no connection yet.
func New(c Config, taker *bounce.Taker, log *slog.Logger) (*Reader, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Reader{config: c.withDefaults(), taker: taker, log: log}, nil
}

// Run reads until ctx ends. A server that is away is tried again.
func (r *Reader) Run(ctx context.Context) {
	pause := shortestPause
	for ctx.Err() == nil {
		begun := time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > longestPause {
			pause = shortestPause
		}
		r.log.Warn("the mailbox of bounces cannot be read; it is tried again", "why", reason(err), "in", pause.String())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// reason says what is wrong without the server's words, which may quote the mail.
func reason(err error) string {
	var refused *imap.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &refused):
		return "the server refused: " + string(refused.Type) + " " + string(refused.Code)
	case errors.As(err, &unknown), errors.As(err, &name):
		return "the server's certificate does not hold"
	case errors.Is(err, errLedger):
		return "what was read cannot be recorded"
	}
	return "no connection"
}

var errLedger = errors.New("the ledger is away")

// session reads over one connection until it breaks.
func (r *Reader) session(ctx context.Context) error {
	news := make(chan struct{}, 1)
	c, err := r.connect(ctx, news)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if err := c.Login(r.config.Username, r.config.Password).Wait(); err != nil {
		return err
	}
	if r.config.MoveTo != "" {
		var there *imap.Error // a folder that is there is refused; any other refusal shows when something is moved
		if err := c.Create(r.config.MoveTo, nil).Wait(); err != nil && !errors.As(err, &there) {
			return err
		}
	}
	box, err := c.Select(r.config.Folder, nil).Wait()
	if err != nil {
		return err
	}
	marks := slices.Contains(box.PermanentFlags, imap.FlagWildcard) || slices.Contains(box.PermanentFlags, taken)
	r.seen = map[imap.UID]bool{}
	for {
		if err := r.sweep(ctx, c, marks); err != nil {
			return err
		}
		if err := r.wait(ctx, c, news); err != nil {
			return err
		}
	}
}

func (r *Reader) connect(ctx context.Context, news chan struct{}) (*imapclient.Client, error) {
	secure, err := r.config.tls()
	if err != nil {
		return nil, err
	}
	o := &imapclient.Options{TLSConfig: secure, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(*imapclient.UnilateralDataMailbox) {
			select {
			case news <- struct{}{}:
			default:
			}
		},
	}}
	dial := net.Dialer{Timeout: 20 * time.Second}
	if r.config.StartTLS {
		conn, err := dial.DialContext(ctx, "tcp", r.config.Addr)
		if err != nil {
			return nil, err
		}
		return imapclient.NewStartTLS(conn, o) // it closes what it cannot use
	}
	conn, err := (&tls.Dialer{NetDialer: &dial, Config: secure}).DialContext(ctx, "tcp", r.config.Addr)
	if err != nil {
		return nil, err
	}
	return imapclient.New(conn, o), nil
}

// wait lasts until the server tells of something new, or the next look is due.
func (r *Reader) wait(ctx context.Context, c *imapclient.Client, news <-chan struct{}) error {
	look := time.NewTimer(r.config.Poll)
	defer look.Stop()
	var idle *imapclient.IdleCommand
	if c.Caps().Has(imap.CapIdle) {
		var err error
		if idle, err = c.Idle(); err != nil {
			return err
		}
	}
	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.Closed():
		return net.ErrClosed
	case <-news:
	case <-look.C:
	}
	if idle != nil {
		err = errors.Join(err, idle.Close())
		if err == nil {
			err = idle.Wait()
		}
		return err
	}
	if err == nil {
		err = c.Noop().Wait()
	}
	return err
}

// sweep takes every message that carries no mark.
func (r *Reader) sweep(ctx context.Context, c *imapclient.Client, marks bool) error {
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{taken, imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return err
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(u imap.UID) bool { return r.seen[u] })
	for some := range slices.Chunk(uids, batch) {
		if err := r.take(ctx, c, some, marks); err != nil {
			return err
		}
	}
	return nil
}

// take records what some messages say, then marks and moves them.
func (r *Reader) take(ctx context.Context, c *imapclient.Client, uids []imap.UID, marks bool) error {
	whole := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: maxFetch}}
	list, err := c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		return err
	}
	var done, letters imap.UIDSet
	for _, m := range list {
		if len(m.BodySection) == 0 {
			continue // it is gone
		}
		out, err := r.taker.Take(ctx, bounce.ByMailbox, m.BodySection[0].Bytes)
		if err != nil {
			// What was taken until now is marked at the next look, where it changes nothing.
			return fmt.Errorf("%w: %w", errLedger, err)
		}
		r.seen[m.UID] = !marks
		if out.Kind == bounce.Other || out.Kind == bounce.Feedback { // somebody may want to read it
			letters.AddNum(m.UID)
		} else {
			done.AddNum(m.UID)
		}
	}
	return r.put(c, done, letters, marks)
}

// put marks what was looked at, and moves what nobody has to read.
func (r *Reader) put(c *imapclient.Client, done, letters imap.UIDSet, marks bool) error {
	mark := func(set imap.UIDSet, flags ...imap.Flag) error {
		if len(set) == 0 {
			return nil
		}
		if !marks {
			flags = slices.DeleteFunc(flags, func(f imap.Flag) bool { return f == taken })
		}
		if len(flags) == 0 {
			return nil
		}
		return c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: flags}, nil).Close()
	}
	if err := errors.Join(mark(letters, taken), mark(done, taken, imap.FlagSeen)); err != nil {
		return err
	}
	// Without MOVE and UIDPLUS, moving would expunge what others have marked as deleted.
	if len(done) == 0 || r.config.MoveTo == "" || !c.Caps().Has(imap.CapMove) && !c.Caps().Has(imap.CapUIDPlus) {
		return nil
	}
	_, err := c.Move(done, r.config.MoveTo).Wait()
	return err
}
