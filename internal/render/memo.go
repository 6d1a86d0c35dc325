package render

import "sync"

// maxKept bounds how much a memo keeps; an incident has about a dozen texts, each with a handful of forms, and
// lists a few dozen tags.
const maxKept = 1024

// memo keeps what is costly to find out. Asking it allocates nothing. It is safe for use by many goroutines.
type memo[V any] struct {
	mu   sync.RWMutex
	kept map[string]V
}

func (m *memo[V]) get(key string) (V, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.kept[key]
	return v, ok
}

// find is get for a key that was put together just now.
func (m *memo[V]) find(key []byte) (V, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.kept[string(key)]
	return v, ok
}

// put forgets everything when too much is kept: that much is somebody's garbage.
func (m *memo[V]) put(key string, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= maxKept || m.kept == nil {
		m.kept = map[string]V{}
	}
	m.kept[key] = v
}
