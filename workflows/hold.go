package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// holdUpdates take what the ledger has already, so they are never refused: a hold that was placed or released, and
// why duties are late.
func (s *story) holdUpdates(ctx workflow.Context) error {
	err := update(ctx, s, protocol.UpdateHold, func(protocol.Command) error { return nil }, func(ctx workflow.Context, _ protocol.Command) (protocol.Done, error) {
		return s.done(), s.stands(ctx)
	})
	if err != nil {
		return err
	}
	return update(ctx, s, protocol.UpdateExplain, func(protocol.Explain) error { return nil }, func(ctx workflow.Context, in protocol.Explain) (protocol.Done, error) {
		s.explain(ctx, in.Obligations)
		return s.done(), nil
	})
}

// stands reads how clocks and holds stand now, and has those told whom no hold keeps any more. Deliveries look again:
// who is held is not told, who was may be.
func (s *story) stands(ctx workflow.Context) error {
	out, err := stand(ctx, s.in.Incident)
	if err != nil {
		return err
	}
	s.holdEnds, s.explained = out.Ends, out.Explained
	s.takeClocks(ctx, out.Clocks)
	s.note(ctx, "hold", "what stands still: "+itoa(s.standing(workflow.Now(ctx)))+" clocks")
	freed, err := letGo(ctx, s.in.Incident)
	if err != nil {
		return err
	}
	for _, no := range freed.Waves {
		s.note(ctx, "hold", "people of list "+itoa(no)+" may be told now")
		s.afresh(ctx, no)
	}
	for _, w := range s.waves {
		if w.postponed && s.holdEnds.IsZero() { // whether the public is told is decided again
			w.postponed = false
			s.afresh(ctx, w.no)
		}
	}
	s.tell(ctx, "look")
	return nil
}

// standing counts the clocks that a hold stops.
func (s *story) standing(now time.Time) (n int) {
	for _, c := range s.clocks {
		if c.held(now) {
			n++
		}
	}
	return n
}

// onHold says that a hold covers an obligation, as far as the story knows.
func (s *story) onHold(obligation string, now time.Time) bool {
	return slices.ContainsFunc(s.clocks, func(c *clock) bool { return c.Obligation == obligation && c.held(now) })
}

// holdOver lets people be told whom a hold kept that ended by itself. What fails is tried again a little later.
func (s *story) holdOver(ctx workflow.Context) {
	s.note(ctx, "hold", "a hold ended by itself")
	if err := s.mu.Lock(ctx); err != nil {
		return
	}
	defer s.mu.Unlock()
	err := s.stands(ctx)
	if now := workflow.Now(ctx); !s.holdEnds.IsZero() && !s.holdEnds.After(now) { // the ledger's clock is a little behind
		s.holdEnds = now.Add(time.Second)
	}
	if err != nil {
		s.note(ctx, "hold", "who may be told now could not be found: "+why(err))
		s.record(ctx, "hold", why(err))
		s.holdEnds = workflow.Now(ctx).Add(lastWait)
		s.clocksChanged = true
	}
}

// explain goes on with what was refused because nobody had said why it is late.
func (s *story) explain(ctx workflow.Context, obligations []string) {
	for _, o := range obligations {
		if !slices.Contains(s.explained, o) {
			s.explained = append(s.explained, o)
		}
		s.note(ctx, "report", o+": why it is late is on record")
		s.unexplained = slices.DeleteFunc(s.unexplained, func(u string) bool { return u == o })
		if r := s.filing(o); r != nil && r.late {
			r.late = false
			s.fileAgain(ctx, o)
		}
	}
	if s.told && len(s.unexplained) == 0 {
		s.closeDuties(ctx)
	}
}

// fileAgain files a report of an approved plan once more.
func (s *story) fileAgain(ctx workflow.Context, obligation string) {
	for _, w := range s.waves {
		if slices.Contains(w.reports, obligation) {
			workflow.Go(ctx, func(ctx workflow.Context) { s.report(ctx, w, obligation) })
		}
	}
}
