package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Names of the roles that the program takes when the benchmark starts it again.
const (
	RoleWorker = "worker"
	RoleSink   = "sink"
)

// child is a process of the benchmark's own. It takes its settings and then commands as lines on its
// standard input, and ends at once when that closes: it never outlives us, however we end.
type child struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	over chan struct{} // closed when it ended
	err  error
	once sync.Once
}

// start runs this program again in a role, and returns when it said that it is ready, with what it said.
func start(role string, settings any, log string) (*child, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, "", err
	}
	f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("open a log: %w", err)
	}
	defer f.Close()
	c := &child{name: role, cmd: exec.Command(self, "bench", "role", role), over: make(chan struct{})} //nolint:noctx // its life ends with ours or by a command
	c.cmd.Stderr = f
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	// A pipe of our own: Wait would close one of its own while somebody reads it.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	c.cmd.Stdout, c.out = w, bufio.NewReader(r)
	err = c.cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, "", fmt.Errorf("start the %s: %w", role, err)
	}
	go func() { c.err = c.cmd.Wait(); close(c.over) }()
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		c.kill()
		return nil, "", fmt.Errorf("the %s ended while it started; its log is in %s", role, log)
	}
	ready, err := c.out.ReadString('\n')
	if err != nil {
		c.kill()
		return nil, "", fmt.Errorf("the %s did not start; its log is in %s", role, log)
	}
	return c, strings.TrimSpace(ready), nil
}

// tell sends a command and waits for the line that answers it.
func (c *child) tell(command string) (string, error) {
	if _, err := io.WriteString(c.in, command+"\n"); err != nil {
		return "", fmt.Errorf("the %s has ended", c.name)
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the %s has ended", c.name)
	}
	return strings.TrimSpace(line), nil
}

// stop ends it in order, and by force when that takes too long.
func (c *child) stop() {
	c.once.Do(func() {
		_, _ = io.WriteString(c.in, commandStop+"\n")
		select {
		case <-c.over:
		case <-time.After(15 * time.Second):
			c.kill()
		}
		_ = c.in.Close()
	})
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.over
}

const (
	commandStop    = "stop"
	commandProfile = "profile" // with a path: begins a CPU profile; without: ends it
)

// errAlone says that whoever started us has ended without a word.
var errAlone = errors.New("the benchmark has ended")

// Role carries a role out in this process until it is told to stop.
func Role(role string, in io.Reader, out io.Writer) error {
	commands := bufio.NewReaderSize(in, 64<<10)
	settings, err := commands.ReadBytes('\n')
	if err != nil {
		return errAlone
	}
	switch role {
	case RoleWorker:
		return runWorker(settings, commands, out)
	case RoleSink:
		return runSink(settings, commands, out)
	}
	return fmt.Errorf("there is no role %q", role)
}

// obey answers commands until one says stop. The end of the input means that the benchmark was killed: then
// nothing more is begun, and an error is returned at once.
func obey(commands *bufio.Reader, out io.Writer) error {
	for {
		line, err := commands.ReadString('\n')
		if err != nil {
			return errAlone
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case commandStop:
			return nil
		case commandProfile:
			err = profile(rest)
		}
		answer := "ok"
		if err != nil {
			answer = err.Error()
		}
		fmt.Fprintln(out, answer)
	}
}
