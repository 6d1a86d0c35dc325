package breach

import "strings"

// Left are the ids of duties that closing an incident leaves behind: Undone apply and were not carried out, of Untold
// nobody can tell whether they apply, and they were not carried out either.
type Left struct {
	Undone []string
	Untold []string
}

// None says that nothing is left behind.
func (l Left) None() bool { return len(l.Undone)+len(l.Untold) == 0 }

// Add sorts in a duty that was not carried out.
func (l *Left) Add(o Obligation) {
	if o.Verdict == CannotTell {
		l.Untold = append(l.Untold, o.ID)
		return
	}
	l.Undone = append(l.Undone, o.ID)
}

// String names every one of them.
func (l Left) String() string {
	var parts []string
	if len(l.Undone) > 0 {
		parts = append(parts, "duties that apply were not done: "+strings.Join(l.Undone, ", "))
	}
	if len(l.Untold) > 0 {
		parts = append(parts, "nobody can tell yet whether these duties apply: "+strings.Join(l.Untold, ", "))
	}
	return strings.Join(parts, "; ")
}

// OwedAtEnd says that an incident is not closed over a duty in silence: it applies, or nobody can tell, and by the facts
// it was not met. What begins only when something else happens, which it has not, is not owed.
func (o Obligation) OwedAtEnd() bool {
	if o.Verdict == DoesNotApply || o.MetAt != nil {
		return false
	}
	uncalled := o.Clock != nil && o.Clock.Provisional && strings.HasPrefix(o.Clock.From, "event_at")
	return !uncalled
}
