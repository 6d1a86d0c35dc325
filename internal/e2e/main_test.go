package e2e

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/simulator"
	"github.com/tocsin-engine/tocsin/internal/standalone"
	"github.com/tocsin-engine/tocsin/internal/standalone/demo"
	"github.com/tocsin-engine/tocsin/worker"
)

// pace makes the policies' 48 hours four and a half seconds, and 24 hours half of that.
const pace = 38_400

// settling is how long an unknown attempt is left alone before its provider is asked: shorter than the
// compressed wait of a channel, as it is in real life.
const settling = 400 * time.Millisecond

// patience is how long a story may take until somebody has to act, on a slow and busy machine.
const patience = 150 * time.Second

// sideBySide is how many stories run at once unless -parallel says otherwise. They wait most of the time, so
// it is more than there are processors.
const sideBySide = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", sideBySide)
	}
	code := m.Run()
	together.close()
	os.Exit(code)
}

// world is a running product with the far ends of its wires.
type world struct {
	*standalone.Stack
	sims *simulator.Simulators
	dir  string

	author, lead, detector, reader string // tokens

	endWorkers func()
}

// together is the product that most tests share; the first one that needs it starts it.
var together sharedWorld

type sharedWorld struct {
	once sync.Once
	w    *world
	err  error
}

func (s *sharedWorld) close() {
	if s.w != nil {
		s.w.stop()
		_ = os.RemoveAll(s.w.dir)
	}
}

// theWorld gives the shared product.
func theWorld(t *testing.T) *world {
	t.Helper()
	together.once.Do(func() {
		dir, err := newDataDir()
		if err != nil {
			together.err = err
			return
		}
		together.w, together.err = startWorld(dir, nil)
	})
	require.NoError(t, together.err, "the product that the tests share did not start")
	return together.w
}

// newDataDir makes a directory that PostgreSQL's user may pass through.
func newDataDir() (string, error) {
	dir, err := os.MkdirTemp("", "tocsin-e2e-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) // as root, PostgreSQL runs as another user
}

// dataDir is a data directory of one test alone.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := newDataDir()
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// startWorld starts a product and its simulators. change may alter the settings; it may be nil.
func startWorld(dir string, change func(*app.Settings)) (*world, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	w := &world{dir: dir}
	var err error
	w.Stack, err = standalone.Start(ctx, standalone.Options{DataDir: dir, Worker: w.workers, Configure: func(s *app.Settings) (err error) {
		w.sims, err = simulator.Start(context.WithoutCancel(ctx), simulator.Options{Dir: filepath.Join(dir, "outbox")})
		if err != nil {
			return err
		}
		demo.Wires(s, w.sims.Endpoints())
		s.Policies.Pace = pace
		if err := addGuarded(s.Policies); err != nil {
			return err
		}
		s.Limits.Settling = settling
		if change != nil {
			change(s)
		}
		return nil
	}})
	if err != nil {
		w.stop()
		return nil, err
	}
	return w, errors.Join(w.identities(ctx), demo.TakeReturns(ctx, w.Product, w.sims.Endpoints()))
}

// workers are started as the product does it by itself, and can be ended by a test.
func (w *world) workers(_ context.Context, s *standalone.Stack) (stop func(), err error) {
	w.endWorkers, err = worker.Start(s.Client, s.Product.Ports)
	return w.rest, err
}

func (w *world) identities(ctx context.Context) error {
	ids, err := demo.Tokens(ctx, w.Product.Store, w.Dir.Keys())
	if err != nil {
		return err
	}
	w.author, w.lead, w.detector, w.reader = ids.Author, ids.Approver, ids.Detector, "reader-"+ids.Detector
	return w.Product.Store.PutToken(ctx, w.reader, breach.Actor{ID: "rui.sato", Name: "Rui Sato", Role: breach.RoleReader})
}

func (w *world) stop() {
	if w.Stack != nil {
		w.Stack.Stop()
	}
	if w.sims != nil {
		_ = w.sims.Close()
	}
}

// ownWorld starts a product for one test alone, which it may break.
func ownWorld(t *testing.T, dir string, change func(*app.Settings)) *world {
	t.Helper()
	w, err := startWorld(dir, change)
	require.NoError(t, err)
	t.Cleanup(w.stop)
	return w
}

// shared is the path of a file that is not part of the project; tests that need it are skipped loudly
// where it is absent.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("NOT TESTED: %s is not there", path)
	}
	return path
}
