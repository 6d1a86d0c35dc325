package breach_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const (
	knows  = "de-law/individuals/notice"
	strict = "cn-law/individuals/notice"
	files  = "us-law/authority/report"
)

func holdLaws() breach.Judgement {
	return breach.Judgement{Obligations: []breach.Obligation{
		{ID: knows, Duty: "notify_individuals", Verdict: breach.Applies, Jurisdiction: "DE", Hold: &breach.HoldRule{
			LawEnforcement: true, Limits: []breach.HoldLimit{{Form: "written", Days: 30, Extensions: []int{60}}},
		}},
		{ID: strict, Duty: "notify_individuals", Verdict: breach.Applies, Jurisdiction: "CN"},
		{ID: files, Duty: "notify_authority", Verdict: breach.CannotTell, Jurisdiction: "US", Hold: &breach.HoldRule{LawEnforcement: true}},
		{ID: "fr-law/individuals/notice", Duty: "notify_individuals", Verdict: breach.DoesNotApply, Jurisdiction: "FR", Hold: &breach.HoldRule{LawEnforcement: true}},
	}}
}

func askedFor(obligations ...string) breach.Hold {
	return breach.Hold{
		ID: "h", Kind: breach.HoldLawEnforcement, Form: "written", AskedBy: "LKA Berlin", Reference: "4 Js 118/26",
		Reason: "arrests are planned", Obligations: obligations, Until: heldFrom.AddDate(0, 0, 20),
	}
}

func TestAHoldIsTakenOnlyWhereTheLawKnowsIt(t *testing.T) {
	t.Parallel()
	h, err := holdLaws().CheckHold(askedFor(files, knows, knows), nil, heldFrom)
	require.NoError(t, err)
	require.Equal(t, []string{knows, files}, h.Obligations)
	require.Equal(t, []string{"DE"}, h.Jurisdictions, "a report that waits keeps no people")

	for name, c := range map[string]struct {
		change func(*breach.Hold)
		code   breach.Code
		says   string
	}{
		"a law that knows none":      {func(h *breach.Hold) { h.Obligations = []string{knows, strict} }, breach.ErrNoDelay, "knows no delay"},
		"a duty that does not apply": {func(h *breach.Hold) { h.Obligations = []string{"fr-law/individuals/notice"} }, breach.ErrConflict, "does not apply"},
		"an unknown duty":            {func(h *breach.Hold) { h.Obligations = []string{"x/y/z"} }, breach.ErrInvalid, ""},
		"no duty":                    {func(h *breach.Hold) { h.Obligations = nil }, breach.ErrInvalid, ""},
		"asked in a form unknown":    {func(h *breach.Hold) { h.Form = "oral" }, breach.ErrNoDelay, "written"},
		"too long":                   {func(h *breach.Hold) { h.Until = heldFrom.AddDate(0, 0, 31) }, breach.ErrInvalid, ""},
		"in the past":                {func(h *breach.Hold) { h.Until = heldFrom }, breach.ErrInvalid, ""},
		"nobody asked":               {func(h *breach.Hold) { h.AskedBy = " " }, breach.ErrInvalid, ""},
		"two lines":                  {func(h *breach.Hold) { h.Reference = "a\nb" }, breach.ErrInvalid, ""},
		"no reason":                  {func(h *breach.Hold) { h.Reason = "because" }, breach.ErrInvalid, ""},
		"some channels":              {func(h *breach.Hold) { h.Channels = []breach.Channel{breach.SMS} }, breach.ErrInvalid, ""},
		"another kind":               {func(h *breach.Hold) { h.Kind = "whim" }, breach.ErrInvalid, ""},
	} {
		h := askedFor(knows)
		c.change(&h)
		_, err := holdLaws().CheckHold(h, nil, heldFrom)
		require.Equal(t, c.code, breach.CodeOf(err), name)
		require.Contains(t, err.Error(), c.says, name)
	}
	_, err = holdLaws().CheckHold(breach.Hold{Kind: breach.HoldChannel, AskedBy: "the house", Reference: "-", Reason: "the mailboxes were broken into",
		Channels: []breach.Channel{breach.Email}, Until: heldFrom.AddDate(0, 0, 2)}, nil, heldFrom)
	require.NoError(t, err)
}

func TestFurtherRequestsLastAsLongAsTheLawLetsThem(t *testing.T) {
	t.Parallel()
	first := askedFor(knows)
	first.At = heldFrom
	second := askedFor(knows)
	second.Until = first.Until.AddDate(0, 0, 60)
	_, err := holdLaws().CheckHold(second, breach.Holds{first}, heldFrom.AddDate(0, 0, 19))
	require.NoError(t, err)
	second.Until = second.Until.Add(time.Hour)
	_, err = holdLaws().CheckHold(second, breach.Holds{first}, heldFrom.AddDate(0, 0, 19))
	require.Equal(t, breach.ErrInvalid, breach.CodeOf(err))
	_, err = holdLaws().CheckHold(askedFor(knows), breach.Holds{first, first}, heldFrom.AddDate(0, 0, 10))
	require.Equal(t, breach.ErrNoDelay, breach.CodeOf(err), "the law names one extension")
}

// Whatever is asked for, what is taken is complete, ends, and covers only duties whose law knows it.
func TestWhatIsTakenIsLawful(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := askedFor(rapid.SliceOf(rapid.SampledFrom([]string{knows, strict, files, "fr-law/individuals/notice", "x"})).Draw(t, "duties")...)
		h.Kind = rapid.SampledFrom([]breach.HoldKind{breach.HoldLawEnforcement, breach.HoldChannel, ""}).Draw(t, "kind")
		h.AskedBy, h.Form = rapid.String().Draw(t, "by"), rapid.SampledFrom([]string{"", "written", "oral"}).Draw(t, "form")
		h.Until = heldFrom.Add(time.Duration(rapid.Int64Range(-1000, 20000).Draw(t, "until")) * time.Hour)
		got, err := holdLaws().CheckHold(h, nil, heldFrom)
		if err != nil {
			require.Contains(t, []breach.Code{breach.ErrInvalid, breach.ErrConflict, breach.ErrNoDelay}, breach.CodeOf(err))
			return
		}
		require.True(t, got.Until.After(heldFrom))
		require.False(t, strings.ContainsAny(got.AskedBy, "\r\n\x00"))
		for _, o := range got.Obligations {
			require.Contains(t, []string{knows, files}, o)
		}
	})
}
