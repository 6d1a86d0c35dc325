package letter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

func TestReport(t *testing.T) {
	t.Parallel()
	words, wrong, err := Report([]byte("\xef\xbb\xbfDate;Letter_ID;Status\r\n2026-11-24;d1-1;posted\r\n2026-11-23;d2-1;Printed\r\n;d3-1;failed\r\n;d4-1;posted\r\n2026-13-01;d5-1;printed\r\n;../x;failed\r\n;d6-1;eaten\r\n"))
	require.NoError(t, err)
	require.Equal(t, []Word{
		{Line: 2, Letter: "d1-1", On: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Receipt: delivery.Receipt{State: breach.Delivered, Detail: "posted 2026-11-24"}},
		{Line: 3, Letter: "d2-1", On: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Receipt: delivery.Receipt{State: breach.Accepted}},
		{Line: 4, Letter: "d3-1", Receipt: delivery.Receipt{State: breach.FailedTemporary, Reason: delivery.ReasonNotPrinted}},
	}, words)
	lines := make([]int, len(wrong))
	for i, w := range wrong {
		lines[i] = w.Line
	}
	require.Equal(t, []int{5, 6, 7, 8}, lines)
	_, _, err = Report([]byte("letter_id,status\nd1-1,posted\n"))
	require.ErrorContains(t, err, "date")
	_, _, err = Report(nil)
	require.Error(t, err)
}

func TestReturned(t *testing.T) {
	t.Parallel()
	words, wrong, err := Returned([]byte("d1-1\nd2-1\n\nd3-1\r\nno good\n"))
	require.NoError(t, err)
	require.Len(t, words, 3)
	require.Equal(t, []Wrong{{5, "letter_id is not the id of a letter"}}, wrong)
	require.Equal(t, Word{Line: 4, Letter: "d3-1", Receipt: delivery.Receipt{State: breach.FailedPermanent, Reason: delivery.ReasonReturned, Detail: "other"}}, words[2])

	words, wrong, err = Returned([]byte("letter_id,reason,date\nd1-1,moved,2026-12-01\nd2-1,eaten,\n"))
	require.NoError(t, err)
	require.Equal(t, "moved", words[0].Receipt.Detail)
	require.Len(t, wrong, 1)
	for code := range Returns {
		words, _, err := Returned([]byte("letter_id,reason\nd1-1," + code + "\n"))
		require.NoError(t, err)
		require.Len(t, words, 1)
	}
	for _, other := range []string{"", "letter_id,status,date\nd1-1,posted,2026-11-24\n", "letter_id,country,first_page,pages,file,sha256\nd1-1,DE,1,2,,\n", "letter_id,reason,status\nd1-1,,posted\n"} {
		_, _, err := Returned([]byte(other))
		require.Error(t, err, "nobody is lost by the wrong file: %q", other)
	}
	words, _, err = Returned([]byte("\xff\xfeD\x001\x00\n\x00"))
	require.NoError(t, err)
	require.Equal(t, "D1", words[0].Letter, "a scanner that writes UTF-16")
	require.Contains(t, delivery.Reasons, delivery.ReasonReturned)
	require.Contains(t, delivery.Reasons, delivery.ReasonNotPrinted)
}

func FuzzWords(f *testing.F) {
	f.Add([]byte("letter_id,status,date\nd1-1,posted,2026-11-24\n"))
	f.Add([]byte("d1-1\nd2-1\n"))
	f.Add([]byte("letter_id;reason\n\"d1-1;moved\n"))
	f.Add([]byte("\xef\xbb\xbfletter_id\treason\r\nd1-1\tmoved\r\n\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func([]byte) ([]Word, []Wrong, error){Report, Returned} {
			words, _, err := read(b)
			if err != nil {
				continue
			}
			for _, w := range words {
				require.True(t, delivery.PlainID(w.Letter))
				require.Positive(t, w.Line)
				require.NotEmpty(t, w.Receipt.State)
			}
		}
	})
}
