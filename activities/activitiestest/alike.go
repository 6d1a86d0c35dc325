package activitiestest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Alike answers activities.People.
func (l *Ledger) Alike(ctx context.Context, _ string, wave, childAge int, on time.Time) (out []breach.Alike, err error) {
	err = l.do(ctx, "Alike", false, func() error {
		if childAge != l.childAge || !on.Equal(l.head.AgesOn()) {
			return nil
		}
		at := map[breach.Shape]int{}
		for _, b := range l.blocksOf(wave) {
			if slices.ContainsFunc(l.in(b), (*person).touched) {
				continue
			}
			for _, p := range l.in(b) {
				shape := p.who.Shape(p.minor)
				i, known := at[shape]
				if !known {
					i = len(out)
					at[shape] = i
					out = append(out, breach.Alike{Subject: p.subject()})
				}
				if n := len(out[i].Blocks); n == 0 || out[i].Blocks[n-1].Block != b.No {
					out[i].Blocks = append(out[i].Blocks, breach.AlikeIn{Block: b.No})
				}
				out[i].Blocks[len(out[i].Blocks)-1].People++
			}
		}
		return nil
	})
	return out, err
}

// touched says that something is recorded of a person.
func (p *person) touched() bool {
	return p.outcome != breach.Pending || len(p.intents)+len(p.events)+len(p.refused)+len(p.refusal) > 0
}
