package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// drawFacts draws facts of which any subset is known and which do not contradict each other (no country has
// more people than all together). Times lie where every pack is in force.
func drawFacts(t *rapid.T) breach.Facts {
	var f breach.Facts
	maybe := func(name string) bool { return rapid.Bool().Draw(t, "know "+name) }
	word := func(p **string, name string, all ...string) {
		if maybe(name) {
			v := rapid.SampledFrom(all).Draw(t, name)
			*p = &v
		}
	}
	flag := func(p **bool, name string) {
		if maybe(name) {
			v := rapid.Bool().Draw(t, name)
			*p = &v
		}
	}
	list := func(p *[]string, name string, all ...string) {
		if maybe(name) {
			*p = append([]string{}, rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 4, rapid.ID).Draw(t, name)...)
		}
	}
	count := func(p **int64, name string, all ...int64) {
		if maybe(name) {
			v := rapid.SampledFrom(all).Draw(t, name)
			*p = &v
		}
	}
	moment := func(p **time.Time, name string) {
		if maybe(name) {
			v := time.Unix(rapid.Int64Range(1_767_400_000, 1_772_000_000).Draw(t, name), 0).UTC()
			*p = &v
		}
	}
	list(&f.Incident.Nature, "nature", breach.Natures...)
	word(&f.Incident.Cause, "cause", breach.Causes...)
	flag(&f.Incident.Malicious, "malicious")
	flag(&f.Incident.PossibleOnly, "possible")
	moment(&f.Incident.DetectedAt, "detected")
	moment(&f.Incident.AwareAt, "aware")
	moment(&f.Incident.HandledAt, "handled")
	word(&f.Organisation.Country, "country", "CN", "DE", "US")
	list(&f.Organisation.Sectors, "sectors", "education", "health", "government")
	list(&f.Organisation.Roles, "roles", breach.Roles...)
	flag(&f.Organisation.Attributes.CriticalInfrastructure, "cii")
	word(&f.Organisation.Attributes.HIPAA, "hipaa", breach.HIPAARoles...)
	flag(&f.Organisation.Attributes.GLBA, "glba")
	flag(&f.Organisation.Attributes.ListedUS, "listed")
	moment(&f.Incident.MaterialAt, "material")
	moment(&f.Incident.DeterminedAt, "determined")
	count(&f.People.Total, "total", 0, 2, 15, 50, 500, 1000, 20_000, 999_999, 1_000_000)
	count(&f.People.Minors, "minors", 0, 3)
	flag(&f.People.Vulnerable, "vulnerable")
	list(&f.People.Categories, "categories", "patients", "employees", "students")
	list(&f.Data.Classes, "classes", "name", "email", "health", "payment_card", "national_id", "password", "password_hash", "account_id", "birth_date", "preferences")
	flag(&f.Data.Encrypted, "encrypted")
	flag(&f.Data.KeyCompromised, "key")
	word(&f.Data.Hashed, "hashed", breach.HashStrengths...)
	flag(&f.Data.PublicBefore, "public")
	word(&f.Data.Volume, "volume", breach.Volumes...)
	word(&f.Exposure.Recipients, "recipients", breach.Recipients...)
	word(&f.Exposure.Exfiltrated, "exfiltrated", breach.YesNoUnknown...)
	flag(&f.Exposure.MisuseSeen, "misuse")
	flag(&f.Exposure.DeletionConfirmed, "deletion")
	flag(&f.Availability.Backup, "backup")
	word(&f.Availability.ServiceImpact, "impact", breach.ServiceImpacts...)
	flag(&f.Impact.HarmEffectivelyAvoided, "avoided")
	if maybe("restored") {
		v := rapid.SampledFrom([]float64{0, 5, 24, 48, 200}).Draw(t, "restored")
		f.Availability.RestoredAfterHours = &v
	}
	if maybe("outage") {
		v := rapid.SampledFrom([]float64{0, 0.5, 3}).Draw(t, "outage")
		f.Impact.OutageHours = &v
	}
	if maybe("loss") {
		f.Impact.DirectLoss = rapid.SampledFrom([]map[string]float64{{}, {"USD": 1}, {"CNY": 1}, {"CNY": 5e6}}).Draw(t, "loss")
	}
	if maybe("countries") {
		n := int64(1000)
		if f.People.Total != nil {
			n = *f.People.Total
		}
		f.People.ByCountry = rapid.SampledFrom([]map[string]int64{{}, {"CN": n}, {"US": n}, {"DE": min(n, 1)}, {"US": n / 2}, {"DE": n, "CN": 0}}).Draw(t, "countries")
	}
	if maybe("regions") {
		n := int64(1000)
		if f.People.Total != nil {
			n = *f.People.Total
		}
		if f.People.ByCountry != nil {
			n = f.People.ByCountry["US"]
		}
		f.People.ByRegion = rapid.SampledFrom([]map[string]int64{{}, {"US-CA": n}, {"US-NY": n / 2, "US-TX": n - n/2}, {"US-MA": n / 2}, {"US-NV": n}}).Draw(t, "regions")
	}
	return f
}

// forgettable are the facts that can become unknown; determinations are answers, not facts, and a request
// or a filing that is not recorded did not happen.
var forgettable = []string{"incident.nature", "incident.cause", "incident.malicious", "incident.possible_only", "incident.detected_at",
	"incident.aware_at", "incident.handled_at", "incident.material_at", "incident.determined_at", "organisation.country", "organisation.sectors", "organisation.roles", "organisation.attributes",
	"people.total", "people.minors", "people.vulnerable", "people.categories", "people.by_country", "people.by_region", "data.classes", "data.encrypted",
	"data.key_compromised", "data.hashed", "data.public_before", "data.volume", "exposure.recipients", "exposure.exfiltrated",
	"exposure.misuse_seen", "exposure.deletion_confirmed", "availability.backup", "availability.restored_after_hours",
	"availability.service_impact", "impact.direct_loss", "impact.outage_hours", "impact.harm_effectively_avoided"}

func forget(t require.TestingT, f breach.Facts, paths []string) breach.Facts {
	patch := map[string]map[string]any{}
	for _, p := range paths {
		part, field, _ := strings.Cut(p, ".")
		if patch[part] == nil {
			patch[part] = map[string]any{}
		}
		patch[part][field] = nil
	}
	b, err := json.Marshal(patch)
	require.NoError(t, err)
	g, err := breach.MergeFacts(f, b)
	require.NoError(t, err)
	return g
}

// The law: when facts become unknown, a duty that applied, or of which nobody could tell, never turns into
// does_not_apply. Said the other way round: what does not apply on fewer facts does not apply on more.
// (It does not hold the other way: an exemption that can no longer be proven brings the duty back.)
func TestUnknownNeverHidesADuty(t *testing.T) {
	t.Parallel()
	rules, mooc := loadTestRules(t), testProfile(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		less := forget(t, f, rapid.SliceOfDistinct(rapid.SampledFrom(forgettable), rapid.ID).Draw(t, "forget"))
		a, err := rules.Judge(f, mooc, testNow)
		require.NoError(t, err)
		b, err := rules.Judge(less, mooc, testNow)
		require.NoError(t, err)
		require.Len(t, b.Obligations, len(a.Obligations))
		for i, o := range b.Obligations {
			if o.Verdict == no {
				require.Equal(t, no, a.Obligations[i].Verdict, "%s\nfewer facts: %v\nmore facts: %v", o.ID, o.Because, a.Obligations[i].Because)
			}
		}
	})
}

func TestEveryVerdictExplainsItself(t *testing.T) {
	t.Parallel()
	rules, mooc := loadTestRules(t), testProfile(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		j, err := rules.Judge(f, mooc, testNow)
		require.NoError(t, err)
		for _, o := range j.Obligations {
			require.NotEmpty(t, o.Because, o.ID)
			switch o.Verdict {
			case breach.CannotTell:
				require.NotEmpty(t, append(o.Missing, o.Questions...), "%s names what is missing", o.ID)
				require.True(t, o.Clock.Provisional)
			case no:
				require.Nil(t, o.DueAt)
			}
			if o.Clock != nil && o.Clock.Soft != "" {
				require.Equal(t, "house_policy", o.Binding, "soft words are never a legal number: %s", o.ID)
			}
			for _, m := range o.Missing {
				table := m == "people.by_country" || m == "people.by_region" // incomplete as a whole
				require.True(t, table || isUnknown(f, m), "%s names %s as missing", o.ID, m)
			}
			if o.DueAt == nil && o.Verdict != no {
				require.True(t, f.Incident.AwareAt == nil && f.Incident.DetectedAt == nil || o.Clock.Value == 0)
			}
		}
		again, err := rules.Judge(f, mooc, testNow)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(j, again), "the same facts, the same answer")
		later, err := rules.Judge(f, mooc, testNow.AddDate(1, 0, 0))
		require.NoError(t, err)
		for i, o := range j.Obligations {
			l := later.Obligations[i]
			if f.Incident.AwareAt == nil && f.Incident.DetectedAt == nil {
				continue // what binds is then a question of now
			}
			require.Equal(t, o.Verdict, l.Verdict)
			require.Equal(t, o.DueAt, l.DueAt, "time that passes moves no deadline")
			require.False(t, o.Overdue && !l.Overdue, "and heals nothing")
		}
	})
}

// isUnknown looks the fact up in its JSON.
func isUnknown(f breach.Facts, path string) bool {
	b, _ := json.Marshal(f)
	var v any
	_ = json.Unmarshal(b, &v)
	for _, p := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return true
		}
		v = m[p]
	}
	return v == nil || v == "unknown"
}

// A later start never has an earlier deadline, whatever the other facts are.
func TestLaterStartsNeverBringDeadlinesForward(t *testing.T) {
	t.Parallel()
	rules, mooc := loadTestRules(t), testProfile(t, "mooc")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		g := f
		by := time.Duration(rapid.Int64Range(0, 5_000_000).Draw(t, "by")) * time.Second
		for _, p := range []**time.Time{&g.Incident.AwareAt, &g.Incident.DetectedAt, &g.Incident.HandledAt} {
			if *p != nil {
				v := (*p).Add(by)
				*p = &v
			}
		}
		a, err := rules.Judge(f, mooc, testNow)
		require.NoError(t, err)
		b, err := rules.Judge(g, mooc, testNow)
		require.NoError(t, err)
		for i, o := range a.Obligations {
			l := b.Obligations[i]
			if o.Verdict != l.Verdict { // a law came into force meanwhile, or ceased to be
				continue
			}
			require.Equal(t, o.DueAt == nil, l.DueAt == nil)
			if o.DueAt != nil {
				require.False(t, l.DueAt.Before(*o.DueAt), o.ID)
			}
		}
	})
}

func TestReasonsCarryNoFreeText(t *testing.T) {
	t.Parallel()
	f := amended(t, cnCommon, `{"incident":{"title":"CANARY-1"},"organisation":{"name":"CANARY-2"},
		"determinations":[{"question":"cn-cac-incident-2025/qualitative_backstop","answer":true,"reason":"CANARY-3","by":"CANARY-4"}]}`)
	b, err := json.Marshal(judge(t, loadTestRules(t), f))
	require.NoError(t, err)
	require.NotContains(t, string(b), "CANARY")
	require.Contains(t, string(b), "a person answered yes")
}

func TestRelevantAndDiff(t *testing.T) {
	t.Parallel()
	rules := loadTestRules(t)
	before := judge(t, rules, testFacts(t, cnCommon))
	require.Empty(t, breach.DiffJudgements(before, before))
	for _, o := range Relevant(before).Obligations {
		require.NotEqual(t, no, o.Verdict)
	}
	require.Less(t, len(Relevant(before).Obligations), len(before.Obligations))
	require.Equal(t, before.Assessment, Relevant(before).Assessment)

	after := judge(t, rules, amended(t, cnCommon, `{"people":{"total":1000000,"by_country":{"CN":999940,"DE":60}},"incident":{"detected_at":"2026-03-02T08:00:00+08:00"}}`))
	changes := map[string]breach.DutyChange{}
	for _, c := range breach.DiffJudgements(before, after) {
		changes[c.Obligation] = c
		require.NotEmpty(t, c.Why, c.Obligation)
	}
	c := changes[cac+"initial_other"]
	require.Equal(t, no, c.From)
	require.Equal(t, yes, c.To)
	require.Nil(t, c.DueFrom)
	require.Equal(t, "2026-03-02T04:00:00Z", c.DueTo.Format(time.RFC3339))
	require.Contains(t, c.Why, "1,000,000")
	require.Equal(t, yes, changes["eu-gdpr/authority/initial"].To)
	c = changes["cn-pipl-57/authority/notice"]
	require.Equal(t, yes, c.From, "the verdict is the same, the deadline is not")
	require.Equal(t, time.Hour, c.DueFrom.Sub(*c.DueTo))
	require.NotContains(t, changes, cac+"initial_cii")

	gone := breach.DiffJudgements(before, breach.Judgement{})
	require.Len(t, gone, len(before.Obligations))
	require.Empty(t, gone[0].To)
}

// The demo's own size of question: one incident against all packs.
func BenchmarkJudge(b *testing.B) {
	rules, mooc := loadTestRules(b), testProfile(b, "mooc")
	f := testFacts(b, cnCommon)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rules.Judge(f, mooc, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func TestJudgeIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	rules, mooc := loadTestRules(t), testProfile(t, "mooc")
	want := judge(t, rules, testFacts(t, cnCommon))
	errs := make(chan error)
	for range 8 {
		go func() {
			j, err := rules.Judge(testFacts(t, cnCommon), mooc, testNow)
			if err == nil && !cmp.Equal(j, want) {
				err = fmt.Errorf("another answer: %s", cmp.Diff(want, j))
			}
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
}
