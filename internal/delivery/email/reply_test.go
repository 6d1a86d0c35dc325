package email

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	read := func(s string) (reply, error) {
		return readReply(bufio.NewReaderSize(strings.NewReader(s), 2*maxReplyLine))
	}
	for in, want := range map[string]reply{
		"250 ok\r\n":                     {250, "", []string{"ok"}},
		"250\r\n":                        {250, "", []string{""}},
		"250 ok\n":                       {250, "", []string{"ok"}},
		"550 5.1.1 no\r\n":               {550, "5.1.1", []string{"no"}},
		"550 4.1.1 no\r\n":               {550, "", []string{"4.1.1 no"}},
		"550 5.1.1\r\n":                  {550, "5.1.1", []string{""}},
		"550-5.1.1 a\r\n550 5.1.1 b\r\n": {550, "5.1.1", []string{"a", "b"}},
		"550 \xff\x00\x1b[31m\r\n":       {550, "", []string{"???[31m"}},
		"220-hello\r\n220 \r\n250 x\r\n": {220, "", []string{"hello", ""}},
	} {
		got, err := read(in)
		require.NoError(t, err, "%q", in)
		require.Equal(t, want, got, "%q", in)
	}
	for _, bad := range []string{
		"", "25", "250", "\r\n", "25\r\n", "2500 ok\r\n", "abc\r\n", "150 x\r\n", "650 x\r\n", "290 x\r\n", "250_x\r\n", " 250 x\r\n",
		"250-a\r\n", "250-a\r\n251 b\r\n", "-50 x\r\n", "250 " + strings.Repeat("x", maxReplyLine) + "\r\n",
		strings.Repeat("250-x\r\n", maxReplyLines+1) + "250 x\r\n", strings.Repeat("x", 1<<20),
	} {
		_, err := read(bad)
		require.Error(t, err, "%.40q", bad)
	}
}

// FuzzReadReply: whatever a server says, reading ends, stays in bounds, and nothing of it but printable
// ASCII goes on; and every refusal becomes exactly one kind of failure.
func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{
		"250 2.0.0 Ok\r\n", "250-a\r\n250-PIPELINING\r\n250 x\r\n", "550 5.1.1 <a@b.example> unknown\r\n", "421 4.3.2 x\r\n", "354\r\n",
		"250 \x00\xff\r\n", "99999999\n", "5.1.1\n", "550 5.1\r\n", "550 5.999.999 x\r\n", "250-a\r\n550 b\r\n", "\r\r\n",
	} {
		f.Add([]byte(seed))
	}
	m := message(1)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readReply(bufio.NewReaderSize(bytes.NewReader(data), 2*maxReplyLine))
		if err != nil {
			return
		}
		if r.code < 200 || r.code > 559 || len(r.lines) == 0 || len(r.lines) > maxReplyLines {
			t.Fatalf("out of bounds: %+v", r)
		}
		if r.enhanced != "" && int(r.enhanced[0]-'0') != r.code/100 {
			t.Fatalf("a contradicting enhanced code was kept: %+v", r)
		}
		for _, c := range []byte(r.text()) {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %x went on", c)
			}
		}
		if r.code >= 400 {
			for _, at := range []stage{stageConnect, stageAuth, stageSender, stageRecipient, stageContent} {
				failure := judge(at, r, m)
				if _, known := delivery.Reasons[failure.Reason]; !known || failure.Unknown || len([]rune(failure.Detail)) > delivery.MaxDetail {
					t.Fatalf("%+v", failure)
				}
				if !failure.Retryable && r.code < 500 {
					t.Fatalf("a temporary answer became permanent: %+v", failure)
				}
				if strings.Contains(failure.Detail, "@") || strings.Contains(strings.ToLower(failure.Detail), "zsuzsanna") {
					t.Fatalf("a contact is left: %q", failure.Detail)
				}
			}
		}
	})
}

func TestEveryReasonAPersonMayRead(t *testing.T) {
	t.Parallel()
	for code := 400; code < 560; code++ {
		for subject := range 8 {
			for detail := range 11 {
				r := reply{code: code, enhanced: fmt.Sprintf("%d.%d.%d", code/100, subject, detail)}
				reason, _ := reasonOf(stageRecipient, r)
				require.Contains(t, delivery.Reasons, reason)
			}
		}
	}
}
