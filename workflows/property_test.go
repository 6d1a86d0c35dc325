package workflows_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/activities/activitiestest"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/workflows"
)

// Whatever providers answer, whenever lanes die and whatever bounces late: the delivery ends, everybody has
// exactly one outcome and none is still to do, no attempt reaches a provider twice or without an intent on
// record, and nobody is told again without a recorded reason.
func TestDeliverProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		people := drawPeople(rt)
		p, plan := deliverOnly(t, people...)
		p.stage.Limits.Batch = rapid.IntRange(1, 5).Draw(rt, "batch")
		p.stage.Post.Script = activitiestest.Scripted(drawReplies(rt, people))
		p.stage.Post.Deaf = map[string]bool{"twilio": rapid.Bool().Draw(rt, "twilio deaf"), "gateway": rapid.Bool().Draw(rt, "gateway deaf")}
		p.stage.Post.Absent = map[string]bool{"fcm": rapid.Bool().Draw(rt, "no push")}
		p.led.Break(drawCrashes(rt))
		for i, hours := range rapid.SliceOfN(rapid.IntRange(1, 60), 0, 3).Draw(rt, "bounces") {
			p.env.RegisterDelayedCallback(func() { p.bounce(people[i%len(people)].Name) }, time.Duration(hours)*time.Hour)
		}
		p.play(workflows.Deliver, workflows.DeliverInput{Incident: incident, Wave: 1, PlanHash: plan})
		require.NoError(rt, p.env.GetWorkflowError())
		p.led.Break(nil)
		p.checkEverybody(rt, len(people))
		p.checkWire(rt)
	})
}

func drawPeople(rt *rapid.T) []breach.Person {
	var out []breach.Person
	for i := range rapid.IntRange(1, 9).Draw(rt, "people") {
		who := activitiestest.Someone("p", i)
		who.Name = fmt.Sprintf("p%d", i)
		who.Country = rapid.SampledFrom([]string{"GB", "CN", ""}).Draw(rt, "country")
		switch rapid.IntRange(0, 5).Draw(rt, "kind") {
		case 0:
			who.Email = ""
		case 1:
			who.Phone = ""
		case 2:
			who.Email, who.Phone = "", ""
		case 3:
			who.PushToken, who.PushPlatform = fmt.Sprintf("token-%d", i), "fcm"
		case 4:
			who.BirthDate = "2018-01-01"
			who.Guardian = &breach.Guardian{Name: "g", Email: fmt.Sprintf("guardian.%d@mail.example", i)}
		}
		if rapid.IntRange(0, 5).Draw(rt, "objects") == 0 {
			who.Objections = []breach.Channel{breach.SMS}
		}
		out = append(out, who)
	}
	return out
}

// drawReplies treats up to four messages to each contact in some way.
func drawReplies(rt *rapid.T, people []breach.Person) map[string][]activitiestest.Reply {
	kinds := []activitiestest.Reply{
		{}, {}, {Lost: true}, {Lost: true}, {Panic: "broken"}, {Err: errPuzzle}, {State: breach.HandedOver},
		{Failure: &delivery.Failure{Reason: delivery.ReasonNoMailbox}},
		{Failure: &delivery.Failure{Reason: delivery.ReasonGreylisted, Retryable: true}},
	}
	out := map[string][]activitiestest.Reply{}
	for _, who := range people {
		contacts := []string{who.Email, who.Phone, who.PushToken}
		if who.Guardian != nil {
			contacts = append(contacts, who.Guardian.Email)
		}
		for _, c := range contacts {
			if c == "" {
				continue
			}
			for _, k := range rapid.SliceOfN(rapid.IntRange(0, len(kinds)-1), 0, 4).Draw(rt, "replies") {
				out[c] = append(out[c], kinds[k])
			}
		}
	}
	return out
}

// drawCrashes lets a worker die at some calls of the ledger, before or after they wrote.
func drawCrashes(rt *rapid.T) activitiestest.Fault {
	type point struct {
		op    string
		wrote bool
		nth   int
	}
	ops := []string{"Lease", "Renew", "Intend", "Record", "Finish", "OpenChunks", "Settle", "SetOutcomes", "Refuse", "Subjects", "Unsettled"}
	var points []point
	for range rapid.IntRange(0, 6).Draw(rt, "crashes") {
		points = append(points, point{rapid.SampledFrom(ops).Draw(rt, "op"), rapid.Bool().Draw(rt, "wrote"), rapid.IntRange(1, 6).Draw(rt, "nth")})
	}
	var mu sync.Mutex
	seen := map[point]int{}
	return func(op string, wrote bool) error {
		mu.Lock()
		defer mu.Unlock()
		k := point{op: op, wrote: wrote}
		seen[k]++
		k.nth = seen[point{op: op, wrote: wrote}]
		if slices.Contains(points, k) {
			return errors.New("the worker died")
		}
		return nil
	}
}

// bounce fails somebody's mail late, if there was one that was taken.
func (p *play) bounce(name string) {
	for _, a := range p.led.Named(name).Attempts {
		if a.Channel == breach.Email && a.State == breach.Accepted {
			e := breach.AttemptEvent{Person: a.Person, Addressee: a.Addressee, Channel: a.Channel, Try: a.Try, State: breach.FailedPermanent, Reason: delivery.ReasonNoMailbox, At: p.env.Now()}
			for p.led.Record(p.t.Context(), incident, []breach.AttemptEvent{e}) != nil { // a callback is sent again
			}
			return
		}
	}
}

func (p *play) checkEverybody(rt *rapid.T, n int) {
	t := p.led.Outcomes()
	require.Equal(rt, int64(n), t.Sum())
	require.Equal(rt, int64(n), t[breach.Reached]+t[breach.Attempted]+t[breach.Unreachable], "%v", t)
	require.Empty(rt, p.led.Unexplained())
	for _, who := range p.led.People() {
		for _, a := range who.Attempts {
			require.NotEqual(rt, breach.Intended, a.State, "person %d", who.ID)
			require.NotEqual(rt, breach.Unknown, a.State, "person %d: settled in the end", who.ID)
		}
		checkOrder(rt, who)
	}
}

// checkOrder: once mail was taken and while it had not bounced, or an SMS had arrived, the same addressee is
// not told by anything else.
func checkOrder(rt *rapid.T, who activitiestest.Person) {
	for _, in := range who.Intents {
		for _, e := range who.Events {
			taken := e.Channel == breach.Email && e.State == breach.Accepted || e.Channel == breach.SMS && e.State == breach.Delivered
			if !taken || e.Addressee != in.Addressee || !e.At.Before(in.At) {
				continue
			}
			failed := slices.ContainsFunc(who.Events, func(f breach.AttemptEvent) bool {
				return f.Addressee == e.Addressee && f.Channel == e.Channel && f.Try == e.Try && f.State == breach.FailedPermanent && !f.At.After(in.At)
			})
			require.True(rt, failed, "person %d was told by %s at %s although %s was %s at %s", who.ID, in.Channel, in.At, e.Channel, e.State, e.At)
		}
	}
}

// checkWire compares what reached providers with what the ledger intended.
func (p *play) checkWire(rt *rapid.T) {
	intended := map[string]bool{}
	for _, who := range p.led.People() {
		for _, in := range who.Intents {
			intended[in.AttemptID] = true
		}
	}
	wire := map[string]bool{}
	for _, s := range p.stage.Post.Sent() {
		require.False(rt, wire[s.Message.AttemptID], "an attempt reached the wire twice")
		require.True(rt, intended[s.Message.AttemptID], "an attempt reached the wire and is in no ledger")
		wire[s.Message.AttemptID] = true
		if s.Kind == "twilio" || s.Kind == "fcm" {
			require.Equal(rt, "GB", p.countryOf(s.Message.To), "data of people in China stays there")
		}
	}
}

func (p *play) countryOf(contact string) string {
	for _, who := range p.led.People() {
		if who.Who.Phone == contact || who.Who.PushToken == contact {
			return who.Who.Country
		}
	}
	return ""
}

// TestMain keeps properties to seconds: 40 runs unless -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
