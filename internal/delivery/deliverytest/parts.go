package deliverytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// Limit is the longest that an adapter under test may take to give up a hanging provider.
const Limit = 5 * time.Second

func accepted(t *testing.T, c Case) {
	p := c.Start(t, Accept)
	receipt, err := p.Sender.Send(t.Context(), c.message(1))
	require.NoError(t, err)
	require.Equal(t, c.Accepted, receipt.State)
	require.Empty(t, receipt.Reason)
	requireRedacted(t, c.message(1), receipt.Detail+" "+receipt.ProviderRef)
	require.Len(t, p.Taken(), 1)
}

func permanentRefusal(t *testing.T, c Case) {
	p := c.Start(t, Permanent)
	f := fails(t.Context(), t, p.Sender, c.message(1))
	require.False(t, f.Retryable, "%+v", f)
	require.False(t, f.Unknown, "%+v", f)
	require.Equal(t, c.PermanentReason, f.Reason)
	require.NotEmpty(t, f.Detail)
}

func temporaryRefusal(t *testing.T, c Case) {
	p := c.Start(t, Temporary)
	f := fails(t.Context(), t, p.Sender, c.message(1))
	require.True(t, f.Retryable, "%+v", f)
	require.Equal(t, c.TemporaryReason, f.Reason)
	require.LessOrEqual(t, len(p.Taken()), 1, "a refused message is not sent again by the adapter itself")
}

func droppedAfterTaking(t *testing.T, c Case) {
	p := c.Start(t, Drop)
	f := fails(t.Context(), t, p.Sender, c.message(1))
	require.True(t, f.Unknown, "the provider has it, and the adapter cannot know: %+v", f)
	require.Len(t, p.Taken(), 1, "what may have arrived is never sent again by the adapter itself")
}

func refusedConnection(t *testing.T, c Case) {
	f := fails(t.Context(), t, c.Unreachable(t), c.message(1))
	require.True(t, f.Retryable, "%+v", f)
}

func cancelledBefore(t *testing.T, c Case) {
	p := c.Start(t, Accept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := fails(ctx, t, p.Sender, c.message(1))
	require.True(t, f.Retryable, "%+v", f)
	require.Zero(t, p.Contacted())
	require.Empty(t, p.Taken())
}

func cancelledDuring(t *testing.T, c Case) {
	p := c.Start(t, Hang)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for len(p.Taken()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	started := time.Now()
	f := fails(ctx, t, p.Sender, c.message(1))
	require.True(t, f.Unknown, "%+v", f)
	require.Less(t, time.Since(started), Limit)
	require.Len(t, p.Taken(), 1)
}

func hangingProvider(t *testing.T, c Case) {
	p := c.Start(t, Hang)
	started := time.Now()
	f := fails(t.Context(), t, p.Sender, c.message(1))
	require.True(t, f.Unknown, "%+v", f)
	require.Less(t, time.Since(started), Limit)
	require.Len(t, p.Taken(), 1)
}

// hostileFields puts line breaks, NUL and broken UTF-8 into every field. Line breaks are part of a text,
// so that texts are tried with the other two only.
func hostileFields(t *testing.T, c Case) {
	p := c.Start(t, Accept)
	fields := map[string]func(*delivery.Message) *string{
		"DeliveryID": func(m *delivery.Message) *string { return &m.DeliveryID },
		"AttemptID":  func(m *delivery.Message) *string { return &m.AttemptID },
		"To":         func(m *delivery.Message) *string { return &m.To },
		"ToName":     func(m *delivery.Message) *string { return &m.ToName },
		"Locale":     func(m *delivery.Message) *string { return &m.Locale },
		"Subject":    func(m *delivery.Message) *string { return &m.Subject },
		"Title":      func(m *delivery.Message) *string { return &m.Title },
		"Link":       func(m *delivery.Message) *string { return &m.Link },
		"Text":       func(m *delivery.Message) *string { return &m.Text },
		"HTML":       func(m *delivery.Message) *string { return &m.HTML },
	}
	for name, field := range fields {
		for _, poison := range []string{"\r\nBcc: x@example.com", "\nx", "\rx", "\x00", "\xff\xfe"} {
			if (name == "Text" || name == "HTML") && strings.ContainsAny(poison, "\r\n") {
				continue
			}
			m := c.message(1)
			*field(&m) += poison
			f := fails(t.Context(), t, p.Sender, m)
			require.Equal(t, delivery.ReasonBadInput, f.Reason, "%s with %q", name, poison)
			require.False(t, f.Retryable || f.Unknown)
		}
	}
	for _, empty := range []string{"DeliveryID", "AttemptID", "To"} {
		m := c.message(1)
		*fields[empty](&m) = ""
		require.Equal(t, delivery.ReasonBadInput, fails(t.Context(), t, p.Sender, m).Reason)
	}
	require.Zero(t, p.Contacted(), "nothing of it may reach the wire")
}

func repetition(t *testing.T, c Case) {
	p := c.Start(t, Accept)
	first, again, other := c.message(1), c.message(1), c.message(2)
	if c.RepeatKey == ByDelivery {
		again.AttemptID = "d0001-2"
	}
	for _, m := range []delivery.Message{first, again, other} {
		_, err := p.Sender.Send(t.Context(), m)
		require.NoError(t, err)
	}
	taken := p.Taken()
	require.Len(t, taken, 3)
	require.NotEmpty(t, taken[0])
	require.Equal(t, taken[0], taken[1], "the same message again must be recognisable")
	require.NotEqual(t, taken[0], taken[2], "another message must not be taken for it")
}

func manyAtOnce(t *testing.T, c Case) {
	const workers, each = 8, 12
	p := c.Start(t, Accept)
	var wg sync.WaitGroup
	errs := make(chan error, workers*each)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if _, err := p.Sender.Send(t.Context(), c.message(w*each+i)); err != nil {
					errs <- fmt.Errorf("message %d: %w", w*each+i, err)
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	taken := p.Taken()
	require.Len(t, taken, workers*each)
	slices.Sort(taken)
	require.Len(t, slices.Compact(taken), workers*each, "every message arrives once")
}

// fails sends a message that cannot go through, and checks what holds for every failure.
func fails(ctx context.Context, t *testing.T, s delivery.Sender, m delivery.Message) *delivery.Failure {
	t.Helper()
	_, err := s.Send(ctx, m)
	require.Error(t, err)
	var f *delivery.Failure
	require.ErrorAs(t, err, &f, "every error of a sender is a Failure, this is a %T", err)
	require.False(t, f.Retryable && f.Unknown, "a failure is retryable or unknown, never both")
	require.Contains(t, delivery.Reasons, f.Reason, "a person must be able to read what it means")
	require.LessOrEqual(t, len([]rune(f.Detail)), delivery.MaxDetail)
	requireRedacted(t, m, fmt.Sprintf("%v %+v %#v", err, *f, *f))
	return f
}

// requireRedacted looks for what identifies the person, in any case and in the encodings of URLs.
func requireRedacted(t *testing.T, m delivery.Message, said string) {
	t.Helper()
	low := strings.ToLower(said)
	secrets := append(strings.Fields(Name), Name, m.To, strings.TrimPrefix(m.To, "+"))
	if local, _, ok := strings.Cut(m.To, "@"); ok {
		secrets = append(secrets, local)
	}
	for _, secret := range secrets {
		if len(secret) < 3 {
			continue
		}
		require.NotContains(t, low, strings.ToLower(secret))
	}
}
