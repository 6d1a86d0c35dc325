package main

import (
	"fmt"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// showSenders names the providers that are down, and the limits that hold messages back.
func showSenders(p *page, v breach.Overview) {
	for _, s := range v.Senders {
		if s.Down > 0 {
			since := ""
			if s.Since != nil {
				since = " since " + instant(*s.Since)
			}
			p.para(0, fmt.Sprintf("! The provider %s is down%s (%s). People go to the next one that the policy permits, or wait; one message at a time finds out whether it works again.", s.Provider, since, s.Reason))
		}
		if s.PerSecond > 0 && s.Processes > 0 {
			p.line(fmt.Sprintf("provider %s takes at most %g messages a second, shared by %d", s.Provider, s.PerSecond, s.Processes))
		}
	}
}
