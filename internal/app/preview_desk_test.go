package app

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/examples"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
)

// Previews are composed of what the ledger holds, show nothing in clear, and stand on the record.
func TestPromise_M18_APreviewShowsNoticesMaskedAndOnRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	ctx, author := t.Context(), breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	incident := planOf(t, p, author)

	out, err := p.Desk.Preview(ctx, incident, breach.PreviewQuery{Worst: true}, author)
	require.NoError(t, err)
	require.EqualValues(t, 5, out.Looked)
	shown := map[string]breach.Preview{}
	for _, v := range out.Previews {
		shown[v.Why] = v
		for _, word := range []string{"Dahlberg", "marit", "علي", "olomew", "Brook", "rosa", "404555"} {
			require.NotContains(t, strings.Join(append(v.Masked, v.Text, v.HTML, v.Subject), " "), word)
		}
	}
	require.EqualValues(t, 3, shown["longest name"].Person)
	require.Equal(t, breach.SMS, shown["longest name"].Channel)
	require.Equal(t, 1, shown["longest name"].SMS.Parts)
	require.Contains(t, shown["right to left"].Text, "Dear مسسس سسس, code EXM-")
	require.Equal(t, breach.ToGuardian, shown["child with guardian"].Addressee)
	require.Contains(t, shown["child with guardian"].Text, "Dear Rxxx Xxxxx, code EXM-0000-0000-0000 Lxx Xxxxx")
	require.EqualValues(t, 3, shown["no email"].Person)

	out, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{Person: 5}, author)
	require.NoError(t, err)
	require.Contains(t, out.Previews[0].None, "no contact")
	_, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{Person: 6}, author)
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(err))
	_, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{Person: 1}, breach.Actor{ID: "vera", Role: breach.RoleReader})
	require.Equal(t, breach.ErrForbidden, breach.CodeOf(err))
	_, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{}, author)
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))

	_, texts, err := p.Desk.PlanRevision(ctx, incident, 0, 1)
	require.NoError(t, err)
	require.Len(t, texts, 4)
	_, _, err = p.Desk.PlanRevision(ctx, incident, 1, 2)
	require.Equal(t, breach.ErrNotFound, breach.CodeOf(err))

	entries, err := p.Store.Timeline(ctx, incident, 0, 0)
	require.NoError(t, err)
	looks := 0
	for _, e := range entries {
		if e.Action == "notice.previewed" {
			looks++
			require.Equal(t, author.ID, e.Actor)
			require.NotContains(t, string(e.Data), "mail.test")
		}
	}
	require.Equal(t, 2, looks)
}

// A letter and a call can be read while the policy opens neither; the plan stays as it is.
func TestAPreviewOfAChannelThatThePolicyDoesNotOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.serverOn(&updates{failures: map[string]error{}}, nil)
	ctx, author := t.Context(), breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	incident := planOf(t, p, author)
	call := breach.PreviewQuery{Person: 3, Channel: breach.Voice}

	out, err := p.Desk.Preview(ctx, incident, call, author)
	require.NoError(t, err)
	require.True(t, out.Previews[0].Unplanned)
	require.Contains(t, out.Previews[0].None, "no text", "the incident has no words yet")

	file, err := breach.ParseIncident(examples.Incident)
	require.NoError(t, err)
	_, rev, err := p.Store.File(ctx, incident, 0)
	require.NoError(t, err)
	_, err = p.Store.AmendFile(ctx, incident, file, rev, author, time.Now())
	require.NoError(t, err)
	before, _, err := p.Desk.Plan(ctx, incident, 0)
	require.NoError(t, err)
	out, err = p.Desk.Preview(ctx, incident, call, author)
	require.NoError(t, err)
	said := out.Previews[0]
	require.True(t, said.Unplanned)
	require.Empty(t, said.None)
	require.Contains(t, said.Text, "E, X, M. 0, 0, 0, 0. 0, 0, 0, 0. 0, 0, 0, 0")
	require.Contains(t, said.Text, "Press 1 to hear this again.")
	require.NotEmpty(t, said.Machine)
	require.NotContains(t, said.Text+said.Machine, "Barth")

	out, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{Person: 3, Channel: breach.Letter}, author)
	require.NoError(t, err)
	require.Contains(t, out.Previews[0].None, "contact for this channel is missing")
	require.Empty(t, out.PDF)
	if lost := paper.NewFonts().Missing("en"); len(lost) == 0 {
		out, err = p.Desk.Preview(ctx, incident, breach.PreviewQuery{Person: 1, Channel: breach.Letter, Paper: true}, author)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(out.PDF, []byte("%PDF-")))
		require.Equal(t, []string{"Europe/Oslo", "place"}, []string{out.Previews[0].Zone, out.Previews[0].ZoneFrom})
		shown := textOfPDF(t, out.PDF)
		require.Contains(t, shown, "Mxxxx Xxxxxxxx")
		require.Contains(t, shown, "xx Xxxxxxxx")
		worst, err := p.Desk.Preview(ctx, incident, breach.PreviewQuery{Worst: true, Channel: breach.Letter, Paper: true}, author)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(worst.PDF, []byte("%PDF-")))
		for _, v := range worst.Previews {
			require.EqualValues(t, 1, v.Person, "who has an address")
		}
		for _, word := range []string{"Dahlberg", "Oslogata", "0192"} {
			require.NotContains(t, shown, word)
		}
	}
	after, _, err := p.Desk.Plan(ctx, incident, 0)
	require.NoError(t, err)
	require.Equal(t, before.Hash, after.Hash)
}

// textOfPDF is what another program reads in a file.
func textOfPDF(t *testing.T, pdf []byte) string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("SKIPPED: pdftotext is not installed (Debian: poppler-utils)")
	}
	cmd := exec.CommandContext(t.Context(), program, "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	text, err := cmd.Output()
	require.NoError(t, err)
	return string(text)
}
