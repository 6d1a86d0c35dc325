package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Reasons for which somebody cannot be told one by one. The first four are also the reasons of
// StepExhausted; unreachable stands for people whose reason was not measured.
const (
	UncoveredNoContact        = "no_contact"           // no contact that this organisation can use
	UncoveredNotAllowed       = "not_allowed"          // contacts, but a promise or an objection closes each
	UncoveredFailedEverywhere = "failed_everywhere"    // every allowed channel failed
	UncoveredGuardian         = "guardian_unreachable" // a child whose guardian cannot be reached
	UncoveredUnreachable      = "unreachable"          // by the tally, without one of the reasons above
	UncoveredTooLate          = "too_late"             // not before the deadline at the measured rate
	UncoveredTooCostly        = "too_costly"           // telling them one by one exceeds the cost limit
)

var uncoveredReasons = []string{UncoveredNoContact, UncoveredNotAllowed, UncoveredFailedEverywhere,
	UncoveredGuardian, UncoveredUnreachable, UncoveredTooLate, UncoveredTooCostly}

// Reasons of a Decision besides those above.
const (
	AnnouncementNotNeeded    = "not_needed"    // nobody is left uncovered
	AnnouncementBelowMinimum = "below_minimum" // fewer than the policy's minimum: a person decides about them
	AnnouncementNotCounted   = "not_counted"   // the policy lets an announcement count for none of them
)

// Measured are the facts from which an announcement is decided. Counts are people, never negative; nobody
// whom an earlier announcement covers is in any of them but Total and Tally.
type Measured struct {
	Total int64 // 0 takes the sum of Tally
	Tally breach.Tally
	// Each unreachable person is in exactly one of these four, see Count. What Tally has beyond their sum
	// counts as unreachable for a reason that was not measured.
	NoContact           int64
	NotAllowed          int64
	FailedEverywhere    int64
	GuardianUnreachable int64
	// Remaining people still have to be handed over; PerSecond is the rate that was measured, or the providers'
	// limit where that is slower (0 when none was measured).
	Remaining int64
	PerSecond float64
	Deadline  time.Time // by when people must be told, UTC; zero when there is none
	HouseTerm bool      // the house set that deadline for a duty of the law that names no number
	Cost      *Money    // of telling the remaining people one by one; nil when it is not known
}

// AnnouncementCovers reports whether this policy lets an announcement count as notice for people who could not
// be told one by one for a reason.
func (p Profile) AnnouncementCovers(reason string) bool {
	return slices.Contains(p.Announcement.Covers, reason)
}

// Count adds one unreachable person by the reason of their StepExhausted; false for another reason.
func (m *Measured) Count(reason string) bool {
	switch reason {
	case UncoveredNoContact:
		m.NoContact++
	case UncoveredNotAllowed:
		m.NotAllowed++
	case UncoveredFailedEverywhere:
		m.FailedEverywhere++
	case UncoveredGuardian:
		m.GuardianUnreachable++
	default:
		return false
	}
	return true
}

// Decision says whether an announcement is made, and explains it with numbers in plain words. Reason is the
// code that concerns most people, or why there is none. Covers is the number of people for whom it counts.
type Decision struct {
	Announce bool     `json:"announce"`
	Reason   string   `json:"reason"`
	Because  []string `json:"because"`
	Covers   int64    `json:"covers"`
}

// uncovered is how many people one reason concerns, and the sentence that says so.
type uncovered struct {
	reason string
	people int64
	says   string
}

// DecideAnnouncement decides from measured facts whether telling people one by one is impractical or
// incomplete (promise M12). It never decides from an estimate: a rate or a cost that was not measured is
// said to be unknown and decides nothing.
func DecideAnnouncement(p Profile, m Measured, now time.Time) Decision {
	if m.Total == 0 {
		m.Total = m.Tally.Sum()
	}
	unexplained := m.Tally[breach.Unreachable] - m.NoContact - m.NotAllowed - m.FailedEverywhere - m.GuardianUnreachable
	d := Decision{Because: []string{progress(m)}}
	found := []uncovered{
		counted(UncoveredNoContact, m.NoContact, "%s no contact that can be used", "has", "have"),
		counted(UncoveredNotAllowed, m.NotAllowed, "%s contacts, but a promise of the policy or an objection closes each of them", "has", "have"),
		counted(UncoveredFailedEverywhere, m.FailedEverywhere, "%s tried on every allowed channel, and each failed", "was", "were"),
		counted(UncoveredGuardian, m.GuardianUnreachable, "%s under the policy's age, and no guardian can be reached", "is", "are"),
		counted(UncoveredUnreachable, unexplained, "%s not reachable, for a reason that was not measured", "is", "are"),
	}
	late, lateSays := tooLate(m, now)
	costly, costSays := tooCostly(p.Announcement.CostLimit, m)
	found = append(found, uncovered{UncoveredTooLate, late, lateSays}, uncovered{UncoveredTooCostly, costly, costSays})

	var anybody, remaining, most int64
	for _, u := range found {
		if u.says != "" {
			d.Because = append(d.Because, u.says)
		}
		anybody += u.people
		if u.people == 0 {
			continue
		}
		if !p.AnnouncementCovers(u.reason) {
			d.Because = append(d.Because, "Under this policy an announcement does not count as notice for "+people(u.people)+" of the last line: a person has to decide.")
			continue
		}
		if u.reason == UncoveredTooLate || u.reason == UncoveredTooCostly {
			remaining = max(remaining, u.people) // the same people, twice impractical
		} else {
			d.Covers += u.people
		}
		if u.people > most {
			most, d.Reason = u.people, u.reason
		}
	}
	d.Covers += remaining
	return weigh(d, p.Announcement.MinUncovered, m.Total, anybody)
}

// weigh compares the people whom an announcement would cover with the policy's minimum.
func weigh(d Decision, least MinUncovered, total, anybody int64) Decision {
	switch {
	case anybody == 0:
		d.Reason = AnnouncementNotNeeded
		d.Because = append(d.Because, "Nobody is left for whom an announcement is needed.")
	case d.Covers == 0:
		d.Reason = AnnouncementNotCounted
	case d.Covers >= least.Count:
		d.Announce = true
		d.Because = append(d.Because, fmt.Sprintf("An announcement covers %s; the policy asks for one from %s.", people(d.Covers), grouped(least.Count)))
	case least.Share > 0 && total > 0 && float64(d.Covers) >= least.Share*float64(total):
		d.Announce = true
		d.Because = append(d.Because, fmt.Sprintf("An announcement covers %s, %.1f %% of all; the policy asks for one from %.1f %%.",
			people(d.Covers), 100*float64(d.Covers)/float64(total), 100*least.Share))
	default:
		d.Because = append(d.Because, fmt.Sprintf("That is %s, fewer than the %s from which the policy asks for an announcement: a person has to decide about them.",
			people(d.Covers), grouped(least.Count)))
		d.Reason, d.Covers = AnnouncementBelowMinimum, 0
	}
	return d
}

func counted(reason string, n int64, format, one, many string) uncovered {
	if n <= 0 {
		return uncovered{reason: reason}
	}
	verb := many
	if n == 1 {
		verb = one
	}
	return uncovered{reason, n, people(n) + " " + fmt.Sprintf(format, verb) + "."}
}

// tooLate counts the remaining people who cannot be told before the deadline at the measured rate.
func tooLate(m Measured, now time.Time) (int64, string) {
	if m.Remaining <= 0 || m.Deadline.IsZero() {
		return 0, ""
	}
	due := m.Deadline.UTC().Format("2006-01-02 15:04") + " UTC"
	if m.HouseTerm {
		due += " (the house's own deadline for a duty of the law, which names no number)"
	}
	left := m.Deadline.Sub(now)
	if left <= 0 {
		return m.Remaining, fmt.Sprintf("The deadline of %s has passed with %s still to be told.", due, people(m.Remaining))
	}
	if !(m.PerSecond > 0) {
		return 0, fmt.Sprintf("%s still to be told before %s; no rate was measured yet, so it decides nothing.", people(m.Remaining), due)
	}
	can := math.Floor(m.PerSecond * left.Seconds())
	if can >= float64(m.Remaining) {
		return 0, fmt.Sprintf("The remaining %s can be told before %s at the measured %.1f per second.", people(m.Remaining), due, m.PerSecond)
	}
	late := m.Remaining - int64(can)
	return late, fmt.Sprintf("At the measured %.1f per second, %s of the remaining %s can be told in the %s until %s; %s cannot.",
		m.PerSecond, grouped(int64(can)), grouped(m.Remaining), left.Round(time.Second), due, people(late))
}

// tooCostly counts the remaining people when telling them one by one costs more than the policy's limit.
func tooCostly(limit *Money, m Measured) (int64, string) {
	if limit == nil || m.Remaining <= 0 || m.Cost == nil {
		return 0, ""
	}
	if m.Cost.Currency != limit.Currency {
		return 0, fmt.Sprintf("The cost is known in %s and the limit is in %s: they are not compared.", m.Cost.Currency, limit.Currency)
	}
	if !(m.Cost.Amount > limit.Amount) {
		return 0, ""
	}
	return m.Remaining, fmt.Sprintf("Telling the remaining %s one by one would cost %s %.2f; the policy's limit is %.2f.",
		people(m.Remaining), limit.Currency, m.Cost.Amount, limit.Amount)
}

func progress(m Measured) string {
	var parts []string
	for _, o := range breach.Outcomes {
		if n := m.Tally[o]; n > 0 {
			parts = append(parts, grouped(n)+" "+strings.ReplaceAll(string(o), "_", " "))
		}
	}
	if len(parts) == 0 {
		return people(m.Total) + " are on the list."
	}
	return "Of " + people(m.Total) + ": " + strings.Join(parts, ", ") + "."
}

func people(n int64) string {
	if n == 1 {
		return "1 person"
	}
	return grouped(n) + " people"
}

// grouped writes a count with a comma every three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
