package email

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// volley sends messages 0 to n-1 from several callers and gives what Send said of each.
func volley(t *testing.T, s *Sender, n, callers int) []error {
	t.Helper()
	said := make([]error, n)
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range numbers {
				m := message(i)
				m.To = fmt.Sprintf("p%d@example.com", i)
				_, said[i] = s.Send(t.Context(), m)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	wg.Wait()
	return said
}

// requireTruth compares what Send said with what the server recorded.
func requireTruth(t *testing.T, s *server, said []error) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	times := map[string]int{}
	for _, content := range s.contents {
		times[messageIDOf(content)]++
	}
	for i, err := range said {
		id := fmt.Sprintf("<d%d@bounces.academy.example>", i)
		has := slices.Contains(s.accepted, id)
		require.LessOrEqual(t, times[id], 1, "one Send sent message %d twice", i)
		switch {
		case err == nil:
			require.True(t, has, "message %d was called accepted, and the server does not have it", i)
		case !failure(t, err).Unknown:
			require.False(t, has, "message %d was called not sent, and the server has it: %v", i, err)
		}
	}
}

func faultConfig(addr string) Config {
	c := testConfig(addr)
	c.Connections, c.ConnectTimeout, c.CommandTimeout, c.AnswerTimeout = 2, time.Second, 300*time.Millisecond, 300*time.Millisecond
	return c
}

var wireFaults = []string{
	"DROP", "HANG", "SLOWLY", "SLOWLY 250 2.0.0 " + strings.Repeat("x", 300), "421 4.3.2 Going down", "451 4.3.0 Later", "552 5.2.2 Full", "554 5.7.1 Policy", "250 2.0.0 Ok\r\n250 2.0.0 Ok",
	"354 Go on\r\n354 Go on", "451 4.3.0 Later\r\n250 2.0.0 Ok", "25", "250-a\r\n251 b", "250 " + strings.Repeat("x", 3000), "221 2.0.0 Bye", "\x00\xff",
}

// One fault at one stage of one message among many: what is said of it is true, it alone is concerned, and
// the messages around it arrive, those whose envelope was on the wire behind it included.
func TestOneFaultConcernsOneMessage(t *testing.T) {
	t.Parallel()
	const n, victim = 24, 9
	for _, pipelining := range []string{"PIPELINING", "X-NONE"} {
		for _, at := range []string{"MAIL", "RCPT", "DATA", "BODY", "CONTENT"} {
			for _, fault := range wireFaults {
				t.Run(fmt.Sprintf("%s %s %.20q", pipelining, at, fault), func(t *testing.T) {
					t.Parallel()
					if at == "BODY" && (strings.HasPrefix(fault, "SLOWLY") || strings.HasPrefix(fault, "25")) {
						t.Skip("no answer is due there, so that it cannot be slow, and a yes to half a message is no fault of ours")
					}
					var once sync.Once
					s := startServer(t, &server{ehlo: []string{pipelining}, fault: func(from, line string) (special string) {
						if from == fmt.Sprintf("b-d%d-1", victim) && strings.HasPrefix(line, at) {
							once.Do(func() { special = fault })
						}
						return special
					}})
					sender := newSender(t, faultConfig(s.Addr))
					said := volley(t, sender, n, 8)
					require.NoError(t, sender.Close())
					requireTruth(t, s, said)
					for i, err := range said {
						if i != victim {
							require.NoError(t, err, "message %d is hurt by what befell another", i)
						}
					}
					requireVictim(t, at, fault, said[victim])
				})
			}
		}
	}
}

// requireVictim checks what is certain about the message that met the fault.
func requireVictim(t *testing.T, at, fault string, err error) {
	t.Helper()
	refusal := strings.HasPrefix(fault, "4") || strings.HasPrefix(fault, "5")
	switch {
	case fault == "SLOWLY":
		require.NoError(t, err)
	case at == "CONTENT" && strings.HasPrefix(fault, "250 2.0.0"):
		require.NoError(t, err, "a second answer does not take back the first")
	case at == "CONTENT" && !refusal, at == "DATA" && strings.HasPrefix(fault, "354"): // the answer to it was the second 354
		require.True(t, failure(t, err).Unknown, "%v", err)
	case at == "MAIL" && strings.HasPrefix(fault, "421"), !refusal && at != "BODY":
		if err != nil { // it was the first on its connection; any other was sent anew without a word
			require.True(t, failure(t, err).Retryable, "%v", err)
		}
	case refusal:
		f := failure(t, err)
		sender := at == "MAIL" && strings.HasPrefix(fault, "554") // a sender that is refused is ours to mend
		require.Equal(t, strings.HasPrefix(fault, "4") || sender, f.Retryable, "%+v", f)
		require.False(t, f.Unknown)
	}
}

// Faults of any kind at any moment, many of them: nothing that is said is untrue.
func TestNothingUntrueIsSaidUnderManyFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 1))
			extensions := [][]string{{"PIPELINING"}, {"PIPELINING", "CHUNKING"}, {"PIPELINING", "CHUNKING"}, {"8BITMIME"}}[seed%4]
			s := startServer(t, &server{ehlo: extensions, fault: func(_, line string) string {
				mu.Lock()
				defer mu.Unlock()
				if random.IntN(60) > 0 {
					return ""
				}
				special := wireFaults[random.IntN(len(wireFaults))]
				if line == "BODY" && (special[0] == 'S' || special[0] == '2' || special[0] == '3') {
					return "DROP"
				}
				return special
			}})
			c := faultConfig(s.Addr)
			c.Connections = 1 + int(seed)%4
			c.CommandTimeout, c.AnswerTimeout = 60*time.Millisecond, 60*time.Millisecond
			sender := newSender(t, c)
			said := volley(t, sender, 250, 16)
			require.NoError(t, sender.Close())
			requireTruth(t, s, said)
			count := map[breach.AttemptState]int{}
			for _, err := range said {
				state := breach.Accepted
				if err != nil {
					state = failure(t, err).State()
				}
				count[state]++
			}
			require.Greater(t, count[breach.Accepted], 100, "%v", count)
			require.Greater(t, len(count), 1, "the faults were met: %v", count)
		})
	}
}
