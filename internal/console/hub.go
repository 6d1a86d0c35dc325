package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// overviewOf reads where an incident stands.
type overviewOf func(ctx context.Context, incident string) (breach.Overview, error)

const (
	lookEvery   = time.Second      // how often an incident that somebody watches is looked at
	lookTimeout = 10 * time.Second // how long one look may take
	restFactor  = 5                // a slow look is followed by this many times its length of rest
	fresh       = time.Second      // how long what was read is good enough for parts of pages
	maxWatchers = 1000
)

// hub looks at each watched incident once for all who watch it and tells them what changed. It holds
// counts, never contacts, and never decides who may see what.
type hub struct {
	read overviewOf
	log  *slog.Logger
	done <-chan struct{}

	mu       sync.Mutex
	watched  map[string]*watched
	watchers int
}

// watched is one incident with those who watch it. It ends with the last of them.
type watched struct {
	listeners map[chan change]bool
	end       context.CancelFunc

	reading sync.Mutex // one look at a time
	last    breach.Overview
	readAt  time.Time
}

// change is what a page is told: the number of the record and the present version of each part.
type change struct {
	Revision int64             `json:"revision"`
	At       time.Time         `json:"at"`
	Clock    string            `json:"clock"` // At as pages show it
	Parts    map[string]string `json:"parts,omitempty"`
}

func newHub(read overviewOf, log *slog.Logger, done <-chan struct{}) *hub {
	return &hub{read: read, log: log, done: done, watched: map[string]*watched{}}
}

// join starts to watch. The channel holds the newest state; an older one that nobody took is dropped. It is
// never closed: leave with the function, also after the end of the request's context.
func (h *hub) join(incident string) (<-chan change, func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers >= maxWatchers {
		return nil, nil, breach.Errorf(breach.ErrUnavailable, "too many pages are open; this one does not update by itself")
	}
	w := h.watched[incident]
	if w == nil {
		ctx, cancel := context.WithCancel(context.Background())
		w = &watched{listeners: map[chan change]bool{}, end: cancel}
		h.watched[incident] = w
		go h.look(ctx, incident, w)
	}
	ch := make(chan change, 1)
	w.listeners[ch] = true
	h.watchers++
	return ch, func() { h.leave(incident, w, ch) }, nil
}

func (h *hub) leave(incident string, w *watched, ch chan change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !w.listeners[ch] {
		return
	}
	delete(w.listeners, ch)
	h.watchers--
	if len(w.listeners) == 0 {
		w.end()
		delete(h.watched, incident)
	}
}

// look reads the incident again and again. When it cannot be read, nobody is told anything, and pages say
// by themselves since when they are not live.
func (h *hub) look(ctx context.Context, incident string, w *watched) {
	silent := false
	for {
		began := time.Now()
		o, err := h.readShared(ctx, incident, w)
		took := time.Since(began)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !silent {
				h.log.Warn("an incident that pages watch cannot be read", "code", string(breach.CodeOf(err)))
			}
			silent = true
		default:
			silent = false
			h.tell(w, change{Revision: o.Revision, At: o.At, Parts: versions(o)})
		}
		select {
		case <-ctx.Done():
			return
		case <-h.done:
			return
		case <-time.After(max(lookEvery, restFactor*took)):
		}
	}
}

func (h *hub) tell(w *watched, c change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range w.listeners {
		select {
		case <-ch: // it was not taken yet, and is old now
		default:
		}
		ch <- c
	}
}

// readShared reads once for all who ask within a moment.
func (h *hub) readShared(ctx context.Context, incident string, w *watched) (breach.Overview, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	if !w.readAt.IsZero() && time.Since(w.readAt) < fresh*9/10 {
		return w.last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	o, err := h.read(ctx, incident)
	if err == nil {
		w.last, w.readAt = o, time.Now()
	}
	return o, err
}

// overview gives an incident that pages watch from what was read within the last second, and reads any
// other one.
func (h *hub) overview(ctx context.Context, incident string) (breach.Overview, error) {
	h.mu.Lock()
	w := h.watched[incident]
	h.mu.Unlock()
	if w == nil {
		return h.read(ctx, incident)
	}
	return h.readShared(ctx, incident, w)
}

// partNames are the parts of an incident's page that are fetched alone.
var partNames = []string{"head", "lede", "stages", "clocks", "waiting", "log", "people", "channels", "failures", "countries",
	"missing", "duties", "waves", "reports", "announcement", "evidence"}

// versions names the present content of each part: equal versions, equal content.
func versions(o breach.Overview) map[string]string {
	inc := o.Incident
	told := any(nil) // the last message moves on all the time; it matters when sending is over
	if inc.State == breach.IncidentMonitoring || inc.State == breach.IncidentClosed {
		told = o.Timings.LastHandover
	}
	sending := []any{inc.State, o.Paused, o.Stopped}
	out := map[string]string{}
	for name, content := range map[string]any{
		"head":         []any{inc, o.Organisation, o.Assessment, sending, o.Timings.ApprovedAt, len(o.Waves)},
		"lede":         []any{sending, o.People, o.Total, o.Awaited, o.Duties, o.Filings, o.Stages, o.Brakes, o.Holds, o.Waits, o.Announcement != nil, held(o.Senders)},
		"stages":       []any{inc, sending, o.Assessment != nil, o.Duties, o.Filings, o.Waves, o.Announcement, o.Evidence, o.Timings.ApprovedAt, o.People},
		"clocks":       []any{inc.State, o.Duties, o.Filings, told},
		"waiting":      []any{inc.State, o.Awaited, o.Brakes, o.EngineAnswers, o.Missing, len(undone(o))},
		"log":          o.Revision,
		"people":       []any{o.People, o.Total, o.Balanced},
		"channels":     o.Channels,
		"failures":     o.Failures,
		"countries":    o.Countries,
		"missing":      []any{o.Missing, o.Notes, o.Numbers},
		"duties":       []any{inc.State, o.Duties, o.Filings, told, o.Delays, o.Amended},
		"waves":        o.Waves,
		"reports":      []any{inc.State, o.Duties, o.Filings},
		"announcement": []any{o.Announcement, announceable(o), o.People[breach.Covered], o.People[breach.Unreachable]},
		"evidence":     o.Evidence,
	} {
		b, err := json.Marshal(content)
		if err != nil {
			panic("plain values cannot fail to encode: " + err.Error())
		}
		sum := sha256.Sum256(b)
		out[name] = hex.EncodeToString(sum[:5])
	}
	return out
}
