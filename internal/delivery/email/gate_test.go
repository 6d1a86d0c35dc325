package email

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func TestARefusingServerIsNotStormed(t *testing.T) {
	t.Parallel()
	for at, answer := range map[string]string{"GREETING": "421 4.3.2 Too many connections", "EHLO": "DROP", "MAIL": "421 4.7.0 Slow down", "RCPT": "DROP", "DATA": "250 what", "CONTENT": "421 4.7.0 Slow down", "BODY": "DROP"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, &server{answer: func(_ int, line string) string {
				if strings.HasPrefix(line, at) {
					return answer
				}
				return ""
			}})
			c := testConfig(s.Addr)
			c.BackoffMin, c.BackoffMax = 40*time.Millisecond, 80*time.Millisecond
			sender := newSender(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					for ctx.Err() == nil {
						_, err := sender.Send(ctx, message(1))
						if f := failureOf(err); err == nil || !f.Retryable && at != "BODY" && (at != "CONTENT" || ctx.Err() == nil) {
							t.Errorf("%v", err)
						}
					}
				})
			}
			wg.Wait()
			require.LessOrEqual(t, s.contacted(), 4+20, "a pause of at least 20 ms lies between two tries")
		})
	}
}

func failureOf(err error) *delivery.Failure { return delivery.AsFailure(err) }

func TestTheGateOpensAgain(t *testing.T) {
	t.Parallel()
	s := startServer(t, &server{answer: func(n int, line string) string {
		if line == "GREETING" && n <= 3 {
			return "421 4.3.2 Later"
		}
		return ""
	}})
	sender := newSender(t, testConfig(s.Addr))
	for range 3 {
		_, err := sender.Send(t.Context(), message(1))
		require.Equal(t, delivery.ReasonProviderBusy, failure(t, err).Reason)
	}
	_, err := sender.Send(t.Context(), message(1))
	require.NoError(t, err)
}
