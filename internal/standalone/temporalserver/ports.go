package temporalserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// ports of one server. They are remembered, so that addresses people wrote down still work after a
// restart.
type ports struct {
	Frontend     int `json:"frontend"`
	FrontendHTTP int `json:"frontend_http"`
	History      int `json:"history"`
	Matching     int `json:"matching"`
	Worker       int `json:"worker"`
	UI           int `json:"ui"`
}

// choosePorts takes what was asked for (an error if it is in use), else what was used last, else
// free ones. All are held until all are chosen, so that no two are the same.
func choosePorts(o Options) (ports, error) {
	last := recallPorts(o.Dir)
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	take := func(what string, asked, last int) (int, error) {
		l, err := listen(what, o.Host, asked, last)
		if err != nil {
			return 0, err
		}
		held = append(held, l)
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return 0, fmt.Errorf("no TCP port for %s", what)
		}
		return addr.Port, nil
	}
	p := last
	for _, w := range []struct {
		what  string
		asked int
		port  *int
	}{
		{"Temporal", o.Port, &p.Frontend},
		{"the Temporal Web UI", o.UIPort, &p.UI},
		{"Temporal's HTTP interface", 0, &p.FrontendHTTP},
		{"Temporal's history service", 0, &p.History},
		{"Temporal's matching service", 0, &p.Matching},
		{"Temporal's worker service", 0, &p.Worker},
	} {
		if w.asked == NoUI {
			continue
		}
		port, err := take(w.what, w.asked, *w.port)
		if err != nil {
			return ports{}, err
		}
		*w.port = port
	}
	return p, nil
}

const (
	lowestChosen   = 20000
	firstEphemeral = 32768 // of Linux, unless it was set otherwise
)

func listen(what, host string, asked, last int) (net.Listener, error) {
	if asked != 0 {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(asked)))
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, &PortInUseError{What: what, Host: host, Port: asked}
		}
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", what, err)
		}
		return l, nil
	}
	if last != 0 {
		if l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(last))); err == nil {
			return l, nil
		}
	}
	// Temporal binds later what is chosen now, so the port comes from below those that the system hands out to
	// connections in the meantime.
	for range 50 {
		port := lowestChosen + rand.IntN(firstEphemeral-lowestChosen)
		if l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("find a free port for %s: %w", what, err)
	}
	return l, nil
}

func portsFile(dir string) string { return filepath.Join(dir, "ports.json") }

// recallPorts is forgiving: a missing or damaged file only means that ports are chosen afresh.
func recallPorts(dir string) ports {
	var p ports
	b, err := os.ReadFile(portsFile(dir))
	if err != nil || json.Unmarshal(b, &p) != nil {
		return ports{}
	}
	for _, n := range []int{p.Frontend, p.FrontendHTTP, p.History, p.Matching, p.Worker, p.UI} {
		if n < 0 || n > 65535 {
			return ports{}
		}
	}
	return p
}

func rememberPorts(dir string, p ports) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("remember the ports: %w", err)
	}
	tmp := portsFile(dir) + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("remember the ports: %w", err)
	}
	if err := os.Rename(tmp, portsFile(dir)); err != nil {
		return fmt.Errorf("remember the ports: %w", err)
	}
	return nil
}
