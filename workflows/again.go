package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// againUpdates take decisions that the ledger has already, so they are never refused: to try people again, whose
// command is named after the decision, and to tell the public now.
func (s *story) againUpdates(ctx workflow.Context) error {
	err := update(ctx, s, protocol.UpdateAgain, func(protocol.Command) error { return nil }, func(ctx workflow.Context, in protocol.Command) (protocol.Done, error) {
		if !slices.Contains(s.retrying, in.ID) {
			s.retrying = append(s.retrying, in.ID)
			workflow.Go(ctx, func(ctx workflow.Context) { s.tryAgain(ctx, in.ID) })
		}
		return s.done(), nil
	})
	if err != nil {
		return err
	}
	return update(ctx, s, protocol.UpdateAnnounce, func(protocol.Announce) error { return nil }, func(ctx workflow.Context, in protocol.Announce) (protocol.Done, error) {
		if s.asked == nil {
			s.asked = &breach.AnnounceNow{Wave: in.Wave, PlanHash: in.PlanHash, By: in.Actor}
			workflow.Go(ctx, s.announceNow)
		}
		return s.done(), nil
	})
}

// goOn carries out what an earlier story did not come to.
func (s *story) goOn(ctx workflow.Context) {
	if s.closed {
		return
	}
	for _, id := range slices.Clone(s.retrying) {
		workflow.Go(ctx, func(ctx workflow.Context) { s.tryAgain(ctx, id) })
	}
	if s.asked != nil {
		workflow.Go(ctx, s.announceNow)
	}
}

// tryAgain sets those back to be told whom a decision is about, and delivers their lists once more. The duties to
// people stay as they are: where they were done, those whom an announcement covers are told all the same.
func (s *story) tryAgain(ctx workflow.Context, id string) {
	out, err := startAgain(ctx, activities.AgainIn{Incident: s.in.Incident, Decision: id})
	s.retrying = slices.DeleteFunc(s.retrying, func(r string) bool { return r == id })
	switch {
	case err != nil:
		s.note(ctx, "deliver", "a decision to try people again could not be carried out: "+why(err))
		s.record(ctx, "again/"+id, why(err)) // which ends the decision, so that another one can be taken
		for _, w := range s.waves {          // whom it set back before it failed is told all the same
			s.afresh(ctx, w.no)
		}
		return
	case out.Over:
		s.note(ctx, "deliver", "nobody more is tried again: sending was stopped, or the incident was closed")
	default:
		s.note(ctx, "deliver", itoa(int(out.People))+" people are tried again, by decision of a person")
	}
	for _, no := range out.Waves {
		s.afresh(ctx, no)
	}
}

// afresh delivers a list once more of which people were set back to be told. One that is being delivered is told
// to look again, and once more if it ended without seeing them.
func (s *story) afresh(ctx workflow.Context, no int) {
	w := s.wave(no)
	switch {
	case w == nil || s.stopped || s.closed || w.stopped:
	case w.state == waveDelivered:
		w.state, w.since, w.due = waveApproved, workflow.Now(ctx), false
	case w.state == waveDelivering:
		w.due = true
		s.tell(ctx, "look")
	}
}

// announceNow publishes the approved page because a lead decided so. Lists that are done have those covered whom
// no channel reached, where the policy lets the page count as their notice.
func (s *story) announceNow(ctx workflow.Context) {
	now := *s.asked
	_, err := announceEarly(ctx, activities.EarlyIn{Incident: s.in.Incident, AnnounceNow: now})
	s.asked = nil
	if err != nil {
		s.note(ctx, "announce", "the announcement that "+now.By+" decided could not be published: "+why(err))
		s.record(ctx, "announcement", why(err))
		return
	}
	s.announced = true
	s.note(ctx, "announce", "published: "+now.By+" decided that the public is told now")
	for _, w := range s.waves {
		if w.state != waveDelivered || w.empty {
			continue
		}
		if _, err := publish(ctx, activities.AnnounceIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash}); err != nil {
			s.note(ctx, "announce", "those of list "+itoa(w.no)+" whom no channel reached could not be covered: "+why(err))
		}
	}
	if s.everybodyTold() {
		s.closeDuties(ctx)
	}
}

// foresee looks now and then, while the people of a list are told, whether the rest can be told in time; where
// not, the public is told early. It ends with the list's turn.
func (s *story) foresee(ctx workflow.Context, w *wave, turn int) {
	began, over := workflow.Now(ctx), func() bool {
		return w.turn != turn || w.state != waveDelivering || s.announced || s.stopped || s.closed
	}
	for wait := firstForesight; ; {
		if ended, err := workflow.AwaitWithTimeout(ctx, wait, over); ended || err != nil {
			return
		}
		if err := workflow.Await(ctx, func() bool { return !s.paused || over() }); err != nil || over() {
			return
		}
		out, err := lookAhead(ctx, activities.AnnounceIn{Incident: s.in.Incident, Wave: w.no, PlanHash: w.planHash})
		switch {
		case err != nil:
			s.note(ctx, "announce", "whether everybody can be told in time could not be measured: "+why(err))
			return
		case out.Published:
			s.announced = true
			s.note(ctx, "announce", "published early: "+strings.Join(out.Because, " "))
			return
		case out.Never:
			return
		}
		wait = nextForesight(wait, workflow.Now(ctx).Sub(began), out.Idle)
	}
}

// nextForesight doubles the wait up to an hour, and lets it grow with what has gone by later. While nobody waits
// for a first message there is nothing to foresee, and it grows at once.
func nextForesight(wait, gone time.Duration, idle bool) time.Duration {
	if idle {
		return min(2*wait, longForesight)
	}
	return min(max(min(2*wait, hourly), gone/24), longForesight)
}
