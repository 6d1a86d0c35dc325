package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

const testTerms = `
    contents_if:
      - {when: "'national_id' in data.classes", contents: [cra_contacts, summary], because: A number that opens accounts}
    deferrable: [cause]
    min_font_pt: 10
    remedies: [{when: "'national_id' in data.classes", offer: credit_monitoring, months: 18, because: The Act}]
    hold:
      law_enforcement: true
      terms: a request of the police
      clock: stops
      forbids: true
      limits: [{form: written}, {form: oral, days: 30, extensions: [30, 60]}]
      after: {value: 30, unit: calendar_days}
    substitutes: [{when: {question: harm}, form: [website], duration_days: 90, call_centre_days: 90}]`

func TestContentsThatSomeIncidentsNeed(t *testing.T) {
	t.Parallel()
	r := loadPack(t, "contents: [summary]", "contents: [summary]"+testTerms, "clock: {", "late: [delay_reason]\n        clock: {extension: {value: 15, unit: calendar_days, if: good cause}, ")
	for facts, want := range map[string]string{
		"people: {total: 501}\ndata: {classes: [national_id]}": "summary cra_contacts",
		"people: {total: 501}\ndata: {classes: [name]}":        "summary",
		"people: {total: 501}":                                 "summary cra_contacts", // unknown is not no
	} {
		o := obligation(t, judge(t, r, testFacts(t, facts)), "xx-test/authority/first")
		require.Equal(t, want, strings.Join(o.Contents, " "), facts)
	}
	_, d, ph, ok := r.Find("xx-test/authority/first")
	require.True(t, ok)
	require.Equal(t, 30, d.Hold.Limits[1].Days)
	require.Equal(t, []string{"delay_reason"}, ph.Late)
	require.Equal(t, 90, d.Substitutes[0].CallCentreDays)
	_, _, _, ok = r.Find("xx-test/authority/none")
	require.False(t, ok)
}

// Business days after a release are those of the authority that the pack names, and the words say so when it names none.
func TestBusinessDaysAfterARelease(t *testing.T) {
	t.Parallel()
	hold := "contents: [summary]\n    hold: {law_enforcement: true, terms: a request of the police, clock: stops, after: {value: 4, unit: business_days}}"
	release := time.Date(2026, 9, 30, 1, 0, 0, 0, time.UTC)
	for calendar, want := range map[string]string{"calendar: cn\n": "2026-10-12T15:59:59Z", "": "2026-10-04T15:59:59Z"} {
		pack := strings.NewReplacer("contents: [summary]", hold, "time_zone: Europe/Brussels\n", "time_zone: Asia/Shanghai\n"+calendar).Replace(testPack)
		r, err := LoadRules(fsWith("xx.yaml", pack))
		require.NoError(t, err)
		after := obligation(t, judge(t, r, testFacts(t, "people: {total: 501}")), "xx-test/authority/first").Hold.After
		var kept breach.HoldTerm
		b, err := json.Marshal(after)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &kept))
		require.Equal(t, *after, kept, "the ledger keeps what it takes to count")
		require.Equal(t, want, kept.From(release).Format(time.RFC3339), calendar)
		_, d, _, _ := r.Find("xx-test/authority/first")
		said := strings.Join(d.Hold.words(strings.TrimSpace(calendar)), "; ")
		require.Equal(t, calendar == "", strings.Contains(said, "count as calendar days"), said)
	}
}

func TestTermsOfADutyThatAreRefused(t *testing.T) {
	t.Parallel()
	sound := strings.Replace(testPack, "contents: [summary]", "contents: [summary]"+testTerms, 1)
	for name, c := range map[string][3]string{
		"unknown becomes no":      {"when: \"'national_id' in data.classes\", contents", "when: \"proven(data.encrypted)\", contents", "duties[0].contents_if[0].when"},
		"field":                   {"[cra_contacts, summary]", "[gossip]", "duties[0].contents_if[0].contents[0]"},
		"remedy":                  {"offer: credit_monitoring, ", "", "duties[0].remedies[0]"},
		"deferred":                {"deferrable: [cause]", "deferrable: [gossip]", "duties[0].deferrable[0]"},
		"clock of a hold":         {"clock: stops", "clock: walks", "duties[0].hold.clock"},
		"hold nobody knows":       {"law_enforcement: true", "law_enforcement: false", "duties[0].hold"},
		"form of a request":       {"form: oral", "form: sung", "duties[0].hold.limits[1]"},
		"days of an extension":    {"[30, 60]", "[30, -1]", "duties[0].hold.limits[1]"},
		"term after a release":    {"after: {value: 30", "after: {value: -30", "duties[0].hold.after"},
		"days of a posting":       {"duration_days: 90", "duration_days: -90", "duties[0].substitutes[0]"},
		"extension for no reason": {"clock: {from", "clock: {extension: {value: 1, unit: hours, if: ''}, from", "duties[0].phases[0].clock.extension.if"},
	} {
		require.Contains(t, sound, c[0], name)
		v := lint(t, "xx.yaml", strings.Replace(sound, c[0], c[1], 1))
		require.NotEmpty(t, v.Faults, name)
		require.Equal(t, c[2], v.Faults[0].Place, name)
	}
	_, err := LoadRules(fsWith("xx.yaml", sound))
	require.NoError(t, err)
}
