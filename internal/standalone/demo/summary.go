package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-engine/tocsin/internal/app"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
)

// Summary is what a demo leaves behind for scripts; its shape is fixed, fields may be added.
type Summary struct {
	Incident     string                                  `json:"incident"`
	Policy       string                                  `json:"policy"`
	State        breach.IncidentState                    `json:"state"`
	Assessment   *breach.Assessment                      `json:"assessment"`
	Obligations  []breach.Duty                           `json:"obligations"`
	People       map[string]int64                        `json:"people"`
	Deliveries   map[breach.Channel]breach.ChannelCounts `json:"deliveries"`
	Announcement SummaryAnnouncement                     `json:"announcement"`
	Reports      []SummaryReport                         `json:"reports"`
	Evidence     SummaryEvidence                         `json:"evidence"`
	Open         []SummaryOpen                           `json:"open"` // what a person still has to do; empty when all is done
	TimingsMS    map[string]int64                        `json:"timings_ms"`
}

// SummaryAnnouncement says whether and why the public was told.
type SummaryAnnouncement struct {
	Published bool   `json:"published"`
	URL       string `json:"url"`
	// Reason is a code of the policy's decision; not_decided while there is none.
	Reason  string   `json:"reason"`
	Because []string `json:"because"` // the figures behind it, in sentences
}

// SummaryOpen is one thing that somebody must do.
type SummaryOpen struct {
	What   string      `json:"what"` // as in the status: load_people, submit, approve, mend, acknowledge, close; file, amend
	Role   breach.Role `json:"role"`
	Ref    string      `json:"ref"`
	Reason string      `json:"reason"` // why something must be mended, as on record
}

// SummaryReport is one filed report.
type SummaryReport struct {
	Regime          string     `json:"regime"`
	Obligation      string     `json:"obligation"`
	Phase           string     `json:"phase"`
	Status          string     `json:"status"`
	Acknowledgement string     `json:"acknowledgement"`
	Route           string     `json:"route"`
	DueAt           *time.Time `json:"due_at"`
	FiledAt         time.Time  `json:"filed_at"`
}

// SummaryEvidence names the sealed pack.
type SummaryEvidence struct {
	File     string `json:"file"`
	SHA256   string `json:"sha256"`
	Verified bool   `json:"verified"`
}

// notDecided is the reason of an announcement that was not decided about yet.
const notDecided = "not_decided"

// Summarise looks at how an incident stands at the end of its story, and verifies its evidence pack as a
// stranger would. It is an answer for scripts also where the story got stuck.
func Summarise(ctx context.Context, p *app.Product, story *Story, v breach.Overview, evidenceDir string) (Summary, error) {
	s := Summary{
		Incident: v.Incident.ID, Policy: v.Incident.Policy, State: v.Incident.State, Assessment: v.Assessment, Obligations: relevant(v.Duties),
		People: map[string]int64{"total": v.Total}, Deliveries: map[breach.Channel]breach.ChannelCounts{}, Reports: []SummaryReport{},
		Open: story.stillOpen(v), TimingsMS: map[string]int64{},
	}
	for _, o := range breach.Outcomes {
		s.People[string(o)] = v.People[o]
	}
	for _, c := range breach.Channels {
		counts := breach.ChannelCounts{"repeated": v.Channels[c]["repeated"]}
		for _, st := range breach.AttemptStates {
			counts[string(st)] = v.Channels[c][string(st)]
		}
		s.Deliveries[c] = counts
	}
	duties := map[string]breach.Duty{}
	for _, d := range v.Duties {
		duties[d.ID] = d
	}
	for _, f := range v.Filings {
		d := duties[f.Obligation]
		s.Reports = append(s.Reports, SummaryReport{
			Regime: d.Regime, Obligation: f.Obligation, Phase: d.Phase, Status: f.Status, Acknowledgement: f.Acknowledgement, Route: f.Route, DueAt: d.DueAt, FiledAt: f.FiledAt,
		})
	}
	s.times(v, story.Opening)
	decided, err := p.Store.LastEntryOf(ctx, v.Incident.ID, "announce.decided")
	if err != nil {
		return s, err
	}
	s.Announcement = announcement(v.Announcement, decided.Data)
	if v.Evidence == nil {
		return s, nil
	}
	return s, s.prove(filepath.Join(evidenceDir, v.Evidence.File), p.Desk.Packs.Key.Public().(ed25519.PublicKey))
}

// announcement tells whether and why the public was told, from the page that is up and the last decision on
// record: a page that is up stays up, whatever was decided about a later list.
func announcement(up *breach.Notice, decision json.RawMessage) SummaryAnnouncement {
	var d struct {
		Reason  string
		Because []string
	}
	out := SummaryAnnouncement{Reason: notDecided, Because: []string{}}
	if len(decision) > 0 && json.Unmarshal(decision, &d) == nil && d.Reason != "" {
		out.Reason = d.Reason
		out.Because = append(out.Because, d.Because...)
	}
	if up != nil {
		out.Published, out.URL, out.Reason = true, up.URL, up.Reason
	}
	return out
}

// stillOpen lists what somebody must do, with the reason where there is one on record.
func (s *Story) stillOpen(v breach.Overview) []SummaryOpen {
	out := []SummaryOpen{}
	for _, a := range v.Awaited {
		o := SummaryOpen{What: a.What, Role: a.Role, Ref: a.Ref}
		if a.What == "mend" {
			o.Reason = s.Reason(a)
		}
		out = append(out, o)
	}
	for _, obligation := range unfiled(v) {
		out = append(out, SummaryOpen{What: "file", Role: breach.RoleLead, Ref: obligation, Reason: s.trouble[obligation]})
	}
	for _, m := range v.Missing {
		if v.Incident.State != breach.IncidentClosed {
			out = append(out, SummaryOpen{What: "amend", Role: breach.RoleResponder, Ref: m, Reason: "it is missing and blocks approval"})
		}
	}
	return out
}

// unfiled lists the reports that are in a plan and that no authority has.
func unfiled(v breach.Overview) (out []string) {
	for _, d := range v.Duties {
		_, has := filed(v, d.ID)
		if d.Verdict == breach.Applies && d.Obligation.Duty == "notify_authority" && d.State == breach.ObligationAwaitingApproval && !has {
			out = append(out, d.ID)
		}
	}
	return out
}

func relevant(all []breach.Duty) []breach.Duty {
	out := []breach.Duty{}
	for _, d := range all {
		if d.Verdict != breach.DoesNotApply {
			out = append(out, d)
		}
	}
	return out
}

func (s *Summary) times(v breach.Overview, opening time.Duration) {
	took := func(name string, from, to *time.Time) {
		if from != nil && to != nil {
			s.TimingsMS[name] = max(0, to.Sub(*from).Milliseconds())
		}
	}
	s.TimingsMS["detect_to_open"] = opening.Milliseconds()
	s.TimingsMS["approve_to_first_handover"], s.TimingsMS["approve_to_last_handover"] = 0, 0
	took("approve_to_first_handover", v.Timings.ApprovedAt, v.Timings.FirstHandover)
	took("approve_to_last_handover", v.Timings.ApprovedAt, v.Timings.LastHandover)
}

// prove verifies the pack from its bytes alone.
func (s *Summary) prove(path string, key ed25519.PublicKey) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the evidence pack: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("read the evidence pack: %w", err)
	}
	report, err := evidence.Verify(f, size, key)
	if err != nil {
		return fmt.Errorf("verify the evidence pack: %w", err)
	}
	s.Evidence = SummaryEvidence{File: path, SHA256: hex.EncodeToString(h.Sum(nil)), Verified: report.Verified && report.KeyTrusted}
	if !report.Verified && len(report.Problems) > 0 {
		return fmt.Errorf("the evidence pack does not verify: %s", report.Problems[0])
	}
	return nil
}

// Write writes the summary as indented JSON.
func (s Summary) Write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}
