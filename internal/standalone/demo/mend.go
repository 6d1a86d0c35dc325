package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Stuck says that the incident cannot go on without a person; Problems is what they must do.
type Stuck struct {
	Problems []string
	// Mend says that something failed that should have worked; otherwise the answer is plainly no.
	Mend bool
}

func (s *Stuck) Error() string {
	text := "the incident cannot go on by itself:"
	for _, p := range s.Problems {
		text += "\n  - " + p
	}
	return text
}

// factsRef is what the story calls the facts when they could not be judged.
const factsRef = "facts"

// learn keeps why somebody must mend something; a later word on the same thing replaces an earlier one.
func (s *Story) learn(e breach.AuditEntry) {
	var d struct{ What, Reason string }
	if e.Action == "case.trouble" && json.Unmarshal(e.Data, &d) == nil {
		s.trouble[d.What] = d.Reason
	}
}

// Reason is why something has to be mended, as the record tells; empty when it does not.
func (s *Story) Reason(a breach.Awaited) string {
	if why := s.trouble[a.Ref]; why != "" {
		return why
	}
	return s.trouble["list "+a.Ref]
}

// underway reports whether anything goes on beside what has to be mended: a list that is being told, a report
// that is being filed.
func (s *Story) underway(ctx context.Context, v breach.Overview, mend []breach.Awaited) bool {
	short, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	at, err := s.Desk.Status(short, v.Incident.ID)
	if err != nil {
		return true // the next look tells, and patience ends
	}
	for _, w := range at.Waves {
		if w.State == "approved" || w.State == "delivering" {
			return true
		}
	}
	broken := map[string]bool{}
	for _, a := range mend {
		broken[a.Ref] = true
	}
	for _, r := range at.Reports {
		if r.State == "" && !broken[r.Obligation] {
			return true
		}
	}
	return false
}

// again begins once more, and once only, what failed in an earlier run: whoever starts again has mended it.
func (s *Story) again(ctx context.Context, v breach.Overview, ref string) (bool, error) {
	if !s.resumed || s.retried[ref] || ref == factsRef {
		return false, nil
	}
	s.retried[ref] = true
	if strings.Contains(ref, "/") {
		s.Screen.Say(Approver.Name + " has " + ref + " filed again")
		return true, ignoreBusy(s.Desk.FileAgain(ctx, v.Incident.ID, ref, Approver))
	}
	list, err := strconv.Atoi(ref)
	if err != nil {
		return false, nil //nolint:nilerr // something else than a list or a report: a person has to look
	}
	return true, s.submit(ctx, v.Incident.ID, list)
}

func (s *Story) stuck(v breach.Overview, mend []breach.Awaited) error {
	out := &Stuck{Mend: true}
	for _, a := range mend {
		out.Problems = append(out.Problems, s.problem(v.Incident.ID, a))
	}
	return out
}

// problem says what has to be mended, why, and how to go on.
func (s *Story) problem(id string, a breach.Awaited) string {
	why := s.Reason(a)
	if why == "" {
		why = "the record does not say why; the worker's log does (logs/tocsin.log in the data directory)"
	}
	switch {
	case a.Ref == factsRef:
		return "the facts could not be judged: " + why + ". Correct them: tocsin incident amend " + id + " -f facts.json"
	case strings.Contains(a.Ref, "/"):
		return fmt.Sprintf("the report %s was not filed: %s. Once that is mended: tocsin report file %s %s", a.Ref, why, id, a.Ref)
	}
	return fmt.Sprintf("sending to list %s stopped: %s. Once that is mended: tocsin plan submit %s, then a new approval", a.Ref, why, id)
}

// acknowledge does what a person does about a report that went by email: look for the authority's answer and
// enter its number. later says that it is worth waiting for.
func (s *Story) acknowledge(ctx context.Context, v breach.Overview, obligation string) (later bool, err error) {
	filing, ok := filed(v, obligation)
	if !ok || s.Mail == nil || filing.Acknowledgement != "" {
		return false, nil
	}
	short, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	text, err := s.reportText(short, v, filing)
	if err != nil || text == "" {
		return false, late(ctx, short, err)
	}
	number, err := s.Mail.Number(short, text)
	if err == nil && number != "" {
		s.Screen.Say("The authority has answered by mail: " + Approver.Name + " enters " + number)
		_, err = s.Desk.Acknowledge(short, v.Incident.ID, obligation, number, Approver)
		return err != nil, ignoreBusy(err)
	}
	if s.Now().Sub(filing.FiledAt) < mailPatience || s.Now().Sub(s.moved) < mailPatience {
		return true, nil
	}
	s.once(obligation, "No answer from the authority to "+obligation+" yet. When it comes: tocsin report acknowledge")
	return false, nil
}

func filed(v breach.Overview, obligation string) (breach.Filing, bool) {
	for _, f := range v.Filings {
		if f.Obligation == obligation {
			return f, true
		}
	}
	return breach.Filing{}, false
}

// reportText is the text of a report as it was approved and filed.
func (s *Story) reportText(ctx context.Context, v breach.Overview, f breach.Filing) (string, error) {
	for _, w := range v.Waves {
		_, texts, err := s.Desk.Plan(ctx, v.Incident.ID, w.Wave)
		if breach.CodeOf(err) == breach.ErrNotFound {
			continue
		}
		if err != nil {
			return "", err
		}
		for _, t := range texts {
			if t.Ref.SHA256 == f.SHA256 {
				body, err := t.Open()
				return body.Parts["text"], err
			}
		}
	}
	return "", nil
}
