package activities

import (
	"context"
	"time"
)

// The gate as the keeper saw it last.
const (
	gateOpen int32 = iota
	gatePaused
	gateStopped
)

// gateLook is how often the keeper looks at the gate, so that a pause or a stop also holds what was intended
// before and not begun.
const gateLook = 500 * time.Millisecond

// pauseWaits is how long what was intended waits for the end of a pause before it is recorded as not begun.
const pauseWaits = 2 * time.Second

func (c *chunk) lookAtGate(ctx context.Context) {
	paused, stopped, err := c.Sending.Gate(ctx, c.in.Incident)
	switch {
	case err != nil: // the last word counts
	case stopped:
		c.gate.Store(gateStopped)
	case paused:
		if c.gate.Load() == gateOpen {
			c.closed.Store(time.Now().UnixMicro())
		}
		c.gate.Store(gatePaused)
	default:
		c.gate.Store(gateOpen)
	}
}

// open waits for a moment while sending is paused, and says whether a message that was intended may be begun: not
// after a stop, nor when a pause lasts, since others wait for the room that it takes, nor when the lease or the
// activity come to their end.
func (c *chunk) open(ctx context.Context) bool {
	for c.gate.Load() != gateOpen {
		if c.gate.Load() == gateStopped || time.Since(time.UnixMicro(c.closed.Load())) > pauseWaits || ctx.Err() != nil || stopping(ctx) || !c.enough(ctx) {
			return false
		}
		time.Sleep(gateLook / 5)
	}
	return true
}
