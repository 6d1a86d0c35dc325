package letter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// How long an SFTP server may take: for a question, and for a file. One that stays silent is hung up on, so that the
// batch is tried again instead of being waited for without end.
const (
	questionTime = time.Minute
	fileTime     = 20 * time.Minute
)

// remote is a place on an SFTP server.
type remote struct {
	conn *ssh.Client
	c    *sftp.Client
	base string
	stop func() bool
}

// within hangs up if what is begun now is not over in time; the answer ends the watch.
func (r *remote) within(d time.Duration) (over func()) {
	t := time.AfterFunc(d, func() { _ = r.conn.Close() })
	return func() { t.Stop() }
}

// dial signs in at a server whose key is the pinned one. The connection ends with ctx.
func dial(ctx context.Context, to server) (*remote, error) {
	d := net.Dialer{Timeout: to.ssh.Timeout}
	raw, err := d.DialContext(ctx, "tcp", to.addr)
	if err != nil {
		return nil, breach.Errorf(breach.ErrUnavailable, "the printer's SFTP server cannot be reached: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	if to.ssh.Timeout > 0 {
		_ = raw.SetDeadline(time.Now().Add(to.ssh.Timeout)) // the handshake has no deadline of its own
	}
	conn, channels, requests, err := ssh.NewClientConn(raw, to.addr, to.ssh)
	if err != nil {
		stop()
		_ = raw.Close()
		return nil, breach.Errorf(breach.ErrUnavailable, "the printer's SFTP server was not signed in to, because it did not show the pinned host key or refused user and key: %w", err)
	}
	client := ssh.NewClient(conn, channels, requests)
	c, err := sftp.NewClient(client)
	_ = raw.SetDeadline(time.Time{})
	if err != nil {
		stop()
		_ = client.Close()
		return nil, breach.Errorf(breach.ErrUnavailable, "the printer's server speaks no SFTP: %w", err)
	}
	return &remote{conn: client, c: c, base: to.path, stop: stop}, nil
}

// close ends the connection first: every file was acknowledged, and a server that keeps the channel open would be
// waited for.
func (r *remote) close() error {
	r.stop()
	_ = r.conn.Close()
	_ = r.c.Close()
	return nil
}

func (r *remote) at(name string) string { return path.Join(r.base, name) }

func (r *remote) stat(name string) (int64, error) {
	done := r.within(questionTime)
	defer done()
	i, err := r.c.Stat(r.at(name))
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

// largest is the most that is read back from the printer: checksums of a batch.
const largest = 4 << 20

func (r *remote) read(name string) ([]byte, error) {
	done := r.within(questionTime)
	defer done()
	f, err := r.c.Open(r.at(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, largest))
}

func (r *remote) mkdir(name string) error {
	done := r.within(questionTime)
	defer done()
	err := r.c.Mkdir(r.at(name))
	if _, there := r.c.Stat(r.at(name)); there == nil {
		return nil
	}
	return err
}

func (r *remote) put(_ context.Context, name, local string) error {
	from, err := os.Open(local)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	return r.save(name, from)
}

func (r *remote) save(name string, from io.Reader) error {
	done := r.within(fileTime)
	defer done()
	to, err := r.c.OpenFile(r.at(name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = to.ReadFrom(from)
	if _, can := r.c.HasExtension("fsync@openssh.com"); err == nil && can {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

func (r *remote) write(name string, b []byte) error {
	if err := r.save(name+".tmp", bytes.NewReader(b)); err != nil {
		return err
	}
	return r.rename(name+".tmp", name)
}

func (r *remote) rename(from, to string) error {
	done := r.within(questionTime)
	defer done()
	if _, can := r.c.HasExtension("posix-rename@openssh.com"); can {
		return r.c.PosixRename(r.at(from), r.at(to))
	}
	return r.c.Rename(r.at(from), r.at(to))
}

func (r *remote) list(name string) ([]string, error) {
	done := r.within(questionTime)
	defer done()
	infos, err := r.c.ReadDir(r.at(name))
	out := make([]string, len(infos))
	for i, f := range infos {
		out[i] = f.Name()
	}
	return out, err
}

func (r *remote) remove(name string) error {
	done := r.within(questionTime)
	defer done()
	return r.c.Remove(r.at(name))
}
