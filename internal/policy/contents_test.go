package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func wanting(id string, contents ...string) breach.Obligation {
	return breach.Obligation{ID: id + "/individuals/notice", Regime: id, Duty: "notify_individuals", Verdict: breach.Applies,
		Contents: contents, Citation: "art. 1 of " + id, Verified: true, Clock: &breach.Clock{From: "aware_at"}}
}

func mail(locale string, fields ...string) breach.TextBody {
	return breach.TextBody{Kind: breach.KindNotice, Channel: "email", Locale: locale, Variant: "self", Carries: fields, Parts: map[string]string{"text": "-", "html": "-"}}
}

func page(locale string, fields ...string) breach.TextBody {
	return breach.TextBody{Kind: breach.KindAnnouncement, Channel: "page", Locale: locale, Carries: fields, Parts: map[string]string{"text": "-", "html": "-"}}
}

func checked(texts []breach.TextBody, waivers []breach.Waiver, duties ...breach.Obligation) breach.ContentCheck {
	return Contents{Judgement: breach.Judgement{Obligations: duties}, Texts: texts, KeepDays: 30, Waivers: waivers}.Check()
}

// Each kind of gap is found, by its name and for the texts that have it, and nothing else is.
func TestPromise_M06_GapsOfNotices(t *testing.T) {
	t.Parallel()
	type gap struct {
		kind, obligation, field string
		texts                   []string
	}
	sms := breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: "self", Parts: map[string]string{"text": "-", "link": "https://x.test/n"}}
	forbids := wanting("us-ma")
	forbids.Forbidden = []string{"nature"}
	cannotTell := wanting("jp-appi", "legal_rights")
	cannotTell.Verdict = breach.CannotTell
	not := wanting("kr-pipa", "legal_rights")
	not.Verdict = breach.DoesNotApply
	later := wanting("in-dpdp", "lessons")
	later.Clock = &breach.Clock{From: "handled_at"}
	posted := wanting("us-hipaa")
	posted.Substitutes = []breach.SubstituteForm{{Form: []string{"home_page"}, DurationDays: 90, CallCentreDays: 90}}
	for name, c := range map[string]struct {
		texts  []breach.TextBody
		duties []breach.Obligation
		want   []gap
	}{
		"everything is there": {[]breach.TextBody{mail("en", "cause")}, []breach.Obligation{wanting("cn", "cause")}, nil},
		"missing in one language": {[]breach.TextBody{mail("en", "cause"), mail("zh-Hans")}, []breach.Obligation{wanting("cn", "cause")},
			[]gap{{"missing", "cn/individuals/notice", "cause", []string{"email zh-Hans self"}}}},
		"an SMS is read with its page": {[]breach.TextBody{mail("en", "cause"), sms, page("en", "cause")}, []breach.Obligation{wanting("cn", "cause")}, nil},
		"the page lacks it": {[]breach.TextBody{mail("en", "cause"), sms, page("en")}, []breach.Obligation{wanting("cn", "cause")},
			[]gap{{"missing", "cn/individuals/notice", "cause", []string{"sms en self", "page en"}}}},
		"a data protection officer or other contact point": {[]breach.TextBody{mail("en", "contact_point")}, []breach.Obligation{wanting("eu-gdpr", "dpo", "contact_point")}, nil},
		"a data protection officer and no other": {[]breach.TextBody{mail("en", "contact_point")}, []breach.Obligation{wanting("br", "dpo")},
			[]gap{{"missing", "br/individuals/notice", "dpo", []string{"email en self"}}}},
		"forbidden": {[]breach.TextBody{mail("en", "nature")}, []breach.Obligation{forbids},
			[]gap{{"forbidden", "us-ma/individuals/notice", "nature", []string{"email en self"}}}},
		"one asks, another forbids": {[]breach.TextBody{mail("en", "nature")}, []breach.Obligation{wanting("eu-gdpr", "nature"), forbids},
			[]gap{{"conflict", "us-ma/individuals/notice", "nature", []string{"email en self"}}}},
		"left out, because another forbids": {[]breach.TextBody{mail("en")}, []breach.Obligation{wanting("eu-gdpr", "nature"), forbids},
			[]gap{{"conflict", "eu-gdpr/individuals/notice", "nature", []string{"email en self"}}}},
		"what may apply, does not, or comes later blocks nothing": {[]breach.TextBody{mail("en")}, []breach.Obligation{cannotTell, not, later}, nil},
		"taken down too early, and nobody to call": {[]breach.TextBody{mail("en")}, []breach.Obligation{posted},
			[]gap{{"posting_days", "us-hipaa/individuals/notice", "posting_days", []string{"the policy keeps it up for 30 days, the regime asks for 90"}},
				{"call_centre", "us-hipaa/individuals/notice", "call_centre", nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []gap
			for _, g := range checked(c.texts, nil, c.duties...).Gaps {
				require.NotEmpty(t, g.Says)
				require.NotEmpty(t, g.Do)
				require.NotEmpty(t, g.Citation)
				got = append(got, gap{g.Kind, g.Obligation, g.Field, g.Texts})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestPrescribedHeadings(t *testing.T) {
	t.Parallel()
	o := wanting("us-ca")
	o.Heading, o.Headings = "Notice of Data Breach", []string{"What Happened", "What You Can Do"}
	text := func(words string) breach.TextBody {
		b := mail("en")
		b.Parts = map[string]string{"text": words, "html": "<h1>" + words + "</h1>"}
		return b
	}
	for words, want := range map[string]int{
		"NOTICE OF DATA BREACH. What happened: x. What you can do: y": 0,
		"What you can do: y. What happened: x. Notice of data breach": 1, // the order
		"What happened: x. What you can do: y":                        1, // the title
		"A letter":                                                    2,
	} {
		require.Len(t, checked([]breach.TextBody{text(words), mail("zh-Hans")}, nil, o).Gaps, want, words)
	}
	require.Len(t, checked([]breach.TextBody{mail("zh-Hans")}, nil, o).Gaps, 2, "no text is in the language of the headings")
}

// A gap is let go by its own name, and no other with it.
func TestWaiversNameOneGap(t *testing.T) {
	t.Parallel()
	texts := []breach.TextBody{mail("en")}
	waive := breach.Waiver{Obligation: "cn/individuals/notice", Field: "cause", Reason: "The cause is not known yet", By: "wei.lin"}
	check := checked(texts, []breach.Waiver{waive}, wanting("cn", "cause", "consequences"), wanting("eu", "cause"))
	require.Len(t, check.Gaps, 3)
	require.Equal(t, &waive, check.Gaps[0].Waived)
	require.Len(t, check.Blocking(), 2)
}

// A report may say that something is not known yet while the regime lets it be handed in later.
func TestGapsOfReports(t *testing.T) {
	t.Parallel()
	report := breach.TextBody{Kind: breach.KindReport, Channel: "cn/authority/first", Locale: "en",
		Fields: map[string]string{"cause": "Not known yet", "summary": "s", "lessons": ""}, Open: []string{"cause"}}
	duty := breach.Obligation{ID: "cn/authority/first", Regime: "cn", Duty: "notify_authority", Verdict: breach.Applies, Contents: []string{"cause", "summary"}, Citation: "c", Clock: &breach.Clock{From: "aware_at"}}
	check := func(duties ...breach.Obligation) breach.ContentCheck {
		return Contents{Judgement: breach.Judgement{Obligations: duties}, Reports: []string{"cn/authority/first"}, Texts: []breach.TextBody{report}}.Check()
	}
	require.Len(t, check(duty).Gaps, 1)
	deferred := duty
	deferred.Deferrable = []string{"cause"}
	require.Empty(t, check(deferred).Gaps)
	require.Equal(t, breach.NoteNotKnownYet, check(deferred).Notes[0].Kind)
	final := breach.Obligation{ID: "cn/authority/final", Regime: "cn", Duty: "notify_authority", Verdict: breach.Applies, Clock: &breach.Clock{From: "filed_at"}}
	require.Empty(t, check(duty, final).Gaps)
	empty := duty
	empty.Contents = []string{"lessons"}
	require.Len(t, check(empty, final).Gaps, 1, "what a person must write is not said to be unknown")
}

// What a duty of which nobody can tell yet would ask for is noted.
func TestNotesOfWhatMayApply(t *testing.T) {
	t.Parallel()
	maybe := wanting("jp-appi", "legal_rights", "cause")
	maybe.Verdict = breach.CannotTell
	maybe.Forbidden = []string{"nature"}
	notes := checked([]breach.TextBody{mail("en", "cause", "nature")}, nil, maybe).Notes
	require.Len(t, notes, 2)
	require.Equal(t, "legal_rights", notes[1].Field)
	require.Equal(t, []string{"jp-appi/individuals/notice"}, notes[1].Obligations)
	require.Equal(t, breach.NoteMayBeForbidden, notes[0].Kind)
}

// Massachusetts forbids what California asks for. With a text of their own for people of Massachusetts, both are
// done justice to; a law for all of the country still asks it of both.
func TestPeopleOfAPlaceReadTheirOwnText(t *testing.T) {
	t.Parallel()
	ma, ca, federal := wanting("us-ma", "police_report_right"), wanting("us-ca", "nature"), wanting("us-hipaa", "nature")
	ma.Forbidden, ma.Jurisdiction, ca.Jurisdiction, federal.Jurisdiction = []string{"nature"}, "US-MA", "US-CA", "US"
	all, own := mail("en", "nature"), mail("en", "police_report_right")
	own.Variant = breach.VariantOf(breach.ToSelf, "US-MA")
	sms := breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: own.Variant, Carries: []string{"police_report_right"}, Parts: map[string]string{"text": "-", "link": "https://x.test/n"}}
	texts := []breach.TextBody{all, own, sms, page("en", "nature")}

	together := checked([]breach.TextBody{all, page("en", "nature")}, nil, ma, ca)
	require.Equal(t, breach.GapConflict, together.Gaps[len(together.Gaps)-1].Kind)
	require.Empty(t, checked(texts, nil, ma, ca).Gaps)

	gaps := checked(texts, nil, ma, ca, federal).Gaps
	require.Len(t, gaps, 1)
	require.Equal(t, breach.GapConflict, gaps[0].Kind)
	require.Equal(t, federal.ID, gaps[0].Obligation)
	require.Equal(t, []string{"email en self@US-MA"}, gaps[0].Texts, "an SMS is read with the page")

	own.Carries = []string{"nature"}
	gaps = checked([]breach.TextBody{all, own}, nil, ma, ca).Gaps
	require.Len(t, gaps, 2, "what their own text says and lacks counts")
}
