package breach_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

var heldFrom = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func span(from, to int) breach.Span {
	return breach.Span{From: heldFrom.Add(time.Duration(from) * time.Hour), To: heldFrom.Add(time.Duration(to) * time.Hour)}
}

func days(n int) *breach.HoldTerm {
	return &breach.HoldTerm{Value: n, Unit: "calendar_days", Zone: "UTC"}
}

func TestTermsAfterAHoldEndWithTheLocalDay(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC) // the afternoon in Denver
	for _, c := range []struct {
		value      int
		unit, want string
	}{
		{30, "calendar_days", "2026-03-03T06:59:59Z"}, {30, "business_days", "2026-03-03T06:59:59Z"},
		{1, "months", "2026-03-01T06:59:59Z"}, {5, "hours", "2026-02-01T04:30:00Z"}, {5, "minutes", "2026-01-31T23:35:00Z"},
	} {
		got := breach.HoldTerm{Value: c.value, Unit: c.unit, Zone: "America/Denver"}.From(end)
		require.Equal(t, c.want, got.Format(time.RFC3339), "%d %s", c.value, c.unit)
	}
}

func TestBusinessDaysAfterAHoldAreThoseOfTheAuthority(t *testing.T) {
	t.Parallel()
	china := &breach.HoldCalendar{
		Weekend: []time.Weekday{time.Sunday, time.Saturday}, Holidays: []string{"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"},
		Workdays: []string{"2026-10-10"},
	}
	end := time.Date(2026, 9, 29, 17, 0, 0, 0, time.UTC) // 30 September there
	for _, c := range []struct {
		value    int
		calendar *breach.HoldCalendar
		want     string
	}{
		{1, china, "2026-10-08T15:59:59Z"}, {2, china, "2026-10-09T15:59:59Z"},
		{3, china, "2026-10-10T15:59:59Z"}, // a Saturday on which work is made up
		{4, china, "2026-10-12T15:59:59Z"}, {0, china, "2026-09-30T15:59:59Z"},
		{4, nil, "2026-10-04T15:59:59Z"}, // no calendar: never too late
	} {
		got := breach.HoldTerm{Value: c.value, Unit: "business_days", Zone: "Asia/Shanghai", Calendar: c.calendar}.From(end)
		require.Equal(t, c.want, got.Format(time.RFC3339), "%d days, %v", c.value, c.calendar != nil)
	}
}

func TestAClockThatStoodStillHasAsMuchTimeLeftAsBefore(t *testing.T) {
	t.Parallel()
	due := heldFrom.Add(72 * time.Hour)
	for name, c := range map[string]struct {
		spans []breach.Span
		then  *breach.HoldTerm
		want  time.Duration
	}{
		"nothing":                        {nil, nil, 72 * time.Hour},
		"ten hours":                      {[]breach.Span{span(5, 15)}, nil, 82 * time.Hour},
		"two, in any order":              {[]breach.Span{span(50, 60), span(5, 15)}, nil, 92 * time.Hour},
		"what overlaps counts once":      {[]breach.Span{span(5, 15), span(10, 20), span(12, 13)}, nil, 87 * time.Hour},
		"before the clock began":         {[]breach.Span{span(-10, 10)}, nil, 82 * time.Hour},
		"long over when it began":        {[]breach.Span{span(-10, -5)}, nil, 72 * time.Hour},
		"overdue stays overdue":          {[]breach.Span{span(72, 90)}, nil, 72 * time.Hour},
		"one that the first makes early": {[]breach.Span{span(70, 80), span(81, 91)}, nil, 92 * time.Hour},
		"one that comes too late anyway": {[]breach.Span{span(70, 80), span(82, 91)}, nil, 82 * time.Hour},
		"a term of its own afterwards":   {[]breach.Span{span(5, 15)}, days(30), 31*24*time.Hour - 8*time.Hour - time.Second},
		"the last one counts":            {[]breach.Span{span(5, 15), span(20, 30)}, &breach.HoldTerm{Value: 48, Unit: "hours"}, 78 * time.Hour},
		"lifted at once":                 {[]breach.Span{span(5, 5)}, days(30), 72 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, heldFrom.Add(c.want), breach.DueAfter(heldFrom, due, c.then, c.spans))
		})
	}
}

// Minute by minute, a clock that stands still in a span loses nothing: the closed form agrees with counting.
func TestDueAfterAgreesWithCounting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.IntRange(1, 60).Draw(t, "term")
		spans := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) breach.Span {
			from := rapid.IntRange(-20, 120).Draw(t, "from")
			return span(from, from+rapid.IntRange(0, 40).Draw(t, "long"))
		}), 0, 5).Draw(t, "spans")
		left, hour := term, 0
		for ; left > 0; hour++ {
			if !slices.ContainsFunc(spans, func(s breach.Span) bool {
				at := heldFrom.Add(time.Duration(hour) * time.Hour)
				return !at.Before(s.From) && at.Before(s.To)
			}) {
				left--
			}
		}
		due := heldFrom.Add(time.Duration(term) * time.Hour)
		require.Equal(t, heldFrom.Add(time.Duration(hour)*time.Hour), breach.DueAfter(heldFrom, due, nil, spans), "%v", spans)
	})
}

func TestWhoMayLiveInAJurisdiction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		jurisdiction, country, region string
		want                          bool
	}{
		{"EU/EEA", "DE", "", true}, {"EU/EEA", "GB", "", false}, {"EU", "NO", "", true}, {"EU/EEA", "", "", true},
		{"SG", "SG", "", true}, {"SG", "MY", "", false}, {"SG", "sg", "", true},
		{"US-CA", "US", "CA", true}, {"US-CA", "US", "US-CA", true}, {"US-CA", "US", "us-ca", true}, {"US-CA", "US", "TX", false},
		{"US-CA", "US", "", true}, {"US-CA", "US", "California", true}, {"US-CA", "CA", "", false}, {"US-CA", "CA", "QC", false},
		{"US-*", "US", "TX", true}, {"US-*", "CA", "", false}, {"CA-QC", "CA", "QC", true}, {"CA", "CA", "ON", true},
		{"US-CA", "US", "MX-CA", true}, {"global", "BR", "", true}, {"", "BR", "", true},
	} {
		require.Equal(t, c.want, breach.MayLiveIn(c.jurisdiction, c.country, c.region), "%+v", c)
	}
}

func TestOrdersWaitForWhatMustBeFiledFirst(t *testing.T) {
	t.Parallel()
	const first, people = "xx-law/authority/report", "xx-law/individuals/notice"
	judged := func(a, p breach.Verdict, jurisdiction string) breach.Judgement {
		return breach.Judgement{Obligations: []breach.Obligation{
			{ID: first, Duty: "notify_authority", Verdict: a, Clock: &breach.Clock{From: "assessed_at"}},
			{ID: people, Duty: "notify_individuals", Verdict: p, NotBefore: []string{first}, Jurisdiction: jurisdiction},
		}}
	}
	w := judged(breach.Applies, breach.Applies, "SG").Orders()
	require.Equal(t, breach.Waits{{Kind: breach.HoldOrder, Ref: first, Obligation: people, Jurisdictions: []string{"SG"}}}, w)
	_, waits := w.On(breach.Person{Country: "SG"}, breach.Email, heldFrom)
	require.True(t, waits)
	_, waits = w.On(breach.Person{Country: "CN"}, breach.Email, heldFrom)
	require.False(t, waits)
	_, public := w.Public(heldFrom)
	require.True(t, public)
	require.Empty(t, judged(breach.CannotTell, breach.Applies, "SG").Orders(), "it is not filed while nobody can tell")
	require.Nil(t, judged(breach.Applies, breach.Applies, "nowhere in particular").Orders()[0].Jurisdictions, "everybody")
	require.Empty(t, judged(breach.Applies, breach.CannotTell, "SG").Orders())
	require.Empty(t, judged(breach.DoesNotApply, breach.Applies, "SG").Orders())
	require.Empty(t, judged(breach.Applies, breach.Applies, "SG").Orders().Unfiled([]string{first}))
}

func TestHoldsEndEarlyOrByThemselves(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return heldFrom.Add(time.Duration(h) * time.Hour) }
	lifted := at(10)
	hs := breach.Holds{
		{ID: "a", Kind: breach.HoldLawEnforcement, Obligations: []string{"o"}, At: at(0), Until: at(20), ReleasedAt: &lifted},
		{ID: "b", Kind: breach.HoldLawEnforcement, Obligations: []string{"o"}, At: at(5), Until: at(8)},
		{ID: "c", Kind: breach.HoldChannel, At: at(0), Until: at(50)},
	}
	require.Equal(t, "a", hs.On("o", at(6)).ID)
	require.Nil(t, hs.On("o", at(10)))
	require.Nil(t, hs.On("other", at(6)))
	require.Equal(t, []breach.Span{{From: at(0), To: at(10)}, {From: at(5), To: at(8)}}, hs.Spans("o"))
	w := breach.Waits{{Kind: breach.HoldChannel, Channels: []breach.Channel{breach.SMS}}}
	_, waits := w.On(breach.Person{}, breach.SMS, at(0))
	require.True(t, waits)
	_, waits = w.On(breach.Person{}, breach.Email, at(0))
	require.False(t, waits)
	_, public := w.Public(at(0))
	require.False(t, public)
}

func TestAHoldThatRunsOutAlarms(t *testing.T) {
	t.Parallel()
	h := breach.Hold{At: heldFrom, Until: heldFrom.Add(time.Hour)}
	require.False(t, h.Alarm(h.Until.Add(-time.Second)))
	require.True(t, h.Alarm(h.Until))
	require.True(t, h.Alarm(h.Until.Add(71*time.Hour)))
	require.False(t, h.Alarm(h.Until.Add(72*time.Hour)), "it is on the record")
	early := heldFrom.Add(time.Minute)
	h.ReleasedAt = &early
	require.False(t, h.Alarm(h.Until), "somebody ended it, and knows")
}
