package store

import (
	"sync"
)

// hot remembers the people of blocks that lanes of this process work on, so that what became of a batch is
// derived without reading everybody again. It is a memory, never the truth: what it holds counts only while
// the block has the version that it was read at, and every writer raises that.
type hot struct {
	mu     sync.Mutex
	clock  int64
	blocks map[blockKey]*warm
}

type blockKey struct {
	incident string
	no       int64
}

// warm is one block. people is nil while somebody works with it, or before it was read.
type warm struct {
	version int64
	people  map[int64]*personState
	used    int64
}

// hotBlocks bounds the memory: more lanes than these read some of their blocks again.
const hotBlocks = 32

// expect makes room for a block that was leased.
func (h *hot) expect(k blockKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.blocks == nil {
		h.blocks = map[blockKey]*warm{}
	}
	h.clock++
	if w := h.blocks[k]; w != nil {
		w.used = h.clock
		return
	}
	if len(h.blocks) >= hotBlocks {
		h.dropOldest()
	}
	h.blocks[k] = &warm{used: h.clock}
}

func (h *hot) dropOldest() {
	var oldest blockKey
	var found *warm
	for k, w := range h.blocks {
		if found == nil || w.used < found.used {
			oldest, found = k, w
		}
	}
	delete(h.blocks, oldest)
}

// put remembers the people of an expected block at a version; of others nothing is kept.
func (h *hot) put(k blockKey, version int64, people map[int64]*personState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	if w := h.blocks[k]; w != nil && w.version <= version {
		w.version, w.people, w.used = version, people, h.clock
	}
}

// take hands the people over to one caller, who puts them back when the change is committed.
func (h *hot) take(k blockKey, version int64) map[int64]*personState {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.blocks[k]
	if w == nil {
		return nil
	}
	people := w.people
	w.people = nil
	if w.version != version {
		return nil
	}
	return people
}

// forget ends the memory of a block whose chunk is done.
func (h *hot) forget(k blockKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.blocks, k)
}
