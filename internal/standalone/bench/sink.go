package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/tocsin-engine/tocsin/internal/simulator/smtpsim"
)

// sinkSettings is what the sink's process needs to know.
type sinkSettings struct {
	Record string `json:"record"` // file that is appended to
}

// runSink is the mail server in its process. It says its address when it is ready.
func runSink(settings []byte, commands *bufio.Reader, out io.Writer) error {
	var s sinkSettings
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	f, err := os.OpenFile(s.Record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the record: %w", err)
	}
	defer f.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sink := smtpsim.NewSink(f)
	served := make(chan error, 1)
	go func() { served <- sink.Serve(l) }()
	fmt.Fprintln(out, l.Addr().String())
	if err := obey(commands, out); err != nil {
		return err
	}
	_ = l.Close()
	sink.Close()
	return <-served
}
