package activitiestest

import (
	"context"
	"crypto/ed25519"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/evidence"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Profiles are the built-in policies, changed by Change when it is set. What Change alters must be a copy:
// profiles share their slices.
type Profiles struct {
	mu     sync.Mutex
	change func(*policy.Profile)
	parsed map[string]policy.Profile
}

// Change alters every profile from now on; nil takes that back.
func (p *Profiles) Change(change func(*policy.Profile)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change = change
}

// Profile answers activities.Profiles.
func (p *Profiles) Profile(name string) (policy.Profile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, parsed := p.parsed[name]; !parsed {
		out, err := policy.Builtin(name)
		if err != nil {
			return out, err
		}
		if p.parsed == nil {
			p.parsed = map[string]policy.Profile{}
		}
		p.parsed[name] = out.Equipped(func(string) bool { return false })
	}
	out := p.parsed[name]
	if p.change != nil {
		p.change(&out)
	}
	return out, nil
}

// Office publishes announcements and takes filings. It counts what the outside would see.
type Office struct {
	mu sync.Mutex
	// Number is the acknowledgement that the authority answers with, empty when a person enters it later.
	Number string
	// Fail, when set, is asked before anything is taken.
	Fail  func(what string) error
	pages map[string]int
	filed map[string]int // by key
}

// Publish answers activities.Publisher.
func (o *Office) Publish(_ context.Context, a breach.Announcement) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Fail != nil {
		if err := o.Fail("publish"); err != nil {
			return "", err
		}
	}
	if o.pages == nil {
		o.pages = map[string]int{}
	}
	o.pages[a.Reference]++
	return "https://notices.example/" + a.Reference, nil
}

// File answers activities.Filer.
func (o *Office) File(_ context.Context, key, obligation string, _ breach.Text) (route, acknowledgement string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Fail != nil {
		if err := o.Fail("file"); err != nil {
			return "", "", err
		}
	}
	if o.filed == nil {
		o.filed = map[string]int{}
	}
	o.filed[key]++
	return "portal", o.Number, nil
}

// Filed lists the keys under which reports were handed over: the same key again is the same filing.
func (o *Office) Filed() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.filed))
}

// Pages lists the references that are up.
func (o *Office) Pages() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.pages))
}

// Vault keeps no packs; it counts them.
type Vault struct {
	Now func() time.Time

	mu     sync.Mutex
	sealed int
}

// Create answers activities.Vault.
func (v *Vault) Create(string) (*evidence.Writer, func() (path, manifest string, err error), error) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	w, err := evidence.NewWriter(io.Discard, key, evidence.Meta{CreatedAt: v.Now()})
	return w, func() (string, string, error) {
		manifest, err := w.Close()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.sealed++
		return "/somewhere/pack.zip", manifest, err
	}, err
}

// Sealed is how many packs were committed.
func (v *Vault) Sealed() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sealed
}
