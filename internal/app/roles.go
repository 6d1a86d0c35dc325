package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/config"
	"github.com/tocsin-engine/tocsin/internal/obs"
	"github.com/tocsin-engine/tocsin/internal/payload"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/store"
	"github.com/tocsin-engine/tocsin/worker"
)

// Serve answers API, console and public pages until ctx ends. It needs no running worker: what is asked
// for is recorded, and goes on when one runs. Version is that of the build.
func Serve(ctx context.Context, c config.Config, version string) error {
	return withProduct(ctx, c, version, func(p *Product, log *slog.Logger, _ client.Client) error {
		l, err := Listen(c.Listen)
		if err != nil {
			return err
		}
		log.Info("serving", "listen", l.Addr().String())
		go p.CatchUp(ctx, log)
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		go func() {
			if err := p.Receive(ctx, log); err != nil {
				end(err)
			}
		}()
		return cmp.Or(p.ServeOn(ctx, l, log), failure(ctx))
	})
}

// Worker carries workflows and activities out until ctx ends. Any number may run.
func Worker(ctx context.Context, c config.Config) error {
	return withProduct(ctx, c, "", func(p *Product, log *slog.Logger, t client.Client) error {
		log.Info("working", "owner", p.Ports.Owner)
		return worker.Run(ctx, t, p.Ports)
	})
}

// Migrate brings the ledger's schema up to this version.
func Migrate(ctx context.Context, c config.Config) error {
	if c.Store.DatabaseURL == "" {
		return noDatabase()
	}
	return store.Migrate(ctx, c.Store.DatabaseURL)
}

// AddToken makes a person or machine known and returns the token that they sign in with. It is shown once;
// the ledger keeps its hash.
func AddToken(ctx context.Context, c config.Config, who breach.Actor) (string, error) {
	if c.Store.DatabaseURL == "" {
		return "", noDatabase()
	}
	s, err := store.Open(ctx, c.Store)
	if err != nil {
		return "", err
	}
	defer s.Close()
	var b [24]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", breach.Errorf(breach.ErrInternal, "no randomness for a token: %w", err)
	}
	token := "tocsin-" + hex.EncodeToString(b[:])
	return token, s.PutToken(ctx, token, who)
}

func noDatabase() error {
	return breach.Errorf(breach.ErrInvalid, "no database is set").
		With(breach.FieldError{Where: "TOCSIN_DATABASE_URL", What: "set it to the ledger's PostgreSQL, postgres://user@host/name"})
}

// withProduct builds the product from a server's settings and connects it to Temporal as TEMPORAL_... says.
func withProduct(ctx context.Context, c config.Config, version string, run func(*Product, *slog.Logger, client.Client) error) error {
	if c.Store.DatabaseURL == "" {
		return noDatabase()
	}
	log, err := obs.NewLogger(os.Stderr, obs.LogOptions{Format: c.LogFormat, Level: c.LogLevel})
	if err != nil {
		return err
	}
	t, untrace, err := connect(ctx, c, log)
	if err != nil {
		return err
	}
	defer untrace()
	defer t.Close()
	s, err := settings(c, log)
	if err != nil {
		return err
	}
	s.Version = version
	p, err := Build(ctx, s, t)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	return run(p, log, t)
}

// connect makes a client that connects when it is first needed: the API answers while Temporal is away.
func connect(ctx context.Context, c config.Config, log *slog.Logger) (_ client.Client, untrace func(), err error) {
	o, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, nil, breach.Errorf(breach.ErrInvalid, "the TEMPORAL_... settings cannot be used: %w", err)
	}
	keys, err := payload.LoadOrCreateKeys(c.PayloadKeyFile)
	if err != nil {
		return nil, nil, err
	}
	if o.DataConverter, o.FailureConverter, err = payload.Converters(keys); err != nil {
		return nil, nil, err
	}
	o.Logger = log
	if untrace, err = Trace(ctx, "tocsin", &o, log); err != nil {
		return nil, nil, err
	}
	t, err := client.NewLazyClient(o)
	if err != nil {
		untrace()
		return nil, nil, breach.Errorf(breach.ErrInvalid, "the TEMPORAL_... settings cannot be used: %w", err)
	}
	return t, untrace, nil
}

// settings turns a server's configuration into what a product is built from.
func settings(c config.Config, log *slog.Logger) (Settings, error) {
	s := Settings{
		Store: c.Store, Evidence: c.EvidenceDir, Announcements: c.Announce.Dir, PublicBaseURL: c.PublicURL,
		Organisation: c.Announce.Organisation, DefaultPolicy: c.Store.DefaultPolicy, MaxList: c.MaxListBytes,
		Policies: &worker.Policies{}, Limits: activities.DefaultLimits, Log: log, Metrics: obs.NewMetrics(), Now: time.Now,
	}
	return s, s.providers(c)
}

// providers takes the ways out and the operator's policies.
func (s *Settings) providers(c config.Config) error {
	s.Bounces, s.Mailbox = c.Bounces, c.Mailbox
	s.Providers, s.Policies.Has = c.Providers, s.configured
	s.Portal, s.Routes, s.RulesDir, s.TemplatesDir = c.Portal, c.Routes, c.RulesDir, c.TemplatesDir
	s.Testers = c.Testers
	if c.PolicyDir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(c.PolicyDir, "*.yaml"))
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the policy directory cannot be read: %w", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return breach.Errorf(breach.ErrInvalid, "a policy file cannot be read: %w", err)
		}
		p, err := policy.ParseProfile(b, Kinds())
		if err != nil {
			return err
		}
		s.Policies.Add(p)
	}
	return nil
}

// FromEnvironment takes providers, policies and the public address from the operator's settings, for a standalone server
// that has database, listener and directories of its own. Without public.url, it is reached where it listens.
func FromEnvironment(s *Settings) error {
	c, err := config.Load(os.Environ(), os.Getenv("TOCSIN_CONFIG"))
	if err != nil {
		return breach.Errorf(breach.ErrInvalid, "the settings cannot be used: %w", err)
	}
	if c.Given("public.url") {
		s.PublicBaseURL = c.PublicURL
	}
	c.ReachedAt(s.PublicBaseURL)
	if c.Letters != nil {
		c.Letters.Work = "" // data.dir is not this server's
	}
	s.Limits, s.Organisation, s.MaxList = activities.DefaultLimits, c.Announce.Organisation, c.MaxListBytes
	s.DefaultPolicy = c.Store.DefaultPolicy
	return s.providers(c)
}

// failure is why a context was ended by a part that failed; nil when it was only asked to end.
func failure(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
