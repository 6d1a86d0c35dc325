package activities

import (
	"context"
	"slices"
	"sync"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// inFlight counts messages of this process that are intended and have no outcome yet. Lanes that wait for room get
// it in the order in which they came, so that many busy lanes do not keep a quiet one out. A part of the room is
// kept for those who hold nothing, whoever hangs on to the rest. The zero value is ready.
type inFlight struct {
	mu    sync.Mutex
	n     int
	held  map[holder]int
	line  []int64       // lanes that wait, the first one first
	freed chan struct{} // closed when some landed, or when the line moved
}

// holder is who shares the room: the lanes of one channel of one incident are one.
type holder struct {
	incident string
	channel  breach.Channel
}

const (
	keptPart = 6  // one in so many of the room is kept for holders of nothing
	foothold = 40 // messages that one of them gets of it, at most
)

// take gives a lane room for up to n messages; 0 when it has to wait.
func (f *inFlight) take(lane int64, h holder, n, limit int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.room(lane, h, n, limit)
	if got == 0 {
		return 0
	}
	f.leave(lane)
	if f.held == nil {
		f.held = map[holder]int{}
	}
	f.n += got
	f.held[h] += got
	return got
}

// room says how much a lane would get now. Somebody must always get on, so the first one may when nothing is in
// flight. Each holder of nothing gets at
// most a quarter of what is left, so that there is some for the next one.
func (f *inFlight) room(lane int64, h holder, n, limit int) int {
	first := len(f.line) == 0 || f.line[0] == lane
	if first && (f.n == 0 || f.n+n <= limit-limit/keptPart) {
		return n
	}
	if f.held[h] > 0 {
		return 0
	}
	return max(0, min(n, foothold, (limit-f.n+3)/4))
}

func (f *inFlight) land(h holder, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n -= n
	if f.held[h] -= n; f.held[h] == 0 {
		delete(f.held, h)
	}
	f.wake()
}

// giveUp takes a lane out of the line.
func (f *inFlight) giveUp(lane int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave(lane)
}

func (f *inFlight) leave(lane int64) {
	if i := slices.Index(f.line, lane); i >= 0 {
		f.line = slices.Delete(f.line, i, i+1)
		f.wake()
	}
}

func (f *inFlight) wake() {
	if f.freed != nil {
		close(f.freed)
		f.freed = nil
	}
}

// wait ends when it is worth trying again. A lane that waited takes, or gives up.
func (f *inFlight) wait(ctx context.Context, lane int64, h holder, n, limit int) {
	f.mu.Lock()
	if !slices.Contains(f.line, lane) {
		f.line = append(f.line, lane)
	}
	if f.room(lane, h, n, limit) > 0 {
		f.mu.Unlock()
		return
	}
	if f.freed == nil {
		f.freed = make(chan struct{})
	}
	freed := f.freed
	f.mu.Unlock()
	select {
	case <-freed:
	case <-ctx.Done():
	}
}
