package simulator

import (
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
)

// controlRequest changes what it names and leaves the rest.
type controlRequest struct {
	Rate      *float64      `json:"rate"`
	LatencyMS *int          `json:"latency_ms"`
	Fail      string        `json:"fail"`
	Mode      faults.Mode   `json:"mode"`
	Storm     *faults.Storm `json:"storm"`
	// ReturnsTo is where mail that comes back goes, host:port.
	ReturnsTo string `json:"returns_to"`
}

type controlState struct {
	Rate      float64                `json:"rate"`
	LatencyMS int64                  `json:"latency_ms"`
	Modes     map[string]faults.Mode `json:"modes"`
	Struck    map[faults.Trouble]int `json:"struck,omitempty"` // by storms since the start
}

func (s *Simulators) showControl(w http.ResponseWriter, _ *http.Request) {
	state := controlState{Rate: s.panel.Rate(), LatencyMS: s.panel.Latency().Milliseconds(), Modes: map[string]faults.Mode{}, Struck: s.panel.Struck()}
	for _, target := range faults.Targets() {
		state.Modes[target], _ = s.panel.Mode(target)
	}
	writeJSON(w, http.StatusOK, state)
}

func (s *Simulators) control(w http.ResponseWriter, r *http.Request) {
	// JSON only: a page in a browser cannot send that to us without asking.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "send application/json"})
		return
	}
	var c controlRequest
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": `expected {"rate": n, "latency_ms": n, "fail": "...", "mode": "...", "storm": {...}, "returns_to": "host:port"}, each optional`})
		return
	}
	if c.Fail != "" || c.Mode != "" {
		if err := s.panel.SetMode(c.Fail, c.Mode); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	}
	if c.Storm != nil {
		if err := s.panel.SetStorm(*c.Storm); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	}
	if c.ReturnsTo != "" {
		s.ReturnTo(c.ReturnsTo)
	}
	if c.Rate != nil {
		s.panel.SetRate(*c.Rate)
	}
	if c.LatencyMS != nil {
		s.panel.SetLatency(time.Duration(*c.LatencyMS) * time.Millisecond)
	}
	s.showControl(w, r)
}

// health names the account, so that whoever waits for these simulators does
// not take others for them.
func (s *Simulators) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "account": s.endpoints.Twilio.AccountSID})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone if this fails
}

// onlyFor refuses requests under a foreign host name: a web page elsewhere
// could otherwise point its own name at this port and read the outbox.
func onlyFor(host string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if h, _, err := net.SplitHostPort(name); err == nil {
			name = h
		}
		if name != host && name != "localhost" && net.ParseIP(name) == nil {
			http.Error(w, "this name is not served here", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
