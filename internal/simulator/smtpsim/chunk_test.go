package smtpsim

import (
	"fmt"
	"io"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// whole is a message that leaves by its length.
func whole(to, content string) string {
	return fmt.Sprintf("RSET\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<%s>\r\nBDAT %d LAST\r\n%s", to, len(content), content)
}

func answers(t *testing.T, text *textproto.Conn, n int) (out []string) {
	t.Helper()
	for range n {
		line, err := text.ReadLine()
		require.NoError(t, err)
		out = append(out, line[:9])
	}
	return out
}

func TestMessagesByTheirLength(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	c := s.dial(t)
	ok, _ := c.Extension("CHUNKING")
	require.True(t, ok)
	content := "Subject: Notice\r\nMessage-ID: <1@x.test>\r\n\r\n.\r\nDATA\r\n.dot\r\n"
	half := len(content) / 2
	_, err := io.WriteString(c.Text.W, whole("b@x.test", content)+whole("x@bounce.simulator.test", content)+whole("c@x.test", "A bare\nline feed.\r\n")+
		fmt.Sprintf("RSET\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<d@x.test>\r\nBDAT %d\r\n%sDATA\r\nBDAT %d last\r\n%sBDAT 3 LAST\r\n???NOOP\r\n", half, content[:half], len(content)-half, content[half:]))
	require.NoError(t, err)
	require.NoError(t, c.Text.W.Flush())
	require.Equal(t, []string{
		"250 2.0.0", "250 2.1.0", "250 2.1.5", "250 2.0.0",
		"250 2.0.0", "250 2.1.0", "550 5.1.1", "554 5.5.1",
		"250 2.0.0", "250 2.1.0", "250 2.1.5", "550 5.6.0",
		"250 2.0.0", "250 2.1.0", "250 2.1.5", "250 2.0.0", "503 5.5.1", "250 2.0.0", "503 5.5.1", "250 2.0.0",
	}, answers(t, c.Text, 20))
	for _, to := range []string{"b@x.test", "d@x.test"} {
		require.Equal(t, 1, s.box.CountFor(to))
	}
	for _, m := range s.box.List(outbox.Query{}).Messages {
		if full, err := s.box.Get(m.ID); err == nil && full.Taken {
			require.Equal(t, content, string(full.Raw))
		}
	}
	_, err = io.WriteString(c.Text.W, "BDAT many\r\n")
	require.NoError(t, err)
	require.NoError(t, c.Text.W.Flush())
	require.Equal(t, []string{"501 5.5.4"}, answers(t, c.Text, 1))
	_, err = c.Text.ReadLine()
	require.ErrorIs(t, err, io.EOF, "nobody knows where the next command begins")
}

func TestSinkTakesMessagesByTheirLength(t *testing.T) {
	t.Parallel()
	content := "Subject: x\r\nmessage-id: <1@x>\r\n\r\nMessage-ID: <body@x>\r\n.\r\n" + strings.Repeat("y", 100_000) + "\r\n"
	said, record := talk(t, "EHLO x\r\n"+whole("p1@bench.test", content)+whole("", content)+whole("p2@bench.test", content)+"QUIT\r\n")
	require.Equal(t, "p1@bench.test <1@x>\np2@bench.test <1@x>\n", record)
	require.Contains(t, said, "250-CHUNKING")
	require.Equal(t, []string{"250 2.0.0 Ok", "250 2.0.0 Ok", "503 5.5.1 One recipient, after MAIL", "554 5.5.1 No recipient", "250 2.0.0 Ok", "250 2.0.0 Ok", "250 2.0.0 Ok", "250 2.0.0 Ok", "221 2.0.0 Bye"}, said[len(said)-9:])
	for _, bad := range []string{"BDAT\r\n", "BDAT -1 LAST\r\n", "BDAT 99999999999999 LAST\r\n", "BDAT 3 LAST\r\nSubject: longer than that\r\n"} {
		_, record := talk(t, "MAIL FROM:<a@x>\r\nRCPT TO:<a@x.test>\r\n"+bad)
		require.Empty(t, record)
	}
}
