package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// conn is one signed-in connection. It is used by one goroutine at a time.
type conn struct {
	net    net.Conn // encrypted, once it is
	raw    net.Conn // what is below; time limits are set here, also from elsewhere while net changes
	reader *bufio.Reader
	out    []byte // commands and content of one write
	parts  net.Buffers
	config *Config

	extensions map[string]string // EHLO keywords in upper case -> parameters
	pipelining bool
	chunking   bool  // and pipelining
	sizeLimit  int64 // octets of a message, 0 when the server named none
	life       context.Context
	unwatch    func() bool
	used       bool      // it carried a message: the server may have had enough of it since
	answeredAt time.Time // to the last content
}

// dial gives a connection on which MAIL may be said, or a retryable failure: no message was on its way. The
// end of ctx ends dialling, the end of life everything that the connection does later.
func dial(ctx, life context.Context, config *Config, tlsConfig *tls.Config) (*conn, *delivery.Failure) {
	ctx, cancel := context.WithTimeout(ctx, config.ConnectTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", config.Addr)
	if err != nil {
		return nil, delivery.Temporary(delivery.ReasonProviderDown, "the mail server cannot be reached", 0)
	}
	c := &conn{net: raw, raw: raw, config: config, life: life}
	stop := context.AfterFunc(ctx, c.interrupt)
	f := c.open(ctx, tlsConfig)
	if !stop() && f == nil {
		f = delivery.Temporary(delivery.ReasonProviderDown, "the mail server was not ready in time", 0)
	}
	if f != nil {
		_ = c.net.Close()
		return nil, f
	}
	c.unwatch = context.AfterFunc(life, c.interrupt)
	return c, nil
}

// open does greeting, EHLO, encryption and sign-in.
func (c *conn) open(ctx context.Context, tlsConfig *tls.Config) *delivery.Failure {
	switch c.config.Encryption {
	case Implicit:
		if f := c.encrypt(ctx, tlsConfig); f != nil {
			return f
		}
	case Plain:
		// The settings were checked by name; a name may still lead elsewhere.
		if host, _, err := net.SplitHostPort(c.net.RemoteAddr().String()); err != nil || (!c.config.AllowPlaintext && !delivery.Loopback(host)) {
			return delivery.Temporary(delivery.ReasonTLS, "the mail server's name leads beyond loopback, where plaintext is not allowed", 0)
		}
	}
	c.reader = bufio.NewReaderSize(c.net, 2*maxReplyLine)
	if f := c.expect(ctx, stageConnect, 220); f != nil {
		return f
	}
	if f := c.hello(ctx); f != nil {
		return f
	}
	if c.config.Encryption == StartTLS {
		if f := c.startTLS(ctx, tlsConfig); f != nil {
			return f
		}
	}
	if f := c.signIn(ctx); f != nil {
		return f
	}
	return c.offerGroups(ctx)
}

func (c *conn) hello(ctx context.Context) *delivery.Failure {
	r, f := c.command(ctx, stageConnect, "EHLO "+c.config.HeloName)
	if f != nil {
		return f
	}
	if r.code != 250 {
		return judge(stageConnect, r, delivery.Message{})
	}
	c.extensions = map[string]string{}
	for _, line := range r.lines[1:] { // the first line is the server's name
		keyword, parameters, _ := strings.Cut(line, " ")
		c.extensions[strings.ToUpper(keyword)] = strings.ToUpper(parameters)
	}
	c.pipelining = c.has("PIPELINING")
	c.sizeLimit, _ = strconv.ParseInt(c.extensions["SIZE"], 10, 64) // absent, or no number: no limit
	return nil
}

func (c *conn) has(extension string) bool { _, ok := c.extensions[extension]; return ok }

func (c *conn) startTLS(ctx context.Context, tlsConfig *tls.Config) *delivery.Failure {
	if !c.has("STARTTLS") {
		return delivery.Temporary(delivery.ReasonTLS, "the mail server offers no STARTTLS", 0)
	}
	r, f := c.command(ctx, stageConnect, "STARTTLS")
	if f != nil {
		return f
	}
	if r.code != 220 {
		return delivery.Temporary(delivery.ReasonTLS, "the mail server refused STARTTLS with "+strconv.Itoa(r.code), 0)
	}
	if c.reader.Buffered() > 0 {
		// Bytes that came before encryption would be read as if they had come after it.
		return delivery.Temporary(delivery.ReasonTLS, "the mail server sent plaintext after its answer to STARTTLS", 0)
	}
	if f := c.encrypt(ctx, tlsConfig); f != nil {
		return f
	}
	c.reader = bufio.NewReaderSize(c.net, 2*maxReplyLine)
	return c.hello(ctx)
}

func (c *conn) encrypt(ctx context.Context, tlsConfig *tls.Config) *delivery.Failure {
	secure := tls.Client(c.net, tlsConfig)
	if err := secure.HandshakeContext(ctx); err != nil {
		var unknown *tls.CertificateVerificationError
		if errors.As(err, &unknown) {
			return delivery.Temporary(delivery.ReasonTLS, "the mail server's certificate cannot be verified", 0)
		}
		return delivery.Temporary(delivery.ReasonTLS, "the TLS handshake with the mail server failed", 0)
	}
	c.net = secure
	return nil
}

// signIn is required when a user name is configured. That the connection is encrypted or on loopback was
// settled before.
func (c *conn) signIn(ctx context.Context) *delivery.Failure {
	if c.config.Username == "" {
		return nil
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	user, password := c.config.Username, c.config.Password
	var lines []string
	switch offered := " " + c.extensions["AUTH"] + " "; {
	case strings.Contains(offered, " PLAIN "):
		lines = []string{"AUTH PLAIN " + encode("\x00"+user+"\x00"+password)}
	case strings.Contains(offered, " LOGIN "):
		lines = []string{"AUTH LOGIN", encode(user), encode(password)}
	default:
		return delivery.Temporary(delivery.ReasonAuth, "the mail server offers neither AUTH PLAIN nor AUTH LOGIN", 0)
	}
	for i, line := range lines {
		r, f := c.command(ctx, stageAuth, line)
		if f != nil {
			return f
		}
		want := 334
		if i == len(lines)-1 {
			want = 235
		}
		if r.code != want {
			// The text of such an answer may repeat the user name.
			return delivery.Temporary(delivery.ReasonAuth, "the mail server refused our sign-in with "+strconv.Itoa(r.code), 0)
		}
	}
	return nil
}

// command sends one line and reads its answer, before any message is on its way.
func (c *conn) command(ctx context.Context, at stage, line string) (reply, *delivery.Failure) {
	c.out = append(append(c.out[:0], line...), "\r\n"...)
	if err := c.flush(ctx); err != nil {
		return reply{}, broken(at, err)
	}
	r, err := c.read(ctx, c.config.CommandTimeout)
	if err != nil {
		return reply{}, broken(at, err)
	}
	return r, nil
}

func (c *conn) expect(ctx context.Context, at stage, code int) *delivery.Failure {
	r, err := c.read(ctx, c.config.CommandTimeout)
	if err != nil {
		return broken(at, err)
	}
	if r.code != code {
		return judge(at, r, delivery.Message{})
	}
	return nil
}

// broken is the failure of a connection that broke before the message was complete: it is retryable.
func broken(at stage, err error) *delivery.Failure {
	return delivery.Temporary(delivery.ReasonProviderDown, cause(err)+" at "+at.String(), 0)
}

// cause says what kind of error it was; the error's own text holds addresses of machines.
func cause(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, errReplyLong), errors.Is(err, errReplyFormat):
		return err.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer within the time limit"
	}
	return "the connection broke"
}

// interrupt ends whatever read or write is waiting.
func (c *conn) interrupt() { _ = c.raw.SetDeadline(time.Unix(1, 0)) }

// deadline sets the time limit of the next read or write. The context may end at any time: interrupt and
// this function can run in either order, so the context is looked at last.
func (c *conn) deadline(ctx context.Context, d time.Duration) {
	at := time.Now().Add(d)
	if own, ok := ctx.Deadline(); ok && own.Before(at) {
		at = own
	}
	_ = c.raw.SetDeadline(at)
	if ctx.Err() != nil {
		c.interrupt()
	}
}

func (c *conn) flush(ctx context.Context) error {
	c.deadline(ctx, c.config.CommandTimeout)
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	return err
}

func (c *conn) read(ctx context.Context, d time.Duration) (reply, error) {
	c.readDeadline(ctx, d)
	return readReply(c.reader)
}

// readBrief reads an answer of which only a refusal's text matters.
func (c *conn) readBrief(d time.Duration) (reply, error) {
	c.readDeadline(c.life, d)
	return readBrief(c.reader)
}

// readDeadline sets the time limit of the next answer, unless all of it is here: answers to a pipelined
// group come together, and each setting costs as much as reading one.
func (c *conn) readDeadline(ctx context.Context, d time.Duration) {
	if n := c.reader.Buffered(); n > 0 {
		if here, err := c.reader.Peek(n); err == nil && wholeReply(here) {
			return
		}
	}
	c.deadline(ctx, d)
}

// wholeReply says that one line that ends an answer is there.
func wholeReply(here []byte) bool {
	return len(here) > 3 && here[3] != '-' && bytes.IndexByte(here, '\n') >= 0
}

// quit says good-bye without waiting for the answer, and closes.
func (c *conn) quit() {
	c.out = append(c.out[:0], "QUIT\r\n"...)
	c.deadline(c.life, time.Second)
	_, _ = c.net.Write(c.out)
	c.close()
}

func (c *conn) close() {
	c.unwatch()
	_ = c.net.Close()
}
