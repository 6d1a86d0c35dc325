package evidence

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// story checks that the files of a pack tell one story: the audit chain holds, people add up, what was
// sent was approved by a second person, texts and plans are the ones that were approved.
type story struct {
	v         *verifier
	chain     Chain
	chainOff  bool
	numbers   []int64 // people, ascending
	needs     []proof // beside numbers: what the outcome needs
	shown     []proof // beside numbers: what was seen
	counts    *Counts
	plans     map[string]breach.Plan // by recomputed hash
	approvals []numbered[ApprovalRecord]
	texts     map[string]bool
	sent      map[string]int64 // text -> first attempt that used it
}

// proof is what the outcome of a person rests on.
type proof uint8

const (
	anAttempt proof = 1 << iota
	anAcknowledgement
)

type numbered[T any] struct {
	n int64
	v T
}

func newStory(v *verifier) *story {
	return &story{v: v, plans: map[string]breach.Plan{}, texts: map[string]bool{}, sent: map[string]int64{}}
}

// order puts people before the attempts and acknowledgements that point at them; the rest stays as it is.
func (s *story) order(files []FileEntry) []FileEntry {
	out := slices.Clone(files)
	slices.SortStableFunc(out, func(a, b FileEntry) int { return late(a.Name) - late(b.Name) })
	return out
}

func late(name string) int {
	if name == AttemptsFile || name == AcknowledgementsFile {
		return 1
	}
	return 0
}

var hex64 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// text notes a text file, if it carries its own hash as its name.
func (s *story) text(e FileEntry) {
	base := path.Base(e.Name)
	if strings.HasPrefix(e.Name, TextsFolder) && hex64.MatchString(e.SHA256) && strings.TrimSuffix(base, path.Ext(base)) == e.SHA256 {
		s.texts[e.SHA256] = true
	}
}

func (s *story) wants(name string) bool {
	return name == CountsFile || strings.HasPrefix(name, PlansFolder)
}

func (s *story) document(name string, b []byte) {
	if name == CountsFile {
		var c Counts
		if json.Unmarshal(b, &c) != nil || c.People == nil {
			s.v.problem(name, 0, "cannot be read as counts")
			return
		}
		s.counts = &c
		return
	}
	var p breach.Plan
	if strict(b, &p) != nil {
		s.v.problem(name, 0, "cannot be read as a plan")
		return
	}
	if name != PlanFile(p.Wave, p.Revision) {
		s.v.problem(name, 0, "is not the plan that its name says")
		return
	}
	s.plans[p.Hash()] = p
}

func (s *story) record(file string, n int64, b []byte) {
	switch file {
	case AuditFile:
		var e breach.AuditEntry
		if s.decode(file, n, b, &e) && !s.chainOff {
			if err := s.chain.Next(e); err != nil {
				s.chainOff = true
				s.v.problem(file, n, "breaks the audit chain: the entry before it is missing, or this one was changed")
			}
		}
	case PeopleFile:
		var p PersonRecord
		if s.decode(file, n, b, &p) {
			s.person(n, p)
		}
	case AttemptsFile:
		var a AttemptRecord
		if s.decode(file, n, b, &a) {
			s.attempt(n, a)
		}
	case AcknowledgementsFile:
		var a AcknowledgementRecord
		if s.decode(file, n, b, &a) {
			s.acknowledgement(n, a)
		}
	case ApprovalsFile:
		var a ApprovalRecord
		if s.decode(file, n, b, &a) {
			s.approvals = append(s.approvals, numbered[ApprovalRecord]{n, a})
		}
	}
}

func (s *story) decode(file string, n int64, b []byte, v any) bool {
	if json.Unmarshal(b, v) == nil {
		return true
	}
	s.v.problem(file, n, "does not have the fields that it needs")
	return false
}

func (s *story) person(n int64, p PersonRecord) {
	if k := len(s.numbers); k > 0 && s.numbers[k-1] >= p.Person {
		s.v.problem(PeopleFile, n, "is out of order or there twice: people stand by ascending number")
		return
	}
	if !slices.Contains(breach.Outcomes, p.Outcome) {
		s.v.problem(PeopleFile, n, "has an outcome that does not exist")
		return
	}
	s.numbers = append(s.numbers, p.Person)
	var needs proof
	switch {
	case p.Outcome == breach.Reached && p.Reason == breach.ReasonAcknowledged:
		needs = anAcknowledgement
	case p.Outcome == breach.Reached, p.Outcome == breach.Attempted:
		needs = anAttempt
	}
	s.needs, s.shown = append(s.needs, needs), append(s.shown, 0)
	s.v.report.People[string(p.Outcome)]++
	s.v.report.People["total"]++
}

func (s *story) attempt(n int64, a AttemptRecord) {
	i, known := slices.BinarySearch(s.numbers, a.Person)
	if !known {
		s.v.problem(AttemptsFile, n, "is about a person who is not in people.jsonl")
		return
	}
	s.shown[i] |= anAttempt
	if a.Text == "" && a.State == breach.FailedTemporary && a.Unknown == "" {
		return // its intent never reached the ledger, so that nothing was begun: the database was away
	}
	if _, seen := s.sent[a.Text]; !seen {
		s.sent[a.Text] = n
	}
}

func (s *story) acknowledgement(n int64, a AcknowledgementRecord) {
	i, known := slices.BinarySearch(s.numbers, a.Person)
	switch {
	case !known:
		s.v.problem(AcknowledgementsFile, n, "is about a person who is not in people.jsonl")
	case a.Counts:
		s.shown[i] |= anAcknowledgement
	}
}

func (s *story) finish() {
	s.finishPeople()
	approved := s.finishApprovals()
	for _, h := range sortedKeys(s.sent) {
		switch {
		case !s.texts[h]:
			s.v.problem(AttemptsFile, s.sent[h], "was sent with a text that is not in texts/")
		case !approved[h]:
			s.v.problem(AttemptsFile, s.sent[h], "was sent with a text that no approved plan names")
		}
	}
}

func (s *story) finishPeople() {
	for i, n := range s.numbers {
		if lacks := s.needs[i] &^ s.shown[i]; lacks != 0 {
			by := map[proof]string{anAttempt: "attempt", anAcknowledgement: "acknowledgement that counts"}[lacks]
			s.v.problem(PeopleFile, int64(i+1), "says that person %d was told, and no %s shows it", n, by)
			break
		}
	}
	if s.counts == nil {
		return
	}
	for _, o := range append([]string{"total"}, outcomeNames()...) {
		if have, want := s.v.report.People[o], s.counts.People[o]; have != want {
			s.v.problem(CountsFile, 0, "says %d for %s; people.jsonl adds up to %d", want, o, have)
		}
	}
}

// finishApprovals returns the texts of all plans that a second person approved.
func (s *story) finishApprovals() map[string]bool {
	approved := map[string]bool{}
	for _, a := range s.approvals {
		plan, ok := s.plans[a.v.PlanHash]
		switch {
		case a.v.Approver == "" || a.v.Approver == a.v.Author:
			s.v.problem(ApprovalsFile, a.n, "was given by the plan's author: nobody may approve their own plan")
			continue
		case !ok || plan.Wave != a.v.Wave:
			s.v.problem(ApprovalsFile, a.n, "approves a plan that is not in plans/, or that was changed after the approval")
			continue
		case len(a.v.Accepted) > 0 && !slices.Equal(a.v.Accepted, plan.Unreviewed()):
			s.v.problem(ApprovalsFile, a.n, "accepts other texts as unreviewed than those that the plan names so")
		}
		for _, refs := range [][]breach.NoticeRef{plan.Notices, plan.Announcement, plan.Reports} {
			for _, ref := range refs {
				approved[ref.SHA256] = true
				if !s.texts[ref.SHA256] {
					s.v.problem(ApprovalsFile, a.n, "approves a text that is not in texts/")
				}
			}
		}
	}
	return approved
}

func outcomeNames() []string {
	var names []string
	for _, o := range breach.Outcomes {
		names = append(names, string(o))
	}
	return names
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return int(m[a] - m[b]) })
	return keys
}
