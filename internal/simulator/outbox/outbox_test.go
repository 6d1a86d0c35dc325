package outbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func open(t *testing.T, dir string) *Box {
	t.Helper()
	box, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	return box
}

func add(t *testing.T, box *Box, m Message) Message {
	t.Helper()
	m, err := box.Append(m)
	require.NoError(t, err)
	return m
}

func TestBoxKeepsMessagesEventsAndFaultsOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box, err := Open(dir)
	require.NoError(t, err)
	first := add(t, box, Message{Channel: ChannelSMS, Provider: "twilio", Recipient: "+86100", Text: "你好",
		Outcome: "delivered", Status: "queued", Taken: true, MessageID: "SM1", Raw: []byte{0xff, 0, 1}})
	add(t, box, Message{Channel: ChannelEmail, Provider: "smtp", Recipient: "a@x.test", Outcome: "refused",
		FaultKey: "smtp/greylist/a@x.test", Raw: []byte("Subject: x\r\n\r\nhi\r\n")})
	require.NoError(t, box.Note(first.ID, Event{Kind: "status", Status: "delivered", Detail: "30 ms"}))
	require.NoError(t, box.Close())

	again := open(t, dir)
	got, err := again.Get(first.ID)
	require.NoError(t, err)
	require.Equal(t, "你好", got.Text)
	require.Equal(t, []byte{0xff, 0, 1}, got.Raw)
	require.Equal(t, "delivered", got.Status)
	require.Equal(t, "queued", mustStored(t, dir, 1).Status, "an event never rewrites the record")
	require.Len(t, got.Events, 1)
	require.False(t, again.First("smtp/greylist/a@x.test"), "a fault stays injected after a restart")
	require.True(t, again.First("smtp/greylist/b@x.test"))
	require.Equal(t, "3", add(t, again, Message{Recipient: "c", Taken: true}).ID)
}

func mustStored(t *testing.T, dir string, line int) Message {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	require.NoError(t, err)
	var m Message
	require.NoError(t, json.Unmarshal(splitLines(data)[line-1], &m))
	return m
}

func splitLines(data []byte) (all [][]byte) {
	for len(data) > 0 {
		line, rest := cutLine(data)
		all, data = append(all, line), rest
	}
	return all
}

func TestTornLastLineIsDroppedAndDamageElsewhereIsNot(t *testing.T) {
	t.Parallel()
	whole := `{"record":"message","id":"1","received_at":"2026-01-01T00:00:00Z","channel":"email","provider":"smtp","recipient":"a@x.test","outcome":"accepted","taken":true}` + "\n"
	for name, tail := range map[string]string{
		"no newline":    `{"record":"message","id":"2","rec`,
		"whole but cut": `{"record":"message","id":"2"}`,
		"not JSON":      "\x00\x00\x00\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			require.NoError(t, os.WriteFile(path, []byte(whole+tail), 0o600))
			box := open(t, dir)
			require.Equal(t, 1, box.List(Query{}).Total)
			require.Equal(t, "2", add(t, box, Message{Recipient: "b@x.test", Taken: true}).ID)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Len(t, splitLines(data), 2)
			for _, line := range splitLines(data) {
				require.True(t, json.Valid(line), "%s", line)
			}
		})
	}
	t.Run("damage in the middle", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), []byte("{broken\n"+whole), 0o600))
		_, err := Open(dir)
		require.ErrorContains(t, err, "line 1")
	})
}

func TestOneDirectoryHasOneWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	_, err := Open(dir)
	require.ErrorContains(t, err, "in use")
}

func TestListCountsAndPages(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := open(t, dir)
			for i := range 25 {
				add(t, box, Message{Channel: ChannelEmail, Provider: "smtp", Recipient: fmt.Sprintf("P%d@x.test", i%5),
					Outcome: "accepted", Taken: true, MessageID: fmt.Sprintf("<%d@t>", i), Subject: "Notice"})
			}
			add(t, box, Message{Channel: ChannelEmail, Provider: "smtp", Recipient: "p1@x.test", Outcome: "bounced"})

			require.Equal(t, 5, box.CountFor("p1@X.test"))
			require.Equal(t, map[string]int{"P0@x.test": 5, "P1@x.test": 5, "P2@x.test": 5, "P3@x.test": 5, "P4@x.test": 5}, box.Recipients(Query{Channel: ChannelEmail}))
			require.Equal(t, 6, box.List(Query{Recipient: "p1@x.test", Refused: true}).Total)
			require.Equal(t, 1, box.List(Query{MessageID: "<7@t>"}).Total)
			require.Equal(t, 1, box.List(Query{Contains: "<17@"}).Total)

			var seen []string
			query := Query{Limit: 10}
			for {
				page := box.List(query)
				require.Equal(t, 25, page.Total)
				for _, m := range page.Messages {
					seen = append(seen, m.MessageID)
				}
				if page.Next == "" {
					break
				}
				query.Before = page.Next
			}
			require.Len(t, seen, 25)
			require.Equal(t, "<24@t>", seen[0])
			require.Equal(t, "<0@t>", seen[24])

			counts := box.Counts()
			require.Equal(t, 25, counts.Total)
			require.Equal(t, 25, counts.Outcomes[ChannelEmail]["accepted"])
			require.Equal(t, 1, counts.Refused[ChannelEmail]["bounced"])
			_, err := box.Get("27")
			require.ErrorIs(t, err, ErrNotFound)
			_, err = box.Get("01")
			require.ErrorIs(t, err, ErrNotFound)
		})
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box, err := Open(dir)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				m, err := box.Append(Message{Channel: ChannelEmail, Recipient: fmt.Sprintf("%d-%d", w, i), Taken: true, Raw: []byte("Subject: s\r\n\r\nx")})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := box.Get(m.ID); err != nil || got.Recipient != m.Recipient {
					t.Errorf("read back %q: %v", got.Recipient, err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, box.Close())
	require.Len(t, open(t, dir).Recipients(Query{}), 800)
}

func TestEmailIsReadOutOfItsRawBytes(t *testing.T) {
	t.Parallel()
	raw := []byte("From: =?utf-8?q?B=C3=BCro?= <a@x.test>\r\nSUBJECT: =?utf-8?b?5a6J5YWo?=\r\n =?utf-8?b?6YCa55+l?=\r\nMessage-Id:\r\n <1@x.test>\r\n" +
		"Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n" +
		"--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHi =E4=BD=A0=\r\n=E5=A5=BD\r\n" +
		"--inner\r\nContent-Type: text/html; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+xOO6wzwvYj4=\r\n--inner--\r\n" +
		"--outer\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached\r\n--outer--\r\n")
	subject, id := EnvelopeHeaders(raw)
	require.Equal(t, "安全通知", subject)
	require.Equal(t, "<1@x.test>", id)
	mail := ParseEmail(raw)
	require.Equal(t, "Hi 你好", mail.Text)
	require.Equal(t, "<b>你好</b>", mail.HTML)
	require.Equal(t, "Büro <a@x.test>", mail.Headers[0].Value)
	require.Equal(t, "安全通知", mail.Headers[1].Value)
}

func FuzzParseEmail(f *testing.F) {
	f.Add([]byte("Subject: a\r\n b\r\n\r\nbody"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--"))
	f.Add([]byte("Subject: =?gbk?b?xOO6ww==?=\nContent-Transfer-Encoding: base64\n\n!!!"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		mail := ParseEmail(raw)
		subject, _ := EnvelopeHeaders(raw)
		for _, h := range mail.Headers {
			if h.Name == "Subject" && subject == "" && h.Value != "" {
				t.Fatalf("the quick reader missed subject %q", h.Value)
			}
		}
	})
}

func FuzzOpenOutbox(f *testing.F) {
	f.Add([]byte(`{"record":"message","id":"1"}` + "\n" + `{"record":"event","of":"1","event":{"kind":"status"}}` + "\n{"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		box, err := Open(dir)
		if err != nil {
			return
		}
		before := box.List(Query{Refused: true}).Total
		if _, err := box.Append(Message{Recipient: "r"}); err != nil {
			t.Fatal(err)
		}
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
		box, err = Open(dir)
		if err != nil {
			t.Fatalf("what was opened once cannot be opened again: %v", err)
		}
		defer box.Close()
		if got := box.List(Query{Refused: true}).Total; got != before+1 {
			t.Fatalf("%d messages, want %d", got, before+1)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	box, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	raw := make([]byte, 4096)
	for i := range raw {
		raw[i] = "Dear customer, this is a line.\r\n"[i%32]
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := box.Append(Message{Channel: ChannelEmail, Provider: "smtp", Recipient: "p1@bench.test", Outcome: "accepted", Taken: true, Subject: "s", Raw: raw}); err != nil {
			b.Fatal(err)
		}
	}
}
