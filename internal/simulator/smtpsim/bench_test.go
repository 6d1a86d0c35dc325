package smtpsim

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// BenchmarkRecordingOnDisk is a bare pipelining client against this server,
// outbox on disk, 20 connections: what a sender can reach at most here.
func BenchmarkRecordingOnDisk(b *testing.B) {
	box, err := outbox.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := New(Config{Hostname: "mx", OpenRelay: true}, box, faults.New(0, 0), nil)
	go func() { _ = server.Serve(listener) }()
	message := "Subject: Notice\r\nMessage-ID: <1@x.test>\r\n\r\n" + strings.Repeat("Dear customer, this is a line of the notice that you receive.\r\n", 55) + ".\r\n"
	const connections = 20
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() { pump(b, listener.Addr().String(), c, b.N/connections+1, message) })
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(box.Counts().Total)/b.Elapsed().Seconds(), "messages/s")
	if err := server.Close(); err != nil {
		b.Fatal(err)
	}
	_ = box.Close()
}

func pump(b *testing.B, addr string, connection, n int, message string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Error(err)
		return
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	until := func(code string) bool {
		for {
			line, err := in.ReadString('\n')
			if err != nil || line[0] > '3' {
				b.Error(line, err)
				return false
			}
			if strings.HasPrefix(line, code+" ") {
				return true
			}
		}
	}
	_, _ = io.WriteString(conn, "EHLO bench\r\n")
	owed := ""
	for i := range n {
		_, _ = io.WriteString(conn, owed+fmt.Sprintf("MAIL FROM:<a@x.test>\r\nRCPT TO:<p%d@bench.test>\r\nDATA\r\n", connection*n+i))
		if !until("354") {
			return
		}
		owed = message
	}
	_, _ = io.WriteString(conn, owed+"QUIT\r\n")
	until("221")
}
