package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/internal/simulator/outbox"
)

// desk plays an incident: each look gives the next scene, the last one again and again. What the two people
// do is written down.
type desk struct {
	scenes []scene
	at     int
	did    []string
	texts  []breach.Text
	number string
}

type scene struct {
	v       breach.Overview
	status  protocol.Status
	entries []breach.AuditEntry
}

func (d *desk) now() scene { return d.scenes[min(d.at, len(d.scenes)-1)] }

func (d *desk) Overview(context.Context, string) (breach.Overview, error) {
	d.at++
	v := d.scenes[min(d.at, len(d.scenes)-1)].v
	v.Incident.ID, v.EngineAnswers = "i1", true
	return v, nil
}

func (d *desk) Timeline(_ context.Context, _ string, after int64, _ int) ([]breach.AuditEntry, error) {
	var out []breach.AuditEntry
	for _, e := range d.now().entries {
		if e.Seq > after {
			out = append(out, e)
		}
	}
	return out, nil
}

func (d *desk) Status(context.Context, string) (protocol.Status, error) { return d.now().status, nil }

func (d *desk) Open(context.Context, breach.IncidentFile, breach.Actor) (breach.Opened, error) {
	d.did = append(d.did, "open")
	return breach.Opened{Incident: "i1"}, nil
}

func (d *desk) LoadList(_ context.Context, _ string, _ breach.Actor, r io.Reader, _ breach.Reading) (any, breach.LoadReport, error) {
	b, err := io.ReadAll(r)
	d.did = append(d.did, "load")
	return map[string]any{}, breach.LoadReport{Added: int64(bytes.Count(b, []byte("\n")))}, err
}

func (d *desk) WaiveContents(_ context.Context, _ string, _ int, gaps []breach.Waiver, _ string, _ breach.Actor) ([]breach.Waiver, error) {
	return gaps, nil
}

func (d *desk) Submit(_ context.Context, _ string, list int, _ breach.Actor) (breach.Submitted, error) {
	d.did = append(d.did, fmt.Sprintf("submit %d", list))
	return breach.Submitted{}, nil
}

func (d *desk) Approve(_ context.Context, _ string, c breach.Consent, by breach.Actor) (breach.PlanRecord, error) {
	d.did = append(d.did, "approve "+c.PlanHash+" by "+by.ID)
	return breach.PlanRecord{}, nil
}

func (d *desk) Acknowledge(_ context.Context, _, obligation, number string, by breach.Actor) (breach.Filing, error) {
	d.did, d.number = append(d.did, "acknowledge "+obligation+" by "+by.ID), number
	return breach.Filing{}, nil
}

func (d *desk) FileAgain(_ context.Context, _, obligation string, _ breach.Actor) error {
	d.did = append(d.did, "file "+obligation)
	return nil
}

func (d *desk) Close(context.Context, string, breach.Actor) error {
	d.did = append(d.did, "close")
	return nil
}

func (d *desk) CloseLeaving(_ context.Context, _, reason string, _ breach.Actor) error {
	d.did = append(d.did, "close: "+reason)
	return nil
}

func (d *desk) Plan(context.Context, string, int) (breach.PlanRecord, []breach.Text, error) {
	return breach.PlanRecord{}, d.texts, nil
}

func (d *desk) Invariant(context.Context, string) (breach.Invariant, error) {
	return breach.Invariant{}, nil
}

// play makes a story over scenes.
func play(t *testing.T, d *desk) (*Story, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	return &Story{
		Desk: d, Screen: &Screen{Out: &out, Now: time.Now, Begin: time.Now()}, Now: time.Now,
		Recall: func() string { return "" }, Remember: func(string) error { return nil },
	}, &out
}

func awaited(what, ref string) breach.Awaited { return breach.Awaited{What: what, Ref: ref} }

func in(state breach.IncidentState, awaited ...breach.Awaited) breach.Overview {
	return breach.Overview{Incident: breach.Incident{State: state}, Awaited: awaited}
}

func closed() scene {
	v := in(breach.IncidentClosed)
	v.Evidence = &breach.Sealed{File: "e.zip"}
	return scene{v: v}
}

func trouble(what, reason string) breach.AuditEntry {
	data, _ := json.Marshal(map[string]string{"what": what, "reason": reason})
	return breach.AuditEntry{Seq: 1, Action: "case.trouble", Data: data}
}

func TestTheStoryActsAsWhoseTurnItIs(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(list, []byte("email\na@x.test\n"), 0o600))
	d := &desk{scenes: []scene{
		{}, {v: in(breach.IncidentAssessing, awaited("load_people", ""))}, {v: in(breach.IncidentAssessing, awaited("submit", "1"))},
		{v: in(breach.IncidentAssessing, awaited("approve", "abc"))}, {v: in(breach.IncidentNotifying)},
		{v: in(breach.IncidentMonitoring, awaited("close", ""))}, closed(),
	}}
	s, _ := play(t, d)
	s.People = list
	v, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, breach.IncidentClosed, v.Incident.State)
	require.Equal(t, []string{"open", "load", "submit 0", "approve abc by " + Approver.ID, "close"}, d.did)
}

func TestWhatMustBeMendedEndsTheStoryOnlyWhenNothingElseIsUnderWay(t *testing.T) {
	t.Parallel()
	mend := []breach.Awaited{awaited("mend", "a/authority/x"), awaited("mend", "2")}
	said := []breach.AuditEntry{trouble("a/authority/x", "the mailbox refused it")}
	wave := func(state string) protocol.Status {
		return protocol.Status{Waves: []protocol.WaveStatus{{Wave: 1, State: state}}, Reports: []protocol.ReportStatus{{Obligation: "a/authority/x"}}}
	}
	d := &desk{scenes: []scene{
		{}, {v: in(breach.IncidentNotifying, mend...), status: wave("delivering"), entries: said},
		{v: in(breach.IncidentNotifying, mend...), status: wave("delivering"), entries: said},
		{v: in(breach.IncidentMonitoring, append(mend, awaited("close", ""))...), status: wave("delivered"), entries: said},
	}}
	s, out := play(t, d)
	v, err := s.Run(t.Context())
	var stuck *Stuck
	require.ErrorAs(t, err, &stuck)
	require.True(t, stuck.Mend)
	require.Equal(t, 3, d.at, "it went on while people were being told")
	require.Equal(t, []string{"open"}, d.did, "nothing is closed over a report that failed")
	require.Len(t, stuck.Problems, 2)
	require.Contains(t, stuck.Problems[0], "the mailbox refused it")
	require.Contains(t, stuck.Problems[0], "tocsin report file i1 a/authority/x")
	require.Contains(t, stuck.Problems[1], "tocsin plan submit i1")
	require.Contains(t, out.String(), "NEEDS A PERSON: a/authority/x: the mailbox refused it")

	open := s.stillOpen(v)
	require.Equal(t, SummaryOpen{What: "mend", Ref: "a/authority/x", Reason: "the mailbox refused it"}, open[0])
	require.Equal(t, "close", open[2].What)
}

func TestWhatFailedInAnEarlierRunIsBegunAgainOnce(t *testing.T) {
	t.Parallel()
	mend := []breach.Awaited{awaited("mend", "2"), awaited("mend", "a/authority/x"), awaited("mend", "facts")}
	d := &desk{scenes: []scene{{v: in(breach.IncidentNotifying, mend...)}}}
	s, out := play(t, d)
	s.Recall = func() string { return "i1" }
	_, err := s.Run(t.Context())
	require.ErrorContains(t, err, "cannot go on")
	require.Equal(t, []string{"submit 2", "file a/authority/x"}, d.did)
	require.Contains(t, out.String(), "Going on with incident i1")
}

func TestFactsThatCannotBeJudgedEndTheStoryBeforeAnythingIsLoaded(t *testing.T) {
	t.Parallel()
	d := &desk{scenes: []scene{{v: in(breach.IncidentAssessing, awaited("mend", "facts"), awaited("load_people", ""))}}}
	s, _ := play(t, d)
	_, err := s.Run(t.Context())
	require.ErrorContains(t, err, "facts could not be judged")
	require.Equal(t, []string{"open"}, d.did)
}

func TestAStoryInWhichNothingMovesEnds(t *testing.T) {
	t.Parallel()
	paused := in(breach.IncidentNotifying)
	paused.Paused = true
	for id, state := range map[string]breach.ObligationState{"a/authority/x": breach.ObligationAwaitingApproval, "a/authority/final": ""} {
		duty := breach.Obligation{ID: id, Duty: "notify_authority", Verdict: breach.Applies}
		paused.Duties = append(paused.Duties, breach.Duty{Obligation: duty, State: state})
	}
	d := &desk{scenes: []scene{{v: paused}}}
	s, _ := play(t, d)
	s.Patience = time.Second
	_, err := s.Run(t.Context())
	var stuck *Stuck
	require.ErrorAs(t, err, &stuck)
	require.True(t, stuck.Mend)
	require.ErrorContains(t, err, "nothing has moved for 1s")
	require.ErrorContains(t, err, "tocsin send resume i1")
	require.ErrorContains(t, err, "no authority has taken a/authority/x yet")
	require.Equal(t, []SummaryOpen{{What: "file", Role: breach.RoleLead, Ref: "a/authority/x"}}, s.stillOpen(paused))
}

func TestClosingWaitsUntilReportsAreFiledAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	filing := scene{v: in(breach.IncidentMonitoring, awaited("close", "")), status: protocol.Status{Reports: []protocol.ReportStatus{{Obligation: "a/authority/x"}}}}
	d := &desk{scenes: []scene{{}, filing, filing, filing, {v: filing.v}, closed()}}
	s, out := play(t, d)
	_, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"open", "close"}, d.did)
	require.Equal(t, 1, strings.Count(out.String(), "closing waits"))
}

// reportText is long and has lines of its own, as reports do.
const reportText = "Report of an incident\nReference: a/authority/x\n\nWhat happened."

func reportFiled(t *testing.T, d *desk) breach.Overview {
	t.Helper()
	text, err := breach.NewText(breach.TextBody{Kind: breach.KindReport, Channel: "a/authority/x", Parts: map[string]string{"title": "T", "text": reportText}})
	require.NoError(t, err)
	d.texts = []breach.Text{text}
	v := in(breach.IncidentMonitoring, awaited("acknowledge", "a/authority/x"), awaited("close", ""))
	v.Waves = []breach.Wave{{Wave: 1}}
	v.Filings = []breach.Filing{{Obligation: "a/authority/x", Route: "email", SHA256: text.Ref.SHA256, Status: "filed", FiledAt: time.Now()}}
	return v
}

// letters is an outbox with reports and the authority's answers.
func letters(t *testing.T) (*outbox.Box, *Mailbox) {
	t.Helper()
	box, err := outbox.Open("")
	require.NoError(t, err)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(func() { server.Close(); _ = box.Close() })
	return box, NewMailbox(server.URL)
}

func write(t *testing.T, box *outbox.Box, channel, id, replyTo, text string) {
	t.Helper()
	raw := "From: a@x.test\r\nMessage-ID: " + id + "\r\n"
	if replyTo != "" {
		raw += "In-Reply-To: " + replyTo + "\r\n"
	}
	_, err := box.Append(outbox.Message{Channel: channel, Recipient: "b@x.test", MessageID: id, Outcome: "accepted", Taken: true, Raw: []byte(raw + "\r\n" + text)})
	require.NoError(t, err)
}

func TestAnAnswerByMailIsEnteredBeforeTheIncidentCloses(t *testing.T) {
	t.Parallel()
	d := &desk{}
	v := reportFiled(t, d)
	d.scenes = []scene{{}, {v: v}, {v: v}, {v: v}, {v: v}, {v: v}, {v: in(breach.IncidentMonitoring, awaited("close", ""))}, closed()}
	s, out := play(t, d)
	var box *outbox.Box
	box, s.Mail = letters(t)
	write(t, box, outbox.ChannelEmail, "<r1@x.test>", "", reportText+"\r\n")
	write(t, box, outbox.ChannelEmail, "<r2@x.test>", "", "Another report.")
	write(t, box, outbox.ChannelAnswer, "<a2@x.test>", "<r2@x.test>", "Receipt number: OTHER-1\r\n")
	time.AfterFunc(400*time.Millisecond, func() {
		write(t, box, outbox.ChannelAnswer, "<a1@x.test>", "<r1@x.test>", "Thank you.\r\n\r\nReceipt number: CAC-2026-000007\r\n")
	})
	_, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "CAC-2026-000007", d.number)
	require.Contains(t, d.did, "acknowledge a/authority/x by "+Approver.ID)
	require.Equal(t, "close", d.did[len(d.did)-1])
	require.Contains(t, out.String(), "Wei Lin enters CAC-2026-000007")
}

func TestAnAuthorityThatDoesNotAnswerKeepsNobodyWaitingForEver(t *testing.T) {
	t.Parallel()
	d := &desk{}
	v := reportFiled(t, d)
	d.scenes = []scene{{}, {v: v}, {v: v}, {v: v}, closed()}
	s, out := play(t, d)
	_, s.Mail = letters(t)
	begin := time.Now()
	s.Now = func() time.Time { // each real 100 ms is 10 s
		return begin.Add(100 * time.Since(begin))
	}
	_, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Contains(t, d.did, "close")
	require.Contains(t, out.String(), "tocsin report acknowledge")
}

// What nothing in the demo carries out is left by name and with a reason, as a person has to do it.
func TestTheDemoLeavesDutiesByName(t *testing.T) {
	t.Parallel()
	v := in(breach.IncidentMonitoring, awaited("close", ""))
	duty := func(id, kind string, verdict breach.Verdict) breach.Duty {
		return breach.Duty{Obligation: breach.Obligation{ID: id, Duty: kind, Verdict: verdict}}
	}
	v.Duties = []breach.Duty{
		duty("a/media/notice", "notify_media", breach.Applies), duty("a/individuals/notice", "notify_individuals", breach.Applies),
		duty("b/authority/x", "notify_authority", breach.CannotTell), duty("a/authority/x", "notify_authority", breach.Applies), duty("c/other/x", "notify_other", breach.DoesNotApply),
	}
	v.Filings = []breach.Filing{{Obligation: "a/authority/x", Status: "filed"}}
	d := &desk{scenes: []scene{{}, {v: v}, closed()}}
	s, out := play(t, d)
	_, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Contains(t, d.did[len(d.did)-1], "close: The demo ends here")
	for _, id := range []string{"a/media/notice", "b/authority/x"} {
		require.Contains(t, out.String(), id)
	}
	require.NotContains(t, out.String(), "a/individuals/notice")
}
