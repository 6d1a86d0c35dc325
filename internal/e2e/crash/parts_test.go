package crash

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-engine/tocsin/internal/standalone/pgchild"
)

// restartAfter is how long whoever looks after the parts waits before it starts one again. Compose and systemd
// wait one or two seconds.
const restartAfter = 700 * time.Millisecond

// part is one process of a deployment, which is started again whenever it ends.
type part struct {
	name    string
	command func() *exec.Cmd
	log     string

	mu     sync.Mutex
	cmd    *exec.Cmd // nil between two lives
	lives  int
	killed int // by us
	over   bool
	end    chan struct{} // closed when it is to stay away
	gone   chan struct{} // closed when it does
}

func startPart(name, log string, command func() *exec.Cmd) *part {
	p := &part{name: name, log: log, command: command, end: make(chan struct{}), gone: make(chan struct{})}
	go p.keep()
	return p
}

// keep is one thread's work: the processes are tethered to it.
func (p *part) keep() {
	runtime.LockOSThread()
	defer close(p.gone)
	for {
		if cmd, err := p.begin(); err == nil {
			_ = cmd.Wait()
		}
		p.mu.Lock()
		p.cmd = nil
		p.mu.Unlock()
		select {
		case <-p.end:
			return
		case <-time.After(restartAfter):
		}
	}
}

func (p *part) begin() (*exec.Cmd, error) {
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil, os.ErrClosed
	}
	fmt.Fprintf(log, "--- %s is started\n", p.name)
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tether(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(log, err)
		return nil, err
	}
	p.cmd = cmd
	p.lives++
	return cmd, nil
}

// signal sends a signal to the process that runs; false when none does.
func (p *part) signal(s syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	if s == syscall.SIGKILL {
		p.killed++
	}
	return p.cmd.Process.Signal(s) == nil
}

// fell counts the times that it ended without being told to.
func (p *part) fell() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lives - p.killed - 1
}

// stop ends it in order, and by force when that takes too long.
func (p *part) stop() {
	p.mu.Lock()
	first := !p.over
	p.over = true
	p.mu.Unlock()
	if !first {
		return
	}
	close(p.end)
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		p.signal(syscall.SIGKILL)
		<-p.gone
	}
}

// database is the PostgreSQL of a deployment, started again like the other parts.
type database struct {
	dir string

	mu     sync.Mutex
	server *pgchild.Server
	over   bool
	ended  chan struct{}
}

func startDatabase(ctx context.Context, dir string) (*database, error) {
	b := &database{dir: dir, ended: make(chan struct{})}
	var err error
	if b.server, err = b.start(ctx); err != nil {
		return nil, err
	}
	if err := b.server.CreateDatabase(ctx, "tocsin"); err != nil {
		return nil, err
	}
	go b.keep()
	return b, nil
}

func (b *database) start(ctx context.Context) (*pgchild.Server, error) {
	return pgchild.Start(ctx, pgchild.Options{Dir: b.dir, MaxConnections: 100})
}

func (b *database) now() (server *pgchild.Server, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.server, b.over
}

func (b *database) keep() {
	defer close(b.ended)
	for {
		server, _ := b.now()
		<-server.Done()
		for {
			time.Sleep(restartAfter)
			if _, over := b.now(); over {
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			next, err := b.start(ctx)
			cancel()
			if err == nil {
				b.mu.Lock()
				b.server = next
				b.mu.Unlock()
				break
			}
		}
	}
}

func (b *database) stop() {
	b.mu.Lock()
	first := !b.over
	b.over = true
	b.mu.Unlock()
	if !first {
		return
	}
	server, _ := b.now()
	_ = server.Stop()
	select {
	case <-b.ended:
	case <-time.After(70 * time.Second):
	}
	if last, _ := b.now(); last != server {
		_ = last.Stop()
	}
}
