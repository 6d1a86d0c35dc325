package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/breach"
	"github.com/tocsin-engine/tocsin/internal/policy"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// withLimits is a built-in policy with limits for its first provider of an id.
func withLimits(t *testing.T, provider, limits string) ([]byte, error) {
	t.Helper()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	lines := strings.Split(string(p.Canonical()), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == "- id: "+provider {
			lines = append(lines[:i+1], append([]string{"      limits: " + limits}, lines[i+1:]...)...)
			break
		}
	}
	b := []byte(strings.Join(lines, "\n"))
	_, err = policy.ParseProfile(b, nil)
	return b, err
}

func TestLimitsAreChecked(t *testing.T) {
	t.Parallel()
	b, err := withLimits(t, "smtp", `{per_second: 200, per_domain: {default: 5, by: {example.org: 0.5, xn--fiq228c.cn: 2}}, per_country: {by: {CN: 100, "+8613": 20}}}`)
	require.NoError(t, err)
	p, err := policy.ParseProfile(b, nil)
	require.NoError(t, err)
	v, _ := p.Provider("smtp")
	require.InDelta(t, 200, v.Limits.PerSecond, 0)
	require.InDelta(t, 0.5, v.Limits.PerDomain.By["example.org"], 0)
	plain, err := policy.Builtin("mooc")
	require.NoError(t, err)
	require.NotEqual(t, plain.SHA256(), p.SHA256(), "an approval covers the limits")
	require.NotContains(t, string(plain.Canonical()), "limits", "what a policy does not name changes no hash")
	again, err := policy.ParseProfile(p.Canonical(), nil)
	require.NoError(t, err)
	require.Equal(t, p.SHA256(), again.SHA256())

	for limits, complaint := range map[string]string{
		`{}`:                                   "is empty",
		`{per_second: -1}`:                     "messages a second",
		`{per_second: .inf}`:                   "messages a second",
		`{per_second: .nan}`:                   "messages a second",
		`{per_second: 10000000}`:               "messages a second",
		`{per_domain: {}}`:                     "is empty",
		`{per_domain: {default: 0}}`:           "is empty",
		`{per_domain: {by: {Example.ORG: 1}}}`: "small letters",
		`{per_domain: {by: {org: 1}}}`:         "small letters",
		`{per_domain: {by: {a.example: 0}}}`:   "more than 0",
		`{per_country: {by: {cn: 1}}}`:         "two capital letters",
		`{per_country: {by: {"+0": 1}}}`:       "first digits",
		`{per_country: {default: -2}}`:         "messages a second",
	} {
		_, err := withLimits(t, "smtp", limits)
		require.Equal(t, breach.ErrInvalid, breach.CodeOf(err), limits)
		require.Contains(t, complaints(t, err), complaint, limits)
	}
	_, err = withLimits(t, "twilio", `{per_domain: {default: 1}}`)
	require.Contains(t, complaints(t, err), "email alone")
}

// complaints puts an error's fields into words.
func complaints(t *testing.T, err error) string {
	t.Helper()
	var e *breach.Error
	require.ErrorAs(t, err, &e)
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Where+" "+f.What)
	}
	return strings.Join(all, "; ")
}

func TestALimitByCountryOrNumbers(t *testing.T) {
	t.Parallel()
	b, err := withLimits(t, "twilio", `{per_country: {default: 5, by: {DE: 1, "+49": 2, "+49171": 3}}}`)
	require.NoError(t, err)
	p, err := policy.ParseProfile(b, nil)
	require.NoError(t, err)
	v, _ := p.Provider("twilio")
	de := breach.Person{Country: "de"}
	require.Equal(t, "+49171", p.Range(v, de, "+491711234567"), "the longest range decides")
	require.Equal(t, "+49", p.Range(v, de, "+4930123456"))
	require.Equal(t, "DE", p.Range(v, de, "+33123456"))
	require.Equal(t, "CN", p.Range(v, breach.Person{}, "+33123456"), "somebody whose country is unknown is where the organisation is")
	gateway, _ := p.Provider("gateway")
	require.Empty(t, p.Range(gateway, de, "+491711234567"), "without limits nothing is looked up")
}

// A provider that is left out makes room for the next that the policy permits, and for no other.
func TestPromise_M16_FailOverStaysWithinThePolicy(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	down := func(ids ...string) func(policy.Provider) bool {
		return func(v policy.Provider) bool {
			for _, id := range ids {
				if v.ID == id {
					return true
				}
			}
			return false
		}
	}
	home, abroad := breach.Person{Country: "CN"}, breach.Person{Country: "FR"}
	provider, _ := p.Without(home, breach.SMS, down())
	require.Equal(t, "gateway", provider)
	provider, _ = p.Without(home, breach.SMS, down("gateway"))
	require.Empty(t, provider, "the other one keeps data abroad")
	provider, _ = p.Without(abroad, breach.SMS, down())
	require.Equal(t, "twilio", provider)
	provider, _ = p.Without(abroad, breach.SMS, down("twilio"))
	require.Empty(t, provider, "no routing names another")
	provider, _ = p.Without(breach.Person{Country: "CN", Objections: []breach.Channel{breach.SMS}}, breach.SMS, down())
	require.Empty(t, provider, "an objection holds for every provider")

	p.Transfers[0].Exceptions.Consented = "consent text 2026-01"
	provider, exception := p.Without(home, breach.SMS, down("gateway"))
	require.Equal(t, "twilio", provider)
	require.Equal(t, "consented", exception)
	steps := policy.Steps(p, breach.Subject{ID: 1, Person: breach.Person{Country: "CN", Phone: "+8613800000000"}, Outcome: breach.Pending}, noon, noon)
	require.Equal(t, "gateway", steps[len(steps)-1].Provider)
}

// Who is unknown is settled first, whoever is down: no step sends by another provider.
func TestNobodyFailsOverFromUnknown(t *testing.T) {
	t.Parallel()
	p, err := policy.Builtin("mooc")
	require.NoError(t, err)
	p.Transfers = nil
	for _, c := range p.Order() {
		for _, provider := range p.Providers {
			if provider.Channel != c {
				continue
			}
			s := breach.Subject{ID: 1, Outcome: breach.Pending, Person: breach.Person{Country: "CN", Email: "a@b.example", Phone: "+8613800000000", PushToken: "t"}}
			for _, before := range p.Order() { // every channel before this one failed
				if before == c {
					break
				}
				s.Attempts = append(s.Attempts, breach.Attempt{Person: 1, Addressee: breach.ToSelf, Channel: before, Try: 1, State: breach.FailedPermanent, At: noon})
			}
			s.Attempts = append(s.Attempts, breach.Attempt{Person: 1, Addressee: breach.ToSelf, Channel: c, Try: 1, State: breach.Unknown, Provider: provider.ID, At: noon})
			steps := policy.Steps(p, s, noon, noon)
			require.NotEmpty(t, steps)
			for _, st := range steps {
				require.NotEqual(t, policy.StepSend, st.Kind, "%s by %s", c, provider.ID)
			}
			require.Equal(t, policy.StepReconcile, steps[len(steps)-1].Kind)
			require.Equal(t, provider.ID, steps[len(steps)-1].Provider)
		}
	}
}
