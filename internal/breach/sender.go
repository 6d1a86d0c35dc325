package breach

import "time"

// SenderWord is what a process says once a second of a provider that it sends through: Demand while messages for
// it wait or are under way, PerSecond as the policies limit all processes together (0: no limit), and how its
// breaker stands (closed, open, half_open), since when and why.
type SenderWord struct {
	Provider  string
	Demand    bool
	PerSecond float64
	State     string
	Since     time.Time
	Reason    string // code of delivery.Reasons, empty while the breaker is closed
}

// Sender is how all processes together stand with a provider. Processes send through it now and share PerSecond
// equally; Down of those seen lately hold it for down, the first of them Since, for Reason.
type Sender struct {
	Provider  string     `json:"provider"`
	Processes int        `json:"processes"`
	PerSecond float64    `json:"per_second,omitempty"`
	Down      int        `json:"down"`
	Since     *time.Time `json:"since,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	SeenAt    time.Time  `json:"seen_at"`
}
