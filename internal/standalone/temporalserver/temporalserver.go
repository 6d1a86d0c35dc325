// Package temporalserver runs a complete Temporal server and its Web UI inside this process, on one
// SQLite file, so that one machine needs no set-up.
//
// Killing the process at any moment loses nothing that a workflow was told is done. Everything
// listens on one loopback address; whoever reaches it may look into workflows and send Updates,
// which is why sending and filing check the approval row in PostgreSQL themselves.
//
// Imports of ours: none. It imports the Temporal server, whose first build takes minutes: only
// composition roots and end-to-end tests may import this package.
package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	serverlog "go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 20 * time.Second
	// NoUI as Options.UIPort starts no Web UI.
	NoUI = -1
)

// Options of a server. Dir and Namespace are required.
type Options struct {
	// Dir holds the SQLite file and the ports that were chosen. It is made if it is missing.
	Dir string
	// Host is the address to listen on, 127.0.0.1 if empty.
	Host string
	// Port of the gRPC frontend and UIPort of the Web UI. 0 means the one that was used last time
	// with this Dir if it is free, else any free one. UIPort may be NoUI.
	Port, UIPort int
	// Namespace is registered if it is new, with a retention of 90 days.
	Namespace string
	// SearchAttributes are registered in the namespace, in an existing one too; none is removed.
	SearchAttributes map[string]enumspb.IndexedValueType
	// LogFile takes the server's warnings; temporal.log in Dir if empty.
	LogFile string
}

// Server is a running Temporal server.
type Server struct {
	hostPort string
	uiURL    string
	logFile  string
	server   temporal.Server
	ui       *uiserver.Server
	stopOnce sync.Once
	stopErr  error
}

// PortInUseError says which port another process has.
type PortInUseError struct {
	// What wants the port, for people: "Temporal" or "the Temporal Web UI".
	What string
	Host string
	Port int
}

func (e *PortInUseError) Error() string {
	return fmt.Sprintf("port %d on %s, wanted for %s, is in use by another process: stop that one, or choose another port (0 takes a free one)",
		e.Port, e.Host, e.What)
}

// Start starts the server and returns when the namespace takes requests. ctx bounds the start only.
// One process at a time may use Dir; the caller holds the data directory's lock.
//
// Errors: *PortInUseError for a port that was asked for by number.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make Temporal's directory: %w", err)
	}
	ports, err := choosePorts(o)
	if err != nil {
		return nil, err
	}
	sql, err := prepareDatabase(o)
	if err != nil {
		return nil, err
	}
	s := &Server{hostPort: net.JoinHostPort(o.Host, strconv.Itoa(ports.Frontend)), logFile: o.LogFile}
	if s.server, err = newServer(o, ports, sql); err != nil {
		return nil, fmt.Errorf("set up Temporal: %w; its log is in %s", err, o.LogFile)
	}
	if err := s.server.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal: %w; its log is in %s", err, o.LogFile)
	}
	defer func() {
		if err != nil {
			_ = s.Stop()
		}
	}()
	if err := awaitNamespace(ctx, s.hostPort, o); err != nil {
		return nil, fmt.Errorf("%w; Temporal's log is in %s", err, o.LogFile)
	}
	if o.UIPort != NoUI {
		s.startUI(o, ports.UI)
	}
	if err := rememberPorts(o.Dir, ports); err != nil {
		return nil, err
	}
	return s, nil
}

// HostPort is the address of the gRPC frontend, as SDK clients want it.
func (s *Server) HostPort() string { return s.hostPort }

// UIURL is the address of the Web UI for a browser, empty when it was not wanted.
func (s *Server) UIURL() string { return s.uiURL }

// LogFile is where the server writes its warnings.
func (s *Server) LogFile() string { return s.logFile }

// Stop ends the server; stop workers and clients first. Calling it again is harmless.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() {
		if s.ui != nil {
			s.ui.Stop()
		}
		done := make(chan error, 1)
		go func() { done <- s.server.Stop() }()
		select {
		case s.stopErr = <-done:
		case <-time.After(stopTimeout):
			s.stopErr = fmt.Errorf("Temporal did not stop within %s; nothing is lost by ending the process now", stopTimeout)
		}
	})
	return s.stopErr
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" || o.Namespace == "" {
		return o, errors.New("temporalserver: Dir and Namespace are required")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("Temporal's directory: %w", err)
	}
	o.Dir = dir
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if net.ParseIP(o.Host) == nil {
		return o, fmt.Errorf("Temporal listens on an IP address, and %q is none: give 127.0.0.1", o.Host)
	}
	if o.LogFile == "" {
		o.LogFile = filepath.Join(o.Dir, "temporal.log")
	}
	if o.LogFile, err = filepath.Abs(o.LogFile); err != nil {
		return o, fmt.Errorf("Temporal's log file: %w", err)
	}
	return o, nil
}

func newServer(o Options, p ports, sql *config.SQL) (temporal.Server, error) {
	logger, err := openLog(o.LogFile)
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(o.Host, p, sql)
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return nil, err
	}
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, logger)
	if err != nil {
		return nil, err
	}
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(o.Host, p)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicSettings()),
	)
}

const logLimit = 16 << 20

func openLog(path string) (serverlog.Logger, error) {
	if fi, err := os.Stat(path); err == nil && fi.Size() > logLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("rotate the log: %w", err)
		}
	}
	// The logger's constructor swallows the error of a file that cannot be written.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	_ = f.Close()
	return serverlog.NewZapLogger(serverlog.BuildZapLogger(serverlog.Config{Level: "warn", Format: "json", OutputFile: path})), nil
}

// startUI serves the Web UI for looking only: decisions are made in the product, by people with a
// role.
func (s *Server) startUI(o Options, port int) {
	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host: o.Host, Port: port, TemporalGRPCAddress: s.hostPort, EnableUI: true,
		DefaultNamespace: o.Namespace, DisableWriteActions: true,
		CORS: uiconfig.CORS{CookieInsecure: true}, HideLogs: true, DisableNewsFetch: true,
	}))
	s.uiURL = "http://" + net.JoinHostPort(o.Host, strconv.Itoa(port))
	go func() { _ = s.ui.Start() }()
}
