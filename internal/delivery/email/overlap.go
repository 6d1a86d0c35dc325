package email

import (
	"sync/atomic"
	"time"
)

const (
	overlapMisses = 3
	overlapPause  = 5 * time.Minute
)

// overlap is whether messages travel together: envelopes with the message before them, or whole groups. Some servers offer PIPELINING and then
// throw away what follows a message, or close after each: there it costs a time limit or a connection for
// every message, and gains nothing.
type overlap struct {
	misses atomic.Int32 // in a row
	until  atomic.Int64 // no overlap before this time, nanoseconds
}

func (o *overlap) good() bool {
	until := o.until.Load()
	return until == 0 || time.Now().UnixNano() >= until
}

// saw takes in whether an envelope was answered that had travelled with an answered message.
func (o *overlap) saw(answered bool) {
	switch {
	case !answered:
		if o.misses.Add(1) >= overlapMisses {
			o.pause()
		}
	case o.misses.Load() != 0:
		o.misses.Store(0)
	}
}

// pause ends it for a while.
func (o *overlap) pause() {
	o.until.Store(time.Now().Add(overlapPause).UnixNano())
	o.misses.Store(0)
}
