package policy

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var announceNow = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestPromise_M12_AnnouncementFollowsMeasuredFacts(t *testing.T) {
	t.Parallel()
	inAnHour := announceNow.Add(time.Hour)
	limit := func(p Profile) Profile { p.Announcement.CostLimit = &Money{"CNY", 1000}; return p }
	for _, c := range []struct {
		name     string
		change   func(Profile) Profile
		m        Measured
		announce bool
		reason   string
		covers   int64
		says     []string
	}{
		{"everybody is reached", nil, Measured{Tally: breach.Tally{breach.Reached: 1000}},
			false, AnnouncementNotNeeded, 0, []string{"Of 1,000 people: 1,000 reached.", "Nobody is left"}},
		{"no usable contact", nil, Measured{Total: 1000, NoContact: 40},
			true, UncoveredNoContact, 40, []string{"40 people have no contact"}},
		{"failed after every channel, and a child", nil, Measured{Total: 1000, FailedEverywhere: 7, GuardianUnreachable: 1},
			true, UncoveredFailedEverywhere, 8, []string{"7 people were tried", "1 person is under the policy's age", "covers 8 people"}},
		{"the tally knows more than the reasons", nil, Measured{Tally: breach.Tally{breach.Unreachable: 5, breach.Reached: 5}, NoContact: 2},
			true, UncoveredUnreachable, 5, []string{"2 people have no contact", "3 people are not reachable"}},
		{"cannot finish before the deadline", nil, Measured{Total: 10000, Remaining: 10000, PerSecond: 2, Deadline: inAnHour},
			true, UncoveredTooLate, 2800, []string{"At the measured 2.0 per second, 7,200 of the remaining 10,000 can be told in the 1h0m0s until 2026-03-02 13:00 UTC; 2,800 people cannot."}},
		{"can finish", nil, Measured{Total: 10000, Remaining: 7200, PerSecond: 2, Deadline: inAnHour},
			false, AnnouncementNotNeeded, 0, []string{"can be told before 2026-03-02 13:00 UTC"}},
		{"no rate was measured", nil, Measured{Total: 10000, Remaining: 10000, Deadline: inAnHour},
			false, AnnouncementNotNeeded, 0, []string{"no rate was measured yet"}},
		{"a rate that is no number", nil, Measured{Total: 10, Remaining: 10, PerSecond: math.NaN(), Deadline: inAnHour},
			false, AnnouncementNotNeeded, 0, []string{"no rate was measured yet"}},
		{"the deadline has passed", nil, Measured{Total: 10, Remaining: 3, PerSecond: 1000, Deadline: announceNow},
			true, UncoveredTooLate, 3, []string{"has passed with 3 people still to be told"}},
		{"nothing remains after the deadline", nil, Measured{Total: 10, Deadline: announceNow.Add(-time.Hour)},
			false, AnnouncementNotNeeded, 0, nil},
		{"too costly", limit, Measured{Total: 10, Remaining: 4, Cost: &Money{"CNY", 1000.01}},
			true, UncoveredTooCostly, 4, []string{"would cost CNY 1000.01; the policy's limit is 1000.00"}},
		{"at the limit", limit, Measured{Total: 10, Remaining: 4, Cost: &Money{"CNY", 1000}},
			false, AnnouncementNotNeeded, 0, nil},
		{"another currency is not compared", limit, Measured{Total: 10, Remaining: 4, Cost: &Money{"USD", 1e9}},
			false, AnnouncementNotNeeded, 0, []string{"they are not compared"}},
		{"too late and too costly are the same people", limit, Measured{Total: 10, Remaining: 4, Deadline: announceNow, Cost: &Money{"CNY", 2000}},
			true, UncoveredTooLate, 4, nil},
		{"below the minimum", func(p Profile) Profile { p.Announcement.MinUncovered = MinUncovered{Count: 50}; return p },
			Measured{Total: 1000, NoContact: 49}, false, AnnouncementBelowMinimum, 0, []string{"49 people, fewer than the 50"}},
		{"the share is enough", func(p Profile) Profile { p.Announcement.MinUncovered = MinUncovered{Count: 50, Share: 0.04}; return p },
			Measured{Total: 1000, NoContact: 49}, true, UncoveredNoContact, 49, []string{"4.9 % of all"}},
		{"it counts for some only", func(p Profile) Profile { p.Announcement.Covers = []string{UncoveredNoContact}; return p },
			Measured{Total: 1000, NoContact: 2, NotAllowed: 9}, true, UncoveredNoContact, 2, []string{"does not count as notice for 9 people", "covers 2 people"}},
		{"it counts for none", func(p Profile) Profile { p.Announcement.Covers = nil; return p },
			Measured{Total: 1000, NotAllowed: 9}, false, AnnouncementNotCounted, 0, []string{"a person has to decide"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := builtin(t, "mooc")
			if c.change != nil {
				p = c.change(p)
			}
			d := DecideAnnouncement(p, c.m, announceNow)
			require.Equal(t, c.announce, d.Announce, d.Because)
			require.Equal(t, c.reason, d.Reason, d.Because)
			require.Equal(t, c.covers, d.Covers, d.Because)
			all := strings.Join(d.Because, "\n")
			for _, s := range c.says {
				require.Contains(t, all, s)
			}
		})
	}
}

func TestAnnouncementNeverCoversMoreThanWereMeasured(t *testing.T) {
	t.Parallel()
	p := builtin(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int64 { return rapid.Int64Range(0, 1e6).Draw(t, name) }
		m := Measured{NoContact: n("none"), NotAllowed: n("closed"), FailedEverywhere: n("failed"), GuardianUnreachable: n("child"),
			Remaining: n("remaining"), PerSecond: rapid.Float64Range(0, 1e5).Draw(t, "rate"),
			Deadline: announceNow.Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "left")) * time.Second)}
		reached := n("reached")
		unreachable := m.NoContact + m.NotAllowed + m.FailedEverywhere + m.GuardianUnreachable
		m.Tally = breach.Tally{breach.Unreachable: unreachable, breach.Pending: m.Remaining, breach.Reached: reached}
		d := DecideAnnouncement(p, m, announceNow)
		require.GreaterOrEqual(t, d.Covers, int64(0))
		require.LessOrEqual(t, d.Covers, unreachable+m.Remaining)
		require.Equal(t, d.Announce, d.Covers > 0)
		require.NotEmpty(t, d.Reason)
		require.NotEmpty(t, d.Because)
		if unreachable > 0 {
			require.True(t, d.Announce, "an unreachable person is never left out")
			require.GreaterOrEqual(t, d.Covers, unreachable)
		}
	})
}

func TestCountSortsPeopleByTheReasonOfTheirLastStep(t *testing.T) {
	t.Parallel()
	var m Measured
	for _, r := range []string{UncoveredNoContact, UncoveredNotAllowed, UncoveredFailedEverywhere, UncoveredGuardian} {
		require.True(t, m.Count(r))
	}
	require.False(t, m.Count(WhyReached))
	require.Equal(t, Measured{NoContact: 1, NotAllowed: 1, FailedEverywhere: 1, GuardianUnreachable: 1}, m)
}

func TestCountsAreWrittenInGroups(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		require.Equal(t, want, grouped(n))
	}
}
