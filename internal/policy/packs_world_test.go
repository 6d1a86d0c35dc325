package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// worldCommon is a breach of which only the bare circumstances are known.
const worldCommon = `
incident: {possible_only: false, detected_at: 2026-03-02T08:00:00Z, aware_at: 2026-03-02T09:00:00Z}
organisation: {roles: [controller]}
`

// worldOpen: nobody can tell yet.
const worldOpen = breach.CannotTell

// worldCase is one incident and what the facts on regimes say of it.
type worldCase struct {
	title string
	facts string                    // amends worldCommon
	want  map[string]breach.Verdict // by obligation id
}

// worldFacts are the common facts, amended part by part; parts are separated by ---.
func worldFacts(t *testing.T, facts string) breach.Facts {
	t.Helper()
	f := testFacts(t, worldCommon)
	for _, part := range strings.Split(facts, "\n---\n") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var err error
		f, err = breach.MergeFacts(f, []byte(part))
		require.NoError(t, err, part)
	}
	return f
}

func checkWorld(t *testing.T, cases ...worldCase) {
	t.Helper()
	rules := loadTestRules(t)
	for _, c := range cases {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			j := judge(t, rules, worldFacts(t, c.facts))
			for id, want := range c.want {
				o := obligation(t, j, id)
				require.Equal(t, want, o.Verdict, "%s: %v", id, o.Because)
			}
		})
	}
}

// worldDue is one deadline: in the authority's own zone, as a person there would write it down.
type worldDue struct {
	title string
	facts string // amends worldCommon
	id    string
	due   string // RFC 3339; empty: no term but the general one of the house
	rests string // "law" when empty, or "house_policy"
	// provisional: a start is assumed, a fact is missing, or the calendar knows no holidays.
	provisional bool
}

func checkDue(t *testing.T, cases ...worldDue) {
	t.Helper()
	rules := loadTestRules(t)
	for _, c := range cases {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			o := obligation(t, judge(t, rules, worldFacts(t, c.facts)), c.id)
			require.NotEqual(t, no, o.Verdict, "%v", o.Because)
			require.Equal(t, or(c.rests, bindingLaw), o.Binding)
			require.Equal(t, c.provisional, o.Clock.Provisional, "%v", o.Because)
			if c.due == "" {
				dueByGeneralTerm(t, o)
				return
			}
			want, err := time.Parse(time.RFC3339, c.due)
			require.NoError(t, err)
			require.NotNil(t, o.DueAt, "%v", o.Because)
			require.Equal(t, want.UTC(), *o.DueAt, "%v", o.Because)
		})
	}
}

// The same law for the whole world: an incident that is proven to be China's alone makes no duty here.
func TestWorldPacksLeaveAForeignIncidentAlone(t *testing.T) {
	t.Parallel()
	j := judge(t, loadTestRules(t), testFacts(t, cnCommon))
	for _, regime := range worldRegimes {
		n := 0
		for _, o := range j.Obligations {
			if o.Regime == regime {
				n++
				require.Equal(t, no, o.Verdict, "%s: %v", o.ID, o.Because)
			}
		}
		require.NotZero(t, n, regime)
	}
}

// worldRegimes are the regimes that this and the other world tests look after.
var worldRegimes = []string{"eu-digital-omnibus", "eu-eprivacy-611", "eu-nis2", "eu-dora", "eu-ai-act-73", "uk-gdpr", "uk-pecr",
	"ca-pipeda", "ca-qc-law25", "br-lgpd", "au-ndb", "nz-privacy-2020", "za-popia", "tr-kvkk", "ch-fadp", "ch-isa", "ae-pdpl", "sa-pdpl", "pci-card-brands"}
