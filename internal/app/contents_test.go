package app

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/examples"
	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/delivery/letter/paper"
	"github.com/tocsin-engine/tocsin/internal/policy"
	"github.com/tocsin-engine/tocsin/internal/render"
	"github.com/tocsin-engine/tocsin/templates"
	"github.com/tocsin-engine/tocsin/worker"
)

// exampleCheck composes the plan of the shipped example with everything that ships and checks its texts.
func exampleCheck(t *testing.T, change func(*breach.IncidentFile)) (breach.ContentCheck, []breach.TextBody) {
	t.Helper()
	file, err := breach.ParseIncident(examples.Incident)
	require.NoError(t, err)
	if change != nil {
		change(&file)
	}
	rules, err := policy.LoadRules()
	require.NoError(t, err)
	engine, err := render.New()
	require.NoError(t, err)
	profile, err := policy.Builtin(file.Policy)
	require.NoError(t, err)
	profile = profile.Equipped(func(string) bool { return true }) // calls and letters say it all, too
	j, err := rules.Judge(file.Facts, profile, time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	var reports []string
	for _, o := range j.Obligations {
		if o.FirstReport() {
			reports = append(reports, o.ID)
		}
	}
	words := worker.Words{Engine: engine, PublicBaseURL: "https://denghuo.test"}
	duties := slices.DeleteFunc(slices.Clone(j.Obligations), func(o breach.Obligation) bool {
		return o.Duty != "notify_individuals" && !slices.Contains(reports, o.ID)
	})
	texts, problems, err := words.Texts(file, profile, duties, []string{"en", "zh-Hans"}, "REF-1")
	require.NoError(t, err)
	require.Empty(t, problems)
	ask := policy.Contents{Judgement: j, Reports: reports, KeepDays: profile.Announcement.KeepDays, Contact: file.Contact, LetterPt: paper.TextPt}
	for _, text := range texts {
		b, err := text.Open()
		require.NoError(t, err)
		ask.Texts = append(ask.Texts, b)
	}
	return ask.Check(), ask.Texts
}

// The shipped example says what its regimes ask, whenever it happens: the demo moves it to the day on which it runs,
// when other laws may be in force.
func TestTheExampleHoldsWhatItsRegimesAsk(t *testing.T) {
	t.Parallel()
	for _, months := range []int{0, 8, 14} {
		check, texts := exampleCheck(t, func(f *breach.IncidentFile) {
			in := &f.Facts.Incident
			for _, at := range []**time.Time{&in.OccurredFrom, &in.OccurredTo, &in.DetectedAt, &in.AwareAt, &in.DeterminedAt} {
				later := (*at).AddDate(0, months, 0)
				*at = &later
			}
		})
		require.Greater(t, len(check.Checked), 20)
		require.Contains(t, check.Checked, "us-ca/individuals/notice", "with its prescribed title and headings")
		for _, g := range check.Gaps {
			t.Errorf("after %d months, %s: %s %v", months, g.Place(), g.What(), g.Texts)
		}
		for _, b := range texts {
			require.LessOrEqual(t, len(b.Parts["text"]), 12_000, "%s %s: people read it on a phone", b.Channel, b.Locale)
		}
	}
}

// What nobody says is a gap, and is named with its regime.
func TestWhatTheExampleWouldLack(t *testing.T) {
	t.Parallel()
	check, _ := exampleCheck(t, func(f *breach.IncidentFile) { f.Contents = nil })
	var places []string
	for _, g := range check.Gaps {
		places = append(places, g.Place())
	}
	require.Contains(t, strings.Join(places, " "), "us-wa/individuals/notice")
}

// A social security number in California: help against identity theft must be offered for a year, and the texts that
// ship are printed large enough. What is offered is said in every language that ships.
func TestWhatCaliforniaWantsOfferedAndPrinted(t *testing.T) {
	t.Parallel()
	number := func(f *breach.IncidentFile) {
		f.Facts.Data.Classes = append(f.Facts.Data.Classes, "national_id")
		for tag := range f.Contents { // the law of Massachusetts forbids what happened
			f.Contents[tag]["summary"] = "Personal information of yours was obtained by somebody else."
		}
	}
	of := func(check breach.ContentCheck, kind string) (places []string) {
		for _, g := range check.Gaps {
			if g.Kind == kind {
				places = append(places, g.Place())
			}
		}
		return places
	}
	check, _ := exampleCheck(t, number)
	require.Contains(t, check.Checked, "us-ca/individuals/notice")
	require.Contains(t, of(check, breach.GapRemedy), "us-ca/individuals/notice:identity_theft_prevention")
	require.Empty(t, of(check, breach.GapFont))
	check, _ = exampleCheck(t, func(f *breach.IncidentFile) {
		number(f)
		f.Offers = []breach.Offer{{Offer: "identity_theft_prevention", Months: 12}, {Offer: "credit_monitoring", Months: 42}}
	})
	require.Empty(t, of(check, breach.GapRemedy))

	rules, err := policy.LoadRules()
	require.NoError(t, err)
	languages, err := fs.Glob(templates.FS, "words/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, languages)
	for _, name := range languages {
		var words struct {
			Labels map[string]string `yaml:"labels"`
		}
		b, err := fs.ReadFile(templates.FS, name)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(b, &words))
		for _, p := range rules.All() {
			for _, d := range p.Duties {
				for _, r := range d.Remedies {
					require.NotEmpty(t, words.Labels[r.Offer], "%s in %s", r.Offer, name)
				}
			}
		}
	}
}
