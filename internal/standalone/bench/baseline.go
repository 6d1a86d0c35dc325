package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email"
	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
	"github.com/tocsin-engine/tocsin/worker"
)

// letter is what the bare client sends: bytes that the product composed.
type letter struct {
	from string
	raw  []byte // dots doubled, with the final dot
}

// compose has the product write one message of the approved text, and takes it off the wire.
func compose(ctx context.Context, words worker.Words, texts []breach.Text) (letter, error) {
	var text *breach.Text
	for i := range texts {
		if r := texts[i].Ref; r.Channel == string(breach.Email) && r.Variant == string(breach.ToSelf) {
			text = &texts[i]
		}
	}
	if text == nil {
		return letter{}, errors.New("the approved plan holds no email")
	}
	p := breach.Person{Name: "Anahera Person 100000", Email: "p100000" + domain, Locale: "en", Country: "NZ"}
	m, err := words.Message(*text, p, breach.ToSelf, "AAAA-BBBB-CCCC")
	if err != nil {
		return letter{}, err
	}
	m.Channel = breach.Email
	m.DeliveryID = strings.Repeat("0123456789abcdef", 2)
	m.AttemptID = m.DeliveryID + "-1"
	return captured(ctx, m)
}

// captured sends one message with the product's adapter to a server of its own, and gives what came.
func captured(ctx context.Context, m delivery.Message) (letter, error) {
	box, err := outbox.Open("")
	if err != nil {
		return letter{}, err
	}
	defer box.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return letter{}, err
	}
	server := smtpsim.New(smtpsim.Config{Hostname: "mx", OpenRelay: true}, box, faults.New(0, 0), nil)
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	config, err := mailConfig(l.Addr().String(), 1)
	if err != nil {
		return letter{}, err
	}
	sender, err := email.New(config)
	if err != nil {
		return letter{}, err
	}
	defer func() { _ = sender.Close() }()
	if _, err := sender.Send(ctx, m); err != nil {
		return letter{}, err
	}
	taken := box.List(outbox.Query{}).Messages
	if len(taken) != 1 {
		return letter{}, fmt.Errorf("%d messages came where one was sent", len(taken))
	}
	got, err := box.Get(taken[0].ID)
	if err != nil {
		return letter{}, err
	}
	return letter{from: "b-" + m.AttemptID + "@" + config.EnvelopeDomain, raw: stuffed(got.Raw)}, nil
}

// stuffed doubles dots at line starts and adds the final one.
func stuffed(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\n."), []byte("\n.."))
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		raw = append(raw, "\r\n"...)
	}
	return append(raw, ".\r\n"...)
}

// plain is the bare client: no ledger, no workflow, no rendering, the body of one message and the envelope of
// the next in one write. It sends up to n messages, or for as long as limit, and adds what it did.
type plain struct {
	address     string
	connections int
	letter      letter

	sent    int64
	elapsed time.Duration
}

func (p *plain) perSecond() float64 {
	if p.elapsed <= 0 {
		return 0
	}
	return float64(p.sent) / p.elapsed.Seconds()
}

func (p *plain) run(ctx context.Context, n int, limit time.Duration) error {
	var lines []*plainConn
	defer func() {
		for _, c := range lines {
			_ = c.net.Close()
		}
	}()
	for range p.connections {
		c, err := dialPlain(ctx, p.address)
		if err != nil {
			return fmt.Errorf("the bare client: %w", err)
		}
		lines = append(lines, c)
	}
	var next, sent atomic.Int64
	errs := make([]error, len(lines))
	begin := time.Now()
	take := func() (int64, bool) {
		i := next.Add(1)
		return i, i <= int64(n) && time.Since(begin) < limit && ctx.Err() == nil
	}
	var wg sync.WaitGroup
	for i, c := range lines {
		wg.Go(func() {
			count, err := c.pump(p.letter, take)
			sent.Add(count)
			errs[i] = err
		})
	}
	wg.Wait()
	p.elapsed += time.Since(begin)
	p.sent += sent.Load()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the bare client: %w", errs[0])
	}
	return ctx.Err()
}

type plainConn struct {
	net net.Conn
	in  *bufio.Reader
	out []byte
}

func dialPlain(ctx context.Context, address string) (*plainConn, error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, errors.New("the mail server cannot be reached")
	}
	c := &plainConn{net: conn, in: bufio.NewReaderSize(conn, 4096)}
	if err = c.expect('2'); err == nil {
		c.out = append(c.out, "EHLO bench-learning.example\r\n"...)
		if err = c.flush(); err == nil {
			err = c.expect('2')
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// pump sends until take says no. The envelope of the next message is on its way before the answer to this
// one is read.
func (c *plainConn) pump(l letter, take func() (int64, bool)) (sent int64, err error) {
	i, more := take()
	if !more {
		return 0, nil
	}
	c.envelope(l, i)
	if err := c.flush(); err != nil {
		return 0, err
	}
	for more {
		if err := c.expect('2', '2', '3'); err != nil {
			return sent, err
		}
		c.out = append(c.out, l.raw...)
		if i, more = take(); more {
			c.envelope(l, i)
		}
		if err := c.flush(); err != nil {
			return sent, err
		}
		if err := c.expect('2'); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, nil
}

func (c *plainConn) envelope(l letter, i int64) {
	c.out = append(append(append(c.out, "MAIL FROM:<"...), l.from...), ">\r\nRCPT TO:<p"...)
	c.out = append(append(strconv.AppendInt(c.out, i, 10), plainDomain...), ">\r\nDATA\r\n"...)
}

func (c *plainConn) flush() error {
	if err := c.net.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	_, err := c.net.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		return errors.New("the connection broke")
	}
	return nil
}

// expect reads answers whose codes begin with these digits.
func (c *plainConn) expect(classes ...byte) error {
	for _, class := range classes {
		for {
			line, err := c.in.ReadSlice('\n')
			if err != nil || len(line) < 4 {
				return errors.New("the connection broke")
			}
			if line[0] != class {
				return fmt.Errorf("the mail server answered %s where %c.. was expected", line[:3], class)
			}
			if line[3] != '-' {
				break
			}
		}
	}
	return nil
}
