package worker

import (
	"sync"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Policies finds policy profiles by name: the built-in ones, and those that the operator added. Pace
// divides all waits of a profile and is part of its hash; 0 and 1 leave them as they are. Providers that are there only
// when configured are left out where they are not.
type Policies struct {
	Pace int64
	// Has says whether the program has settings for a kind of provider; nil: for none but those that a profile takes for granted.
	Has func(kind string) bool

	mu    sync.RWMutex
	added map[string]policy.Profile
}

// Add makes a profile of the operator's known; it may replace a built-in one.
func (p *Policies) Add(profile policy.Profile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.added == nil {
		p.added = map[string]policy.Profile{}
	}
	p.added[profile.Name] = profile
}

// Profile returns a profile by its name; breach.ErrUnknownPolicy.
func (p *Policies) Profile(name string) (policy.Profile, error) {
	p.mu.RLock()
	profile, ok := p.added[name]
	p.mu.RUnlock()
	if !ok {
		var err error
		if profile, err = policy.Builtin(name); err != nil {
			return policy.Profile{}, err
		}
	}
	profile = profile.Equipped(func(kind string) bool { return p.Has != nil && p.Has(kind) })
	if p.Pace > 1 {
		profile = profile.Compressed(p.Pace)
	}
	return profile, nil
}

// Sufficiency is what counts as reached under a policy.
func (p *Policies) Sufficiency(name string) (breach.Sufficiency, error) {
	profile, err := p.Profile(name)
	if err != nil {
		return nil, err
	}
	return profile.Sufficiency(), nil
}

// ChildAge is the age below which a guardian is addressed under a policy; 0 means never.
func (p *Policies) ChildAge(name string) (int, error) {
	profile, err := p.Profile(name)
	return profile.Minors.Age, err
}
