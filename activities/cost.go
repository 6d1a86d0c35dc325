package activities

import (
	"context"
	"strconv"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Costs counts what was handed over that costs something for each message.
type Costs interface {
	// Handed counts messages of an incident by channel, provider and country of the person; at most: what was intended
	// counts until it is known that it was not begun.
	Handed(ctx context.Context, incident string) ([]breach.Handed, error)
}

// costs counts messages that are due, by how they will be sent, where the policy limits costs.
func (s *survey) costs(country string, st policy.Step, people int64) {
	if s.dear != nil {
		s.dear[breach.Handed{Channel: st.Channel, Provider: st.Provider, Country: country}] += people
	}
}

// affordable holds back what would cost more than the policy allows, together with what was sent before: the channels
// that cost something are braked, once for each whole multiple of the limit, until a person lets them go on.
func (r *Resolve) affordable(ctx context.Context, in SurveyIn, sc scope, s *survey) error {
	if len(s.dear) == 0 {
		return nil
	}
	limit := *sc.profile.AtMost.Cost
	parts, err := r.parts(ctx, in)
	if err != nil {
		return err
	}
	spent, due := 0.0, 0.0
	before, err := r.Costs.Handed(ctx, in.Incident)
	if err != nil {
		return err
	}
	for _, h := range before {
		spent += float64(h.Messages) * sc.profile.Price(h.Provider, h.Country, parts)
	}
	dear := map[breach.Channel]bool{}
	for h, n := range s.dear {
		cost := float64(n) * sc.profile.Price(h.Provider, h.Country, parts)
		due, dear[h.Channel] = due+cost, dear[h.Channel] || cost > 0
	}
	times := policy.Beyond(spent, due, limit.Amount)
	if times == 0 {
		return nil
	}
	err = r.Cases.Note(ctx, in.Incident, "cost.limit/"+strconv.Itoa(in.Wave)+"/"+strconv.FormatInt(times, 10), "tocsin", "cost.limit", map[string]any{
		"wave": in.Wave, "currency": limit.Currency, "limit": policy.Cents(limit.Amount), "spent": policy.Cents(spent), "due": policy.Cents(due),
	}, s.now)
	if err != nil {
		return err
	}
	for _, c := range breach.Channels {
		if !dear[c] {
			continue
		}
		b := breach.Brake{Kind: breach.BrakeStop, Wave: in.Wave, Stage: "cost-" + strconv.FormatInt(times, 10), Channel: c, Reason: breach.BrakeCost, At: s.now}
		if err := r.Brakes.SetBrake(ctx, in.Incident, b); err != nil {
			return err
		}
	}
	return r.holdBack(ctx, in, s, dear)
}

// holdBack takes channels out of the round that are braked now; one that a person let go on before is not.
func (r *Resolve) holdBack(ctx context.Context, in SurveyIn, s *survey, dear map[breach.Channel]bool) error {
	brakes, err := r.Brakes.Brakes(ctx, in.Incident)
	if err != nil {
		return err
	}
	for c := range dear {
		if dear[c] && brakes.Hold(in.Wave, c, "", "") {
			s.out.Braked += s.out.Due[c]
			s.out.Due[c], s.open[c] = 0, nil
		}
	}
	return nil
}

// parts is how many parts the longest text message of a list's plan has; 1 where there is none.
func (r *Resolve) parts(ctx context.Context, in SurveyIn) (int, error) {
	rec, err := r.Plans.Plan(ctx, in.Incident, in.Wave)
	if err != nil {
		return 0, err
	}
	longest := 1
	for _, ref := range rec.Plan.Notices {
		if ref.Channel != string(breach.SMS) {
			continue
		}
		t, err := r.Plans.Text(ctx, in.Incident, ref.SHA256)
		if err != nil {
			return 0, err
		}
		size, err := r.Words.LongestSMS(t)
		if err != nil {
			return 0, err
		}
		longest = max(longest, size.Parts)
	}
	return longest, nil
}
