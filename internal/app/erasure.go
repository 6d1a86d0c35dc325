package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// How messages are deleted at processors.
const (
	eraseEvery  = 5 * time.Second
	retainEvery = 10 * time.Minute
	eraseAtOnce = 200              // taken from the ledger together
	erasers     = 8                // requests under way
	eraseTime   = 20 * time.Second // of one request
	// A provider that cannot be reached is asked again for about two months, then what it has counts as kept.
	shortestRest = time.Minute
	longestRest  = 6 * time.Hour
	mostErasures = 250
)

// erase tells processors to delete at the end of retention, and again and again until they have, until ctx ends. Any
// number of servers may do so: each takes other messages.
func (p *Product) erase(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	looked := time.Time{}
	for {
		if time.Since(looked) >= retainEvery {
			looked = time.Now()
			if err := p.Desk.retire(ctx); err != nil && ctx.Err() == nil {
				log.Warn("processors could not be told to delete; it is tried again", "code", string(breach.CodeOf(err)))
			}
		}
		for more := true; more && ctx.Err() == nil; {
			n, err := p.Desk.eraseSome(ctx)
			if err != nil && ctx.Err() == nil {
				log.Warn("what is to be deleted at processors could not be read; it is tried again", "code", string(breach.CodeOf(err)))
			}
			more = err == nil && n == eraseAtOnce
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// retire begins to delete for every incident whose retention has ended.
func (d *Desk) retire(ctx context.Context) error {
	list, err := d.Store.Retained(ctx)
	if err != nil {
		return err
	}
	now := d.Now().UTC()
	for _, r := range list {
		p, err := d.Profiles.Profile(r.Policy)
		if err != nil || now.Before(r.ClosedAt.AddDate(0, 0, p.Retention.ContactDays)) { // of a policy that is gone a person decides
			continue
		}
		if err := d.Store.BeginErasure(ctx, r.Incident, d.erasureTerms(p), "tocsin", now); err != nil {
			return err
		}
	}
	return nil
}

// eraseSome has some messages deleted, and says how many it took.
func (d *Desk) eraseSome(ctx context.Context) (int, error) {
	items, err := d.Store.TakeErasures(ctx, eraseAtOnce, d.Now().UTC())
	if err != nil {
		return 0, err
	}
	kinds := map[string]string{} // by incident and provider
	for _, it := range items {
		if _, known := kinds[it.Incident+" "+it.Provider]; known {
			continue
		}
		kinds[it.Incident+" "+it.Provider] = d.kindOf(ctx, it.Incident, it.Provider)
	}
	var wg sync.WaitGroup
	room := make(chan struct{}, erasers)
	var mu sync.Mutex
	var failed error
	for _, it := range items {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := d.eraseOne(ctx, it, kinds[it.Incident+" "+it.Provider]); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return len(items), failed
}

// kindOf is the kind of a provider of an incident's policy; empty for one that is gone.
func (d *Desk) kindOf(ctx context.Context, incident, provider string) string {
	inc, err := d.Store.Incident(ctx, incident)
	if err != nil {
		return ""
	}
	p, err := d.Profiles.Profile(inc.Policy)
	if err != nil {
		return ""
	}
	v, _ := p.Provider(provider)
	return v.Kind
}

func (d *Desk) eraseOne(ctx context.Context, it breach.ErasureItem, kind string) error {
	now := d.Now().UTC()
	erase, can := d.eraser(kind, it.How)
	if !can { // it is configured elsewhere, or not any more
		return d.Store.Erased(ctx, it, "open", "the provider is not configured here", now.Add(restAfter(it.Tries)), now)
	}
	asked, cancel := context.WithTimeout(ctx, eraseTime)
	defer cancel()
	err := erase(asked, it.Ref)
	if err == nil {
		return d.Store.Erased(ctx, it, "deleted", "", now, now)
	}
	f := delivery.AsFailure(err)
	if (f.Retryable || f.Unknown) && it.Tries < mostErasures {
		return d.Store.Erased(ctx, it, "open", f.Detail, now.Add(max(f.After, restAfter(it.Tries))), now)
	}
	return d.Store.Erased(ctx, it, "kept", f.Detail, now, now)
}

func restAfter(tries int) time.Duration {
	return min(shortestRest<<min(max(tries-1, 0), 20), longestRest)
}
