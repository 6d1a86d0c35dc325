package calllist

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

type spool struct {
	kept   map[string]breach.CallScript
	broken error
}

func (s *spool) KeepCall(_ context.Context, c breach.CallScript, _ time.Time) error {
	if s.broken == nil {
		s.kept[c.Attempt] = c
	}
	return s.broken
}

func (s *spool) HasCall(_ context.Context, attempt string) (bool, error) {
	_, ok := s.kept[attempt]
	return ok, s.broken
}

func TestACallWaitsOnTheList(t *testing.T) {
	t.Parallel()
	ledger := &spool{kept: map[string]breach.CallScript{}}
	s := New(ledger, time.Now)
	m := delivery.Message{DeliveryID: "d-1", AttemptID: "d-1-1", Channel: breach.Voice, To: "+15005559876", Locale: "en", Text: "Hello", Machine: "Call us"}
	_, found, err := s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.False(t, found)
	for range 2 {
		r, err := s.Send(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, breach.HandedOver, r.State)
	}
	require.Equal(t, breach.CallScript{Attempt: "d-1-1", Locale: "en", Text: "Hello", Machine: "Call us", To: m.To}, ledger.kept["d-1-1"])
	_, found, err = s.Ask(t.Context(), m)
	require.NoError(t, err)
	require.True(t, found)

	var f *delivery.Failure
	bad := m
	bad.To = "123"
	_, err = s.Send(t.Context(), bad)
	require.ErrorAs(t, err, &f)
	require.Equal(t, delivery.ReasonNumberInvalid, f.Reason)
	ledger.broken = errors.New("away")
	_, err = s.Send(t.Context(), m)
	require.ErrorAs(t, err, &f)
	require.True(t, f.Unknown)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Send(ended, m)
	require.ErrorAs(t, err, &f)
	require.True(t, f.Retryable)
}

// The list comes back from a spreadsheet as it went out, and computes nothing on the way.
func TestTheListThereAndBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	calls := []breach.ListedCall{
		{CallScript: breach.CallScript{Attempt: "a-1", To: "+15005559876", Locale: "en", Text: "=HYPERLINK(\"x\")\nsecond", Machine: "@sum"}, Incident: "i-1", At: at},
		{CallScript: breach.CallScript{Attempt: "a-2", To: "+8613800138000", Locale: "zh-Hans", Text: "您好", Machine: "您好"}, Incident: "i-1", At: at},
	}
	var out bytes.Buffer
	require.NoError(t, Write(&out, calls))
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), mark))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	for _, row := range rows[1:] {
		for _, cell := range row {
			require.False(t, strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r"), cell)
		}
	}
	words, wrong, err := Read(out.Bytes())
	require.NoError(t, err)
	require.Empty(t, append(words[:0:0], words...))
	require.Empty(t, wrong, "nobody called yet")
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	words, wrong, err := Read([]byte("\xef\xbb\xbfcall_id;who;outcome\na-1;x;Reached\na-2;x;\na-3;x;call_back\na b;x;busy\na-5;x;maybe\na-6;x;wrong_number\n"))
	require.NoError(t, err)
	require.Equal(t, []Wrong{{5, "call_id is none"}, {6, "outcome must be one of busy, call_back, hung_up, machine, no_answer, not_in_use, reached, refused, wrong_number"}}, wrong)
	require.Equal(t, []Word{
		{2, "a-1", breach.CallWord{Heard: breach.HeardKey, State: breach.Delivered, Ended: true, Detail: "written down by a caller"}},
		{4, "a-3", breach.CallWord{Detail: "written down by a caller"}},
		{7, "a-6", breach.CallWord{State: breach.FailedPermanent, Reason: delivery.ReasonWrongNumber, Ended: true, Detail: "written down by a caller"}},
	}, words)
	for code, w := range outcomes {
		require.True(t, w.State == "" || w.State == breach.Delivered || delivery.Reasons[w.Reason].Cause != "", code)
	}
	for _, bad := range []string{"", "a,b\n", "call_id\n"} {
		_, _, err := Read([]byte(bad))
		require.Error(t, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("call_id,outcome\na-1,reached\n"))
	f.Add([]byte("call_id;outcome\n\"a\n;busy"))
	f.Fuzz(func(t *testing.T, b []byte) {
		words, _, err := Read(b)
		if err != nil {
			return
		}
		for _, w := range words {
			if !delivery.PlainID(w.Call) {
				t.Fatalf("%q", w.Call)
			}
		}
	})
}
