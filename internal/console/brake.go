package console

import (
	"context"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func (s *server) lift(v *visit) error {
	brake, err := strconv.ParseInt(v.r.PostFormValue("brake"), 10, 64)
	if err != nil || brake < 1 { // never all by mistake
		return breach.Errorf(breach.ErrInvalid, "which brake is to be lifted must be said")
	}
	return s.act(v, func(ctx context.Context, id string, by breach.Actor) error { return s.Desk.Lift(ctx, id, brake, by) },
		"What was held back goes on.")
}

// waitLift says what a brake holds back, and why.
func (l speech) waitLift(item *waitItem, o breach.Overview, a breach.Awaited) {
	for _, b := range o.Brakes {
		if strconv.FormatInt(b.ID, 10) != a.Ref {
			continue
		}
		if b.Kind == breach.BrakeGate {
			item.Title = l.T("Look at the sample of list %d, and let the rest go out", b.Wave)
		} else {
			item.Title = l.T("Held back: %s", l.place(b))
			if b.Reason != breach.BrakeCost {
				item.Text = l.failed(b) + " "
			}
		}
		item.Text += l.T(b.Cause())
	}
	item.Action = base + "incidents/" + o.Incident.ID + "/lift"
	item.Button, item.Fields = l.T("Let it go on"), map[string]string{"brake": a.Ref}
}

func (l speech) failed(b breach.Brake) string {
	return l.T("%s of %s messages failed.", l.Num(b.Failed), l.Num(b.Out))
}

func (l speech) place(b breach.Brake) string {
	out := l.channel(string(b.Channel))
	if b.Provider != "" {
		out = l.T("%s through %s", out, b.Provider)
	}
	if b.Domain != "" {
		out = l.T("%s to %s", out, b.Domain)
	}
	return out
}

// ramp says where the sending to lists stands that are told step by step, what fails more than it should, and which
// providers hold messages up.
func (l speech) ramp(o breach.Overview) (out []string) {
	if o.Incident.State != breach.IncidentNotifying {
		return nil
	}
	for _, st := range o.Stages {
		switch st.Name {
		case "canary":
			out = append(out, l.T("Of list %d a sample of %s goes first.", st.Wave, l.People(st.People)))
		case "ramp":
			out = append(out, l.T("Of list %d the first %s are told now.", st.Wave, l.Num(st.People)))
		}
	}
	for _, b := range o.Brakes {
		if b.Kind == breach.BrakeWarn {
			out = append(out, l.T("More fails than should, %s:", l.place(b))+" "+l.failed(b)+" "+l.T(b.Cause()))
		}
	}
	for _, s := range o.Senders {
		if s.Down > 0 {
			out = append(out, l.T("The provider %s is down. People go to the next one that the policy permits, or wait.", s.Provider))
		} else if s.PerSecond > 0 && s.Processes > 0 {
			out = append(out, l.T("The provider %s takes at most %g messages a second.", s.Provider, s.PerSecond))
		}
	}
	return out
}

func (d recordData) brake() breach.Brake {
	return breach.Brake{Kind: breach.BrakeKind(d.Kind), Wave: d.Wave, Channel: d.Channel, Provider: d.Provider, Domain: d.Domain,
		Out: d.Out, Failed: d.Failed, Reason: d.Reason}
}

func (l speech) stageSaid(d recordData) string {
	switch d.Stage {
	case "canary":
		return l.T("Of list %d a sample of %s goes first.", d.Wave, l.People(d.People))
	case "ramp":
		return l.T("Of list %d the first %s are told now.", d.Wave, l.Num(d.People))
	}
	return l.T("List %d is told as a whole.", d.Wave)
}

func (l speech) braked(d recordData) string {
	switch b := d.brake(); b.Kind {
	case breach.BrakeGate:
		return l.T("List %d waits until a person has looked at what came back.", d.Wave)
	case breach.BrakeWarn:
		return l.T("More fails than should, %s:", l.place(b)) + " " + l.failed(b)
	default:
		if b.Reason == breach.BrakeCost {
			return l.T("Held back: %s", l.place(b)) + "."
		}
		return l.T("Held back: %s", l.place(b)) + ". " + l.failed(b)
	}
}

func (l speech) heldPlace(d recordData) string {
	if d.Kind == string(breach.BrakeGate) {
		return l.T("list %d", d.Wave)
	}
	return l.place(d.brake())
}

// held is what is said of providers, without what changes all the time.
func held(senders []breach.Sender) (out []any) {
	for _, s := range senders {
		out = append(out, s.Provider, s.Down > 0, s.PerSecond, s.Processes > 0)
	}
	return out
}
