package console

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func brakedDesk() (d *fakeDesk, lifted *[]int64) {
	d, lifted = sampleDesk(), &[]int64{}
	d.overview = func(string) (breach.Overview, error) {
		o := sampleOverview()
		o.Incident.State = breach.IncidentNotifying
		o.Stages = []breach.Stage{{Wave: 1, Name: "ramp", People: 1000, Since: o.At}}
		o.Brakes = breach.Brakes{
			{ID: 7, Kind: breach.BrakeStop, Channel: breach.Email, Provider: "smtp", Domain: "sick.example", Out: 1200, Failed: 240, Reason: "blocked_by_receiver", At: o.At},
			{ID: 8, Kind: breach.BrakeWarn, Channel: breach.SMS, Provider: "twilio", Out: 1000, Failed: 60, Reason: "filtered_by_carrier", At: o.At},
			{ID: 9, Kind: breach.BrakeGate, Wave: 1, Stage: "canary", At: o.At},
		}
		o.Senders = []breach.Sender{{Provider: "twilio", Processes: 2, Down: 1}, {Provider: "smtp", Processes: 1, PerSecond: 200}}
		o.Awaited = append(o.Awaited, breach.Awaited{What: "lift", Role: breach.RoleResponder, Ref: "7", Since: o.At},
			breach.Awaited{What: "lift", Role: breach.RoleResponder, Ref: "9", Since: o.At})
		return o, nil
	}
	d.lift = func(_ string, brake int64, _ breach.Actor) error { *lifted = append(*lifted, brake); return nil }
	return d, lifted
}

func TestWhatIsHeldBackIsSaidAndLifted(t *testing.T) {
	t.Parallel()
	d, lifted := brakedDesk()
	s := newSite(t, d).as(responder)
	p := s.get("/console/incidents/" + sampleID)
	waiting := p.one("#waiting").text()
	require.Contains(t, waiting, "Held back: Email through smtp to sick.example")
	require.Contains(t, waiting, "240 of 1,200 messages failed. The receiving side refuses this sender")
	require.Contains(t, waiting, "Look at the sample of list 1, and let the rest go out")
	lede := p.one("#story").text()
	require.Contains(t, lede, "Of list 1 the first 1,000 are told now.")
	require.Contains(t, lede, "The provider twilio is down. People go to the next one that the policy permits, or wait.")
	require.Contains(t, lede, "The provider smtp takes at most 200 messages a second.")
	require.Contains(t, lede, "More fails than should, SMS through twilio: 60 of 1,000 messages failed. The carrier filters the messages")

	require.Contains(t, s.send("/console/incidents/"+sampleID+"/lift", url.Values{"brake": {"7"}}).text(), "What was held back goes on.")
	require.Equal(t, []int64{7}, *lifted)
	for _, wrong := range []string{"", "0", "-1", "all", "7;8"} {
		s.send("/console/incidents/"+sampleID+"/lift", url.Values{"brake": {wrong}})
	}
	require.Equal(t, []int64{7}, *lifted, "never all by mistake")

	require.Empty(t, newSite(t, d).as(reader).get("/console/incidents/"+sampleID).all(`form[action$="/lift"]`), "a reader lifts nothing")
}

func TestRecordOfStagesAndBrakes(t *testing.T) {
	t.Parallel()
	l := speech{lang: english, zone: time.UTC}
	for _, c := range []struct{ action, data, want string }{
		{"send.stage", `{"wave":2,"stage":"canary","people":20}`, "Of list 2 a sample of 20 people goes first."},
		{"send.stage", `{"wave":2,"stage":"ramp","people":1000}`, "Of list 2 the first 1,000 are told now."},
		{"send.stage", `{"wave":2,"stage":"full","people":0}`, "List 2 is told as a whole."},
		{"brake.set", `{"kind":"stop","channel":"email","provider":"smtp","out":20,"failed":5,"reason":"rejected"}`, "Held back: Email through smtp. 5 of 20 messages failed."},
		{"brake.set", `{"kind":"warn","channel":"sms","provider":"twilio","out":1000,"failed":50}`, "More fails than should, SMS through twilio: 50 of 1,000 messages failed."},
		{"brake.set", `{"kind":"gate","wave":3,"stage":"canary"}`, "List 3 waits until a person has looked at what came back."},
		{"brake.lifted", `{"kind":"gate","wave":3}`, "mei.tan let go on what was held back: list 3."},
		{"brake.lifted", `{"kind":"stop","channel":"push","provider":"fcm"}`, "mei.tan let go on what was held back: Push through fcm."},
	} {
		got := l.events(sampleOverview(), []breach.AuditEntry{{Actor: "mei.tan", Action: c.action, Data: []byte(c.data), At: sampleNow}}, false)
		require.Len(t, got, 1)
		require.Equal(t, c.want, got[0].Text)
	}
}
