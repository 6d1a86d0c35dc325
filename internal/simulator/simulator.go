// Package simulator is the far end of every wire of the product on one
// machine: a mail server, Twilio, FCM with its OAuth endpoint, APNs, a push service of browsers, a domestic SMS
// gateway and a filing portal, each speaking the vendor's own protocol on
// loopback, all recording what they take in one outbox.
//
// It can run inside a process or in one of its own. With a directory, keys,
// ports, credentials and the outbox survive a restart, so that a product with
// an old configuration goes on working, and the outbox is a witness when the
// product is killed.
//
// Imports of ours: only the packages below this folder. It must stay that way:
// a simulator that shares code with what it tests agrees with it for nothing.
package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/apnssim"
	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/fcmsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/gatewaysim"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
	"github.com/tocsin-engine/tocsin/internal/simulator/portalsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/receipts"
	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
	"github.com/tocsin-engine/tocsin/internal/simulator/twiliosim"
	"github.com/tocsin-engine/tocsin/internal/simulator/webpushsim"
)

// Ports to listen on. 0 takes the port that the directory was used with
// before, else a free one.
type Ports struct {
	SMTP int
	HTTP int
}

// Options of Start. The zero value is good: memory, loopback, free ports.
type Options struct {
	// Dir holds the outbox, keys and endpoints.json. Empty keeps all in memory.
	Dir string
	// Host is the address to listen on and to be reached at; empty is 127.0.0.1.
	Host  string
	Ports Ports
	// Rate is how many emails a second are accepted; 0 is no limit.
	Rate float64
	// Latency is waited for before every reply.
	Latency time.Duration
	// OpenRelay lets mail in without STARTTLS and AUTH as well, for
	// throughput tests with bare clients.
	OpenRelay bool
	// Envelopes keeps the content of emails out of the outbox, where there are
	// too many of them.
	Envelopes bool
	// Elsewhere lets a remembered port that another program has taken be
	// replaced by a free one: good where nobody holds an old configuration.
	Elsewhere bool
}

// Simulators is everything that was started.
type Simulators struct {
	endpoints Endpoints
	box       *outbox.Box
	panel     *faults.Panel
	poster    *receipts.Poster
	mail      *smtpsim.Server
	web       *http.Server
	cancel    context.CancelFunc
	serving   sync.WaitGroup
	stop      func() bool
	once      sync.Once
	closed    error
}

// Start starts all simulators; they answer when it returns. They run until
// Close is called or ctx is done.
func Start(ctx context.Context, o Options) (_ *Simulators, err error) {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	box, err := outbox.Open(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Simulators{box: box, panel: faults.New(o.Rate, o.Latency), poster: receipts.New()}
	var listeners [2]net.Listener
	defer func() {
		if err != nil {
			s.poster.Close()
			for _, l := range listeners {
				if l != nil {
					_ = l.Close()
				}
			}
			err = errors.Join(err, box.Close())
		}
	}()
	id, err := loadIdentity(o.Dir)
	if err != nil {
		return nil, err
	}
	if listeners[0], err = listen(o, o.Ports.SMTP, id.Ports.SMTP); err != nil {
		return nil, err
	}
	if listeners[1], err = listen(o, o.Ports.HTTP, id.Ports.HTTP); err != nil {
		return nil, err
	}
	id.Ports = Ports{SMTP: portOf(listeners[0]), HTTP: portOf(listeners[1])}
	if s.endpoints, err = id.publish(o.Dir, o.Host); err != nil {
		return nil, err
	}
	if err = s.build(id, o); err != nil {
		return nil, err
	}
	s.serve(listeners[0], listeners[1])
	s.stop = context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// build makes the services and mounts them.
func (s *Simulators) build(id *identity, o Options) error {
	certificate, err := id.certificate(o.Host)
	if err != nil {
		return err
	}
	twilio, err := twiliosim.New(twiliosim.Config{AccountSID: id.TwilioSID, AuthToken: id.TwilioToken}, s.box, s.poster)
	if err != nil {
		return err
	}
	signer, err := gatewaysim.NewSigner(id.GatewaySecret)
	if err != nil {
		return err
	}
	gateway, err := gatewaysim.New(signer, s.box, s.poster)
	if err != nil {
		return err
	}
	portal, err := portalsim.New(id.PortalToken, s.box)
	if err != nil {
		return err
	}
	if err := portal.Answer(s.poster.Go); err != nil {
		return err
	}
	fcm := fcmsim.New(id.fcmConfig(s.endpoints.base()), s.box)
	apple, err := id.apnsConfig()
	if err != nil {
		return err
	}
	browsers, err := id.webpushConfig(s.endpoints.base())
	if err != nil {
		return err
	}
	webpush, err := webpushsim.New(browsers, s.box)
	if err != nil {
		return err
	}
	s.mail = smtpsim.New(smtpsim.Config{
		Hostname: "mx.simulator.test", Username: id.SMTPUsername, Password: id.SMTPPassword, OpenRelay: o.OpenRelay, Envelopes: o.Envelopes,
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}, s.box, s.panel, portal.TakeEmail)

	mux := http.NewServeMux()
	mount := func(prefix, target string, h http.Handler) {
		mux.Handle(prefix+"/", s.panel.Guard(target, http.StripPrefix(prefix, h)))
	}
	mount("/twilio", faults.Twilio, twilio.Handler())
	mount("/fcm", faults.FCM, fcm.Handler())
	mount("/apns", faults.APNs, apnssim.New(apple, s.box).Handler())
	mount("/webpush", faults.WebPush, webpush.Handler())
	mount("/gateway", faults.Gateway, gateway.Handler())
	mount("/portal", faults.Portal, portal.Handler())
	mux.Handle("POST /oauth/token", s.panel.Guard(faults.FCM, http.HandlerFunc(fcm.Token)))
	mux.HandleFunc("GET /control", s.showControl)
	mux.HandleFunc("POST /control", s.control)
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("/", s.box.Handler())

	base, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // APNs
	s.web = &http.Server{
		Protocols: protocols,
		Handler:   onlyFor(o.Host, mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	return nil
}

func (s *Simulators) serve(mail, web net.Listener) {
	// Both end with nil or ErrServerClosed when Close asks them to; any other
	// end shows at once as refused connections.
	s.serving.Go(func() { _ = s.mail.Serve(mail) })
	s.serving.Go(func() { _ = s.web.Serve(web) })
}

// Endpoints tells how to reach everything.
func (s *Simulators) Endpoints() Endpoints { return s.endpoints }

// Outbox is the record of everything that was sent.
func (s *Simulators) Outbox() *outbox.Box { return s.box }

// ReturnTo says where receiving servers send what comes back, host:port: what a
// DNS would say is the MX of return paths.
func (s *Simulators) ReturnTo(address string) { s.mail.ReturnTo(address) }

// Faults is the switchboard: what POST /control does, for the same process.
func (s *Simulators) Faults() *faults.Panel { return s.panel }

// Close stops everything and waits until nothing writes any more.
func (s *Simulators) Close() error {
	s.once.Do(func() {
		if s.stop != nil {
			s.stop()
		}
		s.cancel()
		ctx, done := context.WithTimeout(context.Background(), 500*time.Millisecond)
		defer done()
		errs := []error{s.mail.Close()}
		if s.web.Shutdown(ctx) != nil {
			errs = append(errs, s.web.Close())
		}
		s.serving.Wait()
		s.poster.Close()
		s.closed = errors.Join(append(errs, s.box.Close())...)
	})
	return s.closed
}

// listen takes the wished port, else the one of before, else a free one. The
// process before may need a moment to let go of its port.
func listen(o Options, wished, before int) (net.Listener, error) {
	port := wished
	if port == 0 {
		port = before
	}
	deadline := time.Now().Add(2 * time.Second)
	for {
		l, err := net.Listen("tcp", net.JoinHostPort(o.Host, strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		if port != 0 && wished == 0 && o.Elsewhere && time.Now().After(deadline) {
			port = 0
			continue
		}
		if port == 0 || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return nil, fmt.Errorf("simulator: listen on port %d of %s: %w; stop what uses it or choose another port", port, o.Host, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
