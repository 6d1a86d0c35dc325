package activities

// hands are the goroutines that send a chunk's messages side by side. They stay from batch to batch: new ones
// would have to grow their stacks anew for a message or two. The zero value is ready; it is used by one goroutine.
type hands struct {
	batches chan *batch
	there   int
}

// work has up to side hands send a batch, which is done when b.done is closed. The batch before must be done.
func (h *hands) work(b *batch, side int, send func(b *batch, i int)) {
	if h.batches == nil {
		h.batches = make(chan *batch, side)
	}
	n := min(side, len(b.jobs))
	b.busy.Store(int64(n))
	for range n {
		h.batches <- b
	}
	for ; h.there < n; h.there++ {
		go hand(h.batches, send)
	}
}

// leave ends the hands, after what they are at.
func (h *hands) leave() {
	if h.batches != nil {
		close(h.batches)
	}
}

func hand(batches <-chan *batch, send func(b *batch, i int)) {
	for b := range batches {
		for i := b.next.Add(1) - 1; i < int64(len(b.jobs)); i = b.next.Add(1) - 1 {
			send(b, int(i))
		}
		if b.busy.Add(-1) == 0 {
			close(b.done)
		}
	}
}
