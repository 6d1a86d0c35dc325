package workflows_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// once gives an error the first times that a call of the ledger was asked for.
func once(times int, wrote bool, only ...string) activitiestest.Fault {
	var mu sync.Mutex
	met := map[string]int{}
	return func(op string, done bool) error {
		if done != wrote || (len(only) > 0 && op != only[0]) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if met[op]++; met[op] <= times {
			return errors.New("connection lost while writing for someone@mail.example")
		}
		return nil
	}
}

// Every step runs twice because its answer was lost after it wrote: nothing happens twice.
func TestEveryStepRetriedAfterItWrote(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]activitiestest.Fault{
		"written, not answered":       once(1, true),
		"written, not answered twice": once(2, true),
		"not written":                 once(1, false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "mooc", theCast()...)
			p.stage.Post.Script = activitiestest.Scripted(theWeather())
			p.led.Break(fault)
			p.then("facts are amended while a plan waits", p.waveIs(1, "loaded"), func() {})
			p.submits(1)
			p.then("amend", now, func() { p.led.Amend(malicious) })
			p.asks(protocol.UpdateAmend, amendment(2), func(a *answer) {
				require.NoError(t, a.err())
				require.True(t, a.value.(breach.Amended).Voided)
				require.Equal(t, "loaded", p.wave(1))
			})
			p.submits(1)
			p.approves(1)
			p.closes()
			require.NoError(t, p.run())
			require.Equal(t, int64(10), p.led.Outcomes().Sum())
			require.Zero(t, p.led.Outcomes()[breach.Pending])
			require.Equal(t, int64(2), p.led.Outcomes()[breach.Covered])
			require.Empty(t, p.led.Unexplained())
			require.Len(t, p.stage.Office.Filed(), 2)
			require.Len(t, p.stage.Office.Pages(), 1)
			require.Len(t, p.led.Published(), 1)
			require.Len(t, p.led.Plans(), 2)
			require.Len(t, p.led.Moves(), 4)
			keys := map[string]bool{}
			for _, n := range p.led.Notes("") {
				require.False(t, keys[n.Key], "%s is on record twice", n.Key)
				keys[n.Key] = n.Key != ""
			}
			p.atMostOnceMore(t)
		})
	}
}

// atMostOnceMore: whoever got a message twice got it because the record says that the first was unknown.
func (p *play) atMostOnceMore(t *testing.T) {
	t.Helper()
	for _, who := range p.led.People() {
		repeats := 0
		for _, a := range who.Attempts {
			if a.Channel == breach.Email && a.Addressee == breach.ToSelf && a.Settlement == breach.Repeated {
				repeats++
			}
		}
		if who.Who.Email != "" {
			require.LessOrEqual(t, len(p.stage.Post.To(who.Who.Email)), 1+repeats, "messages to %s", who.Who.Name)
		}
	}
}
