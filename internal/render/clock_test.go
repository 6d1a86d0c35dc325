package render

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// timed are the texts of an incident of which a law wants the times told.
func timed(t testing.TB, e *Engine) []breach.Text {
	t.Helper()
	law := breach.Obligation{Duty: "notify_individuals", Verdict: breach.Applies, Contents: []string{"occurred_at", "detected_at"}, Clock: &breach.Clock{From: "detected_at"}}
	texts, problems, err := e.Texts(sampleFile(), sampleScope(), []breach.Obligation{law}, []string{"en", "zh-Hans"})
	require.NoError(t, err)
	require.Empty(t, problems)
	return texts
}

// A notice tells times by the clock of who reads it: of the zone that the list names, else of the country or region,
// else of the organisation.
func TestTimesAreToldByThePersonsClock(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	texts := timed(t, e)
	for _, c := range []struct {
		locale, zone, country, region string
		occurred, detected            string
	}{
		{"en", "America/New_York", "CN", "", "2 November 2026, 21:00 (your time, UTC-05:00)", "15 November 2026, 07:05 (your time, UTC-05:00)"},
		{"en", "", "US", "HI", "2 November 2026, 16:00 (your time, UTC-10:00)", "15 November 2026, 02:05 (your time, UTC-10:00)"},
		{"en", "", "IN", "", "3 November 2026, 07:30 (your time, UTC+05:30)", "15 November 2026, 17:35 (your time, UTC+05:30)"},
		{"en", "", "GB", "", "3 November 2026, 02:00 (UTC)", "15 November 2026, 12:05 (UTC)"},
		{"en", "", "US", "TX", "3 November 2026, 10:00 (UTC+08:00)", "15 November 2026, 20:05 (UTC+08:00)"},
		{"en", "", "", "", "3 November 2026, 10:00 (UTC+08:00)", "15 November 2026, 20:05 (UTC+08:00)"},
		{"zh-Hans", "", "CN", "", "2026 年 11 月 3 日 10:00（北京时间）", "2026 年 11 月 15 日 20:05（北京时间）"},
		{"zh-Hans", "Europe/Berlin", "", "", "2026 年 11 月 3 日 03:00（您当地时间，UTC+01:00）", "2026 年 11 月 15 日 13:05（您当地时间，UTC+01:00）"},
	} {
		for _, to := range []breach.Addressee{breach.ToSelf, breach.ToGuardian} {
			p := samplePerson()
			p.TimeZone, p.Country, p.Region = c.zone, c.country, c.region
			m, err := written(e, noticeText(t, texts, breach.Email, c.locale, to), p, to, sampleReference)
			require.NoError(t, err)
			for _, part := range []string{m.Text, m.HTML} {
				require.Contains(t, part, c.occurred, "%+v", c)
				require.Contains(t, part, c.detected, "%+v", c)
				require.NotContains(t, part, "{{")
			}
		}
	}
}

// Everybody reads the same public page: by the organisation's clock.
func TestThePublicPageTellsTimesByTheOrganisationsClock(t *testing.T) {
	t.Parallel()
	for _, text := range timed(t, sampleEngine(t)) {
		if b, err := text.Open(); b.Kind == breach.KindAnnouncement {
			require.NoError(t, err)
			for _, part := range b.Parts {
				require.NotContains(t, part, "{{")
			}
			require.Contains(t, b.Parts["html"], map[string]string{"en": "3 November 2026, 10:00 (UTC+08:00)", "zh-Hans": "10:00（北京时间）"}[b.Locale])
		}
	}
}

// Whatever zone somebody has, and whenever it was, the time that they read is the instant by their clock.
func TestEveryZoneHasItsWordingProperty(t *testing.T) {
	t.Parallel()
	e := sampleEngine(t)
	names := []string{"Asia/Tokyo", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham", "Australia/Lord_Howe", "Australia/Eucla", "Pacific/Kiritimati",
		"Pacific/Marquesas", "Etc/GMT+12", "Europe/London", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca", "Antarctica/Troll", "America/Adak", "Asia/Tehran", "Asia/Pyongyang"}
	l := e.languages["en"]
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1767225600, 1924991999).Draw(t, "at"), 0).UTC() // 2026 to 2030
		name := rapid.SampledFrom(names).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		_, offset := at.In(zone).Zone()
		require.Contains(t, offsetsAt(at), offset)
		said := l.by(at, offset)
		require.True(t, strings.HasPrefix(said, at.In(zone).Format("2 January 2006, 15:04 (")), said)
		require.Contains(t, said, strings.ReplaceAll("UTC"+at.In(zone).Format("-07:00")+")", "UTC+00:00", "UTC"))
	})
}

func BenchmarkMessageByTheClock(b *testing.B) {
	e := sampleEngine(b)
	text := noticeText(b, timed(b, e), breach.Email, "en", breach.ToSelf)
	p := samplePerson()
	p.Country, p.Region = "US", "CA"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Message(text, p, breach.ToSelf, sampleReference); err != nil {
			b.Fatal(err)
		}
	}
}
