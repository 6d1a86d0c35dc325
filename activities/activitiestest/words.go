package activitiestest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

// Words composes plain texts. A person whose name holds "unrenderable" cannot be rendered, and one whose
// name holds "explosive" makes the renderer panic with the name in its words.
type Words struct{}

// Texts answers activities.Words.
func (Words) Texts(file breach.IncidentFile, p policy.Profile, duties []breach.Obligation, locales []string, _ string) (texts []breach.Text, problems []string, err error) {
	n := file.Narrative["en"]
	if n.Summary == "" {
		return nil, []string{"narrative.en.summary: nothing is written yet"}, nil
	}
	add := func(b breach.TextBody) {
		t, terr := breach.NewText(b)
		texts, err = append(texts, t), errors.Join(err, terr)
	}
	parts := map[string]string{"text": n.Summary}
	for _, locale := range locales {
		for _, c := range p.Order() {
			for _, v := range []breach.Addressee{breach.ToSelf, breach.ToGuardian} {
				add(breach.TextBody{Kind: breach.KindNotice, Channel: string(c), Locale: locale, Variant: string(v), Parts: parts})
			}
		}
		add(breach.TextBody{Kind: breach.KindAnnouncement, Channel: "page", Locale: locale, Parts: parts})
	}
	for _, o := range duties {
		if o.Duty == "notify_individuals" {
			continue // says what notices hold
		}
		add(breach.TextBody{Kind: breach.KindReport, Channel: o.ID, Locale: "en", Parts: parts})
	}
	return texts, nil, err
}

// LongestSMS answers activities.Words: every message has two parts.
func (Words) LongestSMS(breach.Text) (breach.SMSSize, error) { return breach.SMSSize{Parts: 2}, nil }

// Message answers activities.Words.
func (Words) Message(t breach.Text, p breach.Person, to breach.Addressee, reference string) (delivery.Message, error) {
	b, err := t.Open()
	if err != nil {
		return delivery.Message{}, err
	}
	name, contact := p.Name, policy.ContactOf(p, to, breach.Channel(b.Channel))
	if to == breach.ToGuardian {
		name = p.Guardian.Name
	}
	if strings.Contains(p.Name, "explosive") {
		panic("cannot render for " + p.Name)
	}
	if strings.Contains(p.Name, "unrenderable") {
		return delivery.Message{}, errors.New("the contact " + contact + " cannot be used")
	}
	return delivery.Message{
		Channel: breach.Channel(b.Channel), To: contact, ToName: name, Locale: b.Locale, Subject: "Notice " + reference, Text: b.Parts["text"],
	}, nil
}

// Locale answers activities.Words.
func (Words) Locale(want string, have []string) string {
	if slices.Contains(have, want) {
		return want
	}
	return have[0]
}

// Judge finds two duties in the facts: people are told within 72 hours of awareness; the authority within 72
// hours, or 24 when the incident was malicious. A second authority wants a report when people in Germany
// are among the affected.
type Judge struct {
	Err  error
	Laws func(*breach.Judgement) // nil, or alters what is judged
}

// The ids of the judge's obligations.
const (
	DutyPeople    = "house/individuals/notice"
	DutyAuthority = "cn-pipl/authority/initial"
	DutySecond    = "eu-gdpr/authority/initial"
)

// Judge answers activities.Judge.
func (j Judge) Judge(f breach.Facts, _ policy.Profile, _ time.Time) (breach.Judgement, error) {
	if j.Err != nil {
		return breach.Judgement{}, j.Err
	}
	hours := 72
	if f.Incident.Malicious != nil && *f.Incident.Malicious {
		hours = 24
	}
	people := obligation(f, DutyPeople, "notify_individuals", 72, breach.Applies)
	people.Binding = "house_policy" // as with the shipped rules: the law says when in words, the house in hours
	out := []breach.Obligation{
		people,
		obligation(f, DutyAuthority, "notify_authority", hours, breach.Applies),
	}
	second := breach.DoesNotApply
	if f.People.ByCountry["DE"] > 0 {
		second = breach.Applies
	}
	out = append(out, obligation(f, DutySecond, "notify_authority", 72, second))
	judged := breach.Judgement{Assessment: breach.Assessment{Scheme: "enisa-2013", Level: "medium"}, Obligations: out}
	if j.Laws != nil {
		j.Laws(&judged)
	}
	return judged, nil
}

func obligation(f breach.Facts, id, duty string, hours int, v breach.Verdict) breach.Obligation {
	o := breach.Obligation{ID: id, Duty: duty, Verdict: v, Binding: "law", Basis: "law", Clock: &breach.Clock{From: "aware_at", Value: hours, Unit: "hours"}}
	if v == breach.Applies && f.Incident.AwareAt != nil {
		start := f.Incident.AwareAt.UTC()
		due := start.Add(time.Duration(hours) * time.Hour)
		o.Clock.StartedAt, o.DueAt = &start, &due
	}
	return o
}

// Packs answers activities.Judge.
func (Judge) Packs() map[string][]byte {
	pack := []byte("rules of the test")
	sum := sha256.Sum256(pack)
	return map[string][]byte{hex.EncodeToString(sum[:]): pack}
}
