package app

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/recipients"
)

// JudgeList reads a list as TakeList does and changes nothing. Rows that a person must look at are written to bad as the
// error file, when it is not nil.
func (d *Desk) JudgeList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading, bad io.Writer) (breach.ListJudged, error) {
	if err := handlesLists(by); err != nil {
		return breach.ListJudged{}, err
	}
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return breach.ListJudged{}, err
	}
	age, err := d.Policies.ChildAge(inc.Policy)
	if err != nil {
		return breach.ListJudged{}, err
	}
	earlier, err := d.Store.LastProfile(ctx, incident)
	if err != nil {
		return breach.ListJudged{}, err
	}
	each := func(recipients.Row) error { return nil }
	finish := func() error { return nil }
	if bad != nil {
		out := recipients.NewErrorFile(bad)
		each, finish = out.Add, out.Close
	}
	s, err := recipients.Read(ctx, list, recipients.OptionsFor(how, inc.AgesOn(), age), each)
	if err != nil {
		return breach.ListJudged{}, err
	}
	s.Doubts = append(s.Doubts, s.Profile.Changes(earlier)...)
	return judged(s), finish()
}

// TakeList is LoadList with the answer in counts for people to read. What was judged is there even when the list is
// refused.
func (d *Desk) TakeList(ctx context.Context, incident string, by breach.Actor, list io.Reader, how breach.Reading) (breach.ListJudged, breach.LoadReport, error) {
	if err := handlesLists(by); err != nil {
		return breach.ListJudged{}, breach.LoadReport{}, err
	}
	summary, report, err := d.LoadList(ctx, incident, by, list, how)
	s, _ := summary.(recipients.Summary)
	return judged(s), report, err
}

func handlesLists(by breach.Actor) error {
	if by.Role == breach.RoleLead || by.Role == breach.RoleResponder {
		return nil
	}
	return breach.Errorf(breach.ErrForbidden, "only a responder or a lead loads lists of people")
}

func judged(s recipients.Summary) breach.ListJudged {
	r := s.Reachable
	j := breach.ListJudged{
		Format: s.File.Format, Encoding: s.File.Encoding, Sheet: s.File.Sheet, Sheets: s.File.Sheets,
		Rows: s.Rows, Accepted: s.Accepted, Repaired: s.Repaired, Flagged: s.Flagged, Rejected: s.Rejected, Duplicates: s.Duplicates, Blank: s.SkippedBlank,
		Reachable: map[string]int64{"email": r.Email, "sms": r.SMS, "push": r.Push, "voice": r.Voice, "letter": r.Letter, "none": r.None},
		Children:  s.Minors.WithGuardian, ChildrenAlone: s.Minors.WithoutGuardian, Doubts: s.Doubts,
	}
	for code, n := range s.ByProblem {
		done, do := recipients.Explain(code)
		j.Problems = append(j.Problems, breach.ListProblem{Code: code, Rows: n, Done: done, Do: do})
	}
	slices.SortFunc(j.Problems, func(a, b breach.ListProblem) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Code, b.Code))
	})
	return j
}
