package email

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// gate keeps a relay that refuses connections from being stormed. After a refusal it is shut for a pause
// that doubles, with jitter; then one worker tries to connect and to send a message, while the others wait
// for what it finds. Whoever waited gets its failure, so that no message waits for more than one pause and
// one try.
type gate struct {
	least, most time.Duration

	mu     sync.Mutex
	shut   bool
	until  time.Time
	streak int              // refusals since a message last went through
	rounds int              // refusals ever
	why    delivery.Failure // the refusal that shut it
	probe  chan struct{}    // not nil while one worker tries; closed when it is done
}

// pass waits until dialling is allowed. When probing is true, the caller must report with opened or
// refused, or give up with leave.
func (g *gate) pass(ctx context.Context) (probing bool, f *delivery.Failure) {
	for {
		g.mu.Lock()
		if !g.shut {
			g.mu.Unlock()
			return false, nil
		}
		if other := g.probe; other != nil {
			before := g.rounds
			g.mu.Unlock()
			select {
			case <-other:
			case <-ctx.Done():
				return false, cancelled()
			}
			if f := g.refusedSince(before); f != nil {
				return false, f
			}
			continue
		}
		g.probe = make(chan struct{})
		wait := time.Until(g.until)
		g.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			return true, nil
		case <-ctx.Done():
			timer.Stop()
			g.leave()
			return false, cancelled()
		}
	}
}

// refusedSince is the failure for those who waited for a try that found the relay still refusing; nil when
// the gate is open, or when the try was given up.
func (g *gate) refusedSince(rounds int) *delivery.Failure {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut || g.rounds == rounds {
		return nil
	}
	why := g.why
	return &why
}

// opened lets everybody dial, after a try whose connection stayed. The streak stays until a message goes
// through: a relay that greets and then refuses every message is backed off from, too.
func (g *gate) opened() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
	g.endProbe()
}

// leave gives up a try without a finding.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.endProbe()
}

// refused shuts the gate. Refusals of connections that were dialled side by side count once.
func (g *gate) refused(f *delivery.Failure, probing bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut || probing {
		pause := g.least << min(g.streak, 20)
		if pause <= 0 || pause > g.most {
			pause = g.most
		}
		g.streak++
		g.rounds++
		g.shut, g.why = true, *f
		g.until = time.Now().Add(pause/2 + rand.N(pause/2+1))
	}
	if probing {
		g.endProbe()
	}
}

// worked forgets earlier refusals.
func (g *gate) worked() {
	g.mu.Lock()
	g.streak = 0
	g.mu.Unlock()
}

func (g *gate) endProbe() {
	if g.probe != nil {
		close(g.probe)
		g.probe = nil
	}
}
