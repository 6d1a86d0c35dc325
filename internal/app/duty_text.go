package app

import (
	"context"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// DutyText writes the text of a duty that no plan carries out: breach.ErrConflict for one that does not apply, is one
// to people, or gets the words of the public page; breach.ErrIncomplete names what the incident does not say yet.
func (d *Desk) DutyText(ctx context.Context, incident, obligation string) (out breach.DutyText, err error) {
	file, _, err := d.Store.File(ctx, incident, 0)
	if err != nil {
		return out, err
	}
	j, _, err := d.Store.Judgement(ctx, incident)
	if err != nil {
		return out, err
	}
	o, err := j.ByHand(obligation)
	if err != nil {
		return out, err
	}
	if o.Duty == "notify_media" || o.Duty == "public_notice" {
		return out, breach.Errorf(breach.ErrConflict, "media and the public get the words of the public page: tocsin plan show")
	}
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return out, err
	}
	delays, err := d.Store.Delays(ctx, incident)
	if err != nil {
		return out, err
	}
	for _, late := range delays {
		if late.Obligation == o.ID {
			o.DelayReason = late.Reason
			o.Contents = append(append([]string{}, o.Contents...), o.Late...)
		}
	}
	texts, problems, err := d.Words.Texts(file, sc.profile, []breach.Obligation{o}, nil, "")
	if err != nil {
		return out, err
	}
	if len(texts) != 1 {
		wrong := breach.Errorf(breach.ErrIncomplete, "the text cannot be written yet")
		for _, p := range problems {
			wrong = wrong.With(breach.FieldError{Where: o.ID, What: p})
		}
		return out, wrong
	}
	b, err := texts[0].Open()
	if err != nil {
		return out, err
	}
	out = breach.DutyText{Obligation: o.ID, To: o.Addressee, Locale: b.Locale, Title: b.Parts["title"], Text: b.Parts["text"], Reviewed: texts[0].Ref.Reviewed, Open: b.Open}
	for _, field := range o.Contents {
		if b.Fields[field] == "" {
			out.Lacking = append(out.Lacking, field)
		}
	}
	return out, nil
}
