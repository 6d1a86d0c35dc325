package workflows_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/protocol"
	"github.com/tocsin-engine/tocsin/workflows"
)

const incident = "case-1"

// The people of every play: a responder writes, a lead approves.
var (
	wei = breach.Actor{ID: "wei.lin", Role: breach.RoleResponder}
	mei = breach.Actor{ID: "mei.zhou", Role: breach.RoleLead}
)

// play runs the story with real activities over a ledger in memory, in skipped time. Its acts are played one
// after the other, each as soon as its condition holds.
type play struct {
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	stage *activitiestest.Stage
	led   *activitiestest.Ledger
	acts  []act
	next  int
	idle  int
	begun bool
}

type act struct {
	name string
	when func() bool
	do   func()
}

// newPlay opens the incident two hours after awareness with one list of people, if any are given.
func newPlay(t *testing.T, profile string, people ...breach.Person) *play {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetStartTime(activitiestest.Aware.Add(2 * time.Hour))
	stage := activitiestest.NewStage(profile, env.Now)
	p := &play{t: t, env: env, stage: stage, led: stage.Ledger}
	if len(people) > 0 {
		p.led.Load(people...)
	}
	return p
}

// register puts the real activities behind their names, as the worker does.
func (p *play) register() {
	name := func(f any, n string) { p.env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: n}) }
	s := p.stage
	name(s.Case().Recall, activities.NameRecall)
	name(s.Case().Move, activities.NameMove)
	name(s.Case().Remind, activities.NameRemind)
	name(s.Case().Fulfil, activities.NameFulfil)
	name(s.Case().Owe, activities.NameOwe)
	name(s.Case().Trouble, activities.NameTrouble)
	name(s.Case().Close, activities.NameClose)
	name(s.Assess().Facts, activities.NameJudge)
	name(s.Approve().Compose, activities.NameCompose)
	name(s.Approve().Verify, activities.NameVerify)
	name(s.Resolve().Survey, activities.NameSurvey)
	name(s.Resolve().Gate, activities.NameGate)
	name(s.Deliver().Lane, activities.NameLane)
	name(s.Deliver().Reconcile, activities.NameReconcile)
	name(s.Deliver().Settle, activities.NameSettle)
	name(s.Again().Start, activities.NameAgain)
	name(s.Announce().Foresee, activities.NameForesee)
	name(s.Announce().Early, activities.NameEarly)
	name(s.Announce().Decide, activities.NameDecide)
	name(s.Announce().Show, activities.NameShow)
	name(s.Announce().Publish, activities.NamePublish)
	name(s.Report().File, activities.NameFile)
	name(s.Report().Accept, activities.NameAccept)
	name(s.Evidence().Seal, activities.NameSeal)
	name(s.Hold().Stand, activities.NameStand)
	name(s.Hold().LetGo, activities.NameLetGo)
	workflows.Register(p.env)
}

// then adds an act.
func (p *play) then(name string, when func() bool, do func()) {
	p.acts = append(p.acts, act{name, when, do})
}

// after adds an act that is played a while after the one before it.
func (p *play) after(d time.Duration, name string, do func()) {
	var from time.Time
	p.then(name, func() bool {
		if from.IsZero() {
			from = p.env.Now()
		}
		return p.env.Now().Sub(from) >= d
	}, do)
}

// run plays the story to its end: every act must have been played by then.
func (p *play) run() error {
	p.t.Helper()
	p.play(workflows.Incident, protocol.IncidentInput{Incident: incident, OpenedAt: activitiestest.Aware.Add(2 * time.Hour)})
	return p.env.GetWorkflowError()
}

// play runs any of the workflows.
func (p *play) play(workflow any, in any) {
	p.t.Helper()
	p.register()
	p.look(firstLook)
	p.env.ExecuteWorkflow(workflow, in)
	require.True(p.t, p.env.IsWorkflowCompleted(), "the workflow did not end")
	if p.next < len(p.acts) {
		p.t.Errorf("the story ended before the act %q: %v", p.acts[p.next].name, p.env.GetWorkflowError())
	}
}

const (
	firstLook = 100 * time.Millisecond
	lastLook  = 10 * time.Minute
	tooLong   = 5000 // looks
)

// look waits for the next act, less and less often, so that two days are a few hundred looks.
func (p *play) look(wait time.Duration) {
	p.env.RegisterDelayedCallback(func() {
		if p.next == len(p.acts) {
			return
		}
		p.begun = true
		a := p.acts[p.next]
		if p.idle++; p.idle > tooLong {
			p.t.Errorf("the act %q never comes: %+v", a.name, p.status())
			p.env.CancelWorkflow()
			return
		}
		if !a.when() {
			p.look(min(wait*2, lastLook))
			return
		}
		p.next++
		p.idle = 0
		a.do()
		p.look(firstLook)
	}, wait)
}

func now() bool { return true }

func query[T any](p *play, name string) (out T) {
	v, err := p.env.QueryWorkflow(name)
	if err == nil {
		err = v.Get(&out)
	}
	if err != nil {
		p.t.Errorf("query %s: %v", name, err)
	}
	return out
}

func (p *play) status() protocol.Status   { return query[protocol.Status](p, protocol.QueryStatus) }
func (p *play) awaited() []breach.Awaited { return query[[]breach.Awaited](p, protocol.QueryAwaited) }
func (p *play) timeline() []protocol.TimelineEntry {
	return query[[]protocol.TimelineEntry](p, protocol.QueryTimeline)
}

// waits lists what is awaited, by its word.
func (p *play) waits() []string {
	var out []string
	for _, a := range p.awaited() {
		out = append(out, a.What)
	}
	return out
}

// wave says where a list of people stands, empty when the story does not know it.
func (p *play) wave(no int) string {
	for _, w := range p.status().Waves {
		if w.Wave == no {
			return w.State
		}
	}
	return ""
}

func (p *play) waveIs(no int, state string) func() bool {
	return func() bool { return p.wave(no) == state }
}

func (p *play) stateIs(s breach.IncidentState) func() bool {
	return func() bool { return p.status().State == s }
}

// answer is what became of an update.
type answer struct {
	rejected, failed error
	accepted, done   bool
	value            any
}

func (a *answer) over() bool { return a.done || a.rejected != nil }

// err is the refusal or the failure, whichever there was.
func (a *answer) err() error {
	if a.rejected != nil {
		return a.rejected
	}
	return a.failed
}

func (p *play) update(name string, arg any) *answer {
	a := &answer{}
	p.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
		OnAccept:   func() { a.accepted = true },
		OnReject:   func(err error) { a.rejected = err },
		OnComplete: func(v any, err error) { a.done, a.value, a.failed = true, v, err },
	}, arg)
	return a
}

func command(by breach.Actor) protocol.Command {
	return protocol.Command{ID: "command", Actor: by.ID, Role: by.Role}
}
