package recipients

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"os"
	"slices"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// met remembers who had a key first, in bounded memory. What is more than a table holds goes, sorted, into a temporary
// file, where a key is only looked for when a sieve does not say that it is new. The file holds hashes under a key that
// never leaves memory, and has no name any more while it is used.
type met struct {
	slots []trace // open addressing; key 0 is a free slot
	n     int
	most  int // how many entries are kept in memory

	sieve []uint64
	runs  []run
	file  *os.File
	end   int64
	page  []byte
	err   error // of the file
}

// trace is what is known of the person who had a key first.
type trace struct {
	key                uint64
	first              first
	name, email, phone uint32 // 0 when absent; of an id's key
}

// run is a sorted part of the file; every first key of a page is kept.
type run struct {
	at, n int64
	keys  []uint64
}

const (
	traceSize   = 28
	pageTraces  = 128
	fewest      = 1 << 10 // slots
	mostInTable = 3 << 17 // entries: 12 MB in a table of 16 MB
	sieveBits   = 27      // 16 MB
)

func newMet(most int) *met { return &met{slots: make([]trace, fewest), most: most} }

func (m *met) find(key uint64) (trace, bool) {
	key = max(key, 1)
	if t := m.slot(key); t.key == key {
		return *t, true
	}
	if len(m.runs) == 0 || !m.sieved(key, false) {
		return trace{}, false
	}
	for i := range m.runs {
		if t, ok := m.inRun(&m.runs[i], key); ok {
			return t, true
		}
	}
	return trace{}, false
}

// add remembers an entry whose key was not found.
func (m *met) add(t trace) {
	t.key = max(t.key, 1)
	if m.n >= m.most {
		m.spill()
	}
	if m.n*4 >= len(m.slots)*3 {
		old := m.slots
		m.slots = make([]trace, 2*len(old))
		for _, o := range old {
			if o.key != 0 {
				*m.slot(o.key) = o
			}
		}
	}
	*m.slot(t.key) = t
	m.n++
}

// slot is where the key is, or would be.
func (m *met) slot(key uint64) *trace {
	mask := uint64(len(m.slots) - 1)
	i := key & mask
	for m.slots[i].key != key && m.slots[i].key != 0 {
		i = (i + 1) & mask
	}
	return &m.slots[i]
}

// spill moves the table into the file. Where there can be no file, the table grows instead.
func (m *met) spill() {
	if m.file == nil {
		f, err := os.CreateTemp("", "tocsin-seen-*")
		if err != nil {
			m.most *= 2
			return
		}
		_ = os.Remove(f.Name())
		m.file, m.sieve, m.page = f, make([]uint64, 1<<(sieveBits-6)), make([]byte, pageTraces*traceSize)
	}
	sorted := m.slots[:0]
	for _, t := range m.slots {
		if t.key != 0 {
			sorted = append(sorted, t)
		}
	}
	slices.SortFunc(sorted, func(a, b trace) int { return cmp.Compare(a.key, b.key) })
	r := run{at: m.end, n: int64(len(sorted))}
	out := bufio.NewWriterSize(io.NewOffsetWriter(m.file, m.end), 256<<10)
	var b [traceSize]byte
	for i, t := range sorted {
		if i%pageTraces == 0 {
			r.keys = append(r.keys, t.key)
		}
		_, _ = out.Write(t.encode(&b))
	}
	if err := out.Flush(); err != nil { // a full disk: what was there is in memory still, and stays
		slots := m.slots
		m.slots, m.most = make([]trace, 2*len(slots)), m.most*2
		for _, t := range sorted {
			*m.slot(t.key) = t
		}
		return
	}
	for _, t := range sorted {
		m.sieved(t.key, true)
	}
	m.runs, m.end = append(m.runs, r), m.end+r.n*traceSize
	clear(m.slots)
	m.n = 0
}

// sieved reports whether a key may be in the file, and can put it in.
func (m *met) sieved(key uint64, put bool) bool {
	maybe := true
	for range 4 {
		at := key >> (64 - sieveBits)
		word, bit := &m.sieve[at>>6], uint64(1)<<(at&63)
		maybe = maybe && *word&bit != 0
		if put {
			*word |= bit
		} else if !maybe {
			return false
		}
		key *= 0x9e3779b97f4a7c15
	}
	return maybe
}

func (m *met) inRun(r *run, key uint64) (trace, bool) {
	page, found := slices.BinarySearch(r.keys, key)
	if !found {
		page--
	}
	if page < 0 {
		return trace{}, false
	}
	from := int64(page) * pageTraces
	b := m.page[:min(pageTraces, r.n-from)*traceSize]
	if _, err := m.file.ReadAt(b, r.at+from*traceSize); err != nil {
		m.err = breach.Errorf(breach.ErrUnavailable, "the temporary file in which duplicates are looked for cannot be read (%w): check the disk and load the list again", err)
		return trace{}, false
	}
	for ; len(b) > 0; b = b[traceSize:] {
		if k := binary.LittleEndian.Uint64(b); k == key {
			return decodeTrace(b), true
		} else if k > key {
			break
		}
	}
	return trace{}, false
}

func (m *met) close() {
	if m.file != nil {
		_ = m.file.Close()
		_ = os.Remove(m.file.Name()) // where an open file could not be removed
	}
}

func (t trace) encode(b *[traceSize]byte) []byte {
	binary.LittleEndian.PutUint64(b[0:], t.key)
	binary.LittleEndian.PutUint64(b[8:], uint64(t.first))
	binary.LittleEndian.PutUint32(b[16:], t.name)
	binary.LittleEndian.PutUint32(b[20:], t.email)
	binary.LittleEndian.PutUint32(b[24:], t.phone)
	return b[:]
}

func decodeTrace(b []byte) trace {
	return trace{
		key: binary.LittleEndian.Uint64(b), first: first(binary.LittleEndian.Uint64(b[8:])),
		name: binary.LittleEndian.Uint32(b[16:]), email: binary.LittleEndian.Uint32(b[20:]), phone: binary.LittleEndian.Uint32(b[24:]),
	}
}
