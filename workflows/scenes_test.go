package workflows_test

import (
	"errors"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
)

// Scenes that many plays share.

// submits has the plan of a list put up for approval.
func (p *play) submits(wave int) {
	var a *answer
	p.then("submit", p.waveIs(wave, "loaded"), func() {
		a = p.update(protocol.UpdateSubmit, protocol.Submit{Command: command(wei), Wave: wave})
	})
	p.then("submitted", func() bool { return a.over() }, func() {
		require.NoError(p.t, a.err())
		require.Equal(p.t, "awaiting_approval", p.wave(wave))
	})
}

// approves has a second person approve the newest plan of a list, as the engine passes it on.
func (p *play) approves(wave int) {
	var a *answer
	p.then("approve", p.waveIs(wave, "awaiting_approval"), func() { a = p.approve(wave) })
	p.then("approved", func() bool { return a.over() }, func() { require.NoError(p.t, a.err()) })
}

// approve writes the approval row and tells the story.
func (p *play) approve(wave int) *answer {
	hash := p.planHash(wave)
	require.NoError(p.t, p.led.Decide(wave, hash, mei, true, p.env.Now()))
	return p.update(protocol.UpdateApprove, protocol.Decide{Command: command(mei), PlanHash: hash})
}

func (p *play) planHash(wave int) string {
	for _, w := range p.status().Waves {
		if w.Wave == wave {
			return w.PlanHash
		}
	}
	return ""
}

// closes ends the incident once everybody was tried.
func (p *play) closes() {
	p.then("close", p.stateIs(breach.IncidentMonitoring), func() { p.close() })
}

func (p *play) close() *answer {
	return p.update(protocol.UpdateClose, protocol.Close{Command: command(mei)})
}

// closeLeaving closes although duties were not done, with a reason that the ledger has.
func (p *play) closeLeaving() *answer {
	return p.update(protocol.UpdateClose, protocol.Close{Command: command(mei), Reasoned: true})
}

// asks plays an update and keeps its answer for what follows.
func (p *play) asks(name string, arg func() any, then func(*answer)) {
	var a *answer
	p.then(name, now, func() { a = p.update(name, arg()) })
	p.then(name+" answered", func() bool { return a.over() }, func() { then(a) })
}

// refuses plays an update that must be refused before it enters the history, with this code.
func (p *play) refuses(name string, arg func() any, code breach.Code) {
	p.asks(name, arg, func(a *answer) {
		require.Error(p.t, a.rejected, "%s was taken: %v", name, a.failed)
		require.Equal(p.t, code, codeOf(a.rejected), "%s: %v", name, a.rejected)
	})
}

func codeOf(err error) breach.Code {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return breach.Code(app.Type())
	}
	return ""
}

// late says that something happened to an attempt after it was handed over, as a callback does.
func (p *play) late(name string, c breach.Channel, state breach.AttemptState, reason string) {
	who := p.led.Named(name)
	require.NoError(p.t, p.led.Record(p.t.Context(), incident, []breach.AttemptEvent{{
		Person: who.ID, Addressee: breach.ToSelf, Channel: c, Try: 1, State: state, Reason: reason, At: p.env.Now(),
	}}))
}

// channels lists by what somebody was tried, in order.
func (p *play) channels(name string) []breach.Channel {
	var out []breach.Channel
	for _, a := range p.led.Named(name).Attempts {
		out = append(out, a.Channel)
	}
	return out
}

var errPuzzle = errors.New("nobody knows what this means")

// decode reads the input of the run that follows.
func decode(e *workflow.ContinueAsNewError, in any) error {
	return converter.GetDefaultDataConverter().FromPayloads(e.Input, in)
}
