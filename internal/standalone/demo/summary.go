package demo

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	TimingsMS    map[string]int64                        `json:"timings_ms"`
}

// SummaryAnnouncement says whether and why the public was told.
type SummaryAnnouncement struct {
	Published bool   `json:"published"`
	URL       string `json:"url"`
	Reason    string `json:"reason"`
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

// Summarise looks at how an incident ended and verifies its evidence pack as a stranger would. opening is
// how long it took from the call to a running clock.
func Summarise(p *app.Product, v breach.Overview, evidenceDir string, opening time.Duration) (Summary, error) {
	s := Summary{
		Incident: v.Incident.ID, Policy: v.Incident.Policy, State: v.Incident.State, Assessment: v.Assessment, Obligations: relevant(v.Duties),
		People: map[string]int64{"total": v.Total}, Deliveries: map[breach.Channel]breach.ChannelCounts{}, Reports: []SummaryReport{}, TimingsMS: map[string]int64{},
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
	if a := v.Announcement; a != nil {
		s.Announcement = SummaryAnnouncement{Published: true, URL: a.URL, Reason: a.Reason}
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
	s.times(v, opening)
	if v.Evidence == nil {
		return s, nil
	}
	return s, s.prove(filepath.Join(evidenceDir, v.Evidence.File), p.Desk.Packs.Key.Public().(ed25519.PublicKey))
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

// Links are the places to look at after a demo.
type Links struct{ Console, Temporal, Outbox, DataDir string }

// Close shows how the story ended and where to look.
func (s *Screen) Close(sum Summary, l Links) {
	s.erase()
	var b strings.Builder
	fmt.Fprintf(&b, "\n  The story of incident %s under policy %s: %s\n\n", sum.Incident, sum.Policy, sum.State)
	if a := sum.Assessment; a != nil && a.Score != nil {
		fmt.Fprintf(&b, "  Severity      %s, %.2f by %s\n", a.Level, *a.Score, a.Scheme)
	}
	fmt.Fprintf(&b, "  People        %d", sum.People["total"])
	for _, o := range breach.Outcomes {
		if n := sum.People[string(o)]; n > 0 {
			fmt.Fprintf(&b, "\n    %s %-26s %9d", mark(o, s.Terminal), word(breach.PersonMachine, string(o)), n)
		}
	}
	b.WriteString("\n")
	for _, r := range sum.Reports {
		fmt.Fprintf(&b, "  Report        %s: %s %s\n", r.Obligation, r.Status, r.Acknowledgement)
	}
	if sum.Announcement.Published {
		fmt.Fprintf(&b, "  Announcement  %s\n", sum.Announcement.URL)
	}
	if sum.Evidence.File != "" {
		fmt.Fprintf(&b, "  Evidence      %s\n                verified: %s\n", sum.Evidence.File, yes(sum.Evidence.Verified))
	}
	fmt.Fprintf(&b, "\n  Console       %s\n  Temporal UI   %s\n  Outbox        %s\n  Data          %s\n\n", l.Console, l.Temporal, l.Outbox, l.DataDir)
	fmt.Fprint(s.Out, b.String())
}
