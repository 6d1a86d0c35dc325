package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// What must be offered is a gap until every text names it for as long as the law wants, and it is let go by its name.
func TestWhatMustBeOffered(t *testing.T) {
	t.Parallel()
	o := wanting("us-ma")
	o.Remedies = []breach.Remedy{{Offer: "credit_monitoring", Months: 18, Because: "A social security number was exposed"}}
	text := func(offers ...breach.Offer) breach.TextBody {
		b := mail("en")
		b.Offers = offers
		return b
	}
	sms := breach.TextBody{Kind: breach.KindNotice, Channel: "sms", Locale: "en", Variant: "self", Parts: map[string]string{"text": "-", "link": "https://x.test/n"}}
	with := page("en")
	with.Offers = []breach.Offer{{Offer: "credit_monitoring", Months: 24}}
	for name, c := range map[string]struct {
		texts []breach.TextBody
		want  []string
	}{
		"nothing":          {[]breach.TextBody{text()}, []string{"email en self"}},
		"too short":        {[]breach.TextBody{text(breach.Offer{Offer: "credit_monitoring", Months: 17})}, []string{"email en self"}},
		"no term":          {[]breach.TextBody{text(breach.Offer{Offer: "credit_monitoring"})}, []string{"email en self"}},
		"something else":   {[]breach.TextBody{text(breach.Offer{Offer: "identity_theft_prevention", Months: 18})}, []string{"email en self"}},
		"to the month":     {[]breach.TextBody{text(breach.Offer{Offer: "credit_monitoring", Months: 18})}, nil},
		"longer":           {[]breach.TextBody{text(breach.Offer{Offer: "credit_monitoring", Months: 24})}, nil},
		"an SMS, its page": {[]breach.TextBody{sms, with}, nil},
		"an SMS alone":     {[]breach.TextBody{sms, page("en")}, []string{"sms en self", "page en"}},
	} {
		gaps := checked(c.texts, nil, o).Gaps
		if c.want == nil {
			require.Empty(t, gaps, name)
			continue
		}
		require.Len(t, gaps, 1, name)
		require.Equal(t, c.want, gaps[0].Texts, name)
		require.Equal(t, breach.GapRemedy, gaps[0].Kind)
		require.Contains(t, gaps[0].Says, "credit monitoring at no cost to people, for 18 months at least: A social security number", name)
	}
	waive := breach.Waiver{Obligation: o.ID, Field: "credit_monitoring", Reason: "We were not its source", By: "wei.lin"}
	require.Empty(t, checked([]breach.TextBody{text()}, []breach.Waiver{waive}, o).Blocking())

	maybe := o
	maybe.Verdict = breach.CannotTell
	check := checked([]breach.TextBody{text()}, nil, maybe)
	require.Empty(t, check.Gaps)
	require.Equal(t, breach.NoteMayBeRequired, check.Notes[0].Kind)
	require.Contains(t, check.Notes[0].Says, "credit monitoring")
}

// Media get the words of the page: what their duty asks for is looked for there.
func TestMediaGetThePage(t *testing.T) {
	t.Parallel()
	media := wanting("us-hipaa", "summary", "contact_point")
	media.ID, media.Duty = "us-hipaa/media/notice", "notify_media"
	check := checked([]breach.TextBody{mail("en"), page("en", "summary")}, nil, media)
	require.Len(t, check.Gaps, 1)
	require.Equal(t, "us-hipaa/media/notice:contact_point", check.Gaps[0].Place())
	require.Equal(t, []string{"page en"}, check.Gaps[0].Texts)
	require.Contains(t, check.Checked, media.ID)
	require.Equal(t, breach.NoteHandOver, check.Notes[0].Kind)
	require.Empty(t, checked([]breach.TextBody{mail("en"), page("en", "summary", "contact_point")}, nil, media).Gaps)
}

// What a pack says of print and of what must be offered reaches the obligation, and with it the linter. The longest
// term of an offer counts; what nobody can tell yet is asked for.
func TestPacksSayWhatMustBeOffered(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	of := func(id, state, patch string) breach.Obligation {
		return obligation(t, judge(t, rules, usFacts(t, usPeople(state, 600), patch)), id)
	}
	ca := of("us-ca/individuals/notice", "CA", `{}`)
	require.Equal(t, 10, ca.MinFontPt)
	require.Equal(t, "identity_theft_prevention", ca.Remedies[0].Offer)
	require.Equal(t, 12, ca.Remedies[0].Months)
	require.Empty(t, of("us-ca/individuals/notice", "CA", `{"data":{"classes":["name","payment_card"]}}`).Remedies)

	months := func(patch string) (int, string) {
		o := of("us-ma/individuals/notice", "MA", patch)
		require.Len(t, o.Remedies, 1)
		return o.Remedies[0].Months, o.Remedies[0].Because
	}
	n, because := months(`{}`)
	require.Equal(t, 18, n, because)
	n, _ = months(`{"organisation":{"sectors":["consumer_reporting"]}}`)
	require.Equal(t, 42, n)
	n, because = months(`{"organisation":{"sectors":null}}`)
	require.Equal(t, 42, n)
	require.Contains(t, because, "nobody can tell yet")

	generic := of("us-state-generic/individuals/notice", "CT", `{}`)
	require.Equal(t, []breach.Remedy{{Offer: "credit_monitoring", Months: 24, Because: "Connecticut, when a social security number was exposed"}}, generic.Remedies)
}
