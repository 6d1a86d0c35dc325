package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What may be done about a delivery that comes too late, in the order in which it helps soonest.
const (
	AdviceConnections = "more_connections" // more of them to the provider that is slow, or another worker
	AdviceProvider    = "another_provider" // a second one beside it
	AdviceAnnounce    = "announce_now"     // tell the public now, and go on telling people one by one
)

// Sent is what was measured of a delivery that is under way, since nothing holds it back (see AtFullPace). Instants
// are UTC; zero when nothing was handed over.
type Sent struct {
	Messages    int64 // handed over so far, whatever became of them
	First, Last time.Time
	Began       time.Time // when the first message ever was handed over; zero: not known
	Left        int64     // people to whom nothing was handed over yet
	// Limit is how many messages a second the providers take together, see Profile.Capacity; 0 is no limit.
	Limit float64
	// People are on the lists in all. Parts are those of them who share a limit of their own.
	People int64
	Parts  []Part
}

// Part are the people of one mail domain or country, and how many messages a second the providers take for it.
type Part struct {
	People    int64
	PerSecond float64
}

// SentBy gathers what was measured with the limits of a policy.
func SentBy(p Profile, pace breach.Pace, where breach.Spread, left int64) Sent {
	return Sent{
		Messages: pace.Messages, First: pace.First, Last: pace.Last, Began: pace.Began, Left: left,
		Limit: p.Capacity(), People: where.People, Parts: p.Parts(where),
	}
}

// AtFullPace says that a list (0: each list) is told as fast as it goes: no stage is watched, no gate waits for a
// person, no brake holds anybody. Else its pace says nothing of the time that is left: a hold is no slowness.
func AtFullPace(stages []breach.Stage, brakes breach.Brakes, wave int) bool {
	for _, st := range stages {
		if (wave == 0 || st.Wave == wave) && st.Name != StageFull {
			return false
		}
	}
	for _, b := range brakes {
		if b.Kind == breach.BrakeStop || b.Kind == breach.BrakeGate && (wave == 0 || b.Holds(wave, "", "", "")) {
			return false
		}
	}
	return true
}

// leastSent is how many messages, and over how long, make a rate that says something.
const (
	leastSent = 20
	leastTime = 2 * time.Second
	// furthest is as good as never, and still an instant.
	furthest = 50 * 365 * 24 * time.Hour
	// stalled is how long nothing may be handed over before the silence counts as slowness.
	stalled = time.Minute
)

// Rate is how many messages a second go out: what was measured, or the providers' limit where that is slower; 0
// while there is nothing to measure. limited says that it is the limit.
func (s Sent) Rate(now time.Time) (perSecond float64, limited bool) {
	took := s.Last.Sub(s.First)
	if s.Messages < leastSent || took < leastTime {
		return 0, false
	}
	if now.Sub(s.Last) > stalled {
		took = now.Sub(s.First)
	}
	perSecond = float64(s.Messages) / took.Seconds()
	for _, limit := range []float64{s.Limit, s.narrowest(now)} {
		if limit > 0 && limit < perSecond {
			perSecond, limited = limit, true
		}
	}
	return perSecond, limited
}

// narrowest is how fast those who are left can be told when the part that takes longest is the last to be done; 0
// without such a part. How many of a part are left nobody counts: it is taken for its share of all who are left, or
// for what its limit cannot have let through since the first message, where that is more.
func (s Sent) narrowest(now time.Time) float64 {
	var longest float64 // seconds
	for _, p := range s.Parts {
		left := float64(s.Left) * float64(p.People) / float64(max(s.People, p.People, 1))
		if !s.Began.IsZero() {
			left = max(left, float64(p.People)-p.PerSecond*now.Sub(s.Began).Seconds())
		}
		longest = max(longest, min(left, float64(s.Left))/p.PerSecond)
	}
	if longest == 0 {
		return 0
	}
	return float64(s.Left) / longest
}

// Parts lists those who share a limit by domain or country with the providers of the channel that the policy tries
// first; whoever comes to another channel is counted by what is measured. Ranges of numbers are not counted.
func (p Profile) Parts(where breach.Spread) (out []Part) {
	if len(p.Channels) == 0 {
		return nil
	}
	part := func(people int64, limit func(*Limits) float64) {
		var sum float64
		for _, v := range p.Providers {
			if v.Channel != p.Channels[0].Channel {
				continue
			}
			one := 0.0
			if v.Limits != nil {
				one = limit(v.Limits)
			}
			if one == 0 {
				return // somebody takes them as they come
			}
			sum += one
		}
		if sum > 0 {
			out = append(out, Part{People: people, PerSecond: sum})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(where.Domains)) {
		part(where.Domains[name], func(l *Limits) float64 { return l.PerDomain.of(name) })
	}
	for _, name := range slices.Sorted(maps.Keys(where.Countries)) {
		part(where.Countries[name], func(l *Limits) float64 { return l.PerCountry.of(name) })
	}
	return out
}

// Capacity is how many messages a second the providers of this policy take together at the most, all channels side
// by side; 0 when one of them has no limit.
func (p Profile) Capacity() float64 {
	var sum float64
	for _, v := range p.Providers {
		if !slices.ContainsFunc(p.Channels, func(r ChannelRule) bool { return r.Channel == v.Channel }) {
			continue
		}
		if v.Limits == nil || v.Limits.PerSecond == 0 {
			return 0
		}
		sum += v.Limits.PerSecond
	}
	return sum
}

// EstimateHandover says when the last message is handed over at that rate, and whether that is too late
// for the earliest deadline of a duty to tell people; nil while there is nothing to estimate from, or nobody is
// left. It changes nothing: a later now with the same measurements never gives an earlier end.
func EstimateHandover(s Sent, duties []breach.Duty, now time.Time) *breach.Estimate {
	rate, limited := s.Rate(now)
	if s.Left <= 0 || rate == 0 {
		return nil
	}
	e := &breach.Estimate{Left: s.Left, PerSecond: rate, LastHandover: now.Add(ahead(float64(s.Left) / rate)).Round(time.Millisecond).UTC()}
	for _, d := range duties {
		open := d.Duty == "notify_individuals" && d.Verdict != breach.DoesNotApply && d.State != breach.ObligationClosed
		if open && d.DueAt != nil && (e.DueAt == nil || d.DueAt.Before(*e.DueAt)) {
			e.Obligation, e.DueAt = d.ID, d.DueAt
		}
	}
	if e.DueAt != nil && e.LastHandover.After(*e.DueAt) {
		e.LateBy = (e.LastHandover.Sub(*e.DueAt) + time.Second - 1).Truncate(time.Second) // up: late by a moment is late
		e.Advice = []string{AdviceConnections, AdviceProvider, AdviceAnnounce}
		if limited { // more connections to those who take no more do not help
			e.Advice = e.Advice[1:]
		}
	}
	return e
}

func ahead(seconds float64) time.Duration {
	if seconds >= furthest.Seconds() {
		return furthest
	}
	return time.Duration(seconds * float64(time.Second))
}
