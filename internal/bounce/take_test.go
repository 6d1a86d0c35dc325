package bounce

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/delivery/email/returnpath"
)

const (
	someDelivery = "0123456789abcdef0123456789abcdef"
	someAttempt  = someDelivery + "-1"
)

// book keeps what is recorded, and fails when it is told to.
type book struct {
	facts []breach.Returned
	err   error
}

func (b *book) RecordReturned(_ context.Context, r breach.Returned) (bool, error) {
	if b.err == nil {
		b.facts = append(b.facts, r)
	}
	return true, b.err
}

func taker(t testing.TB) (*Taker, *book, map[breach.ReturnKind]int) {
	t.Helper()
	key, err := returnpath.New([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	b, counts := &book{}, map[breach.ReturnKind]int{}
	return &Taker{Key: key, Ledger: b, Now: func() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) },
		Count: func(_ string, k breach.ReturnKind) { counts[k]++ }}, b, counts
}

// addressed puts ids of ours into a sample.
func addressed(t testing.TB, k *returnpath.Key, name string) []byte {
	t.Helper()
	local, ok := k.Local(someAttempt, 5)
	require.True(t, ok)
	return []byte(strings.NewReplacer("@RP@", local+"@bounce.academy.example", "@MID@", k.MessageID(someDelivery)+"@bounce.academy.example").
		Replace(string(sample(t, name))))
}

func TestTakeRecordsWhatItIsAbout(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]breach.Returned{
		"postfix":       {Attempt: someAttempt, Block: 5, Kind: breach.ReturnFailed, Reason: delivery.ReasonNoMailbox, Detail: "550 5.1.1 <[removed]>: Recipient address rejected: User unknown", Reporter: "relay.academy.example"},
		"expired":       {Attempt: someAttempt, Block: 5, Kind: breach.ReturnFailed, Reason: delivery.ReasonGaveUp, Detail: "4.4.7 delivery temporarily suspended: connection timed out", Reporter: "relay.academy.example"},
		"unknowncode":   {Attempt: someAttempt, Block: 5, Kind: breach.ReturnFailed, Reason: delivery.ReasonRejected, Detail: "5.99.123 X-Custom [removed] nobody knows this", Reporter: "mx.example.net"},
		"complaint":     {Attempt: someAttempt, Block: 5, Kind: breach.ReturnComplained, Detail: "abuse", Reporter: "fbl.example.net"},
		"wrapped":       {Attempt: someAttempt, Block: 5, Kind: breach.ReturnFailed, Reason: delivery.ReasonNoMailbox, Detail: "550 5.1.1 unknown", Reporter: "mx.example.net"},
		"missingstatus": {Attempt: someAttempt, Block: 5, Kind: breach.ReturnUnclassified, Detail: "The following message could not be delivered."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, b, _ := taker(t)
			out, err := k.Take(t.Context(), ByHTTP, addressed(t, k.Key, name))
			require.NoError(t, err)
			require.Equal(t, breach.ReturnTaken{Kind: want.Kind, Recorded: true}, out)
			want.At = k.Now()
			require.Equal(t, []breach.Returned{want}, b.facts)
		})
	}
}

func TestTheReturnPathComesFirst(t *testing.T) {
	t.Parallel()
	k, b, _ := taker(t)
	raw := addressed(t, k.Key, "postfix")
	other, _ := k.Key.Local("ffff-3", 0)
	_, err := k.Take(t.Context(), BySMTP, raw, other+"@bounce.academy.example")
	require.NoError(t, err)
	require.Equal(t, "ffff-3", b.facts[0].Attempt, "the envelope is surest")

	local, _ := k.Key.Local(someAttempt, 5)
	_, err = k.Take(t.Context(), ByMailbox, []byte(strings.ReplaceAll(string(raw), local, "bounces")))
	require.NoError(t, err)
	require.Equal(t, someDelivery, b.facts[1].Delivery, "then the Message-ID")
	require.Empty(t, b.facts[1].Attempt)
	require.True(t, k.Ours(local+"@x.example"))
	require.False(t, k.Ours("bounces@x.example"))
}

func TestForgedAndForeignMailIsDropped(t *testing.T) {
	t.Parallel()
	k, b, counts := taker(t)
	liar, _, _ := taker(t)
	var err error
	liar.Key, err = returnpath.New([]byte(strings.Repeat("x", 32)))
	require.NoError(t, err)
	for raw, want := range map[string]breach.ReturnKind{
		string(addressed(t, liar.Key, "postfix")): Forged, string(sample(t, "postfix")): Unnamed,
		string(addressed(t, k.Key, "vacation")): AutoReply, string(addressed(t, k.Key, "person")): Other, "": Other,
	} {
		out, err := k.Take(t.Context(), ByHTTP, []byte(raw))
		require.NoError(t, err)
		require.Equal(t, breach.ReturnTaken{Kind: want}, out)
	}
	require.Empty(t, b.facts)
	require.Equal(t, map[breach.ReturnKind]int{Forged: 1, Unnamed: 1, AutoReply: 1, Other: 2}, counts)
}

func TestWhatTheLedgerDoesNotTakeIsTakenAgain(t *testing.T) {
	t.Parallel()
	k, b, counts := taker(t)
	b.err = errors.New("away")
	raw := addressed(t, k.Key, "postfix")
	_, err := k.Take(t.Context(), ByHTTP, raw)
	require.Error(t, err)
	require.Empty(t, counts)
	b.err = nil
	_, err = k.Take(t.Context(), ByHTTP, raw)
	require.NoError(t, err)
	require.Len(t, b.facts, 1)
}
