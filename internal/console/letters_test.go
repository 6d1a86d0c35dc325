package console

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// sampleLetters are batches in each state.
func sampleLetters() breach.PostOverview {
	at := sampleNow.Add(-24 * time.Hour)
	one := func(id string, of breach.PostedBatch) breach.PostedBatch {
		of.ID, of.MadeAt, of.Letters, of.Pages = "letters-20261116-"+id, at, 1000, 2100
		if id != "0000000000000001" {
			of.HandedAt = new(at.Add(time.Minute))
		}
		return of
	}
	return breach.PostOverview{Standing: breach.PostStanding{Waiting: 612, Held: 12}, Batches: []breach.PostedBatch{
		one("0000000000000001", breach.PostedBatch{}), one("0000000000000002", breach.PostedBatch{}),
		one("0000000000000003", breach.PostedBatch{Printed: 700, Posted: 300}), one("0000000000000004", breach.PostedBatch{Printed: 990, Posted: 990, Failed: 10}),
		one("0000000000000005", breach.PostedBatch{Printed: 1000, Posted: 1000, Returned: 31}),
	}}
}

func TestLettersAreShownAndWordsAreTaken(t *testing.T) {
	t.Parallel()
	d := sampleDesk()
	var did []string
	var refuse error
	d.post = func(what string) error { did = append(did, what); return refuse }
	d.lettersOf = []breach.PostedLetter{{Letter: "d-1-1", Country: "DE", Pages: 2, State: "returned", Reason: "moved", At: &sampleNow}, {Letter: "d-2-1", Country: "CN", Pages: 3, State: "handed_over"}}
	d.postTold = breach.PostTold{Lines: 4, Taken: 2, Again: 1, Unknown: []string{"d-9"}, Wrong: []breach.WrongLine{{Line: 4, Why: "status must be printed, posted or failed"}}}
	s := newSite(t, d).as(responder)
	const here = "/console/letters"
	p := s.get(here)
	wellMade(t, p, here)
	for _, want := range []string{"612 letters wait for the next batch. 12 of them stay", "On its way to the printer", "With the printer, no word yet", "Being printed and posted", "Some were not printed", "All posted"} {
		require.Contains(t, p.text(), want)
	}
	p = s.sendFile(here, [][2]string{{"csrf", s.csrf()}, {"kind", "returned"}}, []byte("d-1-1\n"))
	for _, want := range []string{"Lines 4: taken 2, known before 1, unknown 1, wrong 1.", "d-9", "Line 4: status must be printed"} {
		require.Contains(t, p.text(), want)
	}
	s.sendFile(here, [][2]string{{"csrf", s.csrf()}, {"kind", "report"}}, []byte("x"))
	require.Contains(t, s.sendFile(here, [][2]string{{"csrf", s.csrf()}, {"kind", "report"}}, nil).text(), "No file was chosen.")
	require.Contains(t, s.sendFile(here, [][2]string{{"csrf", s.csrf()}, {"kind", "report"}}, []byte(strings.Repeat("x", maxWords+1))).text(), "larger than 16 MiB")
	require.Equal(t, []string{"returned d-1-1\n", "report x"}, did)
	refuse = breach.Errorf(breach.ErrInvalid, "no columns")
	require.Contains(t, s.sendFile(here, [][2]string{{"csrf", s.csrf()}, {"kind", "report"}}, []byte("x")).text(), "it needs a line of column names")
	refuse = nil

	file := s.get(here + "/letters-1/manifest.csv")
	require.Equal(t, "attachment; filename=letters.csv", file.header.Get("Content-Disposition"))
	require.Equal(t, "letter_id,country,pages,status,reason,date\nd-1-1,DE,2,returned,moved,2026-11-17\nd-2-1,CN,3,handed_over,,\n", file.raw)

	p = newSite(t, d).as(reader).get(here)
	require.Empty(t, p.all("form[action=/console/letters]"))
	d.letters = breach.PostOverview{}
	require.Contains(t, s.get(here).text(), "No batch was made yet.")
}
