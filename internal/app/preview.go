package app

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
)

// Wording fills approved texts.
type Wording interface {
	Locale(want string, have []string) string
	Texts(file breach.IncidentFile, p policy.Profile, duties []breach.Obligation, locales []string, page string) (texts []breach.Text, problems []string, err error)
	Message(text breach.Text, p breach.Person, to breach.Addressee, reference string) (delivery.Message, error)
	// LongestSMS is the size of the longest message that a text comes to.
	LongestSMS(text breach.Text) (breach.SMSSize, error)
	// Test marks a message as a test.
	Test(m delivery.Message) delivery.Message
}

// Paper draws letters.
type Paper interface {
	Draw(to io.Writer, letters []delivery.Message) error
}

// Preview shows how people of a list will be written to by its newest plan, as messages are composed for sending:
// letters of names are replaced by others of their script, the code by an invented one, and contacts are masked.
// Every look is on record. A channel that the policy does not open is composed for this look alone, from the incident as
// it is now, and marked: no plan holds it, and nobody gets it.
func (d *Desk) Preview(ctx context.Context, incident string, q breach.PreviewQuery, by breach.Actor) (breach.Previews, error) {
	out := breach.Previews{Previews: []breach.Preview{}}
	if by.Role != breach.RoleLead && by.Role != breach.RoleResponder {
		return out, breach.Errorf(breach.ErrForbidden, "only responders and leads may look at people's notices")
	}
	if q.Worst == (q.Person > 0) {
		return out, breach.Errorf(breach.ErrInvalid, "say whose notice").With(breach.FieldError{Where: "person", What: "give a place in the list, or ask for the worst cases"})
	}
	rec, texts, err := d.Plan(ctx, incident, q.Wave)
	if err != nil {
		return out, err
	}
	out.PlanHash = rec.Hash
	sc, err := d.peopleScope(ctx, incident)
	if err != nil {
		return out, err
	}
	found, looked, err := d.found(ctx, incident, sc, rec.Plan.Wave, q)
	out.Looked = looked
	if err != nil {
		return out, err
	}
	unplanned := q.Channel != "" && !slices.Contains(sc.profile.Order(), q.Channel)
	if unplanned {
		if texts, err = d.unplanned(ctx, incident, sc, q.Channel, found); err != nil {
			return out, err
		}
	}
	var letters []delivery.Message
	for _, f := range found {
		v := breach.Preview{Why: f.why, Person: f.place, Wave: rec.Plan.Wave, Reads: f.person.Locale, Masked: maskAll(f.person), Unplanned: unplanned}
		v.Zone, v.ZoneFrom = f.person.Zone()
		m, err := d.compose(&v, sc, texts, f.person, q.Channel)
		if err != nil {
			return out, err
		}
		if q.Paper && m.Post != nil {
			m.AttemptID, m.DeliveryID = "preview-"+strconv.Itoa(len(letters)+1), "preview"
			letters = append(letters, m)
		}
		out.Previews = append(out.Previews, v)
	}
	if out.PDF, err = d.drawn(letters); err != nil {
		return out, err
	}
	err = d.Store.Note(ctx, incident, "", by.ID, "notice.previewed", map[string]any{
		"wave": rec.Plan.Wave, "people": len(found), "plan_hash": rec.Hash, "channel": q.Channel, "paper": q.Paper,
	}, d.Now().UTC())
	return out, err
}

// drawn is letters as a file, and nothing for none.
func (d *Desk) drawn(letters []delivery.Message) ([]byte, error) {
	if len(letters) == 0 || d.Paper == nil {
		return nil, nil
	}
	var file bytes.Buffer
	if err := d.Paper.Draw(&file, letters); err != nil {
		return nil, breach.Errorf(breach.ErrIncomplete, "a letter cannot be printed: %s", delivery.AsFailure(err).Detail)
	}
	return file.Bytes(), nil
}

// unplanned are the notices of a channel that the plan has none for, in the languages of who is looked at. There are
// none while the incident lacks words that a notice needs.
func (d *Desk) unplanned(ctx context.Context, incident string, sc peopleScope, channel breach.Channel, found []placed) ([]breach.Text, error) {
	file, _, err := d.Store.File(ctx, incident, 0)
	if err != nil {
		return nil, err
	}
	profile := sc.profile
	profile.Channels = []policy.ChannelRule{{Channel: channel}}
	var locales []string
	for _, f := range found {
		locales = append(locales, f.person.Locale)
	}
	texts, problems, err := d.Words.Texts(file, profile, nil, locales, "")
	if len(problems) > 0 {
		return nil, err
	}
	return texts, err
}

// found are the people whom a question is about, and how many were looked at for that.
func (d *Desk) found(ctx context.Context, incident string, sc peopleScope, wave int, q breach.PreviewQuery) ([]placed, int64, error) {
	blocks, err := d.Store.Blocks(ctx, incident, wave)
	if err != nil {
		return nil, 0, err
	}
	if q.Worst {
		return d.worst(ctx, incident, sc, blocks, q.Channel)
	}
	found, err := d.at(ctx, incident, blocks, q.Person)
	return found, 0, err
}

// placed is a person by their place in the list.
type placed struct {
	why    string
	place  int64
	person breach.Person
}

func (d *Desk) at(ctx context.Context, incident string, blocks []breach.Block, place int64) ([]placed, error) {
	before := int64(0)
	for _, b := range blocks {
		n := b.Hi - b.Lo + 1
		if place > before+n {
			before += n
			continue
		}
		subjects, err := d.Store.Subjects(ctx, incident, b)
		if err != nil {
			return nil, err
		}
		if i := place - before - 1; i < int64(len(subjects)) {
			return []placed{{"person " + strconv.FormatInt(place, 10), place, subjects[i].Person}}, nil
		}
		break
	}
	return nil, breach.Errorf(breach.ErrNotFound, "the list has no person no. %d", place)
}

// worst finds one person for each way in which a notice is likely to go wrong, among all of the list: the one name that
// breaks a letter may stand at its very end. Letters are looked at among those who have an address.
func (d *Desk) worst(ctx context.Context, incident string, sc peopleScope, blocks []breach.Block, channel breach.Channel) (out []placed, looked int64, err error) {
	cases := []struct {
		why   string
		worse func(a, b breach.Person) bool // a is a case, and a worse one than b
	}{
		{"longest name", func(a, b breach.Person) bool { return utf8.RuneCountInString(a.Name) > utf8.RuneCountInString(b.Name) }},
		{"right to left", func(a, b breach.Person) bool { return rightToLeft(a) && !rightToLeft(b) }},
		{"no email", func(a, b breach.Person) bool { return a.Email == "" && b.Email != "" }},
		{"no name", func(a, b breach.Person) bool { return a.Name == "" && b.Name != "" }},
		{"longest address", func(a, b breach.Person) bool {
			return channel == breach.Letter && utf8.RuneCountInString(a.PostalAddress) > utf8.RuneCountInString(b.PostalAddress)
		}},
		{"child with guardian", func(a, b breach.Person) bool { return sc.child(a) && !sc.child(b) }},
	}
	found := make([]*placed, len(cases))
	for _, b := range blocks {
		subjects, err := d.Store.Subjects(ctx, incident, b)
		if err != nil {
			return nil, looked, err
		}
		for _, s := range subjects {
			looked++
			if channel == breach.Letter && s.Person.PostalAddress == "" {
				continue
			}
			for j, c := range cases {
				than := breach.Person{Email: "-", Name: "-"} // no case of anything
				if j == 0 {
					than.Name = ""
				}
				if found[j] != nil {
					than = found[j].person
				}
				if c.worse(s.Person, than) {
					found[j] = &placed{c.why, looked, s.Person}
				}
			}
		}
	}
	for _, f := range found {
		if f != nil {
			out = append(out, *f)
		}
	}
	return out, looked, nil
}

func (sc peopleScope) child(p breach.Person) bool {
	return p.Guardian != nil && slices.Contains(sc.profile.Addressees(p, sc.on), breach.ToGuardian)
}

func rightToLeft(p breach.Person) bool {
	for _, r := range p.Name {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
			return true
		}
	}
	return false
}

// compose writes the message that a person would get first.
func (d *Desk) compose(v *breach.Preview, sc peopleScope, texts []breach.Text, p breach.Person, channel breach.Channel) (m delivery.Message, err error) {
	v.Addressee = sc.profile.Addressees(p, sc.on)[0]
	order := sc.profile.Order()
	if v.Channel = channel; channel == "" {
		i := slices.IndexFunc(order, func(c breach.Channel) bool { return policy.ContactOf(p, v.Addressee, c) != "" })
		if i < 0 {
			v.None = "there is no contact of theirs; they are told by the announcement"
			return m, nil
		}
		v.Channel = order[i]
	}
	text, ok := d.textFor(texts, p, v.Channel, v.Addressee)
	if v.Locale = text.Ref.Locale; !ok {
		v.None = "the plan has no text for this channel"
		return m, nil
	}
	m, err = d.Words.Message(text, masked(p), v.Addressee, render.InventedReference)
	if err != nil && delivery.AsFailure(err).Reason == delivery.ReasonBadInput {
		v.None = "their contact for this channel is missing or cannot be used"
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m = m.Plain()
	v.Subject, v.Title, v.Text, v.HTML, v.Link = m.Subject, m.Title, m.Text, m.HTML, m.Link
	v.Machine = m.Machine
	if v.Channel == breach.SMS {
		size := breach.SizeOfSMS(m.Text)
		v.SMS = &size
	}
	return m, nil
}

// textFor is the text of a plan for somebody, by language and by where they live.
func (d *Desk) textFor(texts []breach.Text, p breach.Person, c breach.Channel, to breach.Addressee) (breach.Text, bool) {
	var locales []string
	of := "" // the place whose people have a text of their own, if this is one of them
	for _, t := range texts {
		if t.Ref.Kind == breach.KindNotice && !slices.Contains(locales, t.Ref.Locale) {
			locales = append(locales, t.Ref.Locale)
		}
		if _, place := breach.ReadVariant(t.Ref.Variant); place != "" && breach.LivesIn(place, p.Country, p.Region) {
			of = place
		}
	}
	best, variant := d.Words.Locale(p.Locale, locales), breach.VariantOf(to, of)
	i := slices.IndexFunc(texts, func(t breach.Text) bool {
		return t.Ref.Kind == breach.KindNotice && t.Ref.Channel == string(c) && t.Ref.Locale == best && t.Ref.Variant == variant
	})
	if i < 0 {
		return breach.Text{Ref: breach.NoticeRef{Locale: best}}, false
	}
	return texts[i], true
}

// masked is the same person with the letters of names and of the postal address replaced; the guardian is a copy.
func masked(p breach.Person) breach.Person {
	p.Name, p.PostalAddress = maskName(p.Name), maskName(p.PostalAddress)
	if p.Guardian != nil {
		g := *p.Guardian
		g.Name = maskName(g.Name)
		p.Guardian = &g
	}
	return p
}

// maskName keeps how long a name is, its first letter, and what script it is written in: what a layout can break on.
func maskName(name string) string {
	out := []rune(name)
	first := true
	for i, r := range out {
		switch {
		case unicode.IsMark(r):
			continue // it stays on the letter that takes the place of the one it was on
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			continue
		case first:
			first = false
			continue
		}
		out[i] = letterLike(r)
	}
	return string(out)
}

func letterLike(r rune) rune {
	for _, s := range []struct {
		script *unicode.RangeTable
		letter rune
	}{
		{unicode.Han, '某'}, {unicode.Hiragana, 'の'}, {unicode.Katakana, 'ノ'}, {unicode.Hangul, '모'}, {unicode.Arabic, 'س'},
		{unicode.Hebrew, 'ש'}, {unicode.Cyrillic, 'х'}, {unicode.Greek, 'ο'}, {unicode.Thai, 'ก'}, {unicode.Devanagari, 'क'},
	} {
		if unicode.Is(s.script, r) {
			return s.letter
		}
	}
	if unicode.IsUpper(r) {
		return 'X'
	}
	return 'x'
}

// PlanRevision returns an earlier or the newest version of a list's plan with its texts.
func (d *Desk) PlanRevision(ctx context.Context, incident string, wave, revision int) (breach.PlanRecord, []breach.Text, error) {
	if wave == 0 {
		rec, err := d.plan(ctx, incident, 0)
		if err != nil {
			return rec, nil, err
		}
		wave = rec.Plan.Wave
	}
	all, err := d.Store.Plans(ctx, incident)
	if err != nil {
		return breach.PlanRecord{}, nil, err
	}
	for _, rec := range all {
		if rec.Plan.Wave == wave && rec.Plan.Revision == revision {
			texts, err := d.textsOf(ctx, incident, rec)
			return rec, texts, err
		}
	}
	return breach.PlanRecord{}, nil, breach.Errorf(breach.ErrNotFound, "the plan of list %d has no version %d", wave, revision)
}
