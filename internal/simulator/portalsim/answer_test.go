package portalsim

import (
	"bytes"
	"context"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

const reportMail = "From: Notices <notice@us.test>\r\nTo: <cac@authority.simulator.test>\r\nSubject: =?UTF-8?B?5oql5ZGK?= one\r\n" +
	"Message-ID: <r1@us.test>\r\n\r\nReport of an incident\r\nReference: a/b\r\n"

// clerk answers in the background until the test ends.
func clerk(t *testing.T) func(func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	return func(life func(context.Context)) { wg.Go(func() { life(ctx) }) }
}

func sent(to, id string) outbox.Message {
	return outbox.Message{ID: "1", Channel: outbox.ChannelEmail, Recipient: to, Subject: "报告 one", MessageID: id, Raw: []byte(reportMail)}
}

func answers(box *outbox.Box) []outbox.Summary {
	return box.List(outbox.Query{Channel: outbox.ChannelAnswer}).Messages
}

func TestAMailboxAnswersEachReportOnceWithItsNumber(t *testing.T) {
	t.Parallel()
	service, box, _ := start(t, "")
	require.NoError(t, service.Answer(clerk(t)))
	require.NoError(t, service.TakeEmail(sent("cac@authority.simulator.test", "<r1@us.test>")))
	require.NoError(t, service.TakeEmail(sent("cac@authority.simulator.test", "<r1@us.test>")), "a repeat is the same filing")
	require.NoError(t, service.TakeEmail(sent("silent@authority.simulator.test", "<r2@us.test>")))
	require.NoError(t, service.TakeEmail(sent("somebody@x.test", "<r3@us.test>")))
	require.Empty(t, answers(box), "a clerk takes a moment")
	require.Eventually(t, func() bool { return len(answers(box)) == 1 }, 5*time.Second, 20*time.Millisecond)
	time.Sleep(answerAfter)
	require.Len(t, answers(box), 1)

	got, err := box.Get(answers(box)[0].ID)
	require.NoError(t, err)
	filing := box.List(outbox.Query{Channel: outbox.ChannelFiling}).Messages[1]
	require.Equal(t, "CAC", filing.Recipient)
	require.Equal(t, "notice@us.test", got.Recipient)
	require.Equal(t, "cac@authority.simulator.test", got.Sender)
	require.Equal(t, "Re: 报告 one", got.Subject)
	require.Equal(t, "<r1@us.test>", got.HeaderValue("In-Reply-To"))
	require.Contains(t, got.Text, "\n"+NumberLine+filing.MessageID+"\n")
	require.Contains(t, got.Text, "> Reference: a/b\n")
}

func TestAnAnswerThatAnEarlierRunOwesIsWrittenAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	service, box, _ := start(t, dir)
	require.NoError(t, service.Answer(func(func(context.Context)) {})) // killed before the clerk wrote
	require.NoError(t, service.TakeEmail(sent("cac@authority.simulator.test", "<r1@us.test>")))
	require.NoError(t, box.Close())
	for range 2 {
		service, box, _ = start(t, dir)
		require.NoError(t, service.Answer(clerk(t)))
		require.Eventually(t, func() bool { return len(answers(box)) == 1 }, 5*time.Second, 20*time.Millisecond)
		time.Sleep(answerAfter + 100*time.Millisecond)
		require.Len(t, answers(box), 1)
		require.NoError(t, box.Close())
	}
}

func FuzzCompose(f *testing.F) {
	f.Add([]byte(reportMail))
	f.Add([]byte("From: a@b\r\nSubject: =?utf-8?q?x=0D=0ABcc:_evil@x.test?=\r\nMessage-ID: <a>\r\n b: c\r\n\r\n.\r\n"))
	f.Add([]byte("Reply-To: \"=?utf-8?q?=0A?=\" <x@y>\r\n\r\n"))
	f.Fuzz(func(t *testing.T, report []byte) {
		m, ok := compose(report, "CAC", "CAC-1", time.Unix(0, 0))
		if !ok {
			return
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("not an email: %v\n%q", err, m.Raw)
		}
		for name := range parsed.Header {
			if !strings.Contains("From To Subject Date Message-Id In-Reply-To References Auto-Submitted Mime-Version Content-Type Content-Transfer-Encoding", name) {
				t.Fatalf("the report wrote a header of its own: %q", name)
			}
		}
		if !strings.Contains(outbox.ParseEmail(m.Raw).Text, NumberLine+"CAC-1\n") {
			t.Fatal("no number")
		}
	})
}
