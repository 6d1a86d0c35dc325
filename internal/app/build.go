package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/announce"
	"github.com/tocsin-engine/tocsin/internal/bounce/mailbox"
	"github.com/tocsin-engine/tocsin/internal/bounce/receiver"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
	"github.com/tocsin-engine/tocsin/internal/engine"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/regulator"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// Settings is everything that a product is built from.
type Settings struct {
	Store store.Config
	config.Providers
	Portal        *regulator.PortalConfig // nil: reports to portals are not filed by the product
	Routes        regulator.Routes
	Bounces       *receiver.Config // takes mail that comes back by SMTP; nil: none does
	Mailbox       *mailbox.Config  // where mail that comes back is read; nil: none is
	PublicBaseURL string           // where people reach announcements and providers reach callbacks, no trailing slash
	Announcements string           // directory of published pages
	Evidence      string           // directory of evidence packs
	Organisation  string           // shown on public pages
	Policies      *worker.Policies
	DefaultPolicy string
	RulesDir      string         // rule packs over the built-in ones; empty: none
	TemplatesDir  string         // templates of the organisation over the built-in ones; empty: none
	Testers       breach.Testers // to whom notices may be sent as tests; nobody when empty
	Limits        activities.Limits
	Owner         string // names this process in leases, new with every start; empty means host and a random name
	MaxList       int64  // bytes of an uploaded list, 0 means 2 GiB
	Version       string // of the build, as /healthz and the API document show it
	Log           *slog.Logger
	Metrics       *prometheus.Registry
	Now           func() time.Time
}

// Product is a built product: ledger, desk and handlers, and the ports that its worker needs.
type Product struct {
	Store    *store.Store
	Desk     *Desk
	Ports    worker.Ports
	Evidence string // public key of evidence packs, a file

	bounces   *bounces
	letters   *letter.Sender // nil: the product posts none
	postEvery time.Duration
	handler   func() (http.Handler, error)
	ending    chan struct{} // closed when the server begins to end, so that open event streams end too
	closers   []func() error
}

// Build connects everything. Temporal may be nil for a role that does without.
func Build(ctx context.Context, s Settings, temporal client.Client) (_ *Product, err error) {
	p := &Product{ending: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = p.Close()
		}
	}()
	if p.Store, err = store.Open(ctx, s.Store); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() error { p.Store.Close(); return nil })
	s.Policies.Has = s.configured
	key, err := evidence.LoadOrCreateKey(s.Store.KeyDir, "evidence")
	if err != nil {
		return nil, err
	}
	packs := &Packs{Dir: s.Evidence, Key: key, Now: s.Now}
	site, err := announce.New(announce.Config{Dir: s.Announcements, PublicBaseURL: s.PublicBaseURL, Organisation: s.Organisation, CheckCode: p.Store.CheckCode})
	if err != nil {
		return nil, err
	}
	p.Desk = &Desk{
		Engine: &engine.Engine{Temporal: temporal, Ledger: ledger{p.Store}, Policies: s.Policies, DefaultPolicy: s.DefaultPolicy, Now: s.Now},
		Store:  p.Store, Packs: packs, Profiles: s.Policies, Now: s.Now,
		Notices: func(reference string) string { return s.PublicBaseURL + "/notices/" + reference },
	}
	if p.bounces, err = newBounces(&s, p.Store); err != nil {
		return nil, err
	}
	adapters, err := p.adapters(&s)
	if err != nil {
		return nil, err
	}
	if p.letters = adapters.letters(); p.letters != nil {
		p.postEvery = s.Letters.Every
	}
	rules, err := Rules(s.RulesDir)
	if err != nil {
		return nil, err
	}
	words, err := Templates(s.TemplatesDir)
	if err != nil {
		return nil, err
	}
	if p.Desk.Paper, err = adapters.paper(s); err != nil {
		return nil, err
	}
	words.Now = s.Now
	wording := worker.Words{Engine: words, PublicBaseURL: s.PublicBaseURL}
	if p.letters != nil {
		wording.Letters = p.letters.Check
	}
	filer, err := adapters.filer(s)
	if err != nil {
		return nil, err
	}
	if s.Owner == "" {
		host, _ := os.Hostname()
		s.Owner = host + "/" + NewOwner()
	}
	p.Ports = worker.Ports{
		Ledger: p.Store, Judge: rules, Profiles: s.Policies, Words: wording,
		Senders: adapters, Publisher: site, Filer: filer, Vault: packs, Limits: s.Limits, Now: s.Now,
		Owner: s.Owner,
	}
	p.Desk.Words, p.Desk.Ways, p.Desk.Testers = wording, adapters, s.Testers
	p.Desk.Checker = &activities.Approve{Cases: p.Store, Duties: p.Store, Plans: p.Store, Sending: p.Store, Holds: p.Store, Judge: rules, Profiles: s.Policies, Words: p.Ports.Words, LetterPt: paper.TextPt, Now: s.Now}
	if err := watchInvariant(context.WithoutCancel(ctx), p, s.Metrics); err != nil {
		return nil, err
	}
	if err := watchSenders(context.WithoutCancel(ctx), p, s.Metrics); err != nil {
		return nil, err
	}
	p.handler = sync.OnceValues(func() (http.Handler, error) { return handler(s, p, adapters, site) })
	p.Evidence = filepath.Join(s.Store.KeyDir, "evidence.pub")
	return p, nil
}

// Handler is the API, the console and the public pages. It is made when it is first asked for: a worker has no
// use for the memory that pages and descriptions take.
func (p *Product) Handler() (http.Handler, error) { return p.handler() }

// Close gives connections back.
func (p *Product) Close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	return errors.Join(errs...)
}

// paper draws letters for somebody to look at; where no printer is set, as the defaults have them.
func (a adapters) paper(s Settings) (Paper, error) {
	if l := a.letters(); l != nil {
		return l, nil
	}
	return letter.New(letter.Config{Dir: os.TempDir()}, nil, s.Now)
}
