package policy

import (
	"fmt"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// AnnouncementDecided is the reason of an announcement that a person decided while people were still being told.
const AnnouncementDecided = "decided_by_a_lead"

const nobodyLoses = "Everybody goes on being told one by one: the page takes nobody's own message away."

// ForeseeLate decides, while people are being told one by one, whether the public is told now because not
// everybody can be told before the deadline. It covers nobody: those who are still to be told get their
// message, and who cannot be reached in the end is decided about then, by DecideAnnouncement.
func ForeseeLate(p Profile, m Measured, now time.Time) Decision {
	if m.Total == 0 {
		m.Total = m.Tally.Sum()
	}
	d := Decision{Because: []string{progress(m)}, Reason: AnnouncementNotNeeded}
	late, says := tooLate(m, now)
	if says != "" {
		d.Because = append(d.Because, says)
	}
	least := p.Announcement.MinUncovered
	switch {
	case late == 0:
	case !p.AnnouncementCovers(UncoveredTooLate):
		d.Reason = AnnouncementNotCounted
		d.Because = append(d.Because, "Under this policy an announcement is no notice for those who are told too late: a person has to decide.")
	case late >= least.Count, least.Share > 0 && m.Total > 0 && float64(late) >= least.Share*float64(m.Total):
		d.Announce, d.Reason = true, UncoveredTooLate
		d.Because = append(d.Because, "So the public is told now.", nobodyLoses)
	default:
		d.Reason = AnnouncementBelowMinimum
		d.Because = append(d.Because, fmt.Sprintf("That is fewer than the %s from which the policy asks for an announcement: a person has to decide.", people(least.Count)))
	}
	return d
}

// AnnounceDecided explains an announcement that a lead decided.
func AnnounceDecided(by string, m Measured) Decision {
	if m.Total == 0 {
		m.Total = m.Tally.Sum()
	}
	return Decision{Announce: true, Reason: AnnouncementDecided,
		Because: []string{progress(m), "A lead, " + by + ", decided that the public is told now; the reason is on the record.", nobodyLoses}}
}

// DeadlineToTell is the earliest instant (UTC) by which people must be told under a duty of the law that applies;
// zero when there is none. house says that the law names no number for it ("without undue delay") and the house set
// one. A duty that the organisation only promised, or one that may not apply, publishes nothing by itself.
func DeadlineToTell(duties []breach.Obligation) (due time.Time, house bool) {
	for _, o := range duties {
		ofLaw := o.Basis == bindingLaw || o.Binding == bindingLaw // an older judgement names no basis
		if o.Duty != "notify_individuals" || o.Verdict != breach.Applies || !ofLaw || o.DueAt == nil {
			continue
		}
		termOfHouse := o.Binding != bindingLaw
		if due.IsZero() || o.DueAt.Before(due) || o.DueAt.Equal(due) && !termOfHouse {
			due, house = o.DueAt.UTC(), termOfHouse
		}
	}
	return due, house
}

// CostOf adds up what telling people one by one costs, in the currency of the policy's limit: people by the
// channel that is next for them, prices by channel and currency as the facts give them. nil when there is no
// limit, or when the price of a channel that somebody needs is not known.
func CostOf(p Profile, next map[breach.Channel]int64, prices map[string]map[string]float64) *Money {
	if p.Announcement.CostLimit == nil {
		return nil
	}
	out := Money{Currency: p.Announcement.CostLimit.Currency}
	for c, n := range next {
		price, known := prices[string(c)][out.Currency]
		if n > 0 && !known {
			return nil
		}
		out.Amount += price * float64(n)
	}
	return &out
}
