package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// commands builds the operator's program into a directory, and gives it into somebody's hands by their token.
func (w *world) commands(t *testing.T, dir string) func(token string) command {
	t.Helper()
	program := filepath.Join(dir, "tocsin")
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tocsin").CombinedOutput()
	require.NoError(t, err, "%s", said)
	return func(token string) command {
		return command{program, dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TOCSIN_SERVER=" + w.BaseURL, "TOCSIN_TOKEN=" + token}}
	}
}

// What no plan carries out, by commands: its text is written, a lead states that it was done, the facts know when; a
// question is answered, and the duties that hang on it are judged anew.
func TestMainJob11WhatAPersonDoesByHand(t *testing.T) {
	t.Parallel()
	const other, question, asked = "sg-pdpa/other/assessment", "uk-gdpr/risk_unlikely", "uk-gdpr/authority/initial"
	w, dir := theWorld(t), t.TempDir()
	as := w.commands(t, dir)
	author, lead := as(w.author), as(w.lead)
	file, err := json.Marshal(example(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "incident.json"), file, 0o600))
	var opened breach.Opened
	author.json(t, &opened, "incident", "open", "-f", "incident.json")
	k := &kase{w: w, id: opened.Incident, author: w.as(w.author), lead: w.as(w.lead)}
	k.until(t, "the duties", func(v breach.Overview) bool { return len(v.Duties) > 0 })
	require.Equal(t, breach.Applies, verdict(k.overview(t), other))

	var text breach.DutyText
	author.json(t, &text, "report", "text", k.id, other)
	require.Equal(t, other, text.Obligation)
	require.NotEmpty(t, text.To)
	require.Contains(t, text.Text, text.To)
	require.Equal(t, text.Text+"\n", string(author.run(t, 0, "report", "text", k.id, other)))
	as(w.reader).run(t, 1, "report", "text", k.id, other)

	author.run(t, 1, "report", "done", k.id, other, "--said", "not hers to state")
	lead.run(t, 1, "report", "done", k.id, "sg-pdpa/individuals/notice", "--said", "people are counted one by one")
	var done breach.Filing
	lead.json(t, &done, "report", "done", k.id, other, "--said", "assessment in the minutes of today")
	require.Equal(t, breach.RouteByHand, done.Route)
	v := k.until(t, "the instant in the facts", func(v breach.Overview) bool {
		i := slices.IndexFunc(v.Duties, func(d breach.Duty) bool { return d.ID == other })
		return v.Duties[i].MetAt != nil && v.Duties[i].State == breach.ObligationClosed
	})
	require.True(t, slices.ContainsFunc(v.Filings, func(f breach.Filing) bool {
		return f.Obligation == other && f.Said == "assessment in the minutes of today" && f.FiledAt.Equal(done.FiledAt)
	}))
	require.True(t, k.recorded(t, "duty.done_by_hand"))

	require.Equal(t, breach.Applies, verdict(v, asked))
	as(w.reader).run(t, 1, "incident", "answer", k.id, question, "yes", "--reason", "a reader answers nothing")
	var changed breach.Amended
	author.json(t, &changed, "incident", "answer", k.id, question, "yes", "--reason", "the few in the UK hold test accounts")
	require.True(t, slices.ContainsFunc(changed.Changes, func(c breach.DutyChange) bool { return c.Obligation == asked && c.To == breach.DoesNotApply }), "%+v", changed.Changes)
	require.Equal(t, breach.DoesNotApply, verdict(k.overview(t), asked))
	lead.json(t, &changed, "incident", "answer", k.id, question, "no", "--reason", "they were real ones after all")
	require.Equal(t, breach.Applies, verdict(k.overview(t), asked))
}
